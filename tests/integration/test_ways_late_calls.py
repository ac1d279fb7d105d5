"""Calls that outlive their test: threads, tasks, streams that are read later, and what never ends."""

from __future__ import annotations

import pytest
from ways import alone, both, found, owners, parallel


def test_thread_that_calls_after_its_test(project, loopback):
    """A new call belongs to the test that runs when it starts, whoever started the thread."""
    project.write(
        "test_suite.py",
        """
        from threading import Event, Thread
        from owner import ask

        go, gone = Event(), Event()

        def work():
            go.wait()
            ask("test_second call")
            gone.set()

        def test_first():
            Thread(target=work).start()
            ask("test_first call")

        def test_second():
            go.set()
            gone.wait()

        def test_third():
            ask("test_third call")
        """,
    )
    run = alone(project, loopback)
    assert owners(run) == {"test_first call": 1, "test_second call": 1, "test_third call": 1}
    assert owners(parallel(project, loopback, "--dist", "loadfile")) == owners(run)


LATE = """
    import asyncio
    from threading import Event, Thread

    import pytest
    import pytest_asyncio
    from ask import BODY, http, url
    from owner import ask, async_ask

    on_its_way, go_on, kept = Event(), Event(), []

    def held(request):
        on_its_way.set()
        go_on.wait()

    def call_and_wait():
        with http().Client(event_hooks={"request": [held]}) as client:
            ask("test_starts_a_call call", client=client)

    def test_starts_a_call():
        kept.append(Thread(target=call_and_wait))
        kept[0].start()
        on_its_way.wait()

    def test_between():
        ask("test_between call")

    def test_waits_for_the_call():
        go_on.set()
        kept.pop().join()
        ask("test_waits_for_the_call call")

    def test_opens_a_stream():
        client = http().Client()
        body = {**BODY, "model": "test_opens_a_stream call", "stream": True}
        body["stream_options"] = {"include_usage": True}
        kept[:] = [client, client.send(client.build_request("POST", url(), json=body), stream=True)]

    def test_reads_the_stream():
        assert b"[DONE]" in kept[1].read()
        kept[0].close()
        ask("test_reads_the_stream call")

    @pytest.mark.asyncio(loop_scope="module")
    async def test_starts_a_task():
        begun, go_on = asyncio.Event(), asyncio.Event()
        async def held(request):
            begun.set()
            await go_on.wait()
        async def work():
            async with http().AsyncClient(event_hooks={"request": [held]}) as client:
                await client.post(url(), json={**BODY, "model": "test_starts_a_task call"})
            await async_ask("test_waits_for_the_task call")
        kept[:] = [go_on, asyncio.create_task(work())]
        await begun.wait()

    @pytest.mark.asyncio(loop_scope="module")
    async def test_waits_for_the_task():
        kept[0].set()
        await kept[1]
"""


def test_call_that_ends_in_a_later_test(project, loopback):
    """A call, a stream, and a task's call belong to the test in which they began; the task's next call does not."""
    project.write("test_suite.py", LATE)
    run = alone(project, loopback, plugins=("asyncio",))
    assert run.outcomes == {"passed": 7}, run.output
    spread = parallel(project, loopback, "--dist", "loadfile", plugins=("asyncio",))
    assert owners(run) == owners(spread)
    assert sorted(owners(run).elements()) == [
        "test_between call",
        "test_opens_a_stream call",
        "test_reads_the_stream call",
        "test_starts_a_call call",
        "test_starts_a_task call",
        "test_waits_for_the_call call",
        "test_waits_for_the_task call",
    ]
    assert {call["status"] for call in run.calls} == {"exact"}


