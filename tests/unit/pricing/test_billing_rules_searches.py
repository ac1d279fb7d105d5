"""Billing rules: searches of models and tools that have fees of their own.

Prices are those of 2026-11-23.
"""

from __future__ import annotations

import pytest
from billing import Rule, billed, check
from exchanges import OPENAI_CHAT, OPENAI_RESPONSES, sse

from pytest_llmcost.model.call import Status

PERPLEXITY = "https://api.perplexity.ai/chat/completions"
XAI = "https://api.x.ai/v1/chat/completions"
SEARCH = {"type": "web_search_call", "action": {"type": "search"}}


def chat(model, **more):
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, **more}
    return {"id": "c1", "model": model, "choices": [{"finish_reason": "stop"}], "usage": usage}


def response(model, *tools):
    return {
        "id": "resp_1",
        "model": model,
        "status": "completed",
        "tools": [{"type": tool} for tool in tools],
        "output": [SEARCH],
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }


def asking(**options):
    return {"model": "sonar", "web_search_options": options}


SONAR = {"input": "100 x 1", "output": "10 x 1"}
SONAR_PRO = {"input": "100 x 3", "output": "10 x 15"}
FEES = "docs.perplexity.ai, pricing: request fees by search context size"
TOOLS = "OpenAI's pricing page, tools: web search and web search preview"
RULES = {
    "OpenAI: the search models search once for each request": Rule(
        "developers.openai.com, web search: in chat completions they always search before they answer",
        OPENAI_CHAT,
        chat("gpt-4o-search-preview-2025-03-11"),
        {"input": "100 x 2.5", "output": "10 x 10", "web_searches": "1 x 25"},
        "0.02535",
    ),
    "OpenAI: so does the small one, streamed": Rule(
        TOOLS,
        OPENAI_CHAT,
        sse({**chat("gpt-4o-mini-search-preview"), "choices": []}),
        {"input": "100 x 0.15", "output": "10 x 0.6", "web_searches": "1 x 25"},
    ),
    "OpenAI: one that reasons may search again": Rule(
        TOOLS,
        OPENAI_CHAT,
        chat("gpt-5-search-api-2025-10-14"),
        {"input": "100 x 1.25", "output": "10 x 10", "web_searches": "1 x 10"},
        doubt="no count of the searches after the first",
        request={"model": "gpt-5-search-api"},
    ),
    "OpenAI: the older tool is dearer at models that do not reason": Rule(
        TOOLS,
        OPENAI_RESPONSES,
        response("gpt-4o-2024-08-06", "web_search_preview"),
        {"input": "100 x 2.5", "output": "10 x 10", "web_searches": "1 x 25"},
    ),
    "OpenAI: its dated name is the same tool": Rule(
        TOOLS,
        OPENAI_RESPONSES,
        response("gpt-4.1-2025-04-14", "function", "web_search_preview_2025_03_11"),
        {"input": "100 x 2", "output": "10 x 8", "web_searches": "1 x 25"},
    ),
    "OpenAI: at models that reason it is not": Rule(
        TOOLS,
        OPENAI_RESPONSES,
        response("gpt-5-2025-08-07", "web_search_preview"),
        {"input": "100 x 1.25", "output": "10 x 10", "web_searches": "1 x 10"},
    ),
    "OpenAI: nor is the newer tool": Rule(
        TOOLS,
        OPENAI_RESPONSES,
        response("gpt-4o-2024-08-06", "web_search"),
        {"input": "100 x 2.5", "output": "10 x 10", "web_searches": "1 x 10"},
    ),
    "Perplexity: the fee of a request is that of the size that the answer states": Rule(
        FEES,
        PERPLEXITY,
        chat("sonar", search_context_size="medium"),
        {**SONAR, "requests": "1 x 8"},
        "0.00811",
    ),
    "Perplexity: else of the size that was asked for": Rule(
        FEES,
        PERPLEXITY,
        chat("sonar"),
        {**SONAR, "requests": "1 x 12"},
        request=asking(search_context_size="high"),
    ),
    "Perplexity: else of the smallest": Rule(
        FEES, PERPLEXITY, chat("sonar-pro"), {**SONAR_PRO, "requests": "1 x 6"}
    ),
    "Perplexity: other kinds of search have other fees": Rule(
        "docs.perplexity.ai, pricing: Pro Search",
        PERPLEXITY,
        chat("sonar-pro", search_context_size="low"),
        {**SONAR_PRO, "requests": "1 x 6"},
        doubt="genai-prices 0.2.3 has no price for search_type=pro",
        request=asking(search_type="pro"),
    ),
    "Perplexity: deep research bills reasoning, citations and searches": Rule(
        "docs.perplexity.ai, pricing: the three columns of Sonar Deep Research",
        PERPLEXITY,
        chat("sonar-deep-research", reasoning_tokens=1_000, citation_tokens=200, num_search_queries=18),
        {
            "input": "100 x 2",
            "output": "10 x 8",
            "reasoning": "1000 x 3",
            "output_citation": "200 x 2",
            "web_searches": "18 x 5",
        },
        "0.09368",
    ),
    "xAI: live search was billed by the source": Rule(
        "docs.x.ai, live search: num_sources_used",
        XAI,
        chat("grok-3", num_sources_used=4),
        {"input": "100 x 3", "output": "10 x 15"},
        doubt="no price for the sources of live search (4)",
    ),
    "xAI: an answer that used no source is complete": Rule(
        "docs.x.ai, live search",
        XAI,
        chat("grok-3", num_sources_used=0),
        {"input": "100 x 3", "output": "10 x 15"},
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_searches_are_billed(rule):
    """A search has the fee of its model, tool and size, also where no counter states it."""
    check(rule)


def test_what_the_provider_states_has_the_fee_in_it():
    """Perplexity's own cost is the whole bill."""
    call = billed(PERPLEXITY, chat("sonar", search_context_size="low", cost={"total_cost": "0.0052"}))
    assert (str(call.cost.value), call.status) == ("0.0052", Status.REPORTED)
