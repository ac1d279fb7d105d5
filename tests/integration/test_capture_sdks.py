"""The OpenAI and Anthropic SDKs, however they are called: each call is captured once, live, recorded, replayed."""

from __future__ import annotations

import pytest
from inner import Project

CONFTEST = '''
    import os

    import httpx2
    import pytest
    import vcr

    MODES = {"live": None, "recorded": "once", "replayed": "none"}


    @pytest.fixture(autouse=True)
    def cassette(request):
        """A model list comes first, so that the call is not the first interaction of its file."""
        mode = MODES[os.environ["MODE"]]
        if mode is None:
            yield
            return
        path = f"cassettes/{request.node.name}.yaml"
        with vcr.use_cassette(path, record_mode=mode):
            httpx2.get(os.environ["LOOPBACK"] + "/v1/models")
            yield
'''

SUITE = """
    import asyncio
    import os
    from concurrent.futures import ThreadPoolExecutor
    from threading import Thread

    import httpx
    from anthropic import Anthropic, AsyncAnthropic
    from openai import AsyncOpenAI, OpenAI

    ORIGIN = os.environ["LOOPBACK"]
    HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
    ASK = {"model": "gpt-4o-mini", "input": "hi"}
    CLAUDE = {"model": "claude-test-1", "max_tokens": 99, "messages": HI["messages"]}
    STREAM = {"stream": True, "stream_options": {"include_usage": True}}


    def openai(behaviour="", **options):
        return OpenAI(base_url=f"{ORIGIN}/{behaviour}/v1" if behaviour else f"{ORIGIN}/v1", api_key="x", **options)


    def async_openai():
        return AsyncOpenAI(base_url=f"{ORIGIN}/v1", api_key="x")


    def claude():
        return Anthropic(base_url=ORIGIN, api_key="x")


    def async_claude():
        return AsyncAnthropic(base_url=ORIGIN, api_key="x")


    def text(chunks):
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


    def test_chat():
        with openai() as client:
            assert "forty-two" in client.chat.completions.create(**HI).choices[0].message.content


    def test_chat_gzip():
        with openai("gzip") as client:
            assert client.chat.completions.create(**HI).usage.total_tokens == 1234


    def test_chat_brotli():
        with openai("br") as client:
            assert client.chat.completions.create(**HI).usage.total_tokens == 1234


    def test_chat_redirected():
        with openai("redirect") as client:
            assert client.chat.completions.create(**HI).usage.total_tokens == 1234


    def test_chat_raw_response():
        with openai() as client:
            raw = client.chat.completions.with_raw_response.create(**HI)
            assert raw.status_code == 200
            assert raw.parse().usage.total_tokens == 1234


    def test_chat_streaming_response():
        with openai() as client, client.chat.completions.with_streaming_response.create(**HI) as response:
            assert b"forty-two" in b"".join(response.iter_bytes())


    def test_chat_with_legacy_client():
        with httpx.Client() as transport, openai(http_client=transport) as client:
            assert client.chat.completions.create(**HI).usage.total_tokens == 1234


    def test_chat_stream():
        with openai() as client:
            assert "forty-two" in text(client.chat.completions.create(**HI, **STREAM))


    def test_chat_stream_gzip():
        with openai("gzip") as client:
            assert "forty-two" in text(client.chat.completions.create(**HI, **STREAM))


    def test_chat_stream_helper():
        options = {"stream_options": {"include_usage": True}}
        with openai() as client, client.chat.completions.stream(**HI, **options) as stream:
            assert stream.get_final_completion().usage.total_tokens == 1234


    def test_responses():
        with openai() as client:
            assert "forty-two" in client.responses.create(**ASK).output_text


    def test_responses_stream():
        with openai() as client:
            kinds = [event.type for event in client.responses.create(**ASK, stream=True)]
            assert kinds[-1] == "response.completed"


    def test_responses_stream_helper():
        with openai() as client, client.responses.stream(**ASK) as stream:
            stream.until_done()
            assert stream.get_final_response().usage.total_tokens == 1234


    def test_embeddings():
        with openai() as client:
            found = client.embeddings.create(model="text-embedding-3-small", input="hi")
            assert found.data[0].embedding == [1.0, 2.0]


    async def test_async_chat():
        async with async_openai() as client:
            assert (await client.chat.completions.create(**HI)).usage.total_tokens == 1234


    async def test_async_chat_stream():
        async with async_openai() as client:
            stream = await client.chat.completions.create(**HI, **STREAM)
            assert "forty-two" in text([chunk async for chunk in stream])


    async def test_async_chat_streaming_response():
        async with async_openai() as client:
            async with client.chat.completions.with_streaming_response.create(**HI) as response:
                assert "forty-two" in await response.text()


    async def test_async_responses_stream():
        async with async_openai() as client:
            async with client.responses.stream(**ASK) as stream:
                assert (await stream.get_final_response()).usage.total_tokens == 1234


    async def test_async_embeddings():
        async with async_openai() as client:
            await client.embeddings.create(model="text-embedding-3-small", input="hi")


    def test_messages():
        with claude() as client:
            assert client.messages.create(**CLAUDE).usage.cache_read_input_tokens == 1000


    def test_messages_stream():
        with claude() as client:
            assert [e.type for e in client.messages.create(**CLAUDE, stream=True)][-1] == "message_stop"


    def test_messages_stream_helper():
        with claude() as client, client.messages.stream(**CLAUDE) as stream:
            assert "forty-two" in "".join(stream.text_stream)


    def test_messages_raw_response():
        with claude() as client:
            assert client.messages.with_raw_response.create(**CLAUDE).parse().usage.output_tokens == 34


    async def test_async_messages():
        async with async_claude() as client:
            assert (await client.messages.create(**CLAUDE)).usage.output_tokens == 34


    async def test_async_messages_stream():
        async with async_claude() as client:
            async with client.messages.stream(**CLAUDE) as stream:
                assert (await stream.get_final_message()).usage.output_tokens == 34


    def test_four_in_gather():
        async def main():
            async with async_openai() as client:
                return await asyncio.gather(*(client.chat.completions.create(**HI) for _ in range(4)))

        assert len(asyncio.run(main())) == 4


    def test_four_in_a_pool():
        with openai() as client, ThreadPoolExecutor(4) as pool:
            assert len(list(pool.map(lambda _: client.chat.completions.create(**HI), range(4)))) == 4


    def test_one_in_a_thread():
        with openai() as client:
            thread = Thread(target=lambda: client.responses.create(**ASK))
            thread.start()
            thread.join()


    async def test_one_in_an_executor():
        with claude() as client:
            await asyncio.get_running_loop().run_in_executor(None, lambda: client.messages.create(**CLAUDE))


    def test_background_response_is_polled():
        with openai() as client:
            response = client.responses.create(**ASK, background=True)
            while response.status != "completed":
                response = client.responses.retrieve(response.id)


    def test_what_is_no_call():
        with openai() as client:
            client.models.list()
        with claude() as client:
            client.messages.count_tokens(model="claude-test-1", messages=HI["messages"])


    def test_refused_and_retried():
        with openai("flaky", max_retries=1) as client:
            client.chat.completions.create(**HI)
"""

