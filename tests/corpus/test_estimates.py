"""Estimates of changed requests against what providers stated of recorded ones."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.corpus
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def errors(corpus):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import estimate

        return estimate.table(corpus / "open")


@pytest.mark.parametrize("number", [0, 1, 2], ids=["prior", "own-recordings", "held-out"])
def test_predicted_input_tokens_are_near_the_true_ones_and_within_their_interval(errors, number):
    """Also with slopes of other projects only: the median within 2.5 %, nine of ten within 10 % and covered."""
    found = list(errors.values())[number]
    assert found.pairs > 500
    assert found.median <= 0.025
    assert found.ninetieth <= 0.10
    assert found.covered >= 0.90
