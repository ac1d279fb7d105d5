"""Generations that Langfuse records: a call each where no HTTP call was seen, and none beside one."""

from __future__ import annotations

import pytest

pytest.importorskip("langfuse", reason="langfuse is not installed")

KEYS = {
    "LANGFUSE_PUBLIC_KEY": "pk-x",
    "LANGFUSE_SECRET_KEY": "sk-x",
    "LANGFUSE_BASE_URL": "http://127.0.0.1:9",  # nothing listens there, and nothing is sent
}
PRICES = (
    'version: 1\nhosts: {"127.0.0.1": acme}\n',
    'pricing: {models: {acme/*: {input: "1", output: "4"}, unknown/house: {input: "1", output: "4"}}}\n',
)
START = """
    import asyncio, os
    from ask import async_chat, chat
    from langfuse import get_client, observe
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    BatchSpanProcessor.on_end = lambda self, span: None

    def generation(**said):
        client = get_client()
        if hasattr(client, "start_as_current_generation") and not hasattr(client, "start_as_current_observation"):
            return client.start_as_current_generation(name="ask", **said)
        return client.start_as_current_observation(as_type="generation", name="ask", **said)

    def tell(**said):
        client = get_client()
        if hasattr(client, "start_generation") and not hasattr(client, "start_observation"):
            return client.start_generation(name="told", **said)
        return client.start_observation(as_type="generation", name="told", **said)

    USED = {"input": 400, "cache_read_input_tokens": 600, "output": 50}
"""
WRITTEN_BY_HAND = """
    def test_no_http():
        @observe(as_type="agent")
        def support():
            with generation(model="house", usage_details=USED):
                pass
        support()

    def test_stated_late():
        with generation(model="house", metadata={"agent_type": "writer"}) as found:
            found.update(usage_details=USED)

    def test_http_inside():
        @observe(as_type="generation")
        def ask():
            used = chat()
            get_client().update_current_generation(model="gpt-4o-mini", usage_details=used)
        ask()

    def test_told_afterwards():
        for _ in range(2):
            used = chat()
            tell(model="gpt-4o-mini", usage_details={"input": 1200, "output": 34}).end()

    def test_cache():
        with generation(model="house", usage_details=USED, metadata={"cache_hit": True, "cache_layer": "L1"}):
            pass
        with generation(model="house", usage_details=USED, metadata={"cache_hit": False}):
            pass

    def test_no_usage():
        with generation(model="house"):
            pass

    def test_ends_later():
        global late
        late = tell(model="house", usage_details=USED)

    def test_ends_it():
        late.end()

    def test_parallel():
        @observe(as_type="generation")
        async def ask(prompt):
            get_client().update_current_generation(model="house", usage_details={"input": prompt, "output": 1})
            await asyncio.sleep(0.01)

        @observe(as_type="agent")
        async def desk():
            await asyncio.gather(ask(1), ask(2), asyncio.to_thread(lambda: asyncio.run(ask(3))), async_chat())

        asyncio.run(desk())
"""
# By test, of each call: source, agent and input tokens.
CALLS = {
    "test_no_http": [("traced", "support", 1000)],
    "test_stated_late": [("traced", "writer", 1000)],
    "test_http_inside": [("live", None, 1200)],
    "test_told_afterwards": [("live", None, 1200)] * 2,
    "test_cache": [("traced", None, 1000)],
    "test_no_usage": [],
    "test_ends_later": [("traced", None, 1000)],
    "test_ends_it": [],
    "test_parallel": [
        *(("live", "desk", 1200), ("traced", "desk", 1), ("traced", "desk", 2), ("traced", "desk", 3)),
    ],
}


def calls_of(run, names):
    return {
        name: sorted(
            [(call["source"], call["agent"], call["usage"]["input_tokens"]) for call in run.of(name)], key=str
        )
        for name in names
    }


