"""The gate in the terminal, with one of everything; golden files as in test_golden."""

from __future__ import annotations

import os
from changed import replace
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
import sample
import sample_diff
from suites import A, B, C, Use, accepted, collected, difference, run, table, verdict

from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.budgets.markers import budget_of_markers
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.diff import Cause, CauseKind, Change, Side, State
from pytest_llmcost.model.typed import Typed
from pytest_llmcost.reports.gate_section import share, signed, why
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.markdown import render_comment
from pytest_llmcost.reports.projection import month_lines
from pytest_llmcost.reports.terminal import Detail, section
from pytest_llmcost.reports.text import MoneyStyle, columns

GOLDEN = Path(__file__).parent / "golden"
D, E, F = "tests/test_b.py::test_four[en-*|`x`]", "tests/test_b.py::test_five", "tests/test_b.py::test_six"
OLD = "tests/test_b.py::test_old"
YAML = sample.YAML.replace(
    "models:\n", 'models:\n    openai/gpt-fixed: {input: "3", cache_read: "1.5", output: "12"}\n'
)
BUDGETS = (
    "  - {scope: suite, max_increase: 10%, max_cost: '1'}\n"
    "  - {scope: test, max_cost: '0.02', max_calls: 2}\n"
    "  - {scope: agent, match: support, max_cache_hit_drop: 5pp}\n"
    "  - {scope: call, max_input_tokens: 10000, level: warning}\n"
    "  - {scope: agent, match: suport, max_cost: '1'}\n"
)
UNKNOWN = Use(model="gpt-unheard")


def report(**tests):
    """A run with a diff and findings."""
    base = accepted(
        {
            A: [Use()],
            B: [Use(2000, cached=1800, agent="support")],
            C: [Use(3000)],
            D: [Use(77)],
            E: [Use(5)],
            OLD: [Use(9)],
        }
    )
    head = {
        A: [Use(model="house-model", provider="acme"), Use(12_000)],
        B: [Use(2000, cached=0, agent="support")] * 3,
        C: [Use(2000)],
        D: [UNKNOWN],
        "tests/test_b.py::test_neu": [Use(5)],
        F: [Use(4000)],
    }
    found = run(head, yaml=YAML)
    diff = difference(base, found, collected(found), table(YAML))
    marker = budget_of_markers([((), {"max_calls": 4})], B, "tests/test_a.py:7")
    judged = verdict(found, BUDGETS, diff, marked={B: marker})
    return replace(
        found,
        diff=diff,
        findings=judged.findings,
        limits=judged.limits,
        notices=(*found.notices, *judged.notices),
    )


def text_of(found, detail=Detail.NORMAL, width=100, accepted_line=None):
    lines = section(
        found, detail=detail, width=width, report_path=".llmcost/report.json", accepted=accepted_line
    )
    return "\n".join(line.text for line in lines) + "\n"


def check(name, text):
    path = GOLDEN / name
    if os.environ.get("LLMCOST_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("detail", "width"), [(Detail.NORMAL, 60), (Detail.NORMAL, 100), (Detail.QUIET, 100), (Detail.TESTS, 160)]
)
def test_the_gate_with_one_of_everything(detail, width):
    """Changes with their causes, findings with their places, what is new, gone, renamed and unknown."""
    check(f"gate-everything-{detail.name.lower()}-{width}.txt", text_of(report(), detail, width))


@pytest.mark.parametrize(("width", "found"), [(60, "month"), (100, "month"), (100, "months")])
def test_what_a_month_costs(width, found):
    """One row for each agent with a volume, and their sum."""
    shown = getattr(sample_diff, f"{found}_report")()
    check(f"gate-{found}-{width}.txt", "\n".join(month_lines(shown.diff.projection, width)) + "\n")
    assert "a month at" in text_of(shown)
    assert "a month at" not in text_of(shown, Detail.QUIET)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_it_keeps_to_the_width(width):
    """Only what is to be copied stays in one piece."""
    whole = ("    ", "every cent", "accept the")
    too_wide = [line for line in text_of(report(), width=width).splitlines() if columns(line) > width]
    assert [line for line in too_wide if not line.startswith(whole)] == []


