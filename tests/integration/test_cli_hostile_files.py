"""Reports that nobody's run wrote: read with care, or refused in one line."""

from __future__ import annotations

import json

import pytest
import sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import GPT, commands, made, run, save

from pytest_llmcost.cli import main
from pytest_llmcost.reports.json_report import render_json

A = "tests/test_a.py::test_a"
COMMANDS = (
    ("diff", "good.json", "bad.json"),
    ("diff", "bad.json", "good.json"),
    ("check", "bad.json"),
    ("merge", "bad.json", "-o", "out.json"),
    ("whatif", "bad.json", "--model", f"{GPT}=acme/house-model"),
    ("init", "--report", "bad.json", "--config", "new.yaml"),
    ("explain", "c1", "--report", "bad.json"),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Limits, own prices and a good report."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "llmcost.yaml").write_text(f'{sample.YAML}budgets: [{{scope: suite, max_cost: "1"}}]\n')
    save(tmp_path / "good.json", run({A: [made(GPT, 1000, 100)]}))
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"0.0035"', '"NaN"'),
        ('"0.0035"', '"Infinity"'),
        ('"0.0035"', '"1e999999999"'),
        ('"0.0035"', "0.0035"),
        ('"input_tokens": 1000', '"input_tokens": 1e3'),
        ('"input_tokens": 1000', '"input_tokens": true'),
        ('"input_tokens": 1000', '"input_tokens": -1'),
        ('"usd": "2.5"', '"usd": "1e999999999"'),
        ('"per": 1000000', '"per": 0'),
        (f'"nodeid": "{A}"', '"nodeid": ["x"]'),
        ('"started_at": "2026', '"started_at": "99999'),
    ],
)
def test_figures_that_are_none(folder, capsys, command, before, after):
    """Refused by every command, in one line, before anything is computed."""
    text = (folder / "good.json").read_text()
    assert before in text
    (folder / "bad.json").write_text(text.replace(before, after))
    done = commands(capsys)(*command)
    assert done.code == 2, done
    assert "bad.json: damaged (" in done.err
    assert done.err.count("\n") == 1
    assert not (folder / "out.json").exists()


_LEAVES = st.sampled_from([None, True, -1, 0.5, "", "x", "1e9", [], {}, [1], {"a": 1}, 10**30, "\x1b[31m::"])
_SAMPLE = json.loads(render_json(sample.report()))


def _places(found, path=()):
    yield path
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        yield from _places(value, (*path, key))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    place=st.sampled_from([path for path in _places(_SAMPLE) if path]), leaf=_LEAVES, number=st.integers(0, 6)
)
def test_anything_in_any_place(folder, capsys, place, leaf, number):
    """A known exit status and no traceback, whatever stands where in a report."""
    changed = json.loads(json.dumps(_SAMPLE))
    *way, last = place
    inner = changed
    for key in way:
        inner = inner[key]
    inner[last] = leaf
    (folder / "bad.json").write_text(json.dumps(changed))
    for name in ("out.json", "new.yaml"):
        (folder / name).unlink(missing_ok=True)
    assert main(list(COMMANDS[number])) in {0, 1, 2, 3}
    capsys.readouterr()
