"""Hypothesis strategies for what providers, apps and users may write."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import (
    Api,
    CassetteRef,
    MeasuredCall,
    ModelIds,
    Origin,
    Phase,
    RequestSize,
    Source,
    SubCall,
)
from pytest_llmcost.model.units import UNITS
from pytest_llmcost.model.usage import Usage

# Every key that a reader looks at, so that random JSON gets into its branches.
WIRE_KEYS = sorted(
    {
        "id", "model", "object", "created", "usage", "choices", "delta", "message", "response", "type", "error",
        "x_groq", "finish_reason", "stop_reason", "service_tier", "speed", "inference_geo", "status", "background",
        "output", "action", "tool_usage", "web_search", "num_requests", "iterations", "cost", "is_byok",
        "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "cached_tokens",
        "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details",
        "reasoning_tokens", "audio_tokens", "thinking_tokens", "cache_write_tokens", "cache_creation",
        "server_side_tool_usage_details", "web_search_calls", "outputs", "steps", "arguments", "queries",
        "cost_in_usd_ticks", "total_cost", "image_gen", "image_tokens", "tools", "content_block",
        "web_fetch_requests", "groundingMetadata", "groundingChunks", "maps", "candidates",
        "cache_write_tokens_details", "ttl_30m_tokens", "ttl_12h_tokens", "ephemeral_5m_input_tokens",
        "ephemeral_1h_input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "server_tool_use",
        "web_search_requests", "prompt_cache_hit_tokens", "completed_at", "created_at", "data", "content",
    }
)  # fmt: skip
WIRE_WORDS = [
    "message_start", "message_delta", "message_stop", "error", "response.completed", "response.created",
    "web_search_call", "file_search_call", "code_interpreter_call", "compaction", "advisor_message", "queued",
    "stop", "flex", "batch", "gpt-4o", "search", "google_search_call", "image_generation",
    "image_generation_call", "bash_code_execution_tool_result",
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**7)
    | st.sampled_from([10**30, -(10**30)])
    | st.floats()
    | st.sampled_from(WIRE_WORDS)
    | st.text(max_size=8)
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WIRE_KEYS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)
wire_objects = st.dictionaries(st.sampled_from(WIRE_KEYS), json_values, max_size=8)

counts = st.integers(0, 3_000_000)
money = st.decimals(min_value=0, max_value=10**6, allow_nan=False, allow_infinity=False, places=12)
names = st.text(min_size=1, max_size=12)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
)


@st.composite
def possible_usages(draw):
    """Counts that add up, as an honest provider states them."""
    prompt, answer = draw(counts), draw(counts)
    found = {"input_tokens": prompt, "output_tokens": answer}
    if draw(st.booleans()):
        found["cache_read_tokens"] = draw(st.integers(0, prompt))
    if draw(st.booleans()):
        written = draw(st.integers(0, prompt - found.get("cache_read_tokens", 0)))
        found["cache_write_tokens"] = written
        if draw(st.booleans()):
            found["cache_write_1h_tokens"] = draw(st.integers(0, written))
            found["cache_write_5m_tokens"] = written - found["cache_write_1h_tokens"]
    if draw(st.booleans()):
        found["reasoning_tokens"] = draw(st.integers(0, answer))
    if draw(st.booleans()):
        found["web_searches"] = draw(st.integers(0, 9))
    return Usage(found)


any_usages = possible_usages() | st.dictionaries(st.sampled_from(sorted(UNITS)), counts, max_size=5).map(
    Usage
)


@st.composite
def amounts(draw):
    """Exact, estimated and open ones."""
    low, value, high = sorted([draw(money), draw(money), draw(money)])
    return draw(st.sampled_from([Amount.exactly(low), Amount.at_least(low), Amount(low, value, high)]))


MODELS = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-5.6-sol"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "models/gemini-2.5-pro"),
    ("openrouter", "openai/gpt-4o"),
    ("acme", "house-model"),
    ("vllm", "anything"),
    ("llm.internal:8080", "unheard-of"),
]


@st.composite
def measured_calls(draw):
    """Calls of every kind, with everything that may be said of one."""
    provider, model = draw(st.sampled_from(MODELS))
    usage = draw(st.none() | any_usages)
    return MeasuredCall(
        origin=Origin(
            nodeid=draw(st.none() | st.sampled_from(["tests/a.py::test_a", "tests/a.py::test_b[1]"])),
            phase=draw(st.sampled_from(Phase)),
            fixture=draw(st.none() | names),
            attempt=draw(st.integers(1, 3)),
            agent=draw(st.none() | st.sampled_from(["support", "research"])),
            agent_run=draw(st.none() | names),
            agent_path=tuple(draw(st.lists(names, max_size=2))),
        ),
        provider=provider,
        host=f"api.{provider}.com",
        api=draw(st.sampled_from(Api)),
        model=ModelIds(draw(st.none() | st.just(model) | names), draw(st.none() | st.just(model))),
        stream=draw(st.booleans()),
        source=draw(st.sampled_from(Source)),
        stale=draw(st.booleans()),
        leak=draw(st.booleans()),
        usage=usage,
        incomplete=draw(st.none() | st.just("cut")) if usage is not None else "nothing stated",
        context=draw(
            st.dictionaries(
                st.sampled_from(["service_tier", "processing"]), st.sampled_from(["flex", "batch", "new"])
            )
        ),
        doubts=tuple(draw(st.lists(names, max_size=1))),
        stated_cost=draw(st.none() | money),
        sub_calls=tuple(
            draw(
                st.lists(
                    st.builds(SubCall, names, st.none() | st.just("gpt-4o-mini") | names, any_usages),
                    max_size=2,
                )
            )
        ),
        request=RequestSize("0" * 64, draw(st.dictionaries(st.sampled_from(["system", "messages"]), counts))),
        cassette=draw(st.none() | st.builds(CassetteRef, names, st.none() | st.integers(0, 9))),
        http_status=draw(st.sampled_from([200, 201])),
        started_at=draw(moments),
        answered_at=draw(st.none() | moments),
        latency=draw(st.none() | st.floats(0, 100)),
    )


contexts = st.integers(1, 6)  # precision of the decimal context that the app under test may have set
zero = Decimal(0)
