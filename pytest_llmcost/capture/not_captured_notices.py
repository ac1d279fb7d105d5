"""Which of the ways past us led to a model: what is said about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath

from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.capture.sighting import Sighting, Way
from pytest_llmcost.model.keys import beside_tests
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.usage.hosts import host_of, provider_of

# Compiled when one is asked: SDKs start a process to learn the platform, which is nothing of ours.
# Paths that only models are served at, on whatever host.
_MODEL_PATH = r"/v1(?:beta)?/(?:realtime|responses)\b|BidiGenerateContent|/openai/realtime\b"
_PYTHON = r"(?:python|pypy)[\d.]*(?:\.exe)?$"
_SDKS = (
    "openai|anthropic|google\\.genai|google import genai|mistralai|cohere|groq|ollama|litellm|boto3"
    "|huggingface_hub|pydantic_ai|langchain\\w*|langgraph|agents|instructor"
)
_OTHERS_BEFORE = r"(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*"
_IMPORTS_SDK = rf"(?m)(?:^|;)[ \t]*(?:import\s+{_OTHERS_BEFORE}|from\s+)(?:{_SDKS})\b"
# Names of gRPC may say who resolves them: dns:host, dns:///host, dns://server/host.
_RESOLVER = r"^(?:dns|xds|passthrough):(?://[^/]*/)?/?"
# Options of the interpreter that are followed by a value: its own, or what is run.
_WITH_VALUE = "cmXW"
_NO_FILES = ("/dev/", "/proc/")  # of this process, not of the child
_MOST_BYTES = 1_000_000
_MOST_NAMED = 3


def not_captured(sightings: Iterable[Sighting], hosts: Mapping[str, str], root: Path) -> Iterator[Notice]:
    """Say what was not captured, and in which tests.

    Args:
        sightings: In the order in which they began.
        hosts: The YAML's ``hosts:``.
        root: The project's root: scripts are looked for from there.

    Yields:
        One notice for each way past us, however many tests went it.
    """
    places: dict[str, dict[str, None]] = {}
    for sighting in sightings:
        what = _what(sighting, hosts, root)
        if what is not None:
            places.setdefault(what, {})[_where(sighting.scope)] = None
    for what, where in places.items():
        named, more = list(where)[:_MOST_NAMED], len(where) - _MOST_NAMED
        if more > 0:
            named.append(f"{more} more")
        tests = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
        yield Notice(NoticeKind.NOT_CAPTURED, f"{what}: {tests}")


def _what(sighting: Sighting, hosts: Mapping[str, str], root: Path) -> str | None:
    if sighting.way is Way.PROCESS:
        script = _script_with_sdk(sighting.target.split("\0"), root)
        return f"child process {script}, which imports an LLM SDK" if script else None
    if sighting.way is Way.FORK:
        return f"{sighting.target} LLM request(s) of a forked child process"
    if sighting.way is Way.GRPC:
        host = re.sub(_RESOLVER, "", sighting.target)
        return f"gRPC channel to {host}" if provider_of(host, hosts) else None
    host = host_of(re.sub("^ws", "http", sighting.target))
    if host and (provider_of(host, hosts) or re.search(_MODEL_PATH, sighting.target)):
        return f"WebSocket to {host}"
    return None


def _where(scope: Scope) -> str:
    if scope.nodeid is not None:
        return scope.nodeid
    return beside_tests(scope.fixture)


def _script_with_sdk(command: list[str], root: Path) -> str | None:
    """The python script of a command, if it imports an SDK itself; only its text is looked at."""
    if not re.search(_PYTHON, PurePath(command[0]).name):
        return None
    arguments = iter(command[1:])
    for argument in arguments:
        if not argument.startswith("-"):
            return argument if _imports_sdk(root / argument) else None
        option, value = _option(argument)
        if option and not value:
            value = next(arguments, "")
        if option == "c":
            return "python -c" if re.search(_IMPORTS_SDK, value) else None
        if option == "m":
            places = [root / f"{value.replace('.', '/')}{end}" for end in (".py", "/__main__.py")]
            return f"python -m {value}" if any(map(_imports_sdk, places)) else None
    return None


def _option(argument: str) -> tuple[str, str]:
    """The option with a value in ``-uc``, ``-cimport os`` or ``-Wignore``, and the value if it is there."""
    if not argument.startswith("--"):
        for place, letter in enumerate(argument):
            if letter in _WITH_VALUE:
                return letter, argument[place + 1 :]
    return "", ""


def _imports_sdk(script: Path) -> bool:
    try:
        if str(script).startswith(_NO_FILES) or not script.is_file():
            return False  # reading a pipe would wait, and take from the process what is its own
        with script.open("rb") as file:
            text = file.read(_MOST_BYTES)
    except (OSError, ValueError):
        return False
    return re.search(_IMPORTS_SDK, text.decode("utf-8", "replace")) is not None
