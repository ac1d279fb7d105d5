"""A call that takes the place of one that failed, at another model, says so; what it costs is told apart."""

from __future__ import annotations

PRICES = (
    'version: 1\nhosts: {"127.0.0.1": acme}\n',
    'pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}\n',
)
SUITE = """
    import asyncio
    import pytest_llmcost
    from ask import http, url

    def ask(model, behaviour="", prompt="hi", **more):
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
        return http().post(url(behaviour=behaviour), json=body).status_code

    def test_fallback():
        with pytest_llmcost.agent("support"):
            assert ask("big", "status-429") == 429
            assert ask("big", "status-503") == 503
            assert ask("small") == 200
            assert ask("big") == 200

    def test_chain():
        ask("big", "status-500")
        ask("middle", "status-404")
        ask("small")

    def test_no_answer():
        try:
            http().post("http://127.0.0.1:9/v1/chat/completions", json={"model": "big", "messages": [{"role": "user", "content": "hi"}]})
        except http().ConnectError:
            ask("small")

    def test_same_model_again():
        ask("big", "status-500")
        ask("big", temperature=0)

    def test_another_question():
        ask("big", "status-500")
        ask("small", prompt="something else")

    def test_another_agent():
        with pytest_llmcost.agent("a"):
            ask("big", "status-500")
        with pytest_llmcost.agent("b"):
            ask("small")

    def test_another_run():
        for behaviour, model in ("status-500", "big"), ("", "small"):
            with pytest_llmcost.agent("a"):
                ask(model, behaviour)

    def test_the_next_test():
        ask("small")
"""
# By test, of each call: the models that failed before, and how.
TRIED = {
    "test_fallback": [[("big", [429, 503])], None],
    "test_chain": [[("big", [500]), ("middle", [404])]],
    "test_no_answer": [[("big", [0])]],
    "test_same_model_again": [None],
    "test_another_question": [None],
    "test_another_agent": [None],
    "test_another_run": [None],
    "test_the_next_test": [None],
}


def tried(call):
    found = call.get("fallback")
    return None if found is None else [(one["model"], one["statuses"]) for one in found["tried"]]


def test_primary_and_fallback(project):
    """The same agent's run asks another model the same after an error: with the models before it, and how long it took."""
    project.write("llmcost.yaml", *PRICES)
    project.write("test_suite.py", SUITE)
    run = project.run("-vv", COLUMNS="220")
    assert run.code == 0, run.output
    assert {name: [tried(call) for call in run.of(name)] for name in TRIED} == TRIED
    fallback, primary = run.of("test_fallback")
    assert fallback["fallback"]["tried"][0]["provider"] == "acme"
    assert 0 < fallback["fallback"]["after"] < 10 and 0 < fallback["latency"] < 10
    assert "fallback" not in primary and primary["latency"] > 0
    assert "fallbacks: $0.001308 in 3 calls" in run.output
    assert "acme/small took the place of acme/big, 2 attempts: HTTP 429, HTTP 503; sent 0." in run.output
    assert "seconds" in run.output
    explained = project.explain("test_suite.py::test_fallback").output
    assert "fallback from acme/big, 2 attempts: HTTP 429, HTTP 503; sent 0." in explained
    assert "latency       0." in explained
    page = project.run("--llm-cost-report=markdown:page.md")
    assert page.code == 0
    assert "fallbacks: $0.001308 in 3 calls" in (project.folder / "page.md").read_text()


def test_in_workers_and_replayed(project):
    """It travels from a worker; a replayed one has the same models, and no times."""
    project.write("llmcost.yaml", *PRICES)
    project.write(
        "test_suite.py",
        SUITE.partition("def test_fallback")[0],
        """
        import vcr

        def test_it():
            with vcr.use_cassette("it.yaml"):
                ask("big", "status-500")
                ask("small")
        """,
    )
    for source in ("recorded", "replayed"):
        run = project.run("-n", "1", plugins=("asyncio", "xdist"))
        (call,) = run.calls
        assert (call["source"], tried(call)) == (source, [("big", [500])]), run.output
        times = (call["latency"], call["fallback"]["after"])
        assert all(times) if source == "recorded" else times == (None, None)
