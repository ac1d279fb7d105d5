"""--llm-cost-max-spend=USD and its ini key: live calls that would pass it are not sent, whoever sends them.

One call to the provider on loopback costs $0.000436: with a cap of $0.0004 the first is sent, whose cost is
known when it has ended, and no second one.
"""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from inner import Project
from ways import PRICES

ONE = "--llm-cost-max-spend=0.0004"
HEAD = """
    import asyncio
    import contextlib
    import json
    import os
    import urllib.request
    from concurrent.futures import ThreadPoolExecutor
    from threading import Thread

    import pytest
    from ask import BODY, async_chat, chat, http, models, url

    ORIGIN = os.environ["LOOPBACK"]
    HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
    CLAUDE = {"model": "claude-test-1", "max_tokens": 99, "messages": HI["messages"]}
    STREAM = {"stream": True, "stream_options": {"include_usage": True}}


    def openai(**options):
        from openai import OpenAI
        return OpenAI(base_url=f"{ORIGIN}/v1", api_key="x", **options)


    def async_openai(**options):
        from openai import AsyncOpenAI
        return AsyncOpenAI(base_url=f"{ORIGIN}/v1", api_key="x", **options)

"""
# Each makes as many calls as it is asked to, one after the other.
CALLERS = {
    "openai": """
        def call(number):
            with openai() as client:
                for _ in range(number):
                    client.chat.completions.create(**HI)
    """,
    "openai-stream": """
        def call(number):
            with openai() as client:
                for _ in range(number):
                    list(client.chat.completions.create(**HI, **STREAM))
    """,
    "openai-async": """
        def call(number):
            async def main():
                async with async_openai() as client:
                    for _ in range(number):
                        await client.chat.completions.create(**HI)
            asyncio.run(main())
    """,
    "openai-over-aiohttp": """
        def call(number):
            from openai import DefaultAioHttpClient
            async def main():
                async with async_openai(http_client=DefaultAioHttpClient()) as client:
                    for _ in range(number):
                        await client.chat.completions.create(**HI)
            asyncio.run(main())
    """,
    "anthropic": """
        def call(number):
            from anthropic import Anthropic
            with Anthropic(base_url=ORIGIN, api_key="x") as client:
                for _ in range(number):
                    client.messages.create(**CLAUDE)
    """,
    "anthropic-stream": """
        def call(number):
            from anthropic import Anthropic
            with Anthropic(base_url=ORIGIN, api_key="x") as client:
                for _ in range(number):
                    with client.messages.stream(**CLAUDE) as stream:
                        stream.get_final_message()
    """,
    "anthropic-async": """
        def call(number):
            from anthropic import AsyncAnthropic
            async def main():
                async with AsyncAnthropic(base_url=ORIGIN, api_key="x") as client:
                    for _ in range(number):
                        await client.messages.create(**CLAUDE)
            asyncio.run(main())
    """,
    "httpx": """
        def call(number):
            import httpx
            with httpx.Client() as client:
                for _ in range(number):
                    client.post(url(), json=BODY).json()
    """,
    "requests": """
        def call(number):
            import requests
            with requests.Session() as session:
                for _ in range(number):
                    session.post(url(), json=BODY).json()
    """,
    "urllib3": """
        def call(number):
            import urllib3
            with urllib3.PoolManager() as pool:
                for _ in range(number):
                    pool.request("POST", url(), json=BODY).json()
    """,
    "aiohttp": """
        def call(number):
            import aiohttp
            async def main():
                async with aiohttp.ClientSession() as session:
                    for _ in range(number):
                        async with session.post(url(), json=BODY) as response:
                            await response.json()
            asyncio.run(main())
    """,
    "boto3": """
        def call(number):
            import boto3
            client = boto3.client("bedrock-runtime", endpoint_url=ORIGIN, region_name="us-east-1",
                                  aws_access_key_id="x", aws_secret_access_key="x")
            for _ in range(number):
                client.converse(modelId="gpt-4o-mini", messages=[{"role": "user", "content": [{"text": "hi"}]}])
            client.close()
    """,
}


@pytest.fixture
def project(project, loopback):
    project.write("llmcost.yaml", PRICES)
    loopback.forget()
    return project


def suite(project: Project, *tests: str) -> Project:
    project.write("test_suite.py", HEAD, *tests)
    return project


def not_sent(run) -> list[str]:
    return run.notices("spend cap")


