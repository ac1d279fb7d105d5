"""Replays of requests that changed since they were recorded, through whole sessions."""

from __future__ import annotations

import json
import textwrap

import pytest
import yaml

URL = "https://api.openai.com/v1/chat/completions"
SYSTEM = "You are a triage bot. Be brief."
LONGER = f"{SYSTEM} Answer in JSON with the keys severity, team and summary, and never apologise."
HEAD = (
    """
    import os
    import pytest
    import vcr
    from ask import http

    URL = "https://api.openai.com/v1/chat/completions"

    def ask(system=%r, prompt="my printer is on fire", model="gpt-4o-mini", **more):
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        body = {"model": model, "messages": messages, **more}
        return http().post(URL, json=body).json()["usage"]["prompt_tokens"]

    def cassette(name="a", **options):
        return vcr.VCR(record_mode="none").use_cassette(f"cassettes/{name}.yaml", **options)
"""
    % SYSTEM
)


def request(prompt="my printer is on fire", system=SYSTEM, model="gpt-4o-mini", **more):
    messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
    return {"model": model, "messages": messages, **more}


def interaction(body, tokens=1_000, status=200):
    answer = {
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 20},
    }
    return {
        "request": {
            "method": "POST",
            "uri": URL,
            "headers": {},
            "body": body if isinstance(body, str) else json.dumps(body),
        },
        "response": {
            "status": {"code": status, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": json.dumps(answer)},
        },
    }


@pytest.fixture
def suite(project):
    """A project, and what writes its cassettes and tests."""

    def write(tests, *interactions, name="a"):
        project.write("test_suite.py", HEAD + textwrap.indent(textwrap.dedent(tests), "    "))
        folder = project.folder / "cassettes"
        folder.mkdir(exist_ok=True)
        found = interactions or (interaction(request()),)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"version": 1, "interactions": list(found)}))
        return project

    return write


def stale(run):
    assert run.code in {0, 1}, run.output
    return [call["stale"] for call in run.calls]


def parts(call):
    return [change["part"] for change in call["drift"]["changes"]]


EDIT = f"""
def test_it():
    with cassette():
        assert ask(os.environ.get("SYSTEM", {SYSTEM!r})) == 1000
"""


def test_a_changed_request_is_estimated(suite):
    """The recording is kept beside the estimate, the run says so in one line, and the app sees nothing of it."""
    run = suite(EDIT).run(SYSTEM=LONGER)
    [call] = run.calls
    assert run.outcomes == {"passed": 1}
    assert call["stale"]
    assert call["status"] == "estimated"
    assert call["recorded_usage"] == {"input_tokens": 1_000, "output_tokens": 20}
    assert 1_010 <= call["usage"]["input_tokens"] <= 1_030
    assert call["usage"]["output_tokens"] == 20
    assert float(call["cost"]["low"]) < float(call["cost"]["value"]) < float(call["cost"]["high"])
    assert parts(call) == ["system"]
    [notice] = run.notices("stale")
    assert notice.startswith("1 stale call in 1 test: the request changed since the recording; ~+$0.0000")


def test_the_same_request_is_exact(suite):
    """Nothing is said."""
    run = suite(EDIT).run()
    assert stale(run) == [False]
    assert run.calls[0]["status"] == "exact"
    assert not run.notices("stale")


def test_another_model_is_priced_as_that_model(suite):
    """The recording was of the cheap one."""
    run = suite(
        """
        def test_it():
            with cassette():
                ask(model="gpt-4o")
        """
    ).run()
    [call] = run.calls
    assert call["model"] == {"requested": "gpt-4o", "billed": "gpt-4o"}
    assert call["drift"]["recorded_model"] == "gpt-4o-mini"
    assert float(call["cost"]["value"]) == pytest.approx(1_000 * 2.5e-6 + 20 * 1e-5)


