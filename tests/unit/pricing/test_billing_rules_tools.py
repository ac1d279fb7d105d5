"""Billing rules: model calls inside a call, tools with a fee, and answers made in the background.

Prices are those of 2026-11-23. The counts are from recorded calls where a comment names the project.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from billing import Rule, billed, check, lines
from exchanges import ANTHROPIC, COHERE, GEMINI, INTERACTIONS, OPENAI_RESPONSES, read, sse

from pytest_llmcost.model.call import Status
from pytest_llmcost.usage.background import BackgroundCalls, Settled
from pytest_llmcost.usage.reading import NotACall

MISTRAL = "https://api.mistral.ai/v1/conversations"


def claude(model="claude-sonnet-5", content=(), **usage):
    return {"id": "msg_1", "model": model, "content": list(content), "usage": usage}


def response(*output, model="gpt-5-2025-08-07", usage=None, **more):
    return {
        "id": "resp_1",
        "model": model,
        "status": "completed",
        "output": [{"type": kind} if isinstance(kind, str) else kind for kind in output],
        "usage": usage or {"input_tokens": 1_000, "output_tokens": 100},
        **more,
    }


def gemini(model, *queries):
    return {
        "modelVersion": model,
        "candidates": [
            {"finishReason": "STOP", "groundingMetadata": {"webSearchQueries": list(queries)}},
        ],
        "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10},
    }


def run_in(container):
    return {"type": "code_interpreter_call", "container_id": container, "code": "1 + 1"}


SEARCH = {"type": "web_search_call", "action": {"type": "search"}}
OPEN_PAGE = {"type": "web_search_call", "action": {"type": "open_page"}}
AUTO = {"type": "code_interpreter", "container": {"type": "auto"}}
CODE = {"type": "bash_code_execution_tool_result"}
IMAGES = {
    "input_tokens": 50,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 50},
    "output_tokens": 1_056,
    "output_tokens_details": {"image_tokens": 1_056, "text_tokens": 0},
}
GPT_5 = {"input": "1000 x 1.25", "output": "100 x 10"}

RULES = {
    "Anthropic: each web search has a fee": Rule(
        "docs.claude.com, web search tool: $10 per 1,000; usage.server_tool_use.web_search_requests",
        ANTHROPIC,
        claude(input_tokens=7_744, output_tokens=353, server_tool_use={"web_search_requests": 1}),
        {"input": "7744 x 2", "output": "353 x 10", "web_searches": "1 x 10"},
        "0.029018",
    ),
    "Anthropic: web fetch has none": Rule(
        "docs.claude.com, web fetch tool: no additional cost beyond tokens",
        ANTHROPIC,
        claude(input_tokens=100, output_tokens=10, server_tool_use={"web_fetch_requests": 2}),
        {"input": "100 x 2", "output": "10 x 10"},
    ),
    "Anthropic: containers that run code are free for 1,550 hours a month, more than a suite uses": Rule(
        "platform.claude.com, pricing of the code execution tool",
        ANTHROPIC,
        claude(content=[CODE, {"type": "text"}, CODE], input_tokens=100, output_tokens=10),
        {"input": "100 x 2", "output": "10 x 10", "code_executions": "2 x 0"},
        "0.0003",
    ),
    "Anthropic: the same, streamed": Rule(
        "platform.claude.com, pricing of the code execution tool",
        ANTHROPIC,
        sse(
            {"type": "message_start", "message": claude(input_tokens=100, output_tokens=1)},
            {"type": "content_block_start", "index": 0, "content_block": CODE},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}},
            {"type": "message_stop"},
        ),
        {"input": "100 x 2", "output": "10 x 10", "code_executions": "1 x 0"},
    ),
    "Anthropic: of containers that another cloud bills nothing is known": Rule(
        "learn.microsoft.com, Claude in Microsoft Foundry: billed by the marketplace",
        "https://r.services.ai.azure.com/anthropic/v1/messages",
        claude(content=[CODE], input_tokens=100, output_tokens=10),
        {"input": "100 x 2", "output": "10 x 10"},
        doubt="no price for code_executions (1)",
    ),
    "Anthropic: it is free beside web search": Rule(
        "docs.claude.com, code execution tool: free with web search or web fetch",
        ANTHROPIC,
        claude(
            content=[CODE],
            input_tokens=100,
            output_tokens=10,
            server_tool_use={"web_search_requests": 1},
        ),
        {"input": "100 x 2", "output": "10 x 10", "web_searches": "1 x 10"},
    ),
    "OpenAI: tool_usage says how many searches are billed, whatever the items are": Rule(
        "ToolUsageWebSearch of the SDK: only billable searches are counted",
        OPENAI_RESPONSES,
        response(SEARCH, SEARCH, OPEN_PAGE, tool_usage={"web_search": {"num_requests": 1}}),
        {**GPT_5, "web_searches": "1 x 10"},
    ),
    "OpenAI: no billed search is no fee": Rule(
        "ToolUsageWebSearch of the SDK",
        OPENAI_RESPONSES,
        response(OPEN_PAGE, SEARCH, tool_usage={"web_search": {"num_requests": 0}}),
        GPT_5,
    ),
    "OpenAI: without tool_usage the items that search are counted": Rule(
        "OpenAI's pricing page: web search $10 per 1,000 calls; opening a page is none",
        OPENAI_RESPONSES,
        response(SEARCH, "web_search_call", OPEN_PAGE),
        {**GPT_5, "web_searches": "2 x 10"},
    ),
    "OpenAI: file search has a fee": Rule(
        "OpenAI's pricing page: $2.50 per 1,000 calls",
        OPENAI_RESPONSES,
        response("file_search_call"),
        {**GPT_5, "storage_searches": "1 x 2.5"},
    ),
    "OpenAI: containers of code interpreter are billed by the minute, which no answer states": Rule(
        "OpenAI's changelog of 2026-06-02: at least 5 minutes of a session, no longer 20",
        OPENAI_RESPONSES,
        response("code_interpreter_call"),
        GPT_5,
        doubt="no price for the containers of code_interpreter",
    ),
    "OpenAI: a container that was made for the answer costs at least 5 minutes": Rule(
        "OpenAI's pricing page: $0.03 for 20 minutes with 1 GB; developers.openai.com, code interpreter: auto",
        OPENAI_RESPONSES,
        response(run_in("cntr_1"), run_in("cntr_1"), tools=[AUTO]),
        {**GPT_5, "code_executions": "1 x 7.5"},
        "0.00975",
        doubt="no price for the containers of code_interpreter beyond 5 minutes",
        request={"model": "gpt-5", "input": "x"},
    ),
    "OpenAI: images without their tokens are in doubt": Rule(
        "developers.openai.com, image generation tool: billed at the image model's token prices",
        OPENAI_RESPONSES,
        response("image_generation_call"),
        GPT_5,
        doubt="no price for the tokens of image_generation",
    ),
    "OpenAI: images of a model that is not named are in doubt": Rule(
        "tool_usage.image_gen of the SDK names no model",
        OPENAI_RESPONSES,
        response("image_generation_call", tool_usage={"image_gen": IMAGES}),
        GPT_5,
        doubt="no price for the tokens of image_generation",
    ),
    "a fee that the table does not list is in doubt": Rule(
        "OpenAI's pricing page: web search with o1 is not offered",
        OPENAI_RESPONSES,
        response(SEARCH, model="o1-2024-12-17"),
        {"input": "1000 x 15", "output": "100 x 60"},
        doubt="no price for web_searches (1)",
    ),
    "xAI: tools that ran have a fee, by its own count": Rule(
        "docs.x.ai, pricing: tool invocation costs; usage.server_side_tool_usage_details",
        "https://api.x.ai/v1/responses",
        response(
            SEARCH,
            SEARCH,
            "code_interpreter_call",
            model="grok-4.5",
            usage={
                "input_tokens": 1_000,
                "output_tokens": 100,
                "server_side_tool_usage_details": {"web_search_calls": 3, "code_interpreter_calls": 1},
            },
        ),
        {"input": "1000 x 2", "output": "100 x 6", "web_searches": "3 x 5", "code_executions": "1 x 5"},
    ),
    "xAI: X search has a fee that depends on what it fetched, and is in doubt": Rule(
        "docs.x.ai, pricing",
        "https://api.x.ai/v1/responses",
        response(
            model="grok-4.5",
            usage={
                "input_tokens": 1_000,
                "output_tokens": 100,
                "server_side_tool_usage_details": {"x_search_calls": 1},
            },
        ),
        {"input": "1000 x 2", "output": "100 x 6"},
        doubt="no price for social_searches (1)",
    ),
    "xAI: a tool whose fee nobody lists is in doubt, and MCP has none": Rule(
        "docs.x.ai, tool usage details",
        "https://api.x.ai/v1/responses",
        response(
            model="grok-4.5",
            usage={
                "input_tokens": 1_000,
                "output_tokens": 100,
                "server_side_tool_usage_details": {"document_search_calls": 2, "mcp_calls": 3},
            },
        ),
        {"input": "1000 x 2", "output": "100 x 6"},
        doubt="no price for document_search_calls",
    ),
    "OpenAI: a shell that it runs is a container": Rule(
        "ResponseFunctionShellToolCall of the SDK: its environment",
        OPENAI_RESPONSES,
        response({"type": "shell_call", "environment": {"type": "container_reference", "container_id": "c"}}),
        GPT_5,
        doubt="no price for the containers of shell",
    ),
    "OpenAI: a shell of one's own is none": Rule(
        "ResponseLocalEnvironment of the SDK",
        OPENAI_RESPONSES,
        response({"type": "shell_call", "environment": {"type": "local"}}),
        GPT_5,
    ),
    "Gemini's interactions: each query of Google Search has a fee": Rule(
        "ai.google.dev, Interactions API: google_search_call with its queries",
        INTERACTIONS,
        {
            "id": "v1_1",
            "model": "gemini-3-flash-preview",
            "status": "completed",
            "outputs": [{"type": "google_search_call", "arguments": {"queries": ["a", "b"]}}],
            "usage": {"total_input_tokens": 100, "total_output_tokens": 10, "total_tokens": 110},
        },
        {"input": "100 x 0.5", "output": "10 x 3", "web_searches": "2 x 14"},
    ),
    "Gemini 2.5: a grounded prompt has one fee, however many queries": Rule(
        "ai.google.dev, pricing: grounding $35 per 1,000 grounded prompts",
        GEMINI,
        gemini("gemini-2.5-flash", "weather utrecht", "weather amsterdam"),
        {"input": "100 x 0.3", "output": "10 x 2.5", "web_searches": "1 x 35"},
    ),
    "Gemini 3: each query that is not empty has one": Rule(
        "ai.google.dev, grounding with Google Search: billed per search query from Gemini 3 on",
        GEMINI.replace("2.5-flash", "3-flash-preview"),
        gemini("gemini-3-flash-preview", "a", "b", "", "a"),
        {"input": "100 x 0.5", "output": "10 x 3", "web_searches": "2 x 14"},
    ),
    "Gemini: grounding on Google Maps has a fee that nobody lists": Rule(
        "ai.google.dev, grounding with Google Maps",
        GEMINI,
        {
            **gemini("gemini-2.5-flash"),
            "candidates": [
                {"finishReason": "STOP", "groundingMetadata": {"groundingChunks": [{"maps": {"uri": "x"}}]}}
            ],
        },
        {"input": "100 x 0.3", "output": "10 x 2.5"},
        doubt="no price for grounding with Google Maps",
    ),
    "Gemini: what tools put into the prompt is input": Rule(
        "ai.google.dev, UsageMetadata: toolUsePromptTokenCount",
        GEMINI,
        {
            "modelVersion": "gemini-2.5-flash",
            "candidates": [{"finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": 100,
                "toolUsePromptTokenCount": 50,
                "candidatesTokenCount": 10,
            },
        },
        {"input": "150 x 0.3", "output": "10 x 2.5"},
    ),
    "Mistral: what connectors put into the prompt is input, a connector without a price in doubt": Rule(
        "docs.mistral.ai, agents and connectors",
        MISTRAL,
        {
            "conversation_id": "conv_1",
            "outputs": [{"type": "message.output", "model": "mistral-large-2512"}],
            "usage": {
                "prompt_tokens": 100,
                "connector_tokens": 400,
                "completion_tokens": 10,
                "connectors": {"code_interpreter": 1},
            },
        },
        {"input": "500 x 0.5", "output": "10 x 1.5"},
        doubt="no price for the connector code_interpreter",
    ),
    "Cohere: rerank is billed by the search unit": Rule(
        "docs.cohere.com, how does Cohere's pricing work: by the quantity of searches",
        f"{COHERE}/v2/rerank",
        {"id": "1", "results": [], "meta": {"billed_units": {"search_units": 2}}},
        {"rerank_searches": "2 x 2"},
        "0.004",
        request={"model": "rerank-v3.5"},
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    """The bill of an answer is the one that its provider's rule says."""
    check(RULES[name])


