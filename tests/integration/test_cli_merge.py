"""llmcost merge, as it is typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sample
from runs import CLAUDE, GPT, made, run, save

from pytest_llmcost.model.call import Origin, Phase
from pytest_llmcost.reports.json_reader import parse_report

A, B, C = "tests/test_a.py::test_a", "tests/test_a.py::test_b", "tests/test_c.py::test_c"
ONE = {A: [made(GPT, 1000, 100)], B: [made(GPT, 500, 50), made(GPT, 500, 50)]}
TWO = {C: [made(CLAUDE, 300, 30)]}


@pytest.fixture
def shards(tmp_path):
    """one.json and two.json, parts of one run."""
    save(tmp_path / "one.json", run(ONE, full=False))
    save(tmp_path / "two.json", run(TWO, full=False, created_at=sample.NOON + timedelta(minutes=3)))
    return tmp_path


def read(path):
    return parse_report(path.read_text(encoding="utf-8"), path.name)


def test_the_whole_is_what_one_run_would_have_said(llmcost, shards):
    """Tests, sums, agents, models and rate cards are those of a run that was not split."""
    done = llmcost("merge", "one.json", "two.json", "-o", "all.json")
    assert (done.code, done.err) == (0, "")
    assert done.out == "all.json: $0.008350 to run live, 4 calls in 3 tests of 2 reports\n"
    merged, whole = read(shards / "all.json"), run({**ONE, **TWO})
    assert merged.totals == whole.totals
    assert merged.tests == whole.tests
    assert merged.models == whole.models
    assert merged.agents == whole.agents
    assert merged.rate_cards == whole.rate_cards
    assert merged.meta.pricing == whole.meta.pricing
    assert [call.id for call in merged.calls] == ["c1", "c2", "c3", "c4"]
    assert merged.meta.created_at == sample.NOON + timedelta(minutes=3)
    assert (merged.meta.selection.collected, merged.meta.selection.ran) == (3, 3)


def test_runs_of_agents_are_told_apart(llmcost, tmp_path):
    """Two shards may have named a run alike: they are two runs."""

    def one(nodeid):
        origin = Origin(
            nodeid=nodeid,
            phase=Phase.CALL,
            agent="desk",
            agent_run="a1",
            agent_path=("desk",),
            agent_runs=("a1",),
        )
        return run({nodeid: [made(GPT, 10, 1, origin=origin)]}, full=False)

    save(tmp_path / "one.json", one(A))
    save(tmp_path / "two.json", one(C))
    assert llmcost("merge", "one.json", "two.json", "-o", "all.json").code == 0
    assert [(agent.name, agent.runs) for agent in read(tmp_path / "all.json").agents] == [("desk", 2)]


def test_what_the_gate_said_of_a_part_is_left_out(llmcost, shards):
    """Limits of the suite are judged on the whole: by ``llmcost check``."""
    (shards / "llmcost.yaml").write_text('budgets: [{scope: suite, max_cost: "0.008"}]\n')
    assert llmcost("check", "one.json").code == 0
    assert llmcost("check", "two.json").code == 0
    llmcost("merge", "one.json", "two.json", "-o", "all.json")
    merged = read(shards / "all.json")
    assert (merged.diff, merged.findings, merged.limits) == (None, (), 0)
    assert llmcost("check", "all.json").code == 1


def test_an_incomplete_shard_makes_the_whole_incomplete(llmcost, shards):
    """It is joined and said, and does not pass the gate."""
    save(shards / "two.json", run(TWO, full=False, faults=("gw0 was killed",)))
    done = llmcost("merge", "one.json", "two.json", "-o", "all.json")
    assert done.code == 0
    assert "two.json: the run is not complete" in done.err
    assert not read(shards / "all.json").meta.complete
    (shards / "llmcost.yaml").write_text('budgets: [{scope: suite, max_cost: "1"}]\n')
    assert llmcost("check", "all.json").code == 3


class TestMatrix:
    def test_each_job_counts(self, llmcost, tmp_path):
        """The same tests in two surroundings: all of them are there, named after what differs in the paths."""
        save(tmp_path / "jobs" / "py311" / "report.json", run(TWO))
        save(
            tmp_path / "jobs" / "py314" / "report.json",
            run(TWO, created_at=sample.NOON + timedelta(minutes=3)),
        )
        names = ["jobs/py311/report.json", "jobs/py314/report.json"]
        assert llmcost("merge", "--matrix", *names, "-o", "all.json").code == 0
        merged = read(tmp_path / "all.json")
        assert [test.result.nodeid for test in merged.tests] == [f"{C} @py311", f"{C} @py314"]
        assert merged.totals.calls == 2
        assert merged.meta.selection.full

    def test_without_saying_so_a_test_cannot_count_twice(self, llmcost, tmp_path):
        """The test and both files are named, and the way out."""
        save(tmp_path / "py311.json", run(TWO))
        save(tmp_path / "py314.json", run(TWO, created_at=sample.NOON + timedelta(minutes=3)))
        done = llmcost("merge", "py311.json", "py314.json", "-o", "all.json")
        assert done.code == 3
        assert done.err.startswith(
            f"llmcost merge: {C} is in py311.json and in py314.json, and would count twice"
        )
        assert "--matrix" in done.err
        assert not (tmp_path / "all.json").exists()


class TestNotOneRun:
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"commit": "f" * 40}, f"the commit is {'41d0e77b' + '0' * 32} and {'f' * 40}"),
            ({"commit": None}, "and not known; merge the reports of one commit"),
        ],
    )
    def test_other_commit(self, llmcost, shards, change, says):
        """Said with both, exit status 3, and nothing is overwritten."""
        save(shards / "two.json", run(TWO, full=False, **change))
        (shards / "all.json").write_text("mine")
        done = llmcost("merge", "one.json", "two.json", "-o", "all.json")
        assert (done.code, done.out) == (3, "")
        assert "one.json and two.json are not parts of one run" in done.err
        assert says in done.err
        assert done.err.count("\n") == 1
        assert (shards / "all.json").read_text() == "mine"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('"as_of": "2026-11-23", "rate_card_sha256"', '"as_of": "2026-11-24", "rate_card_sha256"'),
            ('"version": "9.9.9"', '"version": "9.9.10"'),
            ('"include_mocked": false', '"include_mocked": true'),
            ('"usd": "10"', '"usd": "11"'),
        ],
    )
    def test_other_prices(self, llmcost, shards, before, after):
        """Sums of different prices mean nothing."""
        save(shards / "two.json", run({C: [made(GPT, 300, 30)]}, full=False))
        text = (shards / "two.json").read_text()
        assert before in text
        (shards / "two.json").write_text(text.replace(before, after))
        assert llmcost("merge", "one.json", "two.json", "-o", "all.json").code == 3
        assert not (shards / "all.json").exists()

    def test_the_same_shard_twice(self, llmcost, shards):
        """A copy counts twice as well."""
        (shards / "copy.json").write_bytes((shards / "one.json").read_bytes())
        for again in ("one.json", "copy.json"):
            for option in ([], ["--matrix"]):
                done = llmcost("merge", "one.json", again, *option, "-o", "all.json")
                assert done.code == 3
                assert f"one.json and {again} are the same report; name each shard once" in done.err


class TestBadInput:
    def test_a_shard_that_cannot_be_read(self, llmcost, shards):
        """Exit status 2, and nothing is written."""
        (shards / "two.json").write_text('{"meta": {"format"')
        done = llmcost("merge", "one.json", "two.json", "-o", "all.json")
        assert done.code == 2
        assert "two.json: not a report of pytest-llmcost" in done.err
        assert not (shards / "all.json").exists()

    def test_a_shard_is_not_overwritten(self, llmcost, shards):
        """However its path is written."""
        before = (shards / "one.json").read_bytes()
        done = llmcost("merge", "one.json", "two.json", "-o", "./one.json")
        assert done.code == 2
        assert "is one of the shards, and would be overwritten; name another file" in done.err
        assert (shards / "one.json").read_bytes() == before

    def test_nowhere_to_write(self, llmcost, shards):
        """The reason in one line."""
        done = llmcost("merge", "one.json", "two.json", "-o", "one.json/all.json")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "cannot be written" in done.err
