"""llmcost diff, as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
import sample
from runs import CLAUDE, GPT, made, run, save

from pytest_llmcost.baseline.file import render_baseline
from pytest_llmcost.baseline.from_report import baseline_of

A, B, C = "tests/test_a.py::test_a", "tests/test_a.py::test_b", "tests/test_c.py::test_c"
BEFORE = {A: [made(GPT, 1000, 100)], B: [made(GPT, 500, 50)], C: [made(CLAUDE, 300, 30)]}
AFTER = {A: [made(GPT, 1000, 100)] * 2, B: [made(GPT, 500, 50)], C: [made(CLAUDE, 300, 30)]}


@pytest.fixture
def files(tmp_path):
    """base.json, head.json, and the baseline of the former."""
    save(tmp_path / "base.json", run(BEFORE))
    save(tmp_path / "head.json", run(AFTER))
    (tmp_path / "llmcost-baseline.json").write_text(render_baseline(baseline_of(run(BEFORE), "x")))
    return tmp_path


@pytest.mark.parametrize("base", ["base.json", "llmcost-baseline.json"])
def test_what_changed_and_why(llmcost, files, base):
    """Two reports, or a baseline and a report: the test that changed, its dollars and its cause."""
    done = llmcost("diff", base, "head.json")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == f"{base} -> head.json"
    assert "$0.003500  $0.007000  +$0.003500 (+100%)" in done.out
    assert "calls 1 -> 2 (1 repeats an identical call): +$0.003500" in done.out
    assert "tests: 2 unchanged" in done.out


def test_nothing_changed(llmcost, files):
    """A run against itself is no change at all."""
    done = llmcost("diff", "base.json", "base.json")
    assert "as in the baseline" in done.out
    assert "tests: 3 unchanged" in done.out


def test_json(llmcost, files):
    """The ``diff`` object of report.json; the causes add up to the change."""
    found = json.loads(llmcost("diff", "base.json", "head.json", "--format", "json").out)
    assert found["totals"]["delta"] == "0.0035"
    for change in [found["totals"], *found["tests"], *found["agents"]]:
        assert sum((Decimal(cause["delta"]) for cause in change["causes"]), Decimal(0)) == Decimal(
            change["delta"]
        )


def test_new_gone_and_not_run(llmcost, tmp_path):
    """A test that a full run lacks is gone; in a part of the suite it has not run."""
    save(tmp_path / "base.json", run({A: [made(GPT, 1000, 100)], C: [made(CLAUDE, 300, 30)]}))
    after = {A: [made(GPT, 1000, 100)], B: [made(GPT, 200, 50)]}
    save(tmp_path / "full.json", run(after))
    save(tmp_path / "part.json", run(after, full=False))
    full, part = llmcost("diff", "base.json", "full.json").out, llmcost("diff", "base.json", "part.json").out
    assert "1 new test: $0.001000, not counted as an increase" in full
    assert "tests: 1 gone, 1 unchanged" in full
    assert "tests: 1 of the baseline not run to the end, 1 unchanged" in part


@pytest.mark.parametrize(
    ("folder", "start"), [("", ""), ("tests", "tests/"), ("../kept", ""), ("..", "")], ids=str
)
def test_a_baseline_names_tests_as_in_a_session(llmcost, tmp_path, folder, start):
    """From its own folder; from the root of the run where it lies outside."""
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    kept = root / folder / "llmcost-baseline.json"
    kept.parent.mkdir(exist_ok=True)
    base = run({nodeid.removeprefix(start): calls for nodeid, calls in BEFORE.items()})
    kept.write_text(render_baseline(baseline_of(base, "x")))
    save(tmp_path / "head.json", run(BEFORE, rootdir=str(root)))
    assert "tests: 3 unchanged\n" in llmcost("diff", kept, "head.json").out


def test_both_sides_have_the_prices_of_the_newer_run(llmcost, tmp_path):
    """A price that moved between the runs is told apart, and is no change of the code."""
    save(tmp_path / "base.json", run(BEFORE))
    text = (tmp_path / "base.json").read_text()
    card = '"usd": "2.5"'
    assert card in text
    (tmp_path / "head.json").write_text(_with_dearer_input(run(BEFORE)))
    done = llmcost("diff", "base.json", "head.json")
    assert "as in the baseline" in done.out
    assert "prices moved since the baseline: +$0.003750 for the same usage" in done.out


def _with_dearer_input(report):
    from pytest_llmcost.assembly import assemble
    from pytest_llmcost.config.load import read_configuration
    from pytest_llmcost.pricing.table import PriceTable
    from pytest_llmcost.reports.json_report import render_json

    class Dearer(sample.FixedPrices):
        cards = {
            name: {**rates, "input_tokens": sample._rate("5", (200_000, "5"))}
            if name[0] == "openai"
            else rates
            for name, rates in sample.FixedPrices.cards.items()
        }

    configuration = read_configuration(sample.YAML, "llmcost.yaml", "f" * 64)
    table = PriceTable(configuration.pricing, date(2026, 11, 23), Dearer())
    facts = sample.facts(results=tuple(test.result for test in report.tests))
    return render_json(assemble([call.measured for call in report.calls], facts, configuration, table))


def test_a_model_that_only_the_baseline_knows_is_priced_by_the_table(llmcost, tmp_path):
    """A switch of models: what the new run does not use any more has its price of that day."""
    before = {A: [made("openai/gpt-4o-mini", 1000, 100)]}
    (tmp_path / "llmcost-baseline.json").write_text(render_baseline(baseline_of(run(before), "x")))
    save(tmp_path / "head.json", run({A: [made(GPT, 1000, 100)]}))
    done = llmcost("diff", "llmcost-baseline.json", "head.json")
    assert "openai/gpt-4o-mini-20260801 -> openai/gpt-fixed-20260801" in done.out
    assert "unknown" not in done.out


def test_own_prices_of_a_model_that_only_the_baseline_knows(llmcost, tmp_path):
    """The table is that of this folder's llmcost.yaml."""
    before = {A: [made("acme/old-model", 1_000_000, 0)]}
    (tmp_path / "llmcost-baseline.json").write_text(render_baseline(baseline_of(run(before), "x")))
    (tmp_path / "llmcost.yaml").write_text('pricing: {models: {"acme/*": {input: "3", output: "4"}}}\n')
    save(tmp_path / "head.json", run({A: [made(GPT, 1000, 100)]}))
    assert "$3.00 -> $0.0035" in llmcost("diff", "llmcost-baseline.json", "head.json").out


