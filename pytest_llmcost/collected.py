"""What pytest has collected: from which files every test is known, and what a test's markers limit."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_llmcost.attribution.markers import OUR_MARKERS, is_marked, marked_agent

if TYPE_CHECKING:
    from pytest_llmcost.model.budget import Budget

COLLECTION = "llmcost-collection"
_PART = "::"


class CollectionWatch:
    """Notes the files of which all tests were collected and none was deselected.

    Args:
        config: pytest's.

    Attributes:
        nodeids: Of all tests that are to run.
        left_out: How many tests were collected and are not to run, told or not, and how many files broke or
            were skipped.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._files: set[str] = set()
        self._parts: set[str] = set()
        self.nodeids: frozenset[str] = frozenset()
        self.left_out = 0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        name = report.nodeid
        if not report.passed:  # broken, or skipped as a whole: what it holds is not known
            self._parts.add(_file_of(name))
            self.left_out += 1
        elif _PART not in name and Path(name).suffix:
            self._files.add(name)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, object, object]:
        before, number = {item.nodeid for item in items}, len(items)
        result = yield
        self.left_out += max(0, number - len(items))
        after = {item.nodeid for item in items}
        self._parts |= {_file_of(nodeid) for nodeid in before - after}
        self.nodeids = frozenset(after)
        return result

    def whole_files(self) -> frozenset[str]:
        """The files whose tests are all known."""
        options = self._config.option
        if any(getattr(options, name, None) for name in ("lf", "last_failed", "stepwise")):
            return frozenset()  # these leave tests out before anybody is told
        named = {_file_of(argument.replace("\\", "/")) for argument in self._config.args if _PART in argument}
        return frozenset(
            file
            for file in self._files - self._parts
            if not any(one == file or one.endswith(f"/{file}") or file.endswith(f"/{one}") for one in named)
        )


def _file_of(nodeid: str) -> str:
    return nodeid.partition(_PART)[0]


def names_a_part(config: pytest.Config, whole: set[Path]) -> bool:
    """Whether the command line asks for some tests only: by name, by mark, by file, or what failed last.

    Args:
        config: pytest's.
        whole: The folders that stand for everything.
    """
    names = ("keyword", "markexpr", "lf", "last_failed")
    if any(getattr(config.option, name, None) for name in names):
        return True
    if any(str(argument).startswith("--ignore") for argument in config.invocation_params.args):
        return True  # in the ini-file it says what the suite is
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    start = Path(config.invocation_params.dir)
    asked = {(start / argument).resolve() for argument in config.args}
    of_suite = {(config.rootpath / folder).resolve() for folder in config.getini("testpaths")}
    return not (asked <= whole or (of_suite and of_suite <= asked))


def marked_budget(item: pytest.Item) -> tuple[Budget | None, str | None]:
    """The limits of a test's ``llm_budget`` markers.

    Returns:
        The budget, or None; and what is wrong with a marker, or None.
    """
    markers = [(marker.args, marker.kwargs) for marker in item.iter_markers("llm_budget")]
    if not markers:
        return None, None
    from pytest_llmcost.budgets.markers import MarkerError, budget_of_markers

    file, line, _ = item.location
    try:
        return budget_of_markers(markers, item.nodeid, f"{file}:{(line or 0) + 1}"), None
    except MarkerError as error:
        return None, str(error)


class MarkerCheck:
    """Fails a test whose marker is wrong at its own set-up; an error at collection would break xdist.

    It is no wrapper: what other plugins' wrappers set up for the test must be there when it is torn down.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not is_marked(item, *OUR_MARKERS):
            return
        for read in (marked_agent, marked_budget):
            _, problem = read(item)
            if problem is not None:
                pytest.fail(problem, pytrace=False)


def re_record_command(config: pytest.Config) -> str | None:
    """What records tests again, with ``{tests}`` in their place; None where no plugin does."""
    has = config.pluginmanager.hasplugin
    if has("recording"):
        return "pytest --record-mode=rewrite {tests}"
    return "pytest --vcr-record=all {tests}" if has("vcr") else None
