"""Small suites as runs and baselines, at fixed prices, for the tests of the gate.

``gpt-fixed`` costs $2.50 per million input tokens ($5 above 200,000), $1.25 cached and $10 output;
``house-model`` $1, $0.10 cached and $4, and $0.0005 a call.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sample

from pytest_llmcost.assembly import assemble
from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.baseline.suite import Suite, file_of
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.budgets.evaluate import Gate, judge
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.baseline import Baseline
from pytest_llmcost.model.call import ModelIds, Origin, Phase, Source
from pytest_llmcost.model.keys import is_test
from pytest_llmcost.model.report import Selection, TestResult
from pytest_llmcost.pricing.table import PriceTable

NAME = "llmcost-baseline.json"
A, B, C = "tests/test_a.py::test_one", "tests/test_a.py::test_two", "tests/test_b.py::test_three"


class Use(NamedTuple):
    """One call of a suite."""

    input: int = 1000
    output: int = 100
    cached: int | None = None
    model: str = "gpt-fixed"
    provider: str = "openai"
    agent: str | None = None
    source: Source = Source.REPLAYED
    changes: tuple[tuple[str, Any], ...] = ()

    def but(self, **changes: Any) -> Use:
        """The same call with other facts of its measurement."""
        return self._replace(changes=tuple(changes.items()))


configured = functools.lru_cache(read_configuration)


@functools.lru_cache
def table(yaml: str = sample.YAML) -> PriceTable:
    """The price table of an llmcost.yaml."""
    return PriceTable(configured(yaml, "llmcost.yaml").pricing, sample.NOON.date(), sample.FixedPrices())


PRICES = table()


def run(
    tests: Mapping[str, Sequence[Use]],
    *,
    outcomes: Mapping[str, str] | None = None,
    full: bool = True,
    yaml: str = sample.YAML,
    prices: PriceTable | None = None,
    **facts: Any,
):
    """A finished run; keys that begin with ``fixture`` are set-ups of wider fixtures."""
    numbers = itertools.count()
    measured = [_measured(next(numbers), key, use) for key, uses in tests.items() for use in uses]
    results = tuple(
        TestResult(key, (outcomes or {}).get(key, "passed"), 0.1) for key in tests if is_test(key)
    )
    given = {
        "results": results,
        "selection": Selection(full=full, collected=len(results), ran=len(results)),
        **facts,
    }
    return assemble(measured, sample.facts(**given), configured(yaml, "llmcost.yaml"), prices or table(yaml))


def _measured(number: int, key: str, use: Use):
    nodeid = key if is_test(key) else None
    fixture = key.removeprefix("fixture ") if nodeid is None else None
    usage = {"input_tokens": use.input, "output_tokens": use.output}
    if use.cached is not None:
        usage["cache_read_tokens"] = use.cached
    changes = dict(use.changes)
    usage = changes.pop("usage", usage)
    given = {
        "origin": Origin(
            nodeid=nodeid,
            phase=Phase.CALL if nodeid else Phase.SETUP,
            fixture=fixture,
            agent=use.agent,
            agent_path=(use.agent,) if use.agent else (),
        ),
        "model": ModelIds(use.model, use.model),
        "source": use.source,
        **changes,
    }
    return sample.call(number, nodeid, use.provider, use.model, usage, **given)


def collected(report, *more: str, whole: bool = True) -> Suite:
    """What pytest had collected for a run: its tests, each file as a whole, and more files that are empty."""
    keys = frozenset(test.result.nodeid for test in report.tests)
    files = frozenset(map(file_of, [*keys, *more])) if whole else frozenset()
    return Suite(keys=keys, whole_files=files)


def accepted(tests: Mapping[str, Sequence[Use]], **facts: Any) -> Baseline:
    """The baseline of a run."""
    return accept(Baseline(NAME), run(tests, **facts), Suite(), "")


def difference(base: Baseline, report, suite: Suite | None = None, prices: PriceTable = PRICES):
    """The diff of a run against a baseline."""
    return compare(base, report, prices, collected(report) if suite is None else suite, "")


def verdict(report, budgets: str, diff=None, **gate: Any):
    """What the gate says of a run, by the ``budgets:`` section of a YAML file."""
    found = configured(f"budgets:\n{budgets}", "llmcost.yaml").budgets if budgets else ()
    return judge(report, diff, Gate(budgets=found, **gate))