def test_it_is_a_view_of_report_json():
    """What is read back looks the same."""
    found = report()
    assert text_of(parse_report(render_json(found), "report.json")) == text_of(found)


def test_what_accepts_it_names_files_of_anybody():
    """Files that were typed are in the command, quoted for a shell, and it is whole in every report."""
    typed = Typed("ci/$(x) limits.yaml", "b" * 100 + ".json")
    found = report()
    found = found._replace(meta=found.meta._replace(typed=typed))
    again = parse_report(render_json(found), "report.json")
    assert again.meta.typed == typed
    command = f"pytest --llm-cost --llm-cost-config='{typed.config}' --llm-cost-baseline={typed.baseline}"
    assert f"{command} --llm-cost-update" in text_of(again)
    assert f"`{command} --llm-cost-update --llm-cost-reason=" in render_comment(again)


def test_quiet_says_why():
    """-q: headline and findings, and for each its top three tests with their causes."""
    quiet = text_of(report(), Detail.QUIET)
    assert "FAIL  max_increase" in quiet
    assert f"{B}: " in quiet
    assert quiet.count(f"{B}: ") == 1
    assert "changed in" not in quiet


def test_quiet_says_why_where_the_baseline_is_in_another_folder():
    """Its keys start from there."""
    head = run({"deep/test_a.py::test_one": [Use(), Use()]})
    diff = compare(accepted({"test_a.py::test_one": [Use()]}), head, table(), collected(head), "deep")
    judged = verdict(head, "  - {scope: test, max_calls: 1}\n", diff, folder="deep")
    found = replace(head, diff=diff, findings=judged.findings, limits=judged.limits)
    assert "test_a.py::test_one: calls 1 -> 2" in text_of(found, Detail.QUIET)


def test_it_is_the_same_in_a_thread_with_coarse_decimals():
    """The app under test may have set one digit of precision, and never set it back."""
    expected = text_of(report(), Detail.QUIET), text_of(report(), Detail.CALLS, 200)
    with localcontext() as coarse:
        coarse.prec = 1
        assert (text_of(report(), Detail.QUIET), text_of(report(), Detail.CALLS, 200)) == expected


@pytest.mark.parametrize("detail", [Detail.QUIET, Detail.NORMAL])
def test_a_finding_without_any_limit_is_in_the_headline(detail):
    """A lost price fails a run that has a baseline alone: its first line says so."""
    head = run({A: [UNKNOWN], B: [Use()]})
    diff = difference(accepted({A: [Use()], B: [Use()]}), head)
    found = replace(head, diff=diff, findings=verdict(head, "", diff).findings)
    assert "1 FAILED" in " ".join(text_of(found, detail).splitlines()[:2])


def last_line(budgets, base=None, path=".llmcost/report.json", detail=Detail.QUIET):
    head = run({A: [Use(9000)], B: [Use(5000, agent="support")], C: [Use(10), Use(20)]})
    diff = difference(accepted(base), head) if base else None
    judged = verdict(head, budgets, diff)
    found = replace(head, diff=diff, findings=judged.findings, limits=judged.limits)
    lines = section(found, detail=detail, width=200, report_path=path)
    return lines[-1].text.partition(" | report")[0]


@pytest.mark.parametrize(
    ("budget", "test"),
    [
        ("{scope: test, match: '*_two', max_cost: '0'}", B),
        ("{scope: call, match: '*_three', max_cost: '0.0001'}", C),
        ("{scope: agent, match: support, max_calls: 0}", B),
        ("{scope: agent_run, match: support, max_calls: 0}", B),
        ("{scope: model, max_calls: 0}", A),
        ("{scope: suite, max_calls: 0}", A),
    ],
)
@pytest.mark.parametrize("detail", [Detail.QUIET, Detail.NORMAL])
def test_the_last_line_explains_what_failed(budget, test, detail):
    """The command to type next is about the first finding, with -q too."""
    assert last_line(f"  - {budget}\n", detail=detail) == f"every cent: llmcost explain {test}"


