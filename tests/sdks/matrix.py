"""The sessions behind the matrix: every family, in both orders of import, live, recorded and replayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from families import Family, Scenario
from inner import Project, Run
from loopback import Loopback

MODES = ("live", "recorded", "replayed")
ORDERS = ("plugin-first", "vcr-first")
_NAMES = "openai azure anthropic google aws mistral cohere groq huggingface ollama"
# Who else speaks OpenAI's format, in a dialect.
_FLAVOURS = {"groq": "groq", "mistral": "mistral"}

# vcr is imported by the suite, so after the plugin; or before it, with all HTTP libraries that vcr knows.
_EARLY = "import vcr.cassette\n"
_CONFTEST = '''
    import os
    import sys

    import pytest

    # Now the plugin is loaded, and about to begin.
    assert ("vcr" in sys.modules) == (os.environ["ORDER"] == "vcr-first")
    MODES = {"live": None, "recorded": "once", "replayed": "none"}


    @pytest.fixture(autouse=True)
    def cassette(request):
        """Each scenario has a file of its own."""
        mode = MODES[os.environ["MODE"]]
        if mode is None:
            yield
            return
        import vcr

        with vcr.use_cassette(f"cassettes/{request.node.name}.yaml", record_mode=mode):
            yield
'''


@dataclass(frozen=True, slots=True)
class Cell:
    """A family's finished session.

    Attributes:
        mode: One of ``MODES``.
        run: The session.
        sent: How many requests the providers saw.
    """

    mode: str
    run: Run
    sent: int

    def problems(self, scenario: Scenario) -> list[str]:
        """What is not as it should be of one scenario; empty if all is right."""
        test = f"test_{scenario.name}"
        outcomes = [found["outcome"] for found in self._tests() if found["nodeid"].endswith(f"::{test}")]
        if outcomes != ["passed"]:
            return [f"the scenario itself: {outcomes or 'did not run'}\n{self.run.output}"]
        calls = self.run.of(test)
        if self.mode == "live" and not scenario.group.live:
            return ["seen, although it is documented as not seen"] if calls else []
        if len(calls) != 1:
            return [f"captured {len(calls)} times: {[(c['api'], c['source'], c['usage']) for c in calls]}"]
        expected, got = self._expected(scenario), _got(calls[0])
        return [
            f"{key}: expected {value!r}, got {got[key]!r}"
            for key, value in expected.items()
            if got[key] != value
        ]

    def _tests(self) -> list[dict[str, Any]]:
        return [] if self.run.report is None else self.run.report["tests"]

    def _expected(self, scenario: Scenario) -> dict[str, Any]:
        group, taped = scenario.group, self.mode != "live"
        return {
            "api": group.api,
            "provider": group.provider,
            "model": group.model,
            "stream": scenario.stream,
            "usage": dict(group.usage),
            "source": self.mode,
            "leak": False,
            "http_status": 200,
            "cassette": (f"cassettes/test_{scenario.name}.yaml", 0) if taped else None,
            # LiteLLM reads Anthropic's streams to their last event, and leaves them open: they have no end.
            **({} if scenario.stream else {"timed": self.mode in {"live", "recorded"}}),
        }


def _got(call: Mapping[str, Any]) -> dict[str, Any]:
    model, cassette = call["model"], call["cassette"]
    return {
        **call,
        "model": model["billed"] or model["requested"],
        "usage": {unit: number for unit, number in (call["usage"] or {}).items() if number},
        "cassette": cassette and (cassette["path"], cassette["interaction"]),
        "timed": call["latency"] is not None,
    }


class Matrix:
    """Runs each session once, when it is first asked for.

    Args:
        folder: For the projects.
        providers: Running ones by name; see ``providers``.
    """

    def __init__(self, folder: Path, providers: Mapping[str, Loopback]) -> None:
        self._folder = folder
        self._providers = providers
        self._cells: dict[tuple[str, str, str], Cell] = {}

    def cell(self, family: Family, order: str, mode: str) -> Cell:
        """The session of a family; a replay is of what the same order recorded."""
        key = (family.name, order, mode)
        if key not in self._cells:
            if mode == "replayed":
                self.cell(family, order, "recorded")
            self._cells[key] = self._run(family, order, mode)
        return self._cells[key]

    def _run(self, family: Family, order: str, mode: str) -> Cell:
        environ = {f"LOOPBACK_{name.upper()}": server.origin for name, server in self._providers.items()}
        project = Project(self._folder / family.name / order, environ)
        hosts = (f'  "127.0.0.1:{server.port}": {name}\n' for name, server in self._providers.items())
        project.write("llmcost.yaml", "version: 1\nhosts:\n" + "".join(hosts))
        project.write("conftest.py", _CONFTEST)
        project.write("early.py", _EARLY)
        project.write("test_suite.py", family.file.read_text(encoding="utf-8"))
        for server in self._providers.values():
            server.forget()
        options = ["-p", "early"] if order == "vcr-first" else []
        # Whatever the SDKs warn of is theirs.
        options += ["-W", "ignore"]
        # LangChain keeps one async client for all that ask the same host, and with it its event loop.
        options += ["-o", "asyncio_default_test_loop_scope=module"]
        run = project.run(*options, MODE=mode, ORDER=order)
        return Cell(mode, run, sum(server.requests for server in self._providers.values()))


def providers() -> dict[str, Loopback]:
    """One provider for each name, not yet running: each is a host of its own."""
    return {name: Loopback(_FLAVOURS.get(name, "openai")) for name in _NAMES.split()}
