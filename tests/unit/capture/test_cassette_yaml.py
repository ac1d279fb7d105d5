"""YAML of cassettes as plain data."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from pytest_llmcost.capture.cassette_yaml import plain_yaml
from pytest_llmcost.errors import CassetteError


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "- 1\n- -2\n- 0x1F\n- 1_000\n- 190:20\n- 1.5\n- .inf\n- 1e3\n- yes\n- Off\n- ~\n- null\n- ''\n",
        "a: {b: [c, 'd', \"e\\n\"], f: {}}\ng: []\n",
        "a: |\n  line\n  line\nb: >-\n  folded\n  text\n",
        "a: !!str 12\nb: !!int '12'\nc: !!binary aGVsbG8=\nd: '12'\ne: \"yes\"\n",
        "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n",
        "base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: {<<: [*b, {z: 4}]}\nthree: {'<<': 5}\n",
        "",
        "# nothing\n",
        "text",
    ],
)
def test_as_pyyaml_reads_it(text):
    """Plain data is what PyYAML's safe loader makes of it."""
    assert plain_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !!python/object/apply:os.system ['x']", {"a": "x"}),
        ("!!python/object/apply:multidict._multidict.istr [Host]: [x]", {"Host": ["x"]}),
        ("a: !!python/tuple [1, 2]", {"a": [1, 2]}),
        ("a: !!python/object/new:_io.BytesIO {state: !!python/tuple [x, 0]}", {"a": {"state": ["x", 0]}}),
        ("a: !!python/name:os.system ''\nb: !mine text", {"a": "", "b": "text"}),
        ("when: 2026-11-23\n12: x\n[a]: y", {"when": "2026-11-23", "12": "x", "['a']": "y"}),
        ("a: !!binary abcde", {"a": b"abcde"}),
    ],
)
def test_foreign_tags_and_types_are_text(text, expected):
    """Nothing is made that JSON and bytes do not have."""
    assert plain_yaml(text) == expected


@pytest.mark.parametrize("open_and_close", ["[]", "{}", "- ", "? "])
@pytest.mark.parametrize("gap", ["", " " * 50])
def test_deep_nesting_is_refused(open_and_close, gap):
    """However the openings are spaced, and without the recursion that would end the process."""
    text = f"{open_and_close[0]}{'' if open_and_close in {'[]', '{}'} else ' '}{gap}" * 30_000
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pytest_llmcost.capture.cassette_yaml import plain_yaml\nplain_yaml(sys.stdin.read())",
        ],
        input=text, capture_output=True, text=True,
    )  # fmt: skip
    assert "not a cassette: nested too deeply" in done.stderr
    assert plain_yaml("[" * 150 + "]" * 150)


def test_aliases_of_aliases_are_refused():
    """A small file may not stand for more values than any cassette has."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(CassetteError, match="its aliases make it too large"):
        plain_yaml("\n".join(rows))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: b\n---\nc: d\n", "more than one document"),
        ("a: &a [*a]", "alias 'a' stands for nothing before it"),
        ("a: *b", "alias 'b' stands for nothing before it"),
        ("a: [b", "not valid YAML: while parsing"),
        ("a: \x00", "not valid YAML: unacceptable character"),
        (f"a: {'9' * 5000}", "not valid YAML: ValueError"),
    ],
)
def test_refused_with_a_reason(text, reason):
    """An error says what is wrong, and in one line."""
    with pytest.raises(CassetteError, match=reason) as caught:
        plain_yaml(text)
    assert "\n" not in str(caught.value)
