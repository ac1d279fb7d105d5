"""Async tests: pytest-asyncio, anyio on both of its backends, and pytest-trio."""

from __future__ import annotations

import pytest
from ways import alone, both, owners

ASYNCIO = """
    import asyncio
    import pytest
    import pytest_asyncio
    from owner import ask, async_ask

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def shelf():
        await async_ask("shelf setup")
        yield
        await async_ask("shelf teardown")

    @pytest_asyncio.fixture
    async def item(request):
        name = request.node.name
        await async_ask(f"{name} setup")
        yield name
        await async_ask(f"{name} teardown")

    @pytest.mark.asyncio
    async def test_gather(item):
        await asyncio.gather(*(async_ask("test_gather call") for _ in range(3)))

    @pytest.mark.asyncio(loop_scope="module")
    @pytest.mark.parametrize("number", [1, 2])
    async def test_shelf(shelf, number):
        await async_ask(f"test_shelf[{number}] call")
        await asyncio.to_thread(ask, f"test_shelf[{number}] call")

    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    async def box():
        await async_ask("box setup")

    @pytest.mark.asyncio(loop_scope="class")
    class TestBox:
        async def test_box(self, box):
            async with asyncio.TaskGroup() as group:
                group.create_task(async_ask("TestBox::test_box call"))

    @pytest_asyncio.fixture(scope="session", loop_scope="session")
    async def shop():
        await async_ask("shop setup")
        yield
        await async_ask("shop teardown")

    @pytest.mark.asyncio(loop_scope="session")
    async def test_fails(shop, item):
        await async_ask("test_fails call")
        assert False

    def test_without_a_loop():
        asyncio.run(async_ask("test_without_a_loop call"))
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_asyncio(project, loopback, mode):
    """pytest-asyncio in both modes, with loops and async fixtures of every width."""
    project.write("test_suite.py", ASYNCIO)
    # The modes differ in collection only: once with workers is enough.
    check = both if mode == "auto" else alone
    run = check(project, loopback, "-o", f"asyncio_mode={mode}", plugins=("asyncio",))
    assert run.outcomes == {"passed": 5, "failed": 1}, run.output
    assert owners(run)["test_gather call"] == 3
    assert sum(owners(run).values()) == 19


def test_anyio(project, loopback):
    """anyio's own plugin runs each test on asyncio and on trio, with async fixtures of a module."""
    project.write(
        "test_suite.py",
        """
        import anyio
        import pytest
        from owner import ask, async_ask

        pytestmark = pytest.mark.anyio

        @pytest.fixture(scope="module", params=["asyncio", "trio"])
        def anyio_backend(request):
            return request.param

        @pytest.fixture(scope="module")
        async def shelf(anyio_backend):
            await async_ask("shelf setup")
            yield
            await async_ask("shelf teardown")

        @pytest.fixture
        async def item(request):
            await async_ask(f"{request.node.name} setup")
            yield
            await async_ask(f"{request.node.name} teardown")

        async def test_one(shelf, item, anyio_backend_name):
            async with anyio.create_task_group() as group:
                for _ in range(3):
                    group.start_soon(async_ask, f"test_one[{anyio_backend_name}] call")

        async def test_two(shelf, anyio_backend_name):
            await anyio.to_thread.run_sync(ask, f"test_two[{anyio_backend_name}] call")
            await async_ask(f"test_two[{anyio_backend_name}] call")
        """,
    )
    run = both(project, loopback, plugins=("anyio",))
    assert run.outcomes == {"passed": 4}, run.output
    assert owners(run) == {
        "shelf setup": 2,
        "shelf teardown": 2,
        **{
            f"{test} {phase}": number
            for backend in ("asyncio", "trio")
            for test, phase, number in [
                (f"test_one[{backend}]", "setup", 1),
                (f"test_one[{backend}]", "call", 3),
                (f"test_one[{backend}]", "teardown", 1),
                (f"test_two[{backend}]", "call", 2),
            ]
        },
    }


def test_trio(project, loopback):
    """pytest-trio runs async fixtures together with their test, inside its call."""
    project.write(
        "test_suite.py",
        """
        import pytest
        import trio
        from owner import ask, async_ask

        @pytest.fixture
        async def item():
            await async_ask("test_item call")
            yield
            await async_ask("test_item call")

        async def test_item(item):
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(async_ask, "test_item call")
            await trio.to_thread.run_sync(ask, "test_item call")

        async def test_fails():
            await async_ask("test_fails call")
            assert False
        """,
    )
    run = both(project, loopback, "-o", "trio_mode=true", plugins=("trio",))
    assert run.outcomes == {"passed": 1, "failed": 1}, run.output
    assert owners(run) == {"test_item call": 6, "test_fails call": 1}
