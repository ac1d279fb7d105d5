"""The sample report after a change of the code, against the baseline before it, with budgets."""

from __future__ import annotations

from changed import replace

import sample

from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.baseline.from_report import baseline_of
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.budgets.evaluate import Gate, judge
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.projection import Per, Volume
from pytest_llmcost.model.report import TestResult
from pytest_llmcost.pricing.table import PriceTable

TRIAGE = "tests/test_triage.py::test_escalates[enterprise-de]"
LOOKUP = "tests/test_support.py::TestBilling::test_invoice_lookup"
FRESH = "tests/test_triage.py::test_new|`tricky`"
GONE = "tests/test_old.py::test_gone"
BUDGETS = """\
version: 1
budgets:
  - {scope: suite, max_cost: "0.50", max_increase: 10%}
  - {scope: test, match: "tests/test_triage.py::*", max_cost: "0.0002"}
  - {scope: agent, match: support_agent, min_cache_hit_rate: 70%, level: warning}
"""


def _call(number, nodeid, model, usage, **changes):
    provider = "anthropic" if model.startswith("claude") else "openai"
    return sample.call(
        number,
        nodeid,
        provider,
        model,
        usage,
        **{"origin": sample.agent(nodeid, "support_agent", run=f"r{number}"), **changes},
    )


def _base_calls():
    return [
        _call(
            0,
            LOOKUP,
            "claude-fixed",
            {"input_tokens": 9_000, "cache_read_tokens": 8_200, "output_tokens": 300},
        ),
        _call(1, TRIAGE, "gpt-fixed", {"input_tokens": 400, "output_tokens": 20}),
        _call(2, sample.REFUND, "gpt-fixed", {"input_tokens": 1_200, "output_tokens": 40}),
        _call(3, sample.REFUND, "gpt-fixed", {"input_tokens": 1_300, "output_tokens": 45}),
        _call(4, sample.SEARCH, "gpt-fixed", {"input_tokens": 700, "output_tokens": 20}),
        _call(5, GONE, "gpt-fixed", {"input_tokens": 700, "output_tokens": 20}),
    ]


def _head_calls():
    return [
        _call(
            0,
            LOOKUP,
            "claude-fixed",
            {"input_tokens": 9_000, "cache_read_tokens": 1_100, "output_tokens": 300},
        ),
        _call(1, TRIAGE, "claude-fixed", {"input_tokens": 400, "output_tokens": 20}),
        _call(2, sample.REFUND, "gpt-fixed", {"input_tokens": 1_200, "output_tokens": 40}),
        _call(4, sample.SEARCH, "gpt-fixed", {"input_tokens": 700, "output_tokens": 20}),
        _call(6, FRESH, "gpt-fixed", {"input_tokens": 120, "output_tokens": 9}),
    ]


def _report(calls):
    nodeids = dict.fromkeys(call.origin.nodeid for call in calls)
    return sample.report(calls, results=tuple(TestResult(nodeid, "passed", 0.25) for nodeid in nodeids))


def changed_report(*, base=None, head=None, budgets=BUDGETS, volumes=()):
    """A report with a diff and findings: a lost cache, a dearer model, a call less, a test more and one gone."""
    before = _report(_base_calls() if base is None else base)
    report = _report(_head_calls() if head is None else head)
    baseline = baseline_of(before, "llmcost-baseline.json")
    configuration = read_configuration(sample.YAML, "llmcost.yaml", "f" * 64)
    prices = PriceTable(configuration.pricing, sample.NOON.date(), sample.FixedPrices())
    suite = Suite(
        keys=frozenset(test.result.nodeid for test in report.tests),
        whole_files=frozenset(),
        gone_files=frozenset({GONE.partition("::")[0]}),
    )
    diff = compare(baseline, report, prices, suite, "", volumes=volumes)
    limits = read_configuration(budgets, "llmcost.yaml", "f" * 64).budgets if budgets else ()
    judged = judge(report, diff, Gate(budgets=limits))
    return replace(
        report,
        diff=diff,
        findings=judged.findings,
        limits=judged.limits,
        notices=(*report.notices, *judged.notices),
    )


def month_report():
    """With the volume of one agent."""
    return changed_report(volumes=[Volume("support_agent", Per.RUN, 120_000)])


def months_report():
    """With those of two, whose months add up."""
    calls = [
        [
            *calls,
            _call(
                9,
                sample.SEARCH,
                "gpt-fixed",
                usage,
                origin=sample.agent(sample.SEARCH, "re|`searcher`", run="s"),
            ),
        ]
        for calls, usage in (
            (_base_calls(), {"input_tokens": 900, "output_tokens": 10}),
            (_head_calls(), {"input_tokens": 500, "output_tokens": 10}),
        )
    ]
    volumes = [Volume("support_agent", Per.RUN, 120_000), Volume("re|`searcher`", Per.CALL, 1)]
    return changed_report(base=calls[0], head=calls[1], volumes=volumes)


def unchanged_report(**changes):
    """A report that is as its baseline."""
    return changed_report(base=_head_calls(), budgets="", **changes)