def test_the_last_line_explains_what_got_dearer():
    """And not what was dear before."""
    base = {A: [Use(9000)], B: [Use(5000, agent="support")], C: [Use(10)]}
    assert last_line("  - {scope: suite, max_calls: 3}\n", base) == f"every cent: llmcost explain {C}"
    gone = {A: [Use(9000), Use(9)], B: [Use(5000, agent="support")], C: [Use(10), Use(20)]}
    assert last_line("  - {scope: suite, max_calls: 3}\n", gone) == f"every cent: llmcost explain {A}"


def test_the_last_line_explains_a_fixture_that_got_dearer():
    """By its call: it has no name that could be typed."""
    head = run({A: [Use(9000)], "fixture desk": [Use(10), Use(20)]})
    diff = difference(accepted({A: [Use(9000)], "fixture desk": [Use(10)]}), head)
    text = text_of(replace(head, diff=diff))
    assert "every cent: llmcost explain c3" in text


def test_the_last_line_names_another_report():
    """Else the command would explain another run."""
    said = last_line("  - {scope: suite, max_calls: 1}\n", path="../my runs/report.json")
    assert said == f"every cent: llmcost explain {A} --report '../my runs/report.json'"


def test_a_model_without_a_price_is_to_get_one():
    """With -q too, which has no notices."""
    head = run({A: [UNKNOWN]})
    judged = verdict(head, "  - {scope: test, max_cost: '1'}\n")
    found = replace(head, findings=judged.findings, limits=judged.limits)
    assert text_of(found, Detail.QUIET).endswith("\ngive the model its price: pricing: in llmcost.yaml\n")


def test_what_was_accepted_is_the_last_line():
    """With the file and the numbers."""
    assert text_of(report(), accepted_line="b.json: 1 new").endswith("\naccepted: b.json: 1 new\n")


STYLE = MoneyStyle(6)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount.exactly(Decimal("0.0012")), "+$0.001200"),
        (Amount.exactly(Decimal("-0.0012")), "-$0.001200"),
        (Amount.exactly(Decimal(0)), "$0"),
        (Amount.at_least(Decimal("0.0012")), "≥ +$0.001200"),
        (Amount.at_least(Decimal(0)), "unknown"),
        (Amount.at_least(Decimal("-0.0012")), "unknown"),
    ],
)
def test_changes_with_their_sign(amount, text):
    """What is unknown is neither nothing nor a saving."""
    assert signed(amount, STYLE) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        ("5 3", "tier: +$5.00; calls: +$3.00"),
        ("5 3 1", "tier: +$5.00; calls: +$3.00; fees: +$1.00"),
        ("5 3 1 -2", "tier: +$5.00; calls: +$3.00; 2 more: -$1.00"),
        ("5 3 1 -1", "tier: +$5.00; calls: +$3.00; 2 more: $0"),
    ],
)
def test_causes_that_are_not_shown_are_summed(dollars, text):
    """What is read adds up to the change."""
    kinds = [CauseKind.TIER, CauseKind.CALLS, CauseKind.FEES, CauseKind.STATED]
    amounts = [Decimal(one) for one in dollars.split()]
    causes = tuple(Cause(kind, "", "", amount) for kind, amount in zip(kinds, amounts, strict=False))
    change = Change(A, State.CHANGED, Side(), Side(), Amount.exactly(sum(amounts)), causes)
    assert why(change, STYLE) == text


def test_no_percentage_of_the_unknown():
    """A test that calls an unknown model now has not become cheaper."""
    change = next(change for change in report().diff.tests if change.key == D)
    assert share(change) == ""
    assert why(change, STYLE) == "openai/gpt-fixed -> openai/gpt-unheard: unknown"