class TestGit:
    @pytest.fixture
    def repository(self, files):
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        for command in (
            ["init", "-q", "-b", "main"],
            ["add", "llmcost-baseline.json"],
            ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "x"],
        ):
            subprocess.run(["git", *command], cwd=files, check=True, env=environ)
        (files / "llmcost-baseline.json").unlink()
        return files

    def test_the_baseline_of_a_commit(self, llmcost, repository):
        """``git:main`` is the baseline as that commit has it."""
        assert llmcost("diff", "git:main", "head.json").out.startswith("git:main -> head.json\n")

    @pytest.mark.parametrize("name", ["git:nowhere", "git:", "git:--help"])
    def test_no_such_commit(self, llmcost, repository, name):
        """One line, exit status 2."""
        done = llmcost("diff", name, "head.json")
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"llmcost diff: {name}: ")
        assert done.err.count("\n") == 1

    def test_a_commit_without_a_baseline(self, llmcost, repository):
        """It is said which file it lacks."""
        environ = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x", **os.environ}
        environ |= {"GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x"}
        subprocess.run(["git", "rm", "-q", "--cached", "llmcost-baseline.json"], cwd=repository, check=True)
        subprocess.run(["git", "commit", "-q", "-m", "y"], cwd=repository, check=True, env=environ)
        done = llmcost("diff", "git:main", "head.json")
        assert (done.code, done.err) == (
            2,
            "llmcost diff: git:main: the commit has no llmcost-baseline.json\n",
        )


