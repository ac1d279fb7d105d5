"""``llmcost comment`` against a GitHub on loopback."""

from __future__ import annotations

from changed import replace
import json

import pytest
import sample
import sample_diff
from github_server import BOT, HEAD, MERGE, TOKEN, FakeGitHub, pull, zipped

from pytest_llmcost import cli
from pytest_llmcost.integrations.github import api as api_module
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.markdown import marker, render_comment

CHANGED = sample_diff.changed_report()
MARKER = marker("default")


def of_commit(report, commit):
    return replace(report, meta=replace(report.meta, commit=commit))


@pytest.fixture
def github():
    server = FakeGitHub()
    yield server
    server.close()


@pytest.fixture
def waits(monkeypatch):
    """Nobody waits in these tests; how long they would is kept."""
    found = []
    monkeypatch.setattr(api_module.time, "sleep", found.append)
    connect = api_module.GitHubApi
    monkeypatch.setattr(
        "pytest_llmcost.commands.comment.comment.__defaults__",
        (lambda url, token: connect(url, token, found.append),),
    )
    return found


@pytest.fixture
def run(github, tmp_path, monkeypatch, capsys, waits):
    """Run the command on a report; the exit status, and what it said."""
    for name in ("GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    path = tmp_path / "report.json"

    def run(*typed, report=of_commit(CHANGED, HEAD), where=("--pr=7",)):
        path.write_text(render_json(report))
        status = cli.main(
            ["comment", str(path), "--repo=acme/app", f"--api-url={github.url}", *where, *typed]
        )
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_the_first_comment(run, github):
    """One is made, by whoever's token it is."""
    assert run() == (0, "comment on acme/app#7: created\n")
    (comment,) = github.comments
    assert comment["body"].startswith("### ❌ LLM cost: +$0.015770 (+80%), 3 limits exceeded")
    assert comment["body"].endswith(MARKER)


def test_the_same_again_writes_nothing(run, github):
    """GitHub keeps other line ends, and no line end at the end."""
    run()
    assert run() == (0, "comment on acme/app#7: as it was, and not written\n")
    assert len(github.writes) == 1


def test_another_run_updates_it(run, github):
    """In place, also where it has nothing left to complain of."""
    run()
    status, said = run(report=of_commit(sample_diff.unchanged_report(), HEAD))
    assert (status, said) == (0, "comment on acme/app#7: updated\n")
    assert len(github.comments) == 1
    assert github.comments[0]["body"].startswith("### ✅ LLM cost: unchanged")


def test_found_on_a_later_page(run, github):
    """However many comments stand before it."""
    github.page = 2
    for number in range(7):
        github.add(f"comment {number}", "octocat")
    github.add(f"old\n\n{MARKER}")
    github.add("last", None)
    assert run()[1].endswith("updated\n")
    assert len(github.comments) == 9
    assert github.comments[7]["body"].startswith("### ❌")


def test_the_marker_of_others_is_left_alone(run, github):
    """Neither another's comment with our marker, nor ours that quotes it or is of another id."""
    github.add(f"mine now\n\n{MARKER}", "octocat")
    github.add(f"{MARKER}\nas I said")
    github.add(f"x\n\n{marker('other')}")
    before = [row["body"] for row in github.comments]
    assert run()[1].endswith("created\n")
    assert [row["body"] for row in github.comments[:3]] == before


def test_two_ids_are_two_comments(run, github):
    """One for each suite."""
    run("--id=unit")
    run("--id=e2e")
    run("--id=unit")
    assert [row["body"].splitlines()[-1] for row in github.comments] == [marker("unit"), marker("e2e")]


def test_a_token_of_a_person(run, github):
    """Its comments are theirs; with a token that tells no name, those of the job's."""
    github.login = "octocat"
    run()
    assert run()[1].endswith("not written\n")
    github.login = None
    github.add(f"x\n{MARKER}", BOT)
    assert run()[1].endswith("updated\n")


UNCHANGED = of_commit(sample_diff.unchanged_report(), HEAD)
WARNED = of_commit(sample_diff.changed_report(budgets=""), HEAD)


@pytest.mark.parametrize(
    ("when", "report", "made"),
    [
        ("changes", UNCHANGED, False),
        ("changes", WARNED, True),
        ("always", UNCHANGED, True),
        ("failures", WARNED, False),
        ("failures", of_commit(CHANGED, HEAD), True),
        ("never", of_commit(CHANGED, HEAD), False),
    ],
)
def test_when(run, github, when, report, made):
    """Where there is no comment, one is made only if that is wanted."""
    status, _ = run(f"--when={when}", report=report)
    assert status == 0
    assert len(github.comments) == made


def test_a_run_of_an_old_commit_does_nothing(run, github):
    """Who pushes twice gets the comment of the second."""
    status, said = run(report=of_commit(CHANGED, "c" * 40))
    assert status == 0
    assert "the report is of ccccccc, and the pull request is at aaaaaaa: nothing is written" in said
    assert run(f"--head-sha={MERGE}")[1].startswith("llmcost comment: the report is of bbbbbbb")
    assert not github.writes


@pytest.mark.parametrize("commit", [HEAD, MERGE, None])
def test_a_run_of_the_head_or_of_its_merge(run, commit):
    """CI checks out either; outside git nobody knows."""
    assert run(report=of_commit(CHANGED, commit))[1].endswith("created\n")


def test_what_ran_may_be_told(run, github):
    """A job knows it better than the checkout, which may be a merge that no reviewer knows; the page names it."""
    assert run(f"--head-sha={HEAD}", report=of_commit(CHANGED, "c" * 40))[1].endswith("created\n")
    assert "commit `aaaaaaa`" in github.comments[0]["body"]


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("request_", [("GET", "pulls"), ("GET", "comments"), ("POST", "issues")])
def test_without_the_permission(run, github, status, request_):
    """A notice that names it, and no failure."""
    github.failures[request_] = [(status, {}, False)]
    code, said = run()
    assert code == 0
    assert f"answered {status}: Resource not accessible by integration" in said
    assert "permissions: {pull-requests: write}" in said


def test_a_notice_is_a_notice_of_github(run, github, monkeypatch):
    """In a job it is shown beside the others."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    github.failures["POST", "issues"] = [(403, {}, False)]
    assert run()[1].startswith("::notice title=LLM cost::POST answered 403")


def test_a_wrong_token(run, github):
    """That is a mistake, and named."""
    github.failures["GET", "pulls"] = [(401, {}, False)]
    code, said = run()
    assert code == 2
    assert "is $GITHUB_TOKEN a token of GitHub's?" in said
    assert TOKEN not in said


def test_servers_fail_for_a_moment(run, github, waits):
    """500, 502 and 503, then an answer."""
    github.failures["GET", "comments"] = [(500, {}, False), (502, {}, False), (503, {}, False)]
    assert run()[1].endswith("created\n")
    assert waits == [2.0, 4.0, 8.0]


def test_servers_fail_for_long(run, github, waits):
    """Four attempts, then a notice: a comment gates nothing."""
    github.failures["GET", "comments"] = [(500, {}, False)] * 9
    code, said = run()
    assert code == 0
    assert "GET answered 500" in said
    assert len(waits) == 3


@pytest.mark.parametrize("did_it", [True, False])
def test_a_server_that_fails_while_it_writes(run, github, did_it):
    """It may have made the comment: there is one in the end, never two."""
    github.failures["POST", "issues"] = [(502, {}, did_it)]
    assert run()[1].endswith("created\n")
    assert len(github.comments) == 1


def test_the_rate_limit(run, github, waits):
    """It is waited for as long as GitHub says, within bounds."""
    github.failures["POST", "issues"] = [
        (403, {"Retry-After": "5"}, False),
        (429, {"Retry-After": "99999"}, False),
        (403, {"X-RateLimit-Remaining": "0"}, False),
    ]
    assert run()[1].endswith("created\n")
    assert waits == [5.0, 30.0, 8.0]


def test_a_rate_limit_that_lasts(run, github):
    """What is refused for its number is told as that, and not as a missing permission."""
    github.failures["GET", "comments"] = [(403, {"X-RateLimit-Remaining": "0"}, False)] * 9
    code, said = run()
    assert code == 0
    assert "rate limit" in said
    assert "run it again later" in said
    assert "permissions" not in said


def test_a_repository_that_has_moved(run, github):
    """Nothing is written to where GitHub points: a redirected write would be read, and reported as done."""
    github.failures["POST", "issues"] = [(301, {"Location": f"{github.url}/repos/acme/app/pulls/7"}, False)]
    code, said = run()
    assert code == 2
    assert "POST answered 301" in said
    assert "has moved" in said
    assert "--repo" in said
    assert not github.comments


def test_pages_of_long_comments(run, github):
    """A hundred comments as long as GitHub takes them, in a script of four bytes a character."""
    for _ in range(100):
        github.add("\U0001f600" * 65_536, "octocat")
    github.add(f"old\n\n{MARKER}")
    assert run()[1].endswith("updated\n")


def test_nobody_answers(run, github, waits):
    """Notice, and no failure."""
    github.close()
    code, said = run()
    assert code == 0
    assert "no answer (URLError)" in said
    assert len(waits) == 3


def test_an_update_that_github_finds_wrong(run, github):
    """422 is a fault, and no matter of rights."""
    github.failures["POST", "issues"] = [(422, {}, False)]
    assert run()[0] == 2


def test_the_pull_request_of_a_branch(run, github):
    """Its number comes from GitHub, its head is the commit that ran; a fork's report is said to be one."""
    github.pulls = {
        5: pull(5, source="someone/app", sha="d" * 40),
        7: pull(source="someone/app"),
    }
    assert run(where=("--head=someone:fix", f"--head-sha={HEAD}"))[1].endswith("created\n")
    assert "reported by the run of a fork" in github.comments[0]["body"]
    code, said = run(where=("--head=someone:fix", f"--head-sha={'e' * 40}"))
    assert (code, "no open pull request of someone:fix" in said) == (0, True)


@pytest.mark.parametrize("head", [":fix", "someone:", "else:fix"])
def test_the_pull_request_of_another_branch(run, github, head):
    """Of a fork that is gone the owner is not known, and GitHub would list all: a commit may be in many forks."""
    github.pulls = {7: pull(source="someone/app")}
    code, said = run(where=(f"--head={head}", f"--head-sha={HEAD}"))
    assert (code, f"no open pull request of {head} is at" in said) == (0, True)
    assert not github.writes


def test_a_fork_that_is_gone(run, github):
    """It is still none of ours."""
    github.pulls = {7: pull(source=None)}
    run()
    assert "reported by the run of a fork" in github.comments[0]["body"]


FROM_RUN = ("--pr=7", "--run-id=55", f"--head-sha={HEAD}")


def test_the_report_of_a_run(run, github):
    """From its artifact; where that lies, nobody sees the token."""
    elsewhere = FakeGitHub()
    elsewhere.artifacts = github.artifacts = {
        "html": b"",
        "llm-cost": zipped({"journal": "x", "report.json": render_json(CHANGED)}),
    }
    github.elsewhere = elsewhere.url
    try:
        assert run(where=FROM_RUN)[1].endswith("created\n")
        assert elsewhere.tokens == [("/blob/1", None)]
        assert {token for _, token in github.tokens} == {f"Bearer {TOKEN}"}
    finally:
        elsewhere.close()


def test_a_run_without_a_report(run, github):
    """A workflow that has no such job."""
    code, said = run(where=FROM_RUN)
    assert (code, "run 55 has left no artifact llm-cost" in said) == (0, True)


def damaged(**changes):
    found = json.loads(render_json(CHANGED))
    for place, value in changes.items():
        *path, last = place.split("__")
        row = found
        for name in path:
            row = row[int(name) if name.isdigit() else name]
        row[last] = value
    return json.dumps(found)


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (b"no zip", "cannot be unpacked"),
        (zipped({"report.json": render_json(CHANGED)})[:-80], "cannot be unpacked"),
        (zipped({"other.json": "{}"}), "has no report.json"),
        (zipped({"report.json": "x" * 6_000_000}), "larger than 5 MB"),
        (b"x" * 6_000_000, "larger than 5 MB"),
        (zipped({"report.json": b"\xff\xfe"}), "is not UTF-8"),
        (zipped({"report.json": "{}"}), "not a report of pytest-llmcost"),
        (zipped({"report.json": "[" * 900_000}), "not a report of pytest-llmcost"),
        (zipped({"report.json": '{"meta": {"format": 1}, "x": ' + "[" * 400 + "]" * 400 + "}"}), "damaged"),
        (zipped({"report.json": damaged(meta__format=2)}), "is newer than this version reads"),
        (zipped({"report.json": damaged(meta__version={"a": 1})}), "damaged"),
        (zipped({"report.json": damaged(tests__0__nodeid=7)}), "damaged"),
        (zipped({"report.json": damaged(tests__0__calls="9")}), "damaged"),
        (zipped({"report.json": damaged(tests__0__calls=10**400)}), "damaged"),
        (
            zipped({"report.json": damaged(totals__cost={"low": "NaN", "value": "1", "high": None})}),
            "damaged",
        ),
        (
            zipped({"report.json": damaged(totals__cost={"low": "1", "value": "1e99999999", "high": None})}),
            "damaged",
        ),
        (zipped({"report.json": damaged(findings__0__limit=None)}), "damaged"),
        (zipped({"report.json": damaged(findings__0__message=["x"])}), "damaged"),
        (zipped({"report.json": damaged(diff__tests__0__causes=[{"cause": "calls"}])}), "damaged"),
        (zipped({"report.json": damaged(diff__partial="no")}), "damaged"),
        (zipped({"report.json": damaged(diff__base__name=None)}), "damaged"),
    ],
)
def test_a_report_of_anybodys_making(run, github, packed, said):
    """Size, depth, format and every type are checked before a word of it is written."""
    github.artifacts["llm-cost"] = packed
    code, text = run(where=FROM_RUN)
    assert code == 2
    assert said in text
    assert "Traceback" not in text
    assert not github.writes


