"""Calls that judge the app are told apart from its own: by library, by rule and by span."""

from __future__ import annotations

import importlib.util

import pytest

PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""


def roles(run):
    return {call["nodeid"].partition("::")[2]: call["role"] for call in run.calls}


def test_library_for_evaluation(project):
    """What such a library sends judges, also where it was loaded late; what the app sends inside it does not."""
    library = "import ask\n\ndef measure(app):\n    app()\n    return ask.chat()\n"
    project.write(".venv/lib/python3/site-packages/deepeval/__init__.py", library)
    project.write(
        "test_suite.py",
        """
        import sys
        from ask import chat

        def app():
            return chat()

        def test_app():
            app()

        def test_judge():
            sys.path.insert(0, ".venv/lib/python3/site-packages")
            import deepeval
            deepeval.measure(lambda: None)

        def test_app_inside_a_judge():
            import deepeval
            deepeval.measure(app)
        """,
    )
    project.write("llmcost.yaml", PRICES)
    run = project.run()
    assert run.code == 0, run.output
    assert [(call["nodeid"].partition("::")[2], call["role"]) for call in run.calls] == [
        ("test_app", "app"),
        ("test_judge", "judge"),
        ("test_app_inside_a_judge", "app"),
        ("test_app_inside_a_judge", "judge"),
    ]
    assert "judges: $0.000872 in 2 calls" in run.output


def test_rule(project):
    """A rule says that code of the project judges, also inside an agent's context."""
    project.write("checks.py", "import ask\n\ndef grade():\n    return ask.chat()\n")
    project.write(
        "test_suite.py",
        """
        import sys
        sys.path.insert(0, ".")
        import checks, pytest_llmcost
        from ask import chat

        def test_app():
            chat()

        def test_grade():
            checks.grade()

        def test_grade_inside_an_agent():
            with pytest_llmcost.agent("support"):
                checks.grade()
        """,
    )
    project.write("llmcost.yaml", PRICES, "agents:\n  - {name: grader, call_site: checks.py, role: judge}\n")
    run = project.run()
    assert roles(run) == {"test_app": "app", "test_grade": "judge", "test_grade_inside_an_agent": "judge"}
    assert [call["agent"] for call in run.calls] == [None, "grader", "support"]


@pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None
    or importlib.util.find_spec("opentelemetry.sdk") is None,
    reason="opentelemetry-sdk is not installed",
)
@pytest.mark.parametrize(
    ("key", "value"), [("langfuse.observation.type", "evaluator"), ("openinference.span.kind", "EVALUATOR")]
)
def test_span(project, key, value):
    """Calls inside the span of an evaluator judge."""
    project.write(
        "test_suite.py",
        f"""
        from opentelemetry.sdk.trace import TracerProvider
        from ask import chat

        tracer = TracerProvider().get_tracer("app")

        def test_app():
            with tracer.start_as_current_span("step"):
                chat()

        def test_judge():
            with tracer.start_as_current_span("grade", attributes={{"{key}": "{value}"}}):
                chat()
        """,
    )
    assert roles(project.run()) == {"test_app": "app", "test_judge": "judge"}