GENERATED = {"input_tokens": 1200, "cache_read_tokens": 1000, "output_tokens": 34}
CHAT, RESPONSES, MESSAGES = "openai.chat", "openai.responses", "anthropic.messages"

# Test: its wire format, whether it streams, and which interactions of its file are calls (0 is a model list).
SCENARIOS = {
    "test_chat": (CHAT, False, [1]),
    "test_chat_gzip": (CHAT, False, [1]),
    "test_chat_brotli": (CHAT, False, [1]),
    "test_chat_redirected": (CHAT, False, [2]),
    "test_chat_raw_response": (CHAT, False, [1]),
    "test_chat_streaming_response": (CHAT, False, [1]),
    "test_chat_with_legacy_client": (CHAT, False, [1]),
    "test_chat_stream": (CHAT, True, [1]),
    "test_chat_stream_gzip": (CHAT, True, [1]),
    "test_chat_stream_helper": (CHAT, True, [1]),
    "test_responses": (RESPONSES, False, [1]),
    "test_responses_stream": (RESPONSES, True, [1]),
    "test_responses_stream_helper": (RESPONSES, True, [1]),
    "test_embeddings": ("openai.embeddings", False, [1]),
    "test_async_chat": (CHAT, False, [1]),
    "test_async_chat_stream": (CHAT, True, [1]),
    "test_async_chat_streaming_response": (CHAT, False, [1]),
    "test_async_responses_stream": (RESPONSES, True, [1]),
    "test_async_embeddings": ("openai.embeddings", False, [1]),
    "test_messages": (MESSAGES, False, [1]),
    "test_messages_stream": (MESSAGES, True, [1]),
    "test_messages_stream_helper": (MESSAGES, True, [1]),
    "test_messages_raw_response": (MESSAGES, False, [1]),
    "test_async_messages": (MESSAGES, False, [1]),
    "test_async_messages_stream": (MESSAGES, True, [1]),
    "test_four_in_gather": (CHAT, False, [1, 2, 3, 4]),
    "test_four_in_a_pool": (CHAT, False, [1, 2, 3, 4]),
    "test_one_in_a_thread": (RESPONSES, False, [1]),
    "test_one_in_an_executor": (MESSAGES, False, [1]),
    "test_background_response_is_polled": (RESPONSES, False, [4]),
    "test_what_is_no_call": (None, False, []),
    "test_refused_and_retried": (CHAT, False, [2]),
}
MODES = ("live", "recorded", "replayed")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, loopback):
    """The suite in its three modes: live, recorded, and replayed from what was recorded."""
    project = Project(tmp_path_factory.mktemp("sdks"), {"LOOPBACK": loopback.origin})
    project.write("conftest.py", CONFTEST)
    project.write("test_suite.py", SUITE)
    found = {}
    for mode in MODES:
        loopback.forget()
        found[mode] = (project.run(MODE=mode), loopback.requests)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_suite_passes_and_the_run_is_complete(runs, mode):
    """The suite itself does not notice; a replay sends nothing."""
    run, sent = runs[mode]
    assert run.outcomes == {"passed": len(SCENARIOS)}, run.output
    assert run.report["meta"]["complete"], run.output
    assert {call["source"] for call in run.calls} == {mode}
    assert (sent == 0) == (mode == "replayed")
    assert run.report["totals"]["calls"] == sum(len(expected) for _, _, expected in SCENARIOS.values())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_call_is_captured_once(runs, mode, scenario):
    """Wire format, usage, source, cassette and the interaction's place in its file are right."""
    api, stream, interactions = SCENARIOS[scenario]
    calls = runs[mode][0].of(scenario)
    assert [call["api"] for call in calls] == [api] * len(interactions)
    for call in calls:
        assert call["stream"] is stream
        assert (call["source"], call["leak"], call["http_status"]) == (mode, False, 200)
        assert (call["phase"], call["fixture"], call["attempt"]) == ("call", None, 1)
        assert _stated(call) == ({"input_tokens": 12} if api == "openai.embeddings" else GENERATED)
        assert (call["latency"] is not None) == (mode in {"live", "recorded"})
    if mode == "live":
        assert all(call["cassette"] is None for call in calls)
    else:
        assert {call["cassette"]["path"] for call in calls} <= {f"cassettes/{scenario}.yaml"}
        assert sorted(call["cassette"]["interaction"] for call in calls) == interactions


def _stated(call):
    """The usage, without the counters that are stated as 0."""
    return {unit: number for unit, number in call["usage"].items() if number}


def test_usage_adds_up(runs):
    """The three modes cost the same, and only a replay spends nothing."""
    totals = [runs[mode][0].report["totals"] for mode in MODES]
    assert totals[0]["usage"] == totals[1]["usage"] == totals[2]["usage"]
    assert runs["replayed"][0].report["totals"]["sources"] == {"replayed": totals[2]["calls"]}