def test_compaction_is_a_call_of_its_own_at_the_same_model():
    """Source: BetaCompactionIterationUsage of Anthropic's SDK: not in the top-level counters."""
    call = billed(
        ANTHROPIC,
        claude(  # recorded in pydantic-ai
            "claude-opus-4-6",
            input_tokens=220,
            output_tokens=8,
            iterations=[
                {"type": "compaction", "input_tokens": 55_196, "output_tokens": 125},
                {"type": "message", "input_tokens": 220, "output_tokens": 8},
            ],
        ),
    )
    assert lines(call.measured.usage, call.lookup.card) == {"input": "220 x 5", "output": "8 x 25"}
    ((kind, _, usage, cost, lookup),) = call.sub_calls
    assert (kind, lines(usage, lookup.card)) == ("compaction", {"input": "55196 x 5", "output": "125 x 25"})
    assert call.cost.value == cost.value + Decimal("0.0013")
    assert call.usage.input_tokens == 55_416


def test_advisor_is_billed_at_its_own_model():
    """Source: BetaAdvisorMessageIterationUsage of Anthropic's SDK: it names the advisor's model."""
    advice = {
        "type": "advisor_message",
        "model": "claude-opus-4-8",
        "input_tokens": 2_518,
        "output_tokens": 22,
    }
    call = billed(ANTHROPIC, claude(input_tokens=1_000, output_tokens=10, iterations=[advice]))
    ((kind, model, usage, cost, lookup),) = call.sub_calls
    assert (kind, model) == ("advisor_message", "claude-opus-4-8")
    assert lines(usage, lookup.card) == {"input": "2518 x 5", "output": "22 x 25"}
    assert cost.value == Decimal("0.01314")
    assert call.cost.value == Decimal("0.01314") + Decimal("0.0021")


