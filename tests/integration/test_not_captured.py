"""What goes past us is said: WebSockets, gRPC and child processes that lead to models, with the test's name."""

from __future__ import annotations

import pytest

WEBSOCKETS = """
    import asyncio
    import threading

    import pytest
    from websockets.asyncio.client import connect
    from websockets.sync.client import connect as connect_sync
    from websockets.sync.server import serve


    @pytest.fixture(scope="module")
    def server():
        with serve(lambda connection: connection.send("hello"), "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield server.socket.getsockname()[1]
            server.shutdown()
            thread.join()


    def test_realtime(server):
        with connect_sync(f"ws://127.0.0.1:{server}/v1/realtime?model=gpt-realtime") as connection:
            assert connection.recv() == "hello"


    def test_realtime_async(server):
        async def listen():
            async with connect(f"ws://127.0.0.1:{server}/v1/realtime") as connection:
                return await connection.recv()

        assert asyncio.run(listen()) == "hello"


    def test_chat_of_the_app(server):
        with connect_sync(f"ws://127.0.0.1:{server}/chat") as connection:
            assert connection.recv() == "hello"
"""


def test_websockets(project):
    """Realtime sessions are named with their tests, and the app's own sockets are not."""
    pytest.importorskip("websockets")
    project.write("test_suite.py", WEBSOCKETS)
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    assert run.report["meta"]["complete"], run.output
    notices = run.notices("not captured")
    assert len(notices) == 1
    assert notices[0].startswith("WebSocket to 127.0.0.1:")
    assert notices[0].endswith(": test_suite.py::test_realtime and test_suite.py::test_realtime_async")
    assert "not captured: WebSocket" in run.output


def test_grpc(project):
    """A channel to a provider is named; opening it needs no network."""
    pytest.importorskip("grpc")
    project.write(
        "test_suite.py",
        """
        import grpc

        def test_gemini_over_grpc():
            grpc.insecure_channel("generativelanguage.googleapis.com:443").close()

        def test_own_service():
            grpc.insecure_channel("localhost:50051").close()
        """,
    )
    run = project.run()
    assert run.notices("not captured") == [
        "gRPC channel to generativelanguage.googleapis.com:443: test_suite.py::test_gemini_over_grpc"
    ]


def test_child_processes(project):
    """A script that imports an SDK, and calls of a forked child; other child processes are no matter."""
    project.write("asks.py", "import sys\nif len(sys.argv) > 5:\n    import openai\n")
    project.write(
        "test_suite.py",
        """
        import asyncio
        import multiprocessing
        import os
        import subprocess
        import sys

        import pytest
        from ask import chat

        def test_script():
            subprocess.run([sys.executable, "asks.py"], check=True)

        def test_script_of_asyncio():
            async def run():
                process = await asyncio.create_subprocess_exec(sys.executable, "asks.py")
                return await process.wait()

            assert asyncio.run(run()) == 0

        def test_other_program():
            subprocess.run([sys.executable, "-c", "print(1)"], check=True)

        @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
        def test_fork():
            process = multiprocessing.get_context("fork").Process(target=chat)
            process.start()
            process.join()
            assert process.exitcode == 0

        def test_chat():
            chat()
        """,
    )
    run = project.run("-W", "ignore::DeprecationWarning")
    assert run.outcomes == {"passed": 5}, run.output
    assert [call["nodeid"] for call in run.calls] == ["test_suite.py::test_chat"]
    child = "child process asks.py, which imports an LLM SDK"
    assert run.notices("not captured") == [
        f"{child}: test_suite.py::test_script and test_suite.py::test_script_of_asyncio",
        "1 LLM request(s) of a forked child process: test_suite.py::test_fork",
    ]
    assert run.report["meta"]["complete"]


def test_odd_commands(project):
    """Arguments that can be read only once, scripts that are pipes, and commands that are refused."""
    project.write(
        "test_suite.py",
        """
        import os
        import subprocess
        import sys

        import pytest

        def test_iterator():
            command = map(str, [sys.executable, "-c", "print(1)"])
            assert subprocess.run(command, capture_output=True).stdout.split() == [b"1"]

        def test_refused():
            with pytest.raises(TypeError):
                subprocess.run([sys.executable, 1])

        @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this platform")
        def test_pipe(tmp_path):
            pipe = tmp_path / "pipe"
            os.mkfifo(pipe)
            process = subprocess.Popen([sys.executable, pipe], stdout=subprocess.PIPE)
            pipe.write_text("print(1)")
            assert process.communicate()[0].split() == [b"1"]
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    assert run.report["meta"]["complete"], run.output
    assert run.notices("not captured") == []