@pytest.mark.parametrize(
    "changes",
    [
        {"meta__format": "##[add-mask]x ::error::y " * 9_000},
        {"totals__sources": {"##[add-mask]x ::error::y " * 9_000: 1}},
        {"meta__created_at": "##[add-mask]x ::error::y " * 9_000},
        {"totals__cost": {"low": "##[add-mask]x", "value": "1", "high": None}},
    ],
)
def test_what_is_said_of_a_damaged_report(run, github, changes):
    """A short line for the log, and no command of GitHub's, of the old kind neither: those count anywhere."""
    github.artifacts["llm-cost"] = zipped({"report.json": damaged(**changes)})
    code, text = run(where=FROM_RUN)
    assert code == 2
    assert len(text) < 700
    assert "##[" not in text
    assert " ::error" not in text


def test_a_dry_run_asks_nobody(run, github, monkeypatch):
    """The comment as it would be, without a token."""
    monkeypatch.delenv("GITHUB_TOKEN")
    assert run("--dry-run") == (0, render_comment(of_commit(CHANGED, HEAD)))
    assert github.log == []


def test_a_dry_run_in_a_job(run, monkeypatch):
    """A log of GitHub's obeys lines: none of the comment is a command, whatever its names and notices hold."""
    paste = Notice(NoticeKind.UNPRICED, "x", "::error::pwned\n##[add-mask]a")
    report = replace(of_commit(CHANGED, HEAD), notices=(paste,))
    assert "    ::error::pwned\n    ##[add-mask]a" in run("--dry-run", report=report)[1]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = run("--dry-run", report=report)[1]
    assert "##[" not in said
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    assert said.startswith("### ❌ LLM cost: +$0.015770 (+80%), 3 limits exceeded")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--repo=acme"), "--repo acme: write OWNER/NAME"),
        (("--repo=acme/../x"), "write OWNER/NAME"),
        (("--pr=x"), "--pr x: not a number"),
        (("--pr="), "which pull request? Write --pr N"),
        (("--id=a b"), "--id a b: letters, digits"),
        (("--id=a-->b"), "--id a-->b: letters, digits"),
        (("--api-url=file:///etc/passwd"), "--api-url file:///etc/passwd: write https://"),
        (("--head-sha=main"), "--head-sha main: not the 40 digits"),
        (("--token-env=NO_SUCH"), "$NO_SUCH is not set"),
    ],
)
def test_what_is_typed_wrong(run, github, typed, said):
    """One line that says what is allowed, and nothing asked of GitHub."""
    code, text = run(typed)
    assert code == 2
    assert said in text
    assert len(text.splitlines()) == 1
    assert github.log == []


def test_defaults_of_a_job(run, github, monkeypatch):
    """Repository and address come from the variables of the job."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/app")
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    assert run("--repo=", "--api-url=")[1].endswith("created\n")


def test_no_report(run, capsys):
    """The next command to type."""
    assert cli.main(["comment", "no/report.json", "--dry-run"]) == 2
    assert "no report at no/report.json: run pytest --llm-cost here" in capsys.readouterr().err


def test_a_real_report_has_its_types():
    """What our own runs write passes the check of what anybody writes."""
    from pytest_llmcost.model.check import check_report
    from pytest_llmcost.reports.json_reader import parse_report

    for report in (sample.report(), sample.empty_report(), CHANGED, sample.report(faults=("x",))):
        check_report(report)
        check_report(parse_report(render_json(report), "report.json"))
