"""The command llmcost, as it is typed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sample

from pytest_llmcost.reports.json_report import render_json

CASSETTES = Path(__file__).parents[2] / "examples" / "quickstart" / "tests" / "cassettes"
HOUSE = 'hosts: {"127.0.0.1:8099": house}\npricing: {models: {"house/*": {input: "0.15", output: "0.6"}}}\n'


@pytest.fixture
def llmcost(tmp_path, monkeypatch):
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "pytest_llmcost.cli", *map(str, arguments)],
            capture_output=True, text=True, encoding="utf-8", cwd=tmp_path,
        )  # fmt: skip

    return run


@pytest.fixture
def report(tmp_path):
    """The sample report, where a run writes it."""
    folder = tmp_path / ".llmcost"
    folder.mkdir()
    (folder / "report.json").write_text(render_json(sample.report()))
    return folder / "report.json"


class TestScan:
    def test_folder(self, llmcost, tmp_path):
        """Every call of a folder in file order, sums by model, and the YAML for the unknown host."""
        shutil.copytree(CASSETTES, tmp_path / "cassettes")
        done = llmcost("scan", "cassettes")
        assert done.returncode == 0
        assert "18 calls in 12 cassettes (18 unpriced)" in done.stdout
        assert 'hosts: {"127.0.0.1:8099": openai}' in done.stdout

    def test_prices_of_the_yaml_beside(self, llmcost, tmp_path):
        """llmcost.yaml of the folder holds, or the one that --config names."""
        shutil.copytree(CASSETTES, tmp_path / "cassettes")
        (tmp_path / "other.yaml").write_text(HOUSE)
        assert "$0.002492 to run live" in llmcost("scan", "cassettes", "--config", "other.yaml").stdout
        (tmp_path / "llmcost.yaml").write_text(HOUSE)
        assert "$0.002492 to run live" in llmcost("scan", "cassettes").stdout

    def test_json_has_the_calls_of_report_json(self, llmcost, tmp_path):
        """The same rows, in file and interaction order, the path as given."""
        shutil.copytree(CASSETTES / "test_desk", tmp_path / "desk")
        found = json.loads(llmcost("scan", "desk", "--format", "json").stdout)
        places = [(call["cassette"]["path"], call["cassette"]["interaction"]) for call in found["calls"]]
        assert places == sorted(places)
        assert places[0][0].startswith("desk/")
        assert set(found["calls"][0]) == set(json.loads(render_json(sample.report()))["calls"][0])

    def test_unreadable_files_are_named(self, llmcost, tmp_path):
        """Truncated, binary, empty and hostile files: each named with its reason, the others read, exit 1."""
        shutil.copy(CASSETTES / "test_triage" / "test_title_is_one_short_line.yaml", tmp_path / "good.yaml")
        (tmp_path / "cut.yaml").write_text("interactions:\n- request: {body: 'abc")
        (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
        (tmp_path / "empty.yaml").write_text("")
        (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
        (tmp_path / "evil.yaml").write_text("interactions: !!python/object/apply:os.system ['touch pwned']\n")
        done = llmcost("scan", ".")
        assert done.returncode == 1
        assert "1 call in 1 cassette" in done.stdout
        for name in ("cut", "binary", "empty", "list", "evil"):
            assert f"{name}.yaml: " in done.stderr
        assert not (tmp_path / "pwned").exists()
        assert "Traceback" not in done.stderr

    def test_json_files_of_a_project(self, llmcost, tmp_path):
        """What is no cassette is passed over in a folder, and refused if it is named."""
        shutil.copytree(CASSETTES / "test_triage", tmp_path / "cassettes")
        for name, text in {
            "package.json": '{"name": "app", "dependencies": {"request": "^2", "response": "^1"}}',
            "tsconfig.json": '{"compilerOptions": {} /* as they write it */}',
            "rows.json": "[1, 2, 3]",
            "state": '{"version": 1, "interactions": {}}',
        }.items():
            (tmp_path / "cassettes" / name).write_text(text)
        done = llmcost("scan", "cassettes")
        assert (done.returncode, done.stderr) == (0, "")
        named = llmcost("scan", "cassettes/package.json")
        assert named.returncode == 1
        assert named.stderr.startswith("llmcost scan: cassettes/package.json: no cassette: it has neither")
        (tmp_path / "cassettes" / "cut.json").write_text('{"version": 1, "interactions": [{"request"')
        cut = llmcost("scan", "cassettes")
        assert cut.returncode == 1
        assert "cassettes/cut.json: not valid JSON" in cut.stderr

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' * 100_000, "- " * 100_000, "? " * 100_000])
    def test_deep_nesting_is_refused(self, llmcost, tmp_path, text):
        """A file that would overflow the stack is named like any other that cannot be read."""
        (tmp_path / "deep.yaml").write_text(f"interactions:\n  {text}")
        done = llmcost("scan", "deep.yaml")
        assert done.returncode == 1
        assert "deep.yaml: not" in done.stderr

    def test_a_date_that_no_calendar_has(self, llmcost, tmp_path):
        """A Date header past the end of time takes no call away."""
        cassette = (CASSETTES / "test_triage" / "test_title_is_one_short_line.yaml").read_text()
        before, server, after = cassette.rpartition("      server:\n")
        date = "      date:\n      - Fri, 31 Dec 9999 23:59:59 -2300\n"
        assert server
        (tmp_path / "late.yaml").write_text(before + date + server + after)
        done = llmcost("scan", "late.yaml")
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 call in 1 cassette" in done.stdout

    def test_hostile_tags_are_data(self, llmcost, tmp_path):
        """A tag that names a python object is read as the text under it and never executed."""
        (tmp_path / "tagged.yaml").write_text(
            "interactions:\n"
            "- request: {method: POST, uri: 'https://api.openai.com/v1/chat/completions', body: '{}',\n"
            "    headers: {? !!python/object/apply:multidict._multidict.istr [Host] : [x]}}\n"
            "  response:\n"
            "    status: {code: 200}\n"
            "    headers: {x: !!python/object/apply:os.system ['touch pwned']}\n"
            '    body: {string: \'{"model": "gpt-4o-mini", "usage": {"prompt_tokens": 10, "completion_tokens": 1}}\'}\n'
        )
        done = llmcost("scan", "tagged.yaml")
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 call in 1 cassette" in done.stdout
        assert not (tmp_path / "pwned").exists()

    def test_no_such_path(self, llmcost):
        """Exit status 2."""
        done = llmcost("scan", "nowhere")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "llmcost scan: no such file or folder: nowhere\n"

    def test_bad_config(self, llmcost, tmp_path):
        """The place of the mistake, exit status 2."""
        (tmp_path / "llmcost.yaml").write_text("pricing:\n  modls: {}\n")
        done = llmcost("scan", ".")
        assert done.returncode == 2
        assert done.stderr.startswith("llmcost scan: llmcost.yaml:2:3: unknown key 'modls'")

    def test_nothing_to_scan(self, llmcost):
        """A folder without cassettes has no call."""
        done = llmcost("scan", ".")
        assert (done.returncode, done.stdout) == (0, "no LLM call in 0 cassettes\n")


@pytest.mark.usefixtures("report")
class TestExplain:
    def test_call(self, llmcost):
        """By the id of a call."""
        done = llmcost("explain", "c1")
        assert done.returncode == 0
        assert "call c1  openai/gpt-fixed-20260801" in done.stdout
        assert "$0.00209" in done.stdout

    def test_test(self, llmcost):
        """By nodeid: all its calls and their sum, the mocked one left out."""
        done = llmcost("explain", sample.REFUND)
        assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("call ")] == [
            "c1",
            "c2",
            "c13",
        ]
        assert (
            done.stdout.splitlines()[-1] == "2 calls: $1.25309 (1 mocked or of an earlier attempt left out)"
        )

    @pytest.mark.parametrize("short", ["test_refund", "test_support.py::test_refund"])
    def test_end_of_a_nodeid(self, llmcost, short):
        """The end of one nodeid is enough."""
        assert "call c1 " in llmcost("explain", short).stdout

    def test_fixture(self, llmcost):
        """By the name of a wider fixture, as the terminal writes it."""
        assert "call c11 " in llmcost("explain", "fixture tests::index").stdout

    def test_unknown_name(self, llmcost):
        """The nearest names, exit status 2."""
        done = llmcost("explain", "test_refunds")
        assert done.returncode == 2
        assert f"did you mean '{sample.REFUND}'" in done.stderr

    def test_test_without_a_call(self, llmcost):
        """Said as it is."""
        done = llmcost("explain", "tests/test_support.py::test_offline")
        assert done.stderr == "llmcost explain: tests/test_support.py::test_offline made no LLM call\n"


class TestReportFile:
    def test_none(self, llmcost):
        """What to run first."""
        done = llmcost("explain", "c1")
        assert done.returncode == 2
        assert done.stderr == (
            "llmcost explain: no report at .llmcost/report.json: run pytest --llm-cost here,"
            " or name one with --report\n"
        )

    @pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"meta": {"format": 1}}', "{" * 100_000])
    def test_damaged(self, llmcost, tmp_path, text):
        """No traceback, exit status 2."""
        (tmp_path / "bad.json").write_text(text)
        done = llmcost("explain", "c1", "--report", "bad.json")
        assert done.returncode == 2
        assert done.stderr.startswith("llmcost explain: bad.json: ")
        assert "Traceback" not in done.stderr

    def test_newer_format(self, llmcost, tmp_path):
        """A report of a later version is not guessed at."""
        (tmp_path / "new.json").write_text('{"meta": {"format": 2}}')
        done = llmcost("explain", "c1", "--report", "new.json")
        assert "format 2 is newer than this version reads (1); upgrade pytest-llmcost" in done.stderr


def test_version(llmcost):
    """The version of the package."""
    from importlib.metadata import version

    assert llmcost("--version").stdout == f"llmcost {version('pytest-llmcost')}\n"


def test_closed_pipe(tmp_path):
    """`llmcost scan ... | head -1` ends quietly."""
    done = subprocess.run(
        f'"{sys.executable}" -m pytest_llmcost.cli scan "{CASSETTES}" | head -1',
        shell=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stderr == ""


class TestPrices:
    def test_calculation_is_that_of_a_run(self, llmcost):
        """A line for each unit and the sum, at the prices of a day."""
        done = llmcost(
            "prices", "openai/gpt-4o", "--input", "1,000", "--cache-read", "600", "--output", "10", "--as-of", "2026-11-23"
        )  # fmt: skip
        assert done.returncode == 0
        assert "key openai/gpt-4o" in done.stdout
        assert "as of 2026-11-23 12:00 UTC" in done.stdout
        assert done.stdout.splitlines()[-1].split() == ["total", "$0.00185"]

    def test_json(self, llmcost):
        """Money as strings."""
        found = json.loads(
            llmcost("prices", "gpt-4o", "--provider", "openai", "--input", 5, "--format", "json").stdout
        )
        assert found["card"]["rates"]["input_tokens"] == {"usd": "2.5", "per": 1_000_000, "tiers": []}
        assert found["calculation"]["cost"]["value"] == "0.0000125"

    def test_tier_and_context(self, llmcost):
        """A tier is half price, a premium has its source, and a tier that nobody prices is in doubt."""
        flex = json.loads(
            llmcost(
                "prices", "openai/gpt-5.6-sol", "--service-tier", "flex", "--context", "data_residency=eu",
                "--as-of", "2026-11-23", "--format", "json",
            ).stdout
        )  # fmt: skip
        assert flex["card"]["rates"]["input_tokens"]["usd"] == "2.2"
        assert "data residency" in flex["card"]["corrected"]["input_tokens"]
        unheard = llmcost("prices", "openai/gpt-4o", "--service-tier", "unheard-of", "--input", 1_000_000)
        assert "in doubt" in unheard.stdout
        assert "≥ $2.5" in unheard.stdout

    def test_own_prices(self, llmcost, tmp_path):
        """llmcost.yaml of the folder holds; its models may be named alone too."""
        (tmp_path / "llmcost.yaml").write_text('pricing: {models: {acme/x: {input: "1", output: "2"}}}')
        for name in ("acme/x", "x"):
            assert "llmcost.yaml:1, key acme/x" in llmcost("prices", name).stdout

    def test_unknown_model(self, llmcost):
        """Names like it and the YAML to paste, exit 2."""
        done = llmcost("prices", "openai/gpt-99")
        assert (done.returncode, done.stdout) == (2, "")
        assert "did you mean openai/gpt-" in done.stderr
        assert '"openai/gpt-99": {input: "...", output: "..."}' in done.stderr

    def test_model_of_several_providers(self, llmcost):
        """They are listed, exit 2."""
        done = llmcost("prices", "claude-sonnet-4-5")
        assert (done.returncode, done.stdout) == (2, "")
        assert "  anthropic/claude-sonnet-4-5\n" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--input", "many"], "'many' is no count"),
            (["--input=-1"], "'-1' is no count"),
            (["--unit", "audio_second=5"], "did you mean audio_seconds"),
            (["--unit", "audio_seconds"], "is no KEY=VALUE"),
            (["--as-of", "tomorrow"], "is no day such as 2026-11-23"),
        ],
    )
    def test_mistyped(self, llmcost, arguments, message):
        """What was found and what is allowed, exit 2."""
        done = llmcost("prices", "openai/gpt-4o", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