@pytest.mark.parametrize("caller", CALLERS)
def test_what_a_client_sends(project, loopback, caller):
    """The call that passes the cap fails its test; until then clients work as ever, and other tests pass."""
    suite(
        project,
        CALLERS[caller],
        "\ndef test_one(): call(1)\ndef test_two(): call(2)\ndef test_none(): pass\n",
    )
    run = project.run(ONE)
    assert run.outcomes == {"passed": 2, "failed": 1}, run.output
    assert (run.code, loopback.requests, len(run.calls)) == (1, 1, 1), run.output
    assert "LLM spend cap: this call was not sent: acme/" in run.output
    [notice] = not_sent(run)
    assert notice.startswith(
        "1 call in 1 test not sent: the cap would have been passed (1). Live calls have "
    )
    assert notice.endswith("spent $0.000436 of --llm-cost-max-spend=0.0004")
    assert run.report["meta"]["complete"] is True
    assert run.calls[0]["failed_attempts"] == []


def test_a_cap_that_is_kept(project, loopback):
    """Within the cap nothing changes for any client, and nothing is said but the cap."""
    for name, caller in CALLERS.items():
        project.write(f"test_{name.replace('-', '_')}.py", HEAD, caller, "\ndef test_two(): call(2)\n")
    run = project.run("--llm-cost-max-spend=1")
    assert run.outcomes == {"passed": len(CALLERS)}, run.output
    assert (run.code, loopback.requests, len(run.calls)) == (0, 2 * len(CALLERS), 2 * len(CALLERS))
    assert "llm-cost: spend cap $1\n" in run.output
    assert not_sent(run) == []


HIDING = {
    "retries": "openai(max_retries=5).chat.completions.create(**HI)",
    "except-exception": """
        try:
            chat()
        except Exception:
            pass
    """,
    "bare-except": """
        try:
            chat()
        except:
            pass
    """,
    "skip": """
        try:
            chat()
        except BaseException:
            pytest.skip("no network")
    """,
    "suppressed": """
        with contextlib.suppress(BaseException):
            chat()
    """,
    "expected": """
        with pytest.raises(BaseException):
            chat()
    """,
    "gather": """
        async def main():
            await asyncio.gather(*(async_chat() for _ in range(3)))
        asyncio.run(main())
    """,
    "gather-exceptions": """
        async def main():
            await asyncio.gather(*(async_chat() for _ in range(3)), return_exceptions=True)
        asyncio.run(main())
    """,
    "task-group": """
        async def main():
            async with asyncio.TaskGroup() as group:
                group.create_task(async_chat())
        asyncio.run(main())
    """,
    "trio": """
        import trio
        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(async_chat)
        trio.run(main)
    """,
    "pool": """
        with ThreadPoolExecutor() as pool:
            list(pool.map(chat, "abc"))
    """,
    "pool-unread": """
        with ThreadPoolExecutor() as pool:
            pool.submit(chat)
    """,
    "thread": """
        thread = Thread(target=chat)
        thread.start()
        thread.join()
    """,
    "process": """
        import multiprocessing
        process = multiprocessing.get_context("fork").Process(target=chat)
        process.start()
        process.join()
    """,
    "process-pool": """
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(1) as pool:
            try:
                pool.map(chat, ["hi"])
            except Exception:
                pass
    """,
}


def test_nothing_hides_it(project, loopback):
    """The test fails, however the app or the test takes the error, no call is sent, and other tests pass."""
    tests = [
        f"\ndef test_{way.replace('-', '_')}():\n{indent(dedent(body).strip(), '    ')}\n"
        for way, body in HIDING.items()
    ]
    suite(project, "\ndef test_one(): chat()\n", *tests, "\ndef test_last(): pass\n")
    run = project.run(ONE, "-W", "ignore")
    outcomes = {test["nodeid"].partition("::test_")[2]: test["outcome"] for test in run.report["tests"]}
    ways = {way.replace("-", "_"): "failed" for way in HIDING}
    assert outcomes == {"one": "passed", **ways, "last": "passed"}, run.output
    assert (run.code, loopback.requests) == (1, 1), run.output
    assert run.output.count("LLM spend cap: this call was not sent") >= len(HIDING)
    assert f" in {len(HIDING)} tests not sent: the cap would have been passed (" in not_sent(run)[0]