@pytest.mark.parametrize("keys", [KEYS, {**KEYS, "LANGFUSE_PUBLIC_KEY": "", "LANGFUSE_SECRET_KEY": ""}])
def test_generations_written_by_hand(project, keys):
    """With a client of its own, and with the empty keys of a fork."""
    project.write("llmcost.yaml", *PRICES)
    project.write("test_suite.py", START, WRITTEN_BY_HAND)
    run = project.run("-W", "default", **keys)
    assert run.code == 0, run.output
    assert calls_of(run, CALLS) == CALLS
    (call,) = run.of("test_no_http")
    assert call["cost"]["value"] == "0.0012" and call["model"]["billed"] == "house"
    assert run.report["meta"]["complete"] is True
    assert sum(row["calls"] for row in run.report["agents"]) == run.report["totals"]["calls"]


def test_switched_off(project):
    """Langfuse that records nothing tells of no generation: there are the HTTP calls alone."""
    project.write("llmcost.yaml", *PRICES)
    project.write("test_suite.py", START, WRITTEN_BY_HAND.replace("late.end()", "late"))
    run = project.run("-W", "default", LANGFUSE_PUBLIC_KEY="", LANGFUSE_TRACING_ENABLED="false")
    assert run.code == 0, run.output
    assert run.report["totals"]["sources"] == {"live": 4}


WRAPPERS = """
    import asyncio, os
    from langfuse import observe
    from langfuse.langchain import CallbackHandler
    from langfuse.openai import AsyncOpenAI, OpenAI
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    BatchSpanProcessor.on_end = lambda self, span: None
    HERE = {"base_url": os.environ["LOOPBACK"] + "/v1", "api_key": "x", "max_retries": 0}
    ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}

    def ask(**more):
        return OpenAI(**HERE).chat.completions.create(**ASKED, **more)

    def test_plain():
        ask()
        ask()

    def test_agent():
        @observe(as_type="agent")
        def support():
            ask()
        support()

    def test_stream():
        @observe(as_type="agent")
        def support():
            for _ in ask(stream=True, stream_options={"include_usage": True}):
                pass
        support()

    def test_stream_without_usage():
        list(ask(stream=True))

    def test_gather():
        @observe(as_type="agent")
        async def one():
            await AsyncOpenAI(**HERE).chat.completions.create(**ASKED)

        @observe(as_type="agent")
        async def both():
            await asyncio.gather(one(), one(), asyncio.to_thread(ask))
        asyncio.run(both())

    def test_chain():
        from langchain_openai import ChatOpenAI

        @observe(as_type="agent")
        def support():
            ChatOpenAI(model="gpt-4o-mini", **HERE).invoke("hi", config={"callbacks": [CallbackHandler()]})
        support()

    def test_chain_alone():
        from langchain_openai import ChatOpenAI
        model = ChatOpenAI(model="gpt-4o-mini", **HERE)
        model.invoke("hi", config={"callbacks": [CallbackHandler()]})
        list(model.stream("hi", config={"callbacks": [CallbackHandler()]}))

    def test_fake_model():
        from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
        from langchain_core.messages import AIMessage

        told = {"input_tokens": 70, "output_tokens": 7, "total_tokens": 77, "input_token_details": {"cache_read": 50}}
        model = GenericFakeChatModel(messages=iter([AIMessage(content="hi", usage_metadata=told)]))
        model.invoke("hi", config={"callbacks": [CallbackHandler()]})
"""
NUMBERS = {
    "test_plain": {"live": 2},
    "test_agent": {"live": 1},
    "test_stream": {"live": 1},
    "test_stream_without_usage": {"live": 1},
    "test_gather": {"live": 3},
    "test_chain": {"live": 1},
    "test_chain_alone": {"live": 2},
    "test_fake_model": {"traced": 1},
}


def test_wrappers_of_sdks(project):
    """langfuse.openai and LangChain's handler tell of the same HTTP call, apart and together: it is one call."""
    for needed in ("openai", "langchain_openai"):
        pytest.importorskip(needed, reason=f"{needed} is not installed")
    project.write("llmcost.yaml", *PRICES)
    project.write("test_suite.py", WRAPPERS)
    run = project.run("-W", "default", **KEYS)
    assert run.code == 0, run.output
    found = {row["nodeid"].partition("::")[2]: row["sources"] for row in run.report["tests"]}
    assert found == NUMBERS
    (fake,) = run.of("test_fake_model")
    assert fake["usage"] == {"input_tokens": 70, "output_tokens": 7, "cache_read_tokens": 50}
    assert run.report["meta"]["complete"] is True
