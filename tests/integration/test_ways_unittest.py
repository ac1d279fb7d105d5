"""Tests that are no functions: unittest, pytest's subtests, test classes, doctests; and names of any kind."""

from __future__ import annotations

import pytest
from ways import alone, both, owners

UNITTEST = """
    import unittest
    from owner import ask, async_ask

    def setUpModule():
        ask("shared setup")

    def tearDownModule():
        ask("shared teardown")

    class TestShop(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            ask("shared setup")

        @classmethod
        def tearDownClass(cls):
            ask("shared teardown")

        def setUp(self):
            self.name = self.id().rpartition(".")[2]
            ask(f"TestShop::{self.name} call")
            self.addCleanup(ask, f"TestShop::{self.name} call")

        def tearDown(self):
            ask(f"TestShop::{self.name} call")

        def test_buy(self):
            ask("TestShop::test_buy call")

        def test_parts(self):
            for number in range(3):
                with self.subTest(number=number):
                    ask("TestShop::test_parts call")
                    self.assertNotEqual(number, 1)
            ask("TestShop::test_parts call")

        @unittest.expectedFailure
        def test_expected(self):
            ask("TestShop::test_expected call")
            self.fail()

        def test_skipped(self):
            ask("TestShop::test_skipped call")
            self.skipTest("half-way")

    class TestAsync(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            await async_ask("TestAsync::test_await call")

        async def asyncTearDown(self):
            await async_ask("TestAsync::test_await call")

        async def test_await(self):
            await async_ask("TestAsync::test_await call")
"""


def test_unittest(project, loopback):
    """unittest runs a method's setUp, tearDown and cleanups inside its call; those of class and module are shared."""
    project.write("test_suite.py", UNITTEST)
    run = both(project, loopback)
    expected = {"TestShop::test_buy": 4, "TestShop::test_parts": 7, "TestShop::test_expected": 4}
    assert {name: len(run.of(name)) for name in expected} == expected
    assert (len(run.of("TestShop::test_skipped")), len(run.of("TestAsync::test_await"))) == (4, 3)
    assert len(run.calls) == 22 + 4


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="the fixture is younger")
def test_subtests(project, loopback):
    """What pytest's subtests spend belongs to their test, whether they pass, fail or are skipped."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from owner import ask

        def test_parts(subtests):
            for number in range(4):
                with subtests.test("part", number=number):
                    ask("test_parts call")
                    assert number != 1
                    if number == 2:
                        pytest.skip("half-way")
            with subtests.test("outer"):
                ask("test_parts call")
                with subtests.test("inner"):
                    ask("test_parts call")
            ask("test_parts call")

        @pytest.fixture
        def item(subtests):
            with subtests.test("in the fixture"):
                ask("test_item setup")
            yield
            ask("test_item teardown")

        def test_item(item):
            ask("test_item call")
        """,
    )
    run = both(project, loopback)
    assert owners(run) == {
        "test_parts call": 7,
        "test_item setup": 1,
        "test_item call": 1,
        "test_item teardown": 1,
    }
    outcomes = {row["nodeid"].partition("::")[2]: row["outcome"] for row in run.report["tests"]}
    assert outcomes == {"test_parts": "failed", "test_item": "passed"}


def test_classes_and_modules(project, loopback):
    """The set-up functions of a test's own class and method are the test's; those of more tests are shared."""
    project.write(
        "test_suite.py",
        """
        from owner import ask

        def setup_module(module):
            ask("shared setup")

        def teardown_module(module):
            ask("shared teardown")

        def setup_function(function):
            ask(f"{function.__name__} setup")

        def teardown_function(function):
            ask(f"{function.__name__} teardown")

        def test_function():
            ask("test_function call")

        class TestOuter:
            @classmethod
            def setup_class(cls):
                ask("shared setup")

            @classmethod
            def teardown_class(cls):
                ask("shared teardown")

            def setup_method(self, method):
                ask(f"TestOuter::{method.__name__} setup")

            def teardown_method(self, method):
                ask(f"TestOuter::{method.__name__} teardown")

            def test_method(self):
                ask("TestOuter::test_method call")

            def test_same_name(self):
                ask("TestOuter::test_same_name call")

        class TestOther:
            class TestInner:
                def test_same_name(self):
                    ask("TestOther::TestInner::test_same_name call")
        """,
    )
    run = both(project, loopback)
    assert run.outcomes == {"passed": 4}
    assert len(run.calls) == 3 + 6 + 1 + 4


def test_doctests(project, loopback):
    """A doctest is a test, in a module or in a text file, and has its phases."""
    project.write(
        "shop.py",
        '''
        def buy():
            """
            >>> from owner import ask
            >>> ask("shop.buy call")
            >>> ask("shop.buy call")
            """
        ''',
    )
    project.write("guide.txt", '>>> from owner import ask\n>>> ask("guide.txt call")\n>>> 1 + 1\n3\n')
    run = both(project, loopback, "--doctest-modules", "--doctest-glob=*.txt")
    assert run.outcomes == {"passed": 1, "failed": 1}
    assert owners(run) == {"shop.buy call": 2, "guide.txt call": 1}


# A colon and a slash look like parts of a nodeid, the rest is hard on files, terminals and wires.
ODD = [
    "a::b",
    "x/y.py::test_z",
    "[[",
    "]",
    "a b",
    "ü 中 🙂",
    "new\nline",
    "tab\t",
    "\x1b[31m",
    "\\",
    "%s{0}",
    "'\"",
    "",
    "é" * 200,
]


def test_odd_parameters(project, loopback):
    """Parameters whose ids have odd characters, empty and long ones, each pay for themselves."""
    project.write(
        "test_suite.py",
        f"""
        import pytest
        from owner import ask

        ODD = {ODD!r}

        @pytest.mark.parametrize("name", ODD)
        def test_it(name, request):
            ask(request.node.nodeid.partition("::")[2] + " call")

        @pytest.mark.parametrize("raw", [b"\\x00\\xff", float("nan"), None, ..., 3j], ids=repr)
        def test_raw(raw, request):
            ask(request.node.nodeid.partition("::")[2] + " call")

        @pytest.mark.parametrize("one", [1, 2])
        @pytest.mark.parametrize("two", [1, 1])
        def test_two(one, two, request):
            for _ in range(one):
                ask(request.node.nodeid.partition("::")[2] + " call")
        """,
    )
    run = both(project, loopback)
    assert run.outcomes == {"passed": len(ODD) + 5 + 4}
    assert len(run.calls) == len(ODD) + 5 + 6


def test_same_file_name_in_two_folders(project, loopback):
    """Tests of one name in files of one name are two tests; the order of files is no matter."""
    for folder in ("a", "b", "dir with spaces/ü"):
        project.write(
            f"{folder}/test_suite.py",
            f"""
            from owner import ask

            def test_it():
                for _ in range({len(folder)}):
                    ask("test_it call")
            """,
        )
    run = alone(project, loopback, "--import-mode=importlib", "b", "a", "dir with spaces")
    assert {row["nodeid"]: row["calls"] for row in run.report["tests"]} == {
        "a/test_suite.py::test_it": 1,
        "b/test_suite.py::test_it": 1,
        "dir with spaces/ü/test_suite.py::test_it": 17,
    }