class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "not valid JSON"),
            ('{"meta": {"format": 1}, "tot', "not a report of pytest-llmcost; run pytest --llm-cost again"),
            (
                '{"meta": {"format": 2}}',
                "format 2 is newer than this version reads (1); upgrade pytest-llmcost",
            ),
            ('{"format": 2, "tests": {}}', "format 2 is newer than this version reads (1); upgrade"),
            (
                '{\n"format": 1,\n<<<<<<< HEAD\n',
                "base.json:3: conflict marks of git; keep all lines of both sides",
            ),
            ('{"meta": {"format": 1}}', "damaged (KeyError: 'rate_cards'); run pytest --llm-cost again"),
            ("[" * 100_000, "nested too deeply"),
            ('{"format": 1, "tests": {"a::b": {"calls": [{"times": 0}]}}}', "the line of a::b is damaged"),
        ],
    )
    def test_base(self, llmcost, files, text, says):
        """What is wrong and what to type next, in one line; exit status 2."""
        (files / "base.json").write_text(text)
        done = llmcost("diff", "base.json", "head.json")
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("llmcost diff: base.json:")
        assert says in done.err
        assert done.err.count("\n") == 1

    def test_no_such_file(self, llmcost, files):
        """Of the head it is said how to make it."""
        done = llmcost("diff", "base.json", "nothing.json")
        assert done.code == 2
        assert done.err == (
            "llmcost diff: no report at nothing.json: run pytest --llm-cost here, or name another one\n"
        )
        assert (
            llmcost("diff", "nothing.json", "head.json").err
            == "llmcost diff: nothing.json: cannot be read: No such file or directory;"
            " pytest --llm-cost --llm-cost-update writes one\n"
        )

    def test_a_baseline_in_the_place_of_the_head(self, llmcost, files):
        """Only a report has calls with a cost."""
        done = llmcost("diff", "base.json", "llmcost-baseline.json")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "llmcost-baseline.json: not a report of pytest-llmcost" in done.err

    @pytest.mark.parametrize("names", [("cut.json", "head.json"), ("base.json", "cut.json")])
    def test_a_run_that_is_not_complete(self, llmcost, files, names):
        """Its figures mean nothing, on either side: exit status 3."""
        save(files / "cut.json", run(BEFORE, faults=("gw0 was killed",)))
        done = llmcost("diff", *names)
        assert (done.code, done.out) == (3, "")
        assert "cut.json: the run is not complete, calls may be missing" in done.err

    def test_a_hundred_megabytes_of_something_else(self, llmcost, files):
        """Size alone is no reason to fail in another way."""
        (files / "base.json").write_text('{"meta": {"format": 1}, "calls": ["' + "x" * 100_000_000)
        assert llmcost("diff", "base.json", "head.json").code == 2

    def test_names_cannot_move_the_cursor(self, llmcost, tmp_path):
        """Control characters of test ids are spelled out."""
        odd = "tests/test_a.py::test_\x1b[31m"
        save(tmp_path / "base.json", run({odd: [made(GPT, 10, 1)]}))
        save(tmp_path / "head.json", run({odd: [made(GPT, 20, 1)]}))
        assert "\x1b" not in llmcost("diff", "base.json", "head.json").out


@pytest.mark.parametrize("base", ["base.json", "llmcost-baseline.json"])
def test_it_loads_neither_price_table_nor_pytest(files, base):
    """All that it needs is in the files: it starts fast, and works where nothing else is installed."""
    code = (
        "import sys\nfrom pytest_llmcost.cli import main\n"
        f"assert main(['diff', {base!r}, 'head.json']) == 0\n"
        "print(*['loaded:' + name for name in ('genai_prices', 'pydantic', 'pytest', 'yaml', 'httpx', 'vcr')"
        " if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=files, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "loaded:" not in done.stdout