def test_call_of_an_attempt_that_ends_in_the_next(project, loopback):
    """It stays with its attempt, whose cost does not count when the test runs again."""
    pytest.importorskip("pytest_rerunfailures")
    project.write(
        "test_suite.py",
        """
        from threading import Event, Thread
        import pytest
        from ask import http
        from owner import ask

        on_its_way, go_on, threads = Event(), Event(), []

        def held(request):
            on_its_way.set()
            go_on.wait()

        def call_and_wait():
            with http().Client(event_hooks={"request": [held]}) as client:
                ask("test_it call", client=client)

        @pytest.mark.flaky(reruns=1)
        def test_it():
            if not threads:
                threads.append(Thread(target=call_and_wait))
                threads[0].start()
                on_its_way.wait()
                assert False
            go_on.set()
            threads[0].join()
            ask("test_it call 2")
        """,
    )
    run = both(project, loopback, plugins=("rerunfailures",))
    assert run.outcomes == {"passed": 1, "rerun": 1}
    assert (run.report["totals"]["calls"], run.report["tests"][0]["calls"]) == (1, 1)


def test_task_that_is_cancelled(project, loopback):
    """pytest-asyncio cancels what its loop still runs: a call that is not complete, of the test that began it."""
    project.write(
        "test_suite.py",
        """
        import asyncio
        from ask import BODY, http, url
        from owner import ask

        async def test_task():
            begun = asyncio.Event()
            async def note(response):
                begun.set()
            async def work():
                async with http().AsyncClient(event_hooks={"response": [note]}) as client:
                    await client.post(url(behaviour="stall"), json={**BODY, "model": "test_task call"})
            task = asyncio.create_task(work())
            await begun.wait()

        def test_after():
            ask("test_after call")
        """,
    )
    run = both(project, loopback, plugins=("asyncio",))
    assert run.outcomes == {"passed": 2}
    assert {found(call): call["status"] for call in run.calls} == {
        "test_task call": "incomplete",
        "test_after call": "exact",
    }


def test_call_that_never_ends(project, loopback):
    """A daemon thread still waits for its response at the end: a call that is not complete, of its test."""
    project.write(
        "test_suite.py",
        """
        from threading import Event, Thread
        from ask import http
        from owner import ask

        begun = Event()

        def call():
            with http().Client(event_hooks={"response": [lambda response: begun.set()]}) as client:
                ask("test_daemon call", client=client, behaviour="stall")

        def test_daemon():
            Thread(target=call, daemon=True).start()
            begun.wait()

        def test_after():
            ask("test_after call")
        """,
    )
    run = both(project, loopback)
    assert {found(call): call["status"] for call in run.calls} == {
        "test_daemon call": "incomplete",
        "test_after call": "exact",
    }


def test_thread_of_a_fixture_that_is_torn_down(project, loopback):
    """Calls in the tear-down of a shared fixture are the fixture's, also those of the thread that it ends."""
    project.write(
        "test_suite.py",
        """
        from queue import Queue
        from threading import Thread
        import pytest
        from owner import ask

        @pytest.fixture(scope="module")
        def worker():
            todo = Queue()
            def work():
                while (owner := todo.get()) is not None:
                    ask(owner)
                    todo.task_done()
                ask("worker teardown")
            thread = Thread(target=work)
            thread.start()
            yield todo
            todo.put(None)
            thread.join()

        @pytest.mark.parametrize("number", range(3))
        def test_it(worker, number):
            for _ in range(number):
                worker.put(f"test_it[{number}] call")
            worker.join()
        """,
    )
    run = both(project, loopback)
    assert (run.outcomes, len(run.calls)) == ({"passed": 3}, 4)


def test_calls_of_hooks(project, loopback):
    """A judge in a conftest's hook works for the phase that has just ended."""
    project.write(
        "conftest.py",
        """
        import pytest
        from owner import ask

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            ask(f"{item.name} {call.when}")
            return (yield)

        def pytest_runtest_logfinish(nodeid):
            ask(f"{nodeid.rpartition('::')[2]} teardown")
        """,
    )
    project.write("test_suite.py", "def test_one(): pass\ndef test_two(): pass\n")
    run = alone(project, loopback)
    assert len(run.calls) == 8
