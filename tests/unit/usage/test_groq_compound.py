"""Groq's compound systems: their tokens are billed at the models inside."""

from __future__ import annotations

from decimal import Decimal

import pytest
from billing import billed, lines
from exchanges import read

from pytest_llmcost.model.call import Status

GROQ = "https://api.groq.com/openai/v1/chat/completions"
LLAMA, SCOUT = "llama-3.3-70b-versatile", "meta-llama/llama-4-scout-17b-16e-instruct"
# Recorded in pydantic-ai.
USED = ((LLAMA, 138, 4), (SCOUT, 495, 106), (SCOUT, 2_378, 55), (LLAMA, 2_285, 222))
SEARCHES = "no price for the searches of compound beyond that of a basic one"


def tokens(prompt, answer):
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def compound(*tools, used=USED, total=(5_296, 387), **more):
    models = [{"model": model, "usage": tokens(*counts)} for model, *counts in used]
    ran = [{"type": tool, "arguments": "{}"} for tool in tools]
    return {
        "id": "stub",
        "model": "groq/compound",
        "choices": [{"finish_reason": "stop", "message": {"content": "x", "executed_tools": ran}}],
        "usage": tokens(*total),
        "usage_breakdown": {"models": models},
        **more,
    }


def test_tokens_at_the_models_inside():
    """Source: console.groq.com, compound, model usage details; nothing is counted twice."""
    call = billed(GROQ, compound())
    assert [(sub.kind, sub.model) for sub in call.sub_calls] == [("compound", model) for model, *_ in USED]
    assert [lines(sub.usage, sub.lookup.card) for sub in call.sub_calls[:2]] == [
        {"input": "138 x 0.59", "output": "4 x 0.79"},
        {"input": "495 x 0.11", "output": "106 x 0.34"},
    ]
    assert (call.usage.input_tokens, call.usage.output_tokens) == (5_296, 387)
    assert (call.status, call.cost.value) == (Status.EXACT, Decimal("0.00197888"))


@pytest.mark.parametrize(
    ("tools", "bill", "doubt"),
    [
        (["search", "search"], {"web_searches": "2 x 5"}, SEARCHES),
        (
            ["search", "visit"],
            {"web_searches": "1 x 5"},
            f"{SEARCHES}; no price for the tool visit of compound",
        ),
        (["python"], {}, "no price for the tool python of compound"),
    ],
    ids=["searches", "visit", "code"],
)
def test_tools(tools, bill, doubt):
    """A search has at least the fee of a basic one; other tools are in doubt."""
    call = billed(GROQ, compound(*tools))
    assert lines(call.measured.usage, call.lookup.card) == bill
    assert (call.status, call.status_detail) == (Status.PARTIAL, doubt)
    assert call.cost.high is None
    assert call.cost.low == Decimal("0.00197888") + Decimal("0.005") * tools.count("search")


@pytest.mark.parametrize(
    "answer",
    [
        compound(used=[(LLAMA, 5_003, 359)] * 4, total=(5_003, 359)),  # as streams have it
        compound(used=()),
        compound(usage_breakdown={"models": [None]}),
        compound(usage_breakdown={"models": 1}),
        compound(usage_breakdown=[]),
    ],
    ids=["each is the whole", "empty", "no object", "no list", "not there"],
)
def test_parts_that_are_not_the_whole(answer):
    """Then the whole is the usage, which has no price."""
    stated = read(GROQ, answer, {"model": "groq/compound"}).stated
    assert (stated.sub_calls, stated.doubts) == ((), ())
    assert stated.usage.input_tokens == answer["usage"]["prompt_tokens"]
    assert billed(GROQ, answer).cost.high is None