UNCHANGED = {
    "order-swapped": (
        """
        def test_it():
            with cassette():
                ask(prompt="two")
                ask(prompt="one")
        """,
        [interaction(request("one")), interaction(request("two"))],
    ),
    "parallel": (
        """
        from concurrent.futures import ThreadPoolExecutor

        def test_it():
            with cassette():
                with ThreadPoolExecutor(4) as pool:
                    list(pool.map(lambda n: ask(prompt=f"prompt {n}"), (3, 1, 0, 2)))
        """,
        [interaction(request(f"prompt {n}")) for n in range(4)],
    ),
    "swapped-over-phases": (
        """
        @pytest.fixture
        def first():
            with cassette():
                ask(prompt="two")
                yield

        def test_it(first, llm_cost):
            ask(prompt="three")
            assert llm_cost.calls == 2
            ask(prompt="one")
        """,
        [interaction(request(prompt)) for prompt in ("one", "two", "three")],
    ),
    "repeats": (
        """
        def test_it():
            with cassette(allow_playback_repeats=True):
                for _ in range(3):
                    ask()
        """,
        [interaction(request())],
    ),
    "retries": (
        """
        def test_it():
            with cassette():
                http().post(URL, json={"model": "gpt-4o-mini", "messages": []})
                ask()
        """,
        [interaction({"model": "gpt-4o-mini", "messages": []}, status=429), interaction(request())],
    ),
    "new-episodes": (
        """
        def test_it():
            with cassette(record_mode="new_episodes"):
                ask()
        """,
        [interaction(request())],
    ),
    "post-data-filter": (
        """
        def test_it():
            with cassette(filter_post_data_parameters=["user", ("api_key", "HIDDEN")]):
                ask(user="anna", api_key="sk-1234")
        """,
        [interaction(request(api_key="HIDDEN"))],
    ),
    "own-filter": (
        """
        def scrub(request):
            request.body = request.body.replace(b"sk-1234", b"0000000")
            return request

        def test_it():
            with cassette(before_record_request=scrub):
                ask("key sk-1234")
        """,
        [interaction(request(system="key 0000000"))],
    ),
    "scrubbed-at-saving": (
        """
        def test_it():
            with cassette():
                ask(user="anna@example.com")
        """,
        [interaction(request(user="REDACTED"))],
    ),
    "timestamps": (
        """
        import time

        def test_it():
            with cassette():
                ask(f"It is {time.strftime('%Y-%m-%d %H:%M:%S')}, {time.time()}")
        """,
        [interaction(request(system="It is 2024-02-29 23:59:59, 1709251199.123"))],
    ),
    "ids": (
        """
        import uuid

        def test_it():
            with cassette():
                ask(tool_call_id=uuid.uuid4().hex, prompt=f"trace {uuid.uuid4()}")
        """,
        [interaction(request(tool_call_id="call_1", prompt="trace 7f3c1f8e-5d3b-4c1e-9d2a-0123456789ab"))],
    ),
    "pretty-printed": (
        "def test_it():\n    with cassette():\n        ask()\n",
        [interaction(json.dumps(request(), indent=2, sort_keys=True))],
    ),
    "body-not-recorded": (
        "def test_it():\n    with cassette():\n        ask()\n",
        [interaction("")],
    ),
    "filter-that-works-while-the-test-runs": (
        """
        working = True

        def scrub(request):
            assert working
            request.body = request.body.replace(b"sk-1234", b"0000000")
            return request

        def test_it():
            global working
            with cassette(before_record_request=scrub):
                ask("key sk-1234")
            working = False
        """,
        [interaction(request(system="key 0000000"))],
    ),
    "body-of-an-own-serializer": (
        """
        import json
        import yaml

        class Parsed:
            @staticmethod
            def deserialize(text):
                found = yaml.safe_load(text)
                for interaction in found["interactions"]:
                    interaction["request"]["body"] = json.loads(interaction["request"]["body"])
                return found

        def test_it():
            recorder = vcr.VCR(record_mode="none")
            recorder.register_serializer("parsed", Parsed)
            with recorder.use_cassette("cassettes/a.yaml", serializer="parsed"):
                ask()
        """,
        [interaction(request())],
    ),
    "app-changes-its-messages-later": (
        """
        def test_it():
            body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
            with cassette():
                http().post(URL, json=body)
            body["messages"].append({"role": "assistant", "content": "a long answer"})
            body["messages"][0]["content"] = "something else"
        """,
        [interaction({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]})],
    ),
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_no_false_stale(suite, name):
    """What only looks different is not."""
    tests, interactions = UNCHANGED[name]
    run = suite(tests, *interactions).run()
    assert run.outcomes == {"passed": 1}, run.output
    assert not any(stale(run)), [call["drift"] for call in run.calls if call["stale"]]
    assert not run.notices("stale")
    assert not run.notices("leak")
    assert run.report["meta"]["complete"]


def test_one_of_two_swapped_calls_is_stale(suite):
    """The other one's request was recorded, if beside another answer."""
    run = suite(
        """
        def test_it():
            with cassette():
                ask(prompt="two")
                ask(prompt="one, and tell me why in ten words")
        """,
        interaction(request("one")),
        interaction(request("two")),
    ).run()
    assert stale(run) == [False, True]
    assert 1_005 <= run.calls[1]["usage"]["input_tokens"] <= 1_020