def test_fixtures(project, loopback):
    """A fixture whose call is not sent fails the tests that need it; one that hides it fails its first test."""
    suite(
        project,
        """
    @pytest.fixture(scope="module")
    def loud():
        chat()

    @pytest.fixture(scope="module")
    def silent():
        with contextlib.suppress(BaseException):
            chat()

    def test_one(): chat()
    def test_loud(loud): pass
    def test_silent(silent): pass
    def test_silent_again(silent): pass
    """,
    )
    run = project.run(ONE)
    assert run.outcomes == {"passed": 2, "errors": 2}, run.output
    assert loopback.requests == 1


def test_an_expected_failure_stays_one(project, loopback):
    """pytest's own xfail is no app: such a test is told as ever, and the section names the call."""
    suite(project, "\ndef test_one(): chat()\n@pytest.mark.xfail\ndef test_two(): chat()\n")
    run = project.run(ONE)
    assert run.outcomes == {"passed": 1, "xfailed": 1}, run.output
    assert (run.code, loopback.requests) == (0, 1)
    assert len(not_sent(run)) == 1


def test_workers_share_it(project, loopback):
    """Two xdist workers have one cap: of eight calls two are sent at the most, as both may begin at once."""
    suite(project, "\n@pytest.mark.parametrize('n', range(8))\ndef test_it(n): chat()\n")
    run = project.run(ONE, "-n", "2", plugins=("xdist",))
    assert 1 <= loopback.requests <= 2
    assert run.outcomes == {"passed": loopback.requests, "failed": 8 - loopback.requests}, run.output
    assert run.code == 1
    assert f"{8 - loopback.requests} calls in {8 - loopback.requests} tests not sent" in not_sent(run)[0]
    assert "llm-cost: spend cap $0.0004" in run.output


def test_what_workers_have_spent_is_known_to_the_others(project, loopback):
    """A worker that comes late sends nothing once another one has spent the cap."""
    suite(
        project,
        """
    import pathlib, time
    DONE = pathlib.Path("done")

    def test_spends():
        chat()

    def test_is_over():
        DONE.write_text("")

    @pytest.mark.parametrize("n", range(2))
    def test_late(n):
        while not DONE.exists():
            time.sleep(0.01)
        chat()
    """,
    )
    run = project.run(ONE, "-n", "2", "--dist", "load", "--maxschedchunk=1", plugins=("xdist",))
    assert loopback.requests == 1, run.output
    assert run.outcomes == {"passed": 2, "failed": 2}, run.output


def test_cassettes(project, loopback):
    """What vcr records is sent and counts; what it replays never does, with the cap at $0 too."""
    suite(
        project,
        """
    import vcr

    @pytest.mark.parametrize("client", ["httpx", "httpx2", "requests"])
    def test_it(client):
        from importlib import import_module
        with vcr.use_cassette(f"{client}.yaml"):
            chat(client=import_module(client))

    async def test_aiohttp():
        import aiohttp
        with vcr.use_cassette("aiohttp.yaml"):
            async with aiohttp.ClientSession() as session, session.post(url(), json=BODY) as response:
                await response.json()

    def test_urllib():
        with vcr.use_cassette("urllib.yaml"):
            import json
            request = urllib.request.Request(url(), json.dumps(BODY).encode(), method="POST")
            urllib.request.urlopen(request).read()
    """,
    )
    refused = project.run("--llm-cost-max-spend=0")
    assert refused.outcomes == {"failed": 5}, refused.output
    assert loopback.requests == 0
    one = project.run(ONE, "-k", "httpx")
    assert one.outcomes == {"passed": 1, "failed": 1, "deselected": 3}, one.output
    assert [call["source"] for call in one.calls] == ["recorded"]
    recorded = project.run("--llm-cost-max-spend=1")
    assert recorded.outcomes == {"passed": 5}, recorded.output
    assert [call["source"] for call in recorded.calls].count("recorded") == 4
    loopback.forget()
    replayed = project.run("--llm-cost-max-spend=0")
    assert replayed.outcomes == {"passed": 5}, replayed.output
    assert [call["source"] for call in replayed.calls] == ["replayed"] * 5
    assert loopback.requests == 0


