"""Costs as the properties of JUnit XML, which CI systems keep beside each test."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.report import Rollup, RunReport
from pytest_llmcost.model.rollup import rollup_of
from pytest_llmcost.model.shown import UNKNOWN

PREFIX = "llm_"
Properties = list[tuple[str, str]]


def test_properties(calls: Sequence[Call]) -> Properties:
    """The properties of one test.

    Args:
        calls: Of the test, those that count.

    Returns:
        Names and values; none for a test without calls. Cost in USD, rates from 0 to 1.
    """
    return _properties(rollup_of(calls)) if calls else []


def suite_properties(report: RunReport) -> Properties:
    """The properties of the suite: those of all its calls together, and the verdict."""
    found = _properties(report.totals)
    return [*found, ("llm_cost_verdict", report.verdict.value)]


def _properties(found: Rollup) -> Properties:
    rows = [
        ("llm_cost_usd", _usd(found.cost)),
        ("llm_calls", str(found.calls)),
        ("llm_input_tokens", str(found.usage.input_tokens)),
        ("llm_output_tokens", str(found.usage.output_tokens)),
    ]
    if found.cache_hit_rate is not None:
        rows.append(("llm_cache_hit_rate", money_text(found.cache_hit_rate)))
    if found.response_cache is not None and found.response_cache.rate is not None:
        rows.append(("llm_response_cache_hit_rate", money_text(found.response_cache.rate)))
    if found.sources:
        rows.append(("llm_cost_source", ",".join(sorted(source.value for source in found.sources))))
    return rows


def _usd(amount: Amount) -> str:
    """Plain digits; a cost that is known in part is no number."""
    if amount.high is not None:
        return money_text(amount.value)
    return f">={money_text(amount.low)}" if amount.low else UNKNOWN
