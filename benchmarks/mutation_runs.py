"""Running tests against one fault after another, each in a fork."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

# Loaded before the first fork; nothing of the code under test, which forks load by themselves.
_LIBRARIES = ("pytest", "hypothesis", "hypothesis.strategies", "yaml", "genai_prices", "tabulate", "httpx")
_OPTIONS = (
    "-x",
    "-q",
    "--tb=line",
    "-p",
    "no:cacheprovider",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)
_FAILED, NOT_LOADED, TIMED_OUT = 3, 99, -9


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault.

    Attributes:
        path: Of the file.
        line: Where it is, from 1.
        operator: What was done.
        code: The file with the fault.
        function: The function that alone has changed, as ``name`` or ``Class.name``; None if there is none.
        difference: For people.
    """

    path: Path
    line: int
    operator: str
    code: CodeType
    function: str | None
    difference: str

    @property
    def module(self) -> str:
        """The name that it is imported by."""
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")


def load_libraries() -> None:
    """What every fork would load otherwise."""
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def in_fork(job: Callable[[], int], limit: float) -> int:
    """What a job has returned in a fork, or ``TIMED_OUT`` after so many seconds."""
    child = os.fork()
    if not child:
        status = _FAILED
        with contextlib.suppress(BaseException):
            status = job()
        sys.stdout.flush()
        os._exit(status)
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


def _silently() -> None:
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)


def run_tests(tests: Sequence[str], *plugins: object) -> int:
    """Pytest, to the first failure; 0 where everything passes."""
    import pytest

    return int(pytest.main([*_OPTIONS, *tests], plugins=list(plugins)))


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """A plugin of pytest that imports one module with its fault."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.was_loaded = False

    def pytest_load_initial_conftests(self) -> None:
        """The importer of pytest, which rewrites asserts, has come before this one."""
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self.mutant.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.mutant.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        self.was_loaded = True
        exec(self.mutant.code, module.__dict__)  # that is the purpose


def run_imported(mutant: Mutant, tests: Sequence[str], limit: float) -> int:
    """Everything is imported anew, with the fault: slow, and sees what happens while modules load."""

    def job() -> int:
        _silently()
        planted = _Planted(mutant)
        status = run_tests(tests, planted)
        return status if status or planted.was_loaded else NOT_LOADED

    return in_fork(job, limit)


class _Loop:
    """A plugin of pytest that runs what was collected, again and again: functions get the code of each fault."""

    def __init__(self, mutants: Sequence[Mutant], limit: float, results: Path) -> None:
        self.mutants = mutants
        self.limit = limit
        self.results = results

    def pytest_runtestloop(self, session: Any) -> bool:
        def job(mutant: Mutant) -> int:
            if not _plant(mutant):
                return 0
            _silently()
            terminal = session.config.pluginmanager.get_plugin("terminalreporter")
            session.config.pluginmanager.unregister(terminal)  # it has a way of its own to the screen
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    return 1
            return 0

        left = [
            number
            for number, mutant in enumerate(self.mutants)
            if not in_fork(lambda mutant=mutant: job(mutant), self.limit)  # type: ignore[misc]
        ]
        self.results.write_text(json.dumps(left), encoding="utf-8")
        return True


def left_by_collected(
    mutants: Sequence[Mutant], tests: Sequence[str], limit: float, results: Path
) -> list[Mutant]:
    """Those that tests which were collected without a fault do not notice: fast, and lets more pass."""
    results.write_text(json.dumps(list(range(len(mutants)))), encoding="utf-8")
    in_fork(lambda: run_tests(tests, _Loop(mutants, limit, results)), 100_000)
    return [mutants[number] for number in json.loads(results.read_text(encoding="utf-8"))]


def _plant(mutant: Mutant) -> bool:
    module = sys.modules.get(mutant.module)
    if module is None or mutant.function is None:
        return False
    found: Any = module
    for name in mutant.function.split("."):
        found = vars(found)[name]
    found = getattr(found, "fget", None) or getattr(found, "__func__", found)
    found = getattr(found, "__wrapped__", found)
    code = next((code for code in _codes(mutant.code) if code.co_qualname == mutant.function), None)
    if not isinstance(found, FunctionType) or code is None or code.co_freevars:
        return False
    found.__code__ = code
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def changed_function(plain: ast.Module, mutated: ast.Module) -> str | None:
    """The one function that differs between two trees, unless anything else does."""
    names = []
    for prefix, one, other in _members(plain, mutated, ""):
        if ast.dump(one) != ast.dump(other):
            if not isinstance(one, ast.FunctionDef) or not isinstance(other, ast.FunctionDef):
                return None
            if ast.dump(one.args) != ast.dump(other.args):
                return None
            names.append(f"{prefix}{one.name}")
    return names[0] if len(names) == 1 else None


def _members(
    one: ast.Module | ast.ClassDef, other: ast.Module | ast.ClassDef, prefix: str
) -> Iterator[tuple[str, ast.stmt, ast.stmt]]:
    for mine, yours in zip(one.body, other.body, strict=True):
        if isinstance(mine, ast.ClassDef) and isinstance(yours, ast.ClassDef):
            yield from _members(mine, yours, f"{mine.name}.")
        else:
            yield prefix, mine, yours