def test_mocks(project):
    """Answers of fake transports, of responses and of respx are not sent, and never count."""
    suite(
        project,
        """
    import httpx, requests
    ANSWER = {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}

    def test_transport():
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER))
        assert httpx.Client(transport=transport).post(url(), json=BODY).json() == ANSWER

    def test_responses():
        import responses
        with responses.RequestsMock() as mock:
            mock.post(url(), json=ANSWER)
            assert requests.post(url(), json=BODY).json() == ANSWER

    def test_respx():
        import respx
        with respx.mock:
            respx.post(url()).respond(json=ANSWER)
            assert httpx.post(url(), json=BODY).json() == ANSWER
    """,
    )
    run = project.run("--llm-cost-max-spend=0", "-W", "ignore")
    assert run.outcomes == {"passed": 3}, run.output
    assert not_sent(run) == []


def test_a_host_that_nobody_named(project, loopback):
    """A call that cannot be priced is not sent, and the message has the YAML to paste."""
    project.write("llmcost.yaml", "version: 1\n")
    suite(project, "\ndef test_it(): chat()\ndef test_models(): models()\n")
    run = project.run("--llm-cost-max-spend=1")
    assert run.outcomes == {"passed": 1, "failed": 1}, run.output
    assert loopback.seen == {"/v1/models": 1}
    host = f"127.0.0.1:{loopback.port}"
    assert f"no price is known for {host}/gpt-4o-mini (to {host}, from test_suite.py:" in run.output
    assert f'# hosts: {{"{host}": openai}}' in run.output
    assert "1 call in 1 test not sent: no price is known for" in not_sent(run)[0]


def test_free_models(project, loopback):
    """What is declared free, and Ollama's own API, is sent even if nothing may be spent."""
    project.write("llmcost.yaml", 'version: 1\npricing: {free: ["127.0.0.1*"]}\n')
    suite(
        project,
        """
    def test_free(): chat()
    def test_ollama():
        http().post(f"{ORIGIN}/api/chat", json={**BODY, "stream": False}).json()
    """,
    )
    run = project.run("--llm-cost-max-spend=0")
    assert run.outcomes == {"passed": 2}, run.output
    assert [call["status"] for call in run.calls] == ["free", "free"]


def test_a_prompt_that_is_too_long(project, loopback):
    """The prompt itself may pass the cap: 80,000 bytes are 10,000 tokens or more, which cost $0.01.

    The cap is named as it was typed.
    """
    suite(project, "\ndef test_long(): chat('word ' * 16_000)\ndef test_short(): chat()\n")
    run = project.run("--llm-cost-max-spend=0.0090")
    assert run.outcomes == {"passed": 1, "failed": 1}, run.output
    assert "It costs $0.010003 or more, and $0.009 is left of --llm-cost-max-spend=0.0090 (" in run.output
    assert "llm-cost: spend cap $0.0090\n" in run.output
    assert not_sent(run)[0].endswith("of --llm-cost-max-spend=0.0090")
    assert loopback.requests == 1


def test_errors_cost_nothing(project, loopback):
    """What the provider refuses is not billed: an SDK may try again, and the cap stays whole."""
    suite(
        project,
        """
    def test_refused():
        for _ in range(3):
            assert http().post(url(behaviour="status-429"), json=BODY).status_code == 429
        chat()
    """,
    )
    run = project.run(ONE)
    assert run.outcomes == {"passed": 1}, run.output
    assert loopback.requests == 4


def test_calls_of_other_clients(project, loopback):
    """Calls of urllib, which no report has, are not sent either; those that are keep their estimate."""
    suite(
        project,
        """
    import json

    def ask(prompt):
        body = {**BODY, "messages": [{"role": "user", "content": prompt}]}
        urllib.request.urlopen(urllib.request.Request(url(), json.dumps(body).encode(), method="POST")).read()

    def test_one(): ask("word " * 1600)
    def test_two(): ask("word " * 1600)
    """,
    )
    run = project.run("--llm-cost-max-spend=0.0015")
    assert run.outcomes == {"passed": 1, "failed": 1}, run.output
    assert loopback.requests == 1


