"""The families of SDKs, as ``scenarios.toml`` lists them, and which environment has which."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from typing import Any

HERE = Path(__file__).parent
# By the names of the requirements files.
ENVIRONMENTS = {
    "current": """openai anthropic google-genai mistralai cohere groq boto3 huggingface ollama
        langchain-openai langchain-anthropic openai-agents raw""".split(),
    "pydantic-ai": ["pydantic-ai"],
    "openai-2": ["openai", "instructor", "litellm"],
}
# What the docs call a library in an environment where it is held back.
_HELD_BACK = {("openai-2", "openai"): "openai 2"}
_USAGES = {
    "cached": {"input_tokens": 1200, "cache_read_tokens": 1000, "output_tokens": 34},
    "uncached": {"input_tokens": 1200, "output_tokens": 34},
    "embedded": {"input_tokens": 12},
    "reranked": {"rerank_searches": 1},
}


@dataclass(frozen=True, slots=True)
class Group:
    """Scenarios that differ only in how the library is called: a row of the table in the docs.

    Attributes:
        library: The package.
        what: What of it is called.
        api: The wire format.
        provider: Whose host it is.
        model: The model of the call's row.
        usage: The counters that are stated and not 0.
        live: Whether calls without a cassette are seen.
    """

    library: str
    what: str
    api: str
    provider: str
    model: str
    usage: Mapping[str, int]
    live: bool

    @property
    def version(self) -> str:
        """Of the library in this environment."""
        return python_version() if self.library == "Python" else version(self.library)

    def title(self, environment: str | None) -> str:
        """What the docs call the library."""
        return _HELD_BACK.get((environment or "", self.library), self.library)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One test of a file of callers, without its ``test_``."""

    name: str
    group: Group
    stream: bool

    @property
    def kind(self) -> str:
        """Its column of the table."""
        how = "async" if self.name.startswith("async_") else "sync"
        return f"{how}, streamed" if self.stream else how


@dataclass(frozen=True, slots=True)
class Family:
    """A file of callers.

    Attributes:
        name: Of the family.
        needs: The modules without which it cannot run.
        scenarios: What is in the file.
    """

    name: str
    needs: tuple[str, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def file(self) -> Path:
        return HERE / "calls" / f"{self.name.replace('-', '_')}_calls.py"

    @property
    def groups(self) -> list[Group]:
        return list({id(scenario.group): scenario.group for scenario in self.scenarios}.values())

    @property
    def missing(self) -> list[str]:
        """Those of the modules that are not installed."""
        return [name for name in self.needs if not _is_there(name)]


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _read(name: str, found: dict[str, Any]) -> Family:
    return Family(name, tuple(found.pop("needs")), tuple(_scenarios(name, found)))


def _scenarios(family: str, groups: dict[str, Any]) -> Iterator[Scenario]:
    for what, row in groups.items():
        usage = _USAGES[row.get("usage", "cached")]
        group = Group(row.get("library", family), what, *row["call"], usage, row.get("live", True))
        for key, stream in (("whole", False), ("streamed", True)):
            yield from (Scenario(name, group, stream) for name in row.get(key, "").split())


FAMILIES = {
    name: _read(name, found)
    for name, found in tomllib.loads((HERE / "scenarios.toml").read_text(encoding="utf-8")).items()
}