def test_filters_of_the_users_are_not_asked_again(suite):
    """They may count, or be spies: they are called as often as without us, also for what has changed."""
    run = suite(
        """
        asked = []

        def scrub(request):
            asked.append(request.uri)
            return request

        def test_it(llm_cost):
            with cassette(before_record_request=scrub):
                ask("changed")
            before = len(asked)
            assert llm_cost.cost > 0
            assert len(asked) == before
            asked.append("the end")

        def test_later():
            assert asked[-1] == "the end"
        """
    ).run()
    assert run.outcomes == {"passed": 2}, run.output
    assert stale(run) == [True]
    assert run.report["meta"]["complete"]


def test_ignored_parts(suite):
    """What does not move cost in this project."""
    project = suite(
        """
        def test_it():
            with cassette():
                ask(metadata={"run": os.environ["RUN"]}, user="u2")
        """,
        interaction(request(metadata={"run": "one"}, user="u1")),
    )
    assert stale(project.run(RUN="two")) == [True]
    project.write("llmcost.yaml", "replay: {ignore: [$.user, '$.metadata.*']}")
    assert stale(project.run(RUN="two")) == [False]


def test_requests_need_not_be_compared(suite):
    """With stale: ignore all is as recorded."""
    project = suite(EDIT)
    project.write("llmcost.yaml", "replay: {stale: ignore}")
    run = project.run(SYSTEM=LONGER)
    assert stale(run) == [False]
    assert run.calls[0]["status"] == "exact"


def test_stale_fail(suite):
    """Each changed request is an error; what the baseline knows already is not."""
    project = suite(EDIT)
    project.write("llmcost.yaml", "replay: {stale: fail}")
    assert project.run().code == 0
    failed = project.run(SYSTEM=LONGER)
    assert failed.code == 1
    [finding] = failed.report["findings"]
    assert (finding["rule"], finding["level"], finding["actual"]) == ("replay.stale", "error", "1 stale call")
    assert "(system changed); record it again" in finding["message"]
    assert project.run("--llm-cost-update", SYSTEM=LONGER).code == 0
    assert project.run(SYSTEM=LONGER).code == 0
    other = project.run(SYSTEM=LONGER + " Or else, and this is long, say nothing at all.")
    assert [finding["rule"] for finding in other.report["findings"]] == ["replay.stale"]


def test_existing_drift_is_absorbed_by_the_baseline(suite):
    """The same edit is a change of exactly 0, whatever else the slopes are learnt from; more is a change."""
    project = suite(EDIT)
    project.write("llmcost.yaml", "budgets: [{scope: test, max_increase: 0%}]")
    assert project.run("--llm-cost-update", SYSTEM=LONGER).code == 0
    assert '"mark": "stale"' in (project.folder / "llmcost-baseline.json").read_text()
    same = project.run(SYSTEM=LONGER)
    assert same.code == 0
    assert same.report["diff"]["totals"]["state"] == "unchanged"
    more = project.run(
        SYSTEM=LONGER + " Then think about it again, step by step, and explain each of them." * 30
    )
    assert more.code == 1
    [cause] = more.report["diff"]["tests"][0]["causes"]
    assert cause["cause"] == "input per call"
    assert "estimated" in cause["detail"]


def test_what_it_costs_to_record_again(suite):
    """With a spend cap, the session says at its start what tests with stale recordings cost to record anew."""
    tests = f"{EDIT}\ndef test_same():\n    with cassette('b'):\n        ask()\n"
    suite(tests, name="b")
    project = suite(tests)
    assert project.run("--llm-cost-update", SYSTEM=LONGER).code == 0
    output = project.run("--llm-cost-max-spend=1", SYSTEM=LONGER).output
    [line] = [line for line in output.splitlines() if line.startswith("llm-cost: spend cap $1; ")]
    assert "if all run live (2 of 2 selected tests in llmcost-baseline.json); " in line
    assert line.endswith(" to record 1 stale test anew")
    some = project.run("--llm-cost-max-spend=1", "-k", "same", SYSTEM=LONGER).output
    assert "if all run live (1 of 1 selected test in llmcost-baseline.json)\n" in some


def test_a_small_estimate_only_warns(suite):
    """The limit lies within the interval: certain to fail is another thing."""
    project = suite(EDIT)
    project.write("llmcost.yaml", 'budgets: [{scope: test, max_cost: "0.0001653"}]')
    run = project.run(SYSTEM=LONGER)
    assert (run.code, run.report["verdict"]) == (0, "warn")