def test_expected_spend(project):
    """With a baseline the session says at its start what the selected tests cost to run live."""
    suite(project, "\ndef test_one(): chat()\ndef test_two(): chat(); chat()\ndef test_three(): pass\n")
    assert project.run("--llm-cost-update").code == 0
    line = (
        "llm-cost: spend cap $1; $0.001308 if all run live (2 of 3 selected tests in llmcost-baseline.json)\n"
    )
    assert line in project.run("--llm-cost-max-spend=1").output
    assert line in project.run("--llm-cost-max-spend=1", "-n", "2", plugins=("xdist",)).output
    project.write("test_more.py", "def test_new(): pass\n")
    some = project.run("--llm-cost-max-spend=1", "-k", "one or new").output
    assert (
        "spend cap $1; $0.000436 if all run live (1 of 2 selected tests in llmcost-baseline.json)\n" in some
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_calls_after_the_last_test(project, loopback, workers):
    """Those of no test, which can fail none, fail the session; of xdist workers too."""
    project.write(
        "conftest.py",
        HEAD,
        """
    def pytest_sessionfinish(session):
        if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
            for _ in range(2):
                with contextlib.suppress(BaseException):
                    chat()
    """,
    )
    suite(project, "\ndef test_it(): pass\n")
    run = project.run(ONE, *workers, plugins=("xdist",) if workers else ())
    assert run.outcomes == {"passed": 1}, run.output
    assert not_sent(run)
    assert run.code == 1


def test_ini_key(project, loopback):
    """The ini key is the same; the command line comes before it."""
    project.write("pytest.ini", "[pytest]\nllm_cost_max_spend = 0\n")
    suite(project, "\ndef test_it(): chat()\n")
    assert project.run().outcomes == {"failed": 1}
    assert loopback.requests == 0
    assert project.run("--llm-cost-max-spend=1").outcomes == {"passed": 1}


@pytest.mark.parametrize("typed", ["much", "-1", "", "1,50", "$1", "nan"])
def test_what_is_no_amount(project, typed):
    """A mistyped amount is an error that says what is allowed."""
    run = project.run(f"--llm-cost-max-spend={typed}")
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert f"--llm-cost-max-spend={typed}: no amount; write USD such as 0.50" in run.output


def test_without_the_flag(project):
    """A cap without --llm-cost is a mistake, and not silence."""
    run = project.run("--llm-cost-max-spend=1", cost=False)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert "--llm-cost-max-spend needs --llm-cost: add it" in run.output


def test_a_ledger_that_is_gone(project, loopback):
    """What cannot be judged is not sent: somebody has asked for the cap. The run is not complete."""
    suite(
        project,
        """
    import glob

    def test_it():
        for path in glob.glob("llmcost-spend-*"):
            os.unlink(path)
        chat()
    """,
    )
    run = project.run("--llm-cost-max-spend=1", TMPDIR=str(project.folder))
    assert run.outcomes == {"failed": 1}, run.output
    assert loopback.requests == 0
    assert "a fault of pytest-llmcost: FileNotFoundError" in run.output
    assert run.report["meta"]["complete"] is False


def test_nothing_is_left_behind(project):
    """The file that processes share is gone at the end."""
    suite(project, "\ndef test_it(): chat()\n")
    folder = project.folder / "temporary"
    folder.mkdir()
    run = project.run("--llm-cost-max-spend=1", "-n", "2", plugins=("xdist",), TMPDIR=str(folder))
    assert run.outcomes == {"passed": 1}, run.output
    assert not list(folder.glob("llmcost-*"))


def test_ways_to_write_tests(project, loopback):
    """Methods of unittest, subtests, coroutines and tests that are run again fail as any other."""
    suite(
        project,
        """
    import unittest

    def test_one(): chat()

    class TestCase(unittest.TestCase):
        def test_raises(self): chat()
        def test_hides(self):
            with contextlib.suppress(BaseException):
                chat()

    def test_subtests(subtests):
        with subtests.test("hides"), contextlib.suppress(BaseException):
            chat()

    async def test_coroutine(): await async_chat()

    @pytest.mark.flaky(reruns=2)
    def test_again(): chat()
    """,
    )
    run = project.run(ONE, plugins=("asyncio", "rerunfailures"))
    assert loopback.requests == 1, run.output
    failed = {
        test["nodeid"].rpartition("::")[2] for test in run.report["tests"] if test["outcome"] == "failed"
    }
    assert failed == {"test_raises", "test_hides", "test_subtests", "test_coroutine", "test_again"}, (
        run.output
    )
    assert "7 calls in 5 tests not sent" in not_sent(run)[0]


def test_background_responses(project, loopback):
    """A response made in the background counts when a poll completes it; polls are sent at any time."""
    suite(
        project,
        """
    def test_polled():
        with openai() as client:
            response = client.responses.create(model="gpt-4o-mini", input="hi", background=True)
            while response.status != "completed":
                response = client.responses.retrieve(response.id)

    def test_next(): chat()
    """,
    )
    run = project.run(ONE)
    assert run.outcomes == {"passed": 1, "failed": 1}, run.output
    assert [call["api"] for call in run.calls] == ["openai.responses"]


def test_answers_that_state_no_usage(project, loopback):
    """Where the cost stays unknown, what was known of it counts: $0.001003 for 8,026 bytes of prompt."""
    suite(project, "\ndef test_one(): chat('word ' * 1600, behaviour='no-usage')\ndef test_two(): chat()\n")
    run = project.run("--llm-cost-max-spend=0.001005")
    assert run.outcomes == {"passed": 1, "failed": 1}, run.output
    assert [call["status"] for call in run.calls] == ["incomplete"]


def test_formats_of_plugins(project, loopback):
    """What a plugin reads counts too."""
    project.write(
        "conftest.py",
        """
        import json
        import pytest_llmcost

        def pytest_llm_cost_usage(exchange):
            if exchange.url.endswith("/predict"):
                return pytest_llmcost.CallUsage(provider="acme", model="own", usage={"input_tokens": 1000})
        """,
    )
    suite(
        project,
        "\n@pytest.mark.parametrize('n', range(3))\ndef test_it(n): http().post(ORIGIN + '/predict', json={'model': 'own'})\n",
    )
    run = project.run("--llm-cost-max-spend=0.0015")
    assert loopback.requests == 2, run.output
    assert run.outcomes == {"passed": 2, "failed": 1}, run.output


def test_connections_are_given_back(project, loopback):
    """A client with one connection goes on after calls that were not sent: it answers them, and none waits."""
    suite(
        project,
        """
    import httpx

    def test_one(): chat()

    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    def test_client(library):
        from importlib import import_module
        http = import_module(library)
        with http.Client(limits=http.Limits(max_connections=1), timeout=2) as client:
            for _ in range(3):
                with contextlib.suppress(BaseException):
                    client.post(url(), json=BODY)
            assert client.get(url("/models")).status_code == 200

    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    async def test_async_client(library):
        from importlib import import_module
        http = import_module(library)
        async with http.AsyncClient(limits=http.Limits(max_connections=1), timeout=2) as client:
            for _ in range(3):
                with contextlib.suppress(BaseException):
                    await client.post(url(), json=BODY)
            assert (await client.get(url("/models"))).status_code == 200
    """,
    )
    run = project.run(ONE)
    assert loopback.seen == {"/v1/chat/completions": 1, "/v1/models": 4}, run.output
    assert run.outcomes == {"passed": 1, "failed": 4}, run.output
    # The short summary has them too, in full where pytest sees that CI reads it.
    assert run.output.count("\nLLM spend cap: this call was not sent") == 4, run.output


def test_hostile_names(project, loopback):
    """Names of models are anybody's text: what a terminal would obey, and half a character, are written out."""
    suite(
        project,
        """
    @pytest.mark.parametrize("model", ["a\\x1b[31mb\\nc", "\\ud800"], ids=["escape", "surrogate"])
    def test_it(model):
        body = json.dumps({**BODY, "model": model}).encode()
        http().post(url(), content=body, headers={"content-type": "application/json"})
    """,
    )
    project.write("llmcost.yaml", "version: 1\n")
    for more in ((), ("-n", "2")):
        run = project.run("--llm-cost-max-spend=1", *more, plugins=("xdist",))
        assert run.outcomes == {"failed": 2}, run.output
        assert loopback.requests == 0
        assert "\x1b" not in run.output
        assert len(run.report["tests"]) == 2


@pytest.mark.parametrize(
    ("line", "code", "outcomes"),
    [
        ("chat()", 2, {"error": 1}),
        ("with contextlib.suppress(BaseException): chat()", 1, {"passed": 1, "error": 1}),
    ],
    ids=["raised", "hidden"],
)
def test_calls_of_the_import(project, loopback, line, code, outcomes):
    """A call as a test module is imported breaks off its collection; one that is hidden fails the first test."""
    suite(project, f"\n{line}\n\ndef test_one(): pass\ndef test_two(): pass\n")
    run = project.run("--llm-cost-max-spend=0")
    assert (run.code, run.outcomes, loopback.requests) == (code, outcomes, 0), run.output
    assert "LLM spend cap: this call was not sent" in run.output
