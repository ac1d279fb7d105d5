"""Loading llmcost.yaml."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.config.document import Value, parse_document, unknown_key
from pytest_llmcost.config.pricing import read_pricing
from pytest_llmcost.config.replay import read_replay
from pytest_llmcost.config.scalars import flag, whole_number
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.replay.rules import ReplayRules

if TYPE_CHECKING:
    from pytest_llmcost.model.agent_rule import AgentRule
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.projection import Volume

VERSION = 1
_KEYS = ("version", "pricing", "hosts", "include_mocked", "budgets", "replay", "projection", "agents")
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s/@?#:\[\]]+)(?::\d{1,5})?"
_PROVIDER = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def load_configuration(path: Path, shown: str) -> Configuration:
    """Read and check a file.

    Args:
        path: The file.
        shown: Its name in messages.

    Raises:
        ConfigError: If it cannot be read or something in it is wrong; with its place.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read it: {error.strerror or error}", path=shown) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not valid UTF-8; save the file as UTF-8", path=shown, line=line) from error
    return read_configuration(text, shown, hashlib.sha256(data).hexdigest())


def read_configuration(text: str, shown: str, sha256: str | None = None) -> Configuration:
    """Check the text of a file; see ``load_configuration``."""
    root = parse_document(text, shown)
    found: dict[str, Value] = {}
    if root is not None:
        for key, value in root.items("keys such as pricing and hosts"):
            if key.text() not in _KEYS:
                unknown_key(key, _KEYS, "the file")
            found[key.text()] = value
    if "version" in found:
        _check_version(found["version"])
    return Configuration(
        path=shown,
        sha256=sha256,
        pricing=read_pricing(found["pricing"]) if "pricing" in found else PricingRules(path=shown),
        hosts=_hosts(found["hosts"]) if "hosts" in found else {},
        include_mocked=flag(found["include_mocked"]) if "include_mocked" in found else False,
        budgets=_budgets(found["budgets"]) if "budgets" in found else (),
        replay=read_replay(found["replay"]) if "replay" in found else ReplayRules(),
        projection=_projection(found["projection"]) if "projection" in found else (),
        agents=_agents(found["agents"]) if "agents" in found else (),
    )


def _budgets(section: Value) -> tuple[Budget, ...]:
    from pytest_llmcost.config.budgets import read_budgets  # a file may have prices only

    return read_budgets(section)


def _projection(section: Value) -> tuple[Volume, ...]:
    from pytest_llmcost.config.projection import read_projection

    return read_projection(section)


def _agents(section: Value) -> tuple[AgentRule, ...]:
    from pytest_llmcost.config.agents import read_agents

    return read_agents(section)


def _check_version(value: Value) -> None:
    version = whole_number(value, "the version of the format, 1")
    if version != VERSION:
        value.fail(f"version {version} is not known; this pytest-llmcost reads version {VERSION}")


def _hosts(section: Value) -> dict[str, str]:
    hosts: dict[str, str] = {}
    for key, value in section.items('hosts, such as {"llm.internal:8080": openai}'):
        typed = key.text()
        if not re.fullmatch(_HOST, typed):
            hint = f"; write {typed.split('://')[1].split('/')[0]!r}" if "://" in typed else ""
            key.fail(f"{typed!r} is no host or host:port{hint}")
        provider = value.text("a provider, such as openai")
        if not re.fullmatch(_PROVIDER, provider):
            value.fail_type("a provider id without spaces or slashes, such as openai or vllm")
        hosts[typed.lower()] = provider
    return hosts