def test_images_are_billed_at_the_model_that_made_them():
    """Source: tool_usage.image_gen of OpenAI's SDK, and OpenAI's pricing page for gpt-image-1."""
    tools = [{"type": "image_generation", "model": "gpt-image-1"}]
    call = billed(
        OPENAI_RESPONSES, response("image_generation_call", tools=tools, tool_usage={"image_gen": IMAGES})
    )
    assert call.status is Status.EXACT
    ((kind, model, usage, cost, lookup),) = call.sub_calls
    assert (kind, model) == ("image_generation", "gpt-image-1")
    assert lines(usage, lookup.card) == {"input": "50 x 5", "output_image": "1056 x 40"}
    assert cost.value == Decimal("0.04249")


def test_no_images_are_no_call_inside():
    """Newer answers state zeros where no image was made (pydantic-ai)."""
    zeros = {"input_tokens": 0, "input_tokens_details": {"image_tokens": 0}, "output_tokens": 0}
    call = billed(OPENAI_RESPONSES, response(tool_usage={"image_gen": zeros}))
    assert (call.sub_calls, call.status) == ((), Status.EXACT)


@pytest.mark.parametrize(
    ("url", "more", "request_body"),
    [
        (OPENAI_RESPONSES, {"tools": [AUTO]}, {"input": [run_in("cntr_1")]}),
        (OPENAI_RESPONSES, {"tools": [AUTO], "previous_response_id": "resp_0"}, {"input": "x"}),
        (OPENAI_RESPONSES, {"tools": [AUTO], "conversation": {"id": "conv_1"}}, {"input": "x"}),
        (OPENAI_RESPONSES, {"tools": [{**AUTO, "container": "cntr_1"}]}, {"input": "x"}),
        (OPENAI_RESPONSES, {"tools": 1}, {"input": 1}),
        ("https://r.openai.azure.com/openai/v1/responses", {"tools": [AUTO]}, {"input": "x"}),
    ],
    ids=["in the input", "after a response", "in a conversation", "named", "nothing known", "Azure's"],
)
def test_container_that_may_have_been_there_before(url, more, request_body):
    """It has no fee of the answer's own for certain, and how long it ran is not stated."""
    call = billed(url, response(run_in("cntr_1"), **more), {"model": "gpt-5", **request_body})
    assert lines(call.measured.usage, call.lookup.card) == GPT_5
    assert call.status_detail == "no price for the containers of code_interpreter"
    assert call.cost.high is None


def test_a_background_response_is_billed_once():
    """Source: developers.openai.com, background mode: the POST has no usage, each later GET the whole."""
    started = {"id": "resp_1", "status": "queued", "background": True, "model": "gpt-5-2025-08-07"}
    poll = f"{OPENAI_RESPONSES}/resp_1"
    answers = [
        read(OPENAI_RESPONSES, started),
        read(poll, {**started, "status": "in_progress"}, method="GET"),
        read(poll, response(background=True), method="GET"),
        read(poll, response(background=True), method="GET"),
    ]
    background = BackgroundCalls()
    settled = [background.settle(answer, None) for answer in answers]
    assert [type(one) for one in settled] == [type(None), NotACall, Settled, NotACall]
    assert list(background.unfinished()) == []
