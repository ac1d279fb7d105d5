"""A call that another provider answers now is the same call on another model."""

from __future__ import annotations

from decimal import Decimal

from runs import CLAUDE, GPT, made, run

from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.baseline.from_report import baseline_of, suite_of
from pytest_llmcost.model.call import Api
from pytest_llmcost.model.diff import CauseKind
from pytest_llmcost.pricing.report_prices import ReportPrices

A = "tests/test_a.py::test_a"


def change_of(before, after):
    base, head = run({A: before}), run({A: after})
    lines = baseline_of(base, "base.json")
    prices = ReportPrices([head.calls, base.calls])
    (change,) = compare(lines, head, prices, suite_of(head, lines, ""), "").tests
    return change


def test_the_model_is_the_cause():
    """From one wire format to another: a model in the place of a model, and not a call less and one more."""
    (cause,) = change_of([made(GPT, 900, 80)], [made(CLAUDE, 900, 80)]).causes
    assert (cause.kind, cause.before, cause.after) == (
        CauseKind.MODEL,
        "openai/gpt-fixed-20260801",
        "anthropic/claude-fixed-20260801",
    )
    assert cause.delta == Decimal("0.00085")


def test_what_else_changed_is_told_apart():
    """The dollars of the model are those of the old usage; the rest is the longer answer's."""
    causes = change_of([made(GPT, 900, 80)], [made(CLAUDE, 900, 180)]).causes
    assert {cause.kind: cause.delta for cause in causes} == {
        CauseKind.MODEL: Decimal("0.00085"),
        CauseKind.OUTPUT: Decimal("0.0015"),
    }


def test_an_embedding_is_no_answer():
    """A call that does not generate does not stand in the place of one that does."""
    embedding = made(GPT, 900, 0, api=Api.OPENAI_EMBEDDINGS)
    assert [cause.kind for cause in change_of([embedding], [made(CLAUDE, 900, 0)]).causes] == [
        CauseKind.CALLS
    ]


def test_a_call_in_the_same_format_is_closer():
    """The call that stayed with its provider is not taken for the one that moved."""
    before = [made(GPT, 900, 80), made("openai/gpt-old", 500, 50)]
    after = [made(GPT, 900, 90), made(CLAUDE, 500, 50)]
    kinds = {cause.kind for cause in change_of(before, after).causes}
    assert CauseKind.OUTPUT in kinds
    assert CauseKind.CALLS not in kinds
