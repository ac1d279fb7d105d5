"""What users see, kept in files: read their diffs as a user would.

LLMCOST_UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import pytest
import sample
from golden import check
from runs import CLAUDE, GPT, made, run
from sample import NOON

from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.baseline.from_report import baseline_of, suite_of
from pytest_llmcost.commands.init import figures_of
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.pricing.report_prices import ReportPrices
from pytest_llmcost.pricing.switch import Switch, switched
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.reports.diff import render_diff
from pytest_llmcost.reports.explain import explain_calls
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.scan import render_scan
from pytest_llmcost.reports.starter import render_starter
from pytest_llmcost.reports.terminal import Detail, section
from pytest_llmcost.reports.text import columns
from pytest_llmcost.reports.whatif import render_whatif

WIDTHS = (60, 80, 100, 120, 160, 200)


def terminal(report, detail=Detail.NORMAL, width=100):
    return section(report, detail=detail, width=width, report_path=".llmcost/report.json")


def text_of(lines):
    return "\n".join(line.text for line in lines) + "\n"


@pytest.mark.parametrize("width", WIDTHS)
def test_terminal_at_every_width(width):
    """Columns come with the width, numbers are never cut, and no table line is wider than the terminal."""
    lines = terminal(sample.report(), width=width)
    check(f"terminal-{width}.txt", text_of(lines))
    too_wide = [line.text for line in lines if columns(line.text) > width]
    # What is to be copied stays in one piece: YAML, commands and test ids.
    whole = ("    ", "every cent:", "  (tests/")
    assert [text for text in too_wide if not text.startswith(whole)] == []


@pytest.mark.parametrize("detail", Detail)
def test_terminal_at_every_verbosity(detail):
    """-q shows the headline and alarms, -v all tests, -vv every call."""
    check(f"terminal-{detail.name.lower()}.txt", text_of(terminal(sample.report(), detail, 120)))


@pytest.mark.parametrize("width", WIDTHS)
def test_calls_fit_the_width(width):
    """The table of all calls keeps to the width too."""
    lines = terminal(sample.report(), Detail.CALLS, width)
    start = next(i for i, line in enumerate(lines) if line.text.startswith("call"))
    end = next(i for i in range(start, len(lines)) if not lines[i].text)
    assert all(columns(line.text) <= width for line in lines[start:end])


def test_an_incomplete_run_says_so_first():
    """A fault of ours is in the headline and in a notice."""
    report = sample.report(faults=("reading POST https://api.openai.com/v1/responses: KeyError: 'usage'",))
    check("terminal-not-complete.txt", text_of(terminal(report, Detail.QUIET)))


def test_the_empty_state_is_honest():
    """No call: what was imported, opened, started and refused instead."""
    seen = {
        "imported": ("openai", "httpx2"),
        "not_captured": ("requests", "aiohttp"),
        "cassettes": 2,
        "interactions": 7,
        "not_calls": {"HTTP error": 3, "token count": 1},
        "child_processes": True,
    }
    check("terminal-empty.txt", text_of(terminal(sample.empty_report(**seen))))


def test_the_empty_state_of_a_suite_without_any_sdk():
    """Nothing imported is said as well."""
    check("terminal-empty-bare.txt", text_of(terminal(sample.empty_report())))


def test_report_json():
    """The product itself."""
    check("report.json", render_json(sample.report()))


def test_report_json_reads_back_to_the_same_report():
    """Every other command works on the file: nothing may get lost in it."""
    report = sample.report()
    assert parse_report(render_json(report), "report.json") == report


def test_explain():
    """Every cent, in every status."""
    report = sample.report()
    check("explain.txt", "\n".join(explain_calls("everything", report.calls, report, 100)) + "\n")


def test_scan():
    """Cassettes priced without a test."""
    check("scan.txt", "\n".join(render_scan(sample.report(), files=3, width=120)) + "\n")


def test_diff():
    """Two runs: what changed and why, what is new and gone, what lost its price, where prices moved."""
    check("diff.txt", "\n".join(render_diff(_difference(), "head.json", 120)) + "\n")


def _difference():
    before, after = run(_before()), run(_after())
    base = baseline_of(before, "base.json")
    prices = ReportPrices([after.calls, before.calls])
    return compare(base, after, prices, suite_of(after, base, ""), "")


def _before():
    return {
        "tests/test_desk.py::test_refund": [made(GPT, 2000, 100, 1800)] * 3,
        "tests/test_desk.py::test_switch[de]": [made(GPT, 900, 80)],
        "tests/test_desk.py::test_longer": [made(CLAUDE, 900, 80)],
        "tests/test_desk.py::test_shorter": [made(CLAUDE, 900, 80)] * 2,
        "tests/test_desk.py::test_lost": [made(CLAUDE, 50, 5)],
        "tests/test_desk.py::test_same": [made(GPT, 70, 7)],
        "tests/test_desk.py::test_old_name": [made(GPT, 71, 7)],
        "tests/test_gone.py::test_gone": [made(GPT, 72, 7)],
    }


def _after():
    return {
        "tests/test_desk.py::test_refund": [made(GPT, 2000, 100, 200)] * 3,
        "tests/test_desk.py::test_switch[de]": [made(CLAUDE, 900, 80)],
        "tests/test_desk.py::test_longer": [made(CLAUDE, 1900, 80)],
        "tests/test_desk.py::test_shorter": [made(CLAUDE, 900, 80)],
        "tests/test_desk.py::test_lost": [made("openai/gpt-7", 50, 5)],
        "tests/test_desk.py::test_same": [made(GPT, 70, 7)],
        "tests/test_desk.py::test_new_name": [made(GPT, 71, 7)],
        "tests/test_desk.py::test_new": [made(GPT, 300, 30)],
    }


def test_whatif():
    """The same usage on another model, with what cannot be priced."""
    report = sample.report()
    switch = Switch("openai/gpt-fixed", "acme/house-model")
    after, changed = switched(report, [switch], PriceTable(_own_prices(), NOON.date(), sample.FixedPrices()))
    lines = render_whatif(report, after, {switch: len(changed[switch])}, 100)
    check("whatif.txt", "\n".join(lines) + "\n")


def _own_prices():
    return read_configuration(sample.YAML, "llmcost.yaml").pricing


def test_starter():
    """A first llmcost.yaml."""
    check("llmcost.yaml", render_starter(figures_of(sample.report(sample.calls()[:6]), "report.json")))


def test_rows_by_test_and_outside_sum_to_the_total():
    """What the table shows adds up: tests, fixtures, and calls outside any test."""
    report = sample.report()
    outside = [call for call in report.calls if call.measured.origin.nodeid is None]
    rows = sum(test.rollup.cost.value for test in report.tests) + sum(call.cost.value for call in outside)
    assert rows == report.totals.cost.value
    assert sum(agent.rollup.cost.value for agent in report.agents) == report.totals.cost.value
    assert sum(model.rollup.cost.value for model in report.models) == report.totals.cost.value


def test_names_cannot_move_the_cursor():
    """Control characters of a test id are spelled out."""
    shown = text_of(terminal(sample.report(), Detail.CALLS, 200))
    assert "\x1b" not in shown
    assert "test_\\x1b[31mred|`x`" in shown