def test_recording_again_is_a_cause_of_its_own(suite):
    """The estimate goes, and what the provider says comes."""
    project = suite(EDIT)
    project.run("--llm-cost-update", SYSTEM=LONGER)
    suite(EDIT, interaction(request(system=LONGER), tokens=1_025))
    (project.folder / "test_suite.py").write_text(
        (project.folder / "test_suite.py").read_text().replace("== 1000", ">= 1000")
    )
    run = project.run(SYSTEM=LONGER)
    [cause] = run.report["diff"]["tests"][0]["causes"]
    assert cause["cause"] == "re-recorded"


def test_another_limit_of_the_answer_is_another_edit(suite):
    """What the baseline has accepted of a changed request was with the limit of that time."""
    project = suite(
        """
        def test_it():
            with cassette():
                ask(max_tokens=int(os.environ["MOST"]))
        """
    )
    project.write("llmcost.yaml", "budgets: [{scope: test, max_increase: 0%}]")
    assert project.run("--llm-cost-update", MOST="10").code == 0
    same = project.run(MOST="10")
    assert (same.code, same.report["diff"]["totals"]["state"]) == (0, "unchanged")
    assert project.run(MOST="19").code == 1


def test_an_edit_that_is_taken_back_is_not_a_new_recording(suite):
    """The recorded request is sent again: the prompt has changed, and nothing was recorded."""
    project = suite(EDIT)
    project.run("--llm-cost-update", SYSTEM=LONGER)
    [cause] = project.run().report["diff"]["tests"][0]["causes"]
    assert cause["cause"] == "input per call"


def test_changed_lines_are_shown_and_nowhere_kept(suite):
    """At -vv only: names and sizes are all that report.json, the journal and explain ever have."""
    project = suite(EDIT)
    quiet = project.run(SYSTEM=LONGER)
    assert "apologise" not in quiet.output
    loud = project.run("-vv", SYSTEM=LONGER)
    assert "+ system: You are a triage bot. Be brief. Answer in JSON" in loud.output
    assert "stale c1: system" in loud.output
    written = [path for path in (project.folder / ".llmcost").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if "apologise" in path.read_text()]


def test_in_workers_too(suite):
    """What changed travels with the calls, its text does not."""
    project = suite(EDIT)
    run = project.run("-n", "2", "-vv", plugins=("xdist",), SYSTEM=LONGER)
    assert stale(run) == [True]
    assert 1_010 <= run.calls[0]["usage"]["input_tokens"] <= 1_030
    assert "apologise" not in run.output


def test_all_calls_are_required_to_be_replayed(project):
    """A live call, or one that is recorded, is an error."""
    project.write(
        "test_suite.py",
        """
        import vcr
        from ask import chat

        def test_it():
            with vcr.use_cassette("a.yaml"):
                chat()
        """,
    )
    recorded = project.run("--llm-cost-require=replayed")
    assert recorded.code == 1
    [finding] = recorded.report["findings"]
    assert (finding["rule"], finding["actual"]) == ("require", "1 recorded")
    assert project.run("--llm-cost-require=replayed").code == 0


def test_interactions_that_no_test_plays(suite):
    """Named after a whole run that passed, also where workers play each its own; never after a part of one."""
    project = suite(
        """
        @pytest.mark.parametrize("prompt", ["one", "two"])
        def test_it(prompt):
            with cassette(match_on=["uri", "body"]):
                ask(prompt=prompt)
        """,
        *(
            interaction(json.dumps(request(prompt), separators=(",", ":")))
            for prompt in ("one", "two", "three")
        ),
    )
    whole = project.run()
    assert whole.outcomes == {"passed": 2}, whole.output
    [notice] = whole.notices("cassette")
    assert notice.startswith("1 interaction in 1 cassette no test has played (most in cassettes/a.yaml: 1)")
    assert project.run("-n", "2", plugins=("xdist",)).notices("cassette") == [notice]
    assert project.run("-k", "one").notices("cassette") == []


def test_old_recordings_are_named(suite):
    """As the Date of the answer says."""
    old = interaction(request())
    old["response"]["headers"]["date"] = ["Mon, 01 Jan 2024 10:00:00 GMT"]
    project = suite(EDIT, old)
    project.write("llmcost.yaml", "replay: {max_age: 180d}")
    [notice] = project.run().notices("cassette")
    assert "older than 180 days" in notice


def test_the_fixture_sees_the_estimate(suite):
    """A test that asserts its own cost is told what the changed request would cost."""
    run = suite(
        """
        def test_it(llm_cost):
            with cassette():
                ask(model="gpt-4o")
            assert llm_cost.cost > 0.0025
        """
    ).run()
    assert run.outcomes == {"passed": 1}, run.output
