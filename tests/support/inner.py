"""A small project and the pytest sessions that run in it, each in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

_INI = """\
[pytest]
filterwarnings = error
"""
_ASYNCIO = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished session.

    Attributes:
        code: Exit status.
        output: What it printed.
        report: ``.llmcost/report.json``; None if it wrote none.
    """

    code: int
    output: str
    report: dict[str, Any] | None

    @property
    def outcomes(self) -> dict[str, int]:
        """``{"passed": 3}``, from pytest's last line."""
        lines = [line for line in self.output.splitlines() if re.search(r" in [\d.]+s", line)]
        assert lines, self.output
        return {
            name: int(number) for number, name in re.findall(r"(\d+) ([a-z]+)", lines[-1].split(" in ")[0])
        }

    @property
    def calls(self) -> list[dict[str, Any]]:
        assert self.report is not None, self.output
        return self.report["calls"]

    def of(self, test: str) -> list[dict[str, Any]]:
        """The calls of one test, by the end of its nodeid."""
        return [call for call in self.calls if (call["nodeid"] or "").endswith(f"::{test}")]

    def notices(self, kind: str) -> list[str]:
        assert self.report is not None, self.output
        return [notice["message"] for notice in self.report["notices"] if notice["kind"] == kind]


def _path() -> str:
    """Our support modules, and what the session outside has: it may test another copy of the plugin."""
    return os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])


class Project:
    """A folder with a suite.

    Args:
        folder: Where.
        environ: Variables that its sessions see.
        python: The interpreter, for another environment.
    """

    def __init__(
        self, folder: Path, environ: dict[str, str] | None = None, python: str = sys.executable
    ) -> None:
        self.folder = folder
        self._environ = environ or {}
        self._python = python
        folder.mkdir(parents=True, exist_ok=True)
        self.write("pytest.ini", _INI)

    def write(self, name: str, *texts: str) -> Path:
        """Write a file from texts, each dedented."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(map(textwrap.dedent, texts)), encoding="utf-8")
        return path

    def run(
        self,
        *options: str,
        cost: bool = True,
        cache: bool = False,
        plugins: Sequence[str] | None = ("asyncio",),
        python: tuple[str, ...] = (),
        **environ: str,
    ) -> Run:
        """Run pytest in the folder, with ``--llm-cost`` unless told otherwise.

        Args:
            options: Of pytest.
            cost: Whether to pass ``--llm-cost``.
            cache: Whether pytest keeps its cache from one session to the next.
            plugins: The plugins beside ours, by the names of their entry points; None for all there are.
            python: Options of the interpreter.
            environ: More variables.
        """
        report = self.folder / ".llmcost" / "report.json"
        report.unlink(missing_ok=True)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "LLMCOST"))
        }
        kept["PYTHONPATH"] = _path()
        asked = [*([] if cache else ["-p", "no:cacheprovider"]), *(["--llm-cost"] if cost else [])]
        if plugins is not None:
            # Importing every plugin of the environment takes longer than most of these sessions.
            kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            asked += [part for name in ("llmcost", *plugins) for part in ("-p", name)]
        else:
            asked += ["-p", "no:randomly"]  # these suites rely on their order
        if plugins is None or "asyncio" in plugins:
            asked += _ASYNCIO
        done = subprocess.run(
            [self._python, *python, "-m", "pytest", *asked, *options],
            cwd=self.folder,
            env={**kept, **self._environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return self._result(done)

    def start(self, script: str) -> subprocess.Popen[bytes]:
        """Start a script in the folder, with what the sessions see."""
        environ = {**os.environ, **self._environ, "PYTHONPATH": _path()}
        return subprocess.Popen([self._python, "-c", script], cwd=self.folder, env=environ)

    def explain(self, target: str) -> Run:
        """Type ``llmcost explain`` in the folder; the report is the one that is there afterwards."""
        done = subprocess.run(
            [self._python, "-m", "pytest_llmcost.cli", "explain", target],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return self._result(done)

    def _result(self, done: subprocess.CompletedProcess[str]) -> Run:
        report = self.folder / ".llmcost" / "report.json"
        text = report.read_text(encoding="utf-8") if report.is_file() else "null"
        found = json.loads(text)
        if found is not None:
            check_sums(found)
        return Run(done.returncode, done.stdout + done.stderr, found)


def check_sums(report: dict[str, Any]) -> None:
    """What holds in every report: rows by agent and by model add up to the total, exactly."""
    totals = report["totals"]
    for rows in (report["agents"], report["models"]):
        if not rows:
            assert totals["calls"] == 0
            continue
        assert sum(row["calls"] for row in rows) == totals["calls"]
        for figure in ("cost", "spent"):
            for bound in ("low", "value", "high"):
                parts = [row[figure][bound] for row in rows]
                whole = None if None in parts else sum(map(Decimal, parts))
                stated = totals[figure][bound]
                assert whole == (None if stated is None else Decimal(stated)), (figure, bound)
        for unit, count in totals["usage"].items():
            assert sum(row["usage"].get(unit, 0) for row in rows) == count, unit
