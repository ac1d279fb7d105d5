"""llmcost.schema.json, for editors: it takes what the loader takes, and refuses what is of another shape."""

from __future__ import annotations

import importlib.util
import json
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from pytest_llmcost.config import load, pricing, replay
from pytest_llmcost.config.agents import _KEYS as AGENT_KEYS
from pytest_llmcost.config.budgets import _KEYS as BUDGET_KEYS
from pytest_llmcost.config.projection import _KEYS as PROJECTION_KEYS
from pytest_llmcost.model.budget import BudgetScope

jsonschema = pytest.importorskip("jsonschema")

SCHEMA = json.loads((files("pytest_llmcost") / "llmcost.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ROOT = Path(__file__).parents[3]


def module(name):
    """A test module beside this one."""
    spec = importlib.util.spec_from_file_location(
        f"{name}_for_schema", Path(__file__).with_name(f"{name}.py")
    )
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


LOADED, BUDGETS, PROJECTION, AGENTS = map(
    module, ("test_load", "test_budgets", "test_projection", "test_agents")
)


class EditorLoader(yaml.SafeLoader):
    """YAML as editors read it: a day is text."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_json(value):
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    return [as_json(one) for one in value] if isinstance(value, list) else value


def errors(text):
    return [error.message for error in VALIDATOR.iter_errors(as_json(yaml.load(text, EditorLoader)))]


def blocks(path):
    """The YAML blocks of a document that are whole files."""
    found = path.read_text(encoding="utf-8").split("```yaml\n")[1:]
    return [text for text in (block.partition("```")[0] for block in found) if "version: 1" in text]


VALID = [
    LOADED.WHOLE_FILE,
    BUDGETS.WHOLE,
    PROJECTION.WHOLE,
    AGENTS.WHOLE,
    "",
    "version: 1",
    "pricing:\nhosts:\nbudgets:\nreplay:\n",
    "pricing: {models: , aliases: , free: }",
    LOADED.rows('{input: {base: "1", above: {200000: "2"}}, output: 4, fees: {web_searches: 10}}'),
    LOADED.rows('[{input: "1"}, {from: 2026-12-01, same_as: x/y, multiply: 0.5, per_request: 1e-3}]'),
    LOADED.rows('{cache_read: "0.1", multiply: "1"}'),
    *[
        block
        for name in ("README.md", "docs/gate.md", "docs/configuration.md")
        for block in blocks(ROOT / name)
    ],
    *[path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("examples/*/llmcost.yaml"))],
]
# What no shape tells: the YAML itself and its odd numbers, what stands twice, days that are none, circles.
BEYOND = (
    *("not valid YAML", "stands twice", "leads back", "another row", "takes keys of text"),
    *("'2026-02-30'", "1e999", "'.nan'", "'.inf'", "'16:30'", "9" * 40),
)
SHAPES = [
    text
    for text, message in [*LOADED.MISTAKES, *BUDGETS.MISTAKES, *PROJECTION.MISTAKES, *AGENTS.MISTAKES]
    if not any(b in message for b in BEYOND)
]


def test_it_is_a_schema():
    """Of the draft that it names."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", VALID)
def test_what_the_loader_takes(text):
    """Every example of the documentation too."""
    load.read_configuration(text, "llmcost.yaml")
    assert errors(text) == []


@pytest.mark.parametrize("text", SHAPES)
def test_what_the_loader_refuses_for_its_shape(text):
    """The editor underlines it before anything runs."""
    assert errors(text)


def test_no_key_is_missing():
    """A key that the loader learns is one that the schema learns."""
    properties = SCHEMA["properties"]
    assert set(properties) == set(load._KEYS)
    assert set(properties["pricing"]["properties"]) == set(pricing._KEYS)
    assert set(SCHEMA["$defs"]["agent"]["properties"]) == set(AGENT_KEYS)
    assert set(properties["replay"]["properties"]) == set(replay._KEYS)
    assert set(SCHEMA["$defs"]["volume"]["properties"]) == set(PROJECTION_KEYS)
    assert set(SCHEMA["$defs"]["row"]["properties"]) == set(pricing._ROW_KEYS)
    assert set(SCHEMA["$defs"]["row"]["properties"]["fees"]["properties"]) == set(pricing._FEE_KEYS)
    assert set(SCHEMA["$defs"]["budget"]["properties"]) == set(BUDGET_KEYS)
    assert SCHEMA["$defs"]["budget"]["properties"]["scope"]["enum"] == [scope.value for scope in BudgetScope]
