"""The section ``projection:`` of llmcost.yaml: what it may say, and the message for each mistake."""

from __future__ import annotations

import pytest

from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.projection import Per, Volume

WHOLE = """\
version: 1
projection:
  support_agent: {runs_per_month: 120_000}
  "a b: é": {calls_per_month: "5"}
"""


def test_whole_section():
    """Volumes in their order, of runs or of calls."""
    assert read_configuration(WHOLE, "llmcost.yaml").projection == (
        Volume("support_agent", Per.RUN, 120_000),
        Volume("a b: é", Per.CALL, 5),
    )


@pytest.mark.parametrize("text", ["version: 1", "projection:", "projection: {}"])
def test_no_volumes(text):
    """Nothing is projected then."""
    assert read_configuration(text, "llmcost.yaml").projection == ()


MISTAKES = [
    ("projection: []", "1:13: projection takes agents with their volumes, such as {support_agent: {runs_per_month: 120000}}; found a list"),
    ("projections: {}", "1:1: unknown key 'projections' in the file; did you mean 'projection'?"),
    ("projection: {a: 5}", "1:17: projection.a takes a volume, such as {runs_per_month: 120000}; found '5'"),
    ("projection: {a: }", "1:16: projection.a takes a volume, such as {runs_per_month: 120000}; found nothing"),
    ("projection: {a: {}}", "1:17: projection.a has no volume; add one, such as {runs_per_month: 120000}"),
    ("projection: {a: {runs_per_months: 5}}", "1:18: unknown key 'runs_per_months' in projection.a; did you mean 'runs_per_month'?"),
    ("projection: {a: {per_day: 5}}", "1:18: unknown key 'per_day' in projection.a; allowed: calls_per_month, runs_per_month"),
    ("projection: {a: {runs_per_month: 5, calls_per_month: 5}}", "1:37: projection.a takes one of runs_per_month and calls_per_month; found both"),
    ("projection: {a: {runs_per_month: 1.5}}", "1:34: projection.a.runs_per_month takes a whole number from 1, such as 120_000; found '1.5'"),
    ("projection: {a: {runs_per_month: 0}}", "1:34: projection.a.runs_per_month takes a whole number from 1, such as 120_000; found '0'"),
    ("projection: {a: {runs_per_month: -5}}", "1:34: projection.a.runs_per_month takes a whole number from 1, such as 120_000; found '-5'"),
    ("projection: {a: {runs_per_month: lots}}", "1:34: projection.a.runs_per_month takes a whole number from 1, such as 120_000; found 'lots'"),
    ("projection: {a: {runs_per_month: }}", "1:33: projection.a.runs_per_month takes a whole number from 1, such as 120_000; found nothing"),
    ('projection: {" ": {runs_per_month: 5}}', "1:14: projection takes names of agents; found an empty one"),
    ("projection: {a: {runs_per_month: 5}, a: {runs_per_month: 6}}", "1:38: projection: the key 'a' stands twice (first in line 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes(text, message):
    """What was found, what is allowed, and where."""
    with pytest.raises(ConfigError) as caught:
        read_configuration(text, "llmcost.yaml")
    assert str(caught.value) == f"llmcost.yaml:{message}"
