"""``benchmarks/accuracy.py`` on a small folder of recordings with tables of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from exchanges import ANTHROPIC, OPENAI_CHAT

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "accuracy.py"
TRUTH = (
    "repo path interaction provider shape expected_input expected_output expected_cache_read expected_cache_write"
    " expected_reasoning expected_cost_usd cost_from confidence"
).split()
USAGE = (
    "repo path interaction provider shape status input_total output_total cache_read cache_write cache_write_1h"
    " reasoning usage_json"
).split()


def chat(prompt, completion, model="gpt-4o-mini-2024-07-18", url=OPENAI_CHAT):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {
        "request": {"method": "POST", "uri": url, "body": "{}", "headers": {}},
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": json.dumps({"model": model, "usage": usage})}},
    }  # fmt: skip


def table(path, columns, *rows):
    lines = ["\t".join(columns), *("\t".join(str(row.get(name, "")) for name in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def accuracy(tmp_path):
    """The output for recordings of four calls, and what is stated of them."""
    folder = tmp_path / "held" / "acme+app" / "cassettes"
    folder.mkdir(parents=True)
    claude = chat(1, 1, url=ANTHROPIC)
    claude["response"]["body"]["string"] = json.dumps({
        "model": "claude-haiku-4-5",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 95, "output_tokens": 7},
    })  # fmt: skip
    interactions = [chat(1000, 100), chat(2000, 200), claude, chat(9, 9, model="gpt-from-nowhere")]
    (folder / "calls.yaml").write_text(yaml.safe_dump({"interactions": interactions, "version": 1}))
    (folder / "one.json").write_text(json.dumps({**chat(50, 5), "other": 1}))
    (folder / "cut.yaml").write_text("interactions:\n- request: {body: 'abc")

    def run(truth, usage=(), *options):
        known = {
            "repo": "acme/app",
            "path": "cassettes/calls.yaml",
            "provider": "openai",
            "shape": "openai.chat",
        }
        table(tmp_path / "truth.tsv", TRUTH, *({**known, "confidence": "A", **row} for row in truth))
        table(
            tmp_path / "usage.tsv",
            USAGE,
            *({**known, "status": 200, "usage_json": "{}", **row} for row in usage),
        )
        command = [sys.executable, SCRIPT, tmp_path / "held", tmp_path / "truth.tsv", "--as-of", "2026-11-23"]
        command += ["--usage", tmp_path / "usage.tsv"] if usage else []
        command += options
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def figures(text, name):
    """The numbers of the first line that begins with a name."""
    line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    return [int(number) for number in re.findall(r"(?<![\w.])\d+(?![\w.])", line.removeprefix(name))]


RIGHT = {"interaction": 0, "expected_input": 1000, "expected_output": 100, "expected_cost_usd": "0.00021"}
CLAUDE = {
    "interaction": 2, "provider": "anthropic", "shape": "anthropic.messages", "expected_input": 100,
    "expected_output": 7, "expected_cache_read": 95,
}  # fmt: skip


def test_what_is_right(accuracy):
    """Usage and cost of a call, of a sum of calls and of a one-request file, beside what genai-prices reads."""
    single = {"path": "cassettes/one.json", "interaction": 0, "expected_input": 50, "expected_output": 5}
    both = {
        "interaction": "sum:2",
        "shape": "",
        "provider": "",
        "expected_input": 3000,
        "expected_cost_usd": "0.00063",
    }
    text = accuracy([RIGHT, CLAUDE, single, both, {"interaction": 1, "expected_input": 1, "confidence": "C"}])
    # rows, read, equal, priced, costs, cost equal, read and equal by genai-prices
    assert figures(text, "openai") == [2, 2, 2, 2, 1, 1, 2, 2]
    assert figures(text, "anthropic.messages") == [1, 1, 1, 1, 0, 0, 1, 1]
    assert figures(text, "all") == [4, 4, 4, 4, 2, 2, 3, 3]
    assert "truth, failures by class: 0" in text
    assert figures(text, "usage equal to the truth (A and B)") == [4, 4]
    assert figures(text, "cost equal to the truth, or explained by a rule") == [2, 2]


def test_what_is_wrong_is_named(accuracy):
    """Each failure has its class, and what no rule explains is listed with both figures."""
    text = accuracy(
        [
            {**RIGHT, "expected_input": 999},
            {**RIGHT, "expected_cost_usd": "0.5"},
            {"interaction": 3, "expected_input": 9},
            {"interaction": 7, "expected_input": 9},
        ]
    )
    assert re.search(r"1 usage differs\n", text)
    assert re.search(r"1 cost differs: unexplained\n", text)
    assert re.search(r"1 unpriced: no price at openai\n", text)
    assert re.search(r"1 interaction not read\n", text)
    assert "stated {'input_tokens': 1000, 'output_tokens': 100} 0.5, ours" in text
    assert "2 rows listed" in text
    assert "unreadable: " in text
    assert figures(text, "files read") == [2, 3]
    assert (
        "usage equal to the truth (A and B)                              2 of      4   50.00%   all       MISSED"
        in text
    )


def test_second_reading(accuracy):
    """The goals over all responses that state a usage; errors and token counts are left out."""
    stated = [{"interaction": n, "input_total": total} for n, total in enumerate((1000, 2000, 100, 9))]
    left_out = [{"interaction": 8, "status": 400}, {"interaction": 9, "shape": "openai.count_tokens"}]
    text = accuracy([RIGHT], [*stated, *left_out])
    assert figures(text, "usage read, where the response states it") == [4, 4]
    assert figures(text, "cost exact, reported or free, where usage is stated") == [3, 4]
    assert figures(text, "calls without a cost of $0 that nothing founds") == [5, 5]


def test_own_hosts_have_the_price_that_a_yaml_gives_them(accuracy, tmp_path):
    """What the owners of a suite know of their own models is taken from their llmcost.yaml."""
    yaml_file = tmp_path / "llmcost.yaml"
    yaml_file.write_text('version: 1\npricing: {free: ["openai/gpt-from-nowhere"]}\n')
    stated = [{"interaction": n, "input_total": total} for n, total in enumerate((1000, 2000, 100, 9))]
    text = accuracy([RIGHT], stated, "--config", yaml_file)
    assert figures(text, "cost exact, reported or free, where usage is stated") == [4, 4]


def test_a_cost_with_a_reason_is_explained(accuracy, tmp_path):
    """A stated cost that differs counts as explained where a table gives the reason for this call."""
    wrong = {**RIGHT, "expected_cost_usd": "0.5"}
    differences = tmp_path / "differences.tsv"
    table(
        differences,
        ["path", "interaction", "reason"],
        {"path": "acme+app/cassettes/calls.yaml", "interaction": 0, "reason": "a typing error of the test"},
    )
    assert figures(accuracy([wrong]), "cost equal to the truth, or explained by a rule") == [0, 1]
    text = accuracy([wrong], (), "--explained", differences)
    assert figures(text, "cost equal to the truth, or explained by a rule") == [1, 1]
    assert "0 rows listed" in text
