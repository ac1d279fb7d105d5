"""Which agents the spans around a call name, by the conventions of those who write them."""

from __future__ import annotations

import json
from collections import deque
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.attribution.graphs import agents_of_graph
from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.attribution.span_agents import agents_of_spans, evaluates, extend
from pytest_llmcost.attribution.span_attributes import attributes_of_spans
from pytest_llmcost.attribution.spans import SpanTree, Step, watch_tracer
from pytest_llmcost.attribution.started import StartedSpan
from pytest_llmcost.attribution.surroundings import Entry

TYPE, METADATA, TRACE = (
    "langfuse.observation.type",
    "langfuse.observation.metadata",
    "langfuse.trace.metadata",
)
PROPAGATED = "langfuse.propagated.metadata"


class Span:
    """What is read of a span."""

    def __init__(self, identity, name="", **attributes):
        self.identity, self.name = identity, name
        self.attributes = attributes

    def get_span_context(self):
        return SimpleNamespace(span_id=self.identity)


NOWHERE = Span(0)


def entries(*spans, contexts=None, last=None):
    """The agents of spans, from the outermost, numbered from 1."""
    steps = []
    for number, (name, attributes) in enumerate(spans, 1):
        started = (contexts or {}).get(number, {})
        steps.append(Step(Span(number, name, **attributes), started))
    return [(entry.name, entry.run.lstrip("0")) for entry in agents_of_spans(steps, last or {})]


@pytest.mark.parametrize(
    ("name", "attributes", "agent"),
    [
        # OpenTelemetry's GenAI conventions.
        ("invoke_agent triage", {"gen_ai.operation.name": "invoke_agent"}, "triage"),
        ("x", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "triage"}, "triage"),
        ("chat gpt-4o", {"gen_ai.operation.name": "chat", "gen_ai.agent.name": "triage"}, "triage"),
        ("chat gpt-4o", {"gen_ai.operation.name": "chat"}, None),
        ("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}, None),
        # OpenInference.
        ("Crew.kickoff", {"openinference.span.kind": "CHAIN"}, None),
        ("triage", {"openinference.span.kind": "AGENT"}, "triage"),
        ("Agent._execute", {"openinference.span.kind": "AGENT", "agent.name": "triage"}, "triage"),
        ("Agent._execute", {"openinference.span.kind": "AGENT", "graph.node.id": "triage"}, "triage"),
        # OpenLLMetry.
        ("triage.agent", {"traceloop.span.kind": "agent", "traceloop.entity.name": "triage"}, "triage"),
        ("triage.tool", {"traceloop.span.kind": "tool", "traceloop.entity.name": "triage"}, None),
        # Langfuse: SDK 5 writes values as JSON, 3 and 4 as they are; one attribute a key, or one for all.
        ("triage", {TYPE: "agent"}, "triage"),
        ("triage", {TYPE: "span"}, None),
        ("f", {TYPE: "span", f"{METADATA}.agent_type": '"triage"'}, "triage"),
        ("f", {TYPE: "agent", f"{METADATA}.agent_type": "triage"}, "triage"),
        ("f", {METADATA: json.dumps({"agent_type": "triage", "n": 1})}, "triage"),
        ("f", {f"{TRACE}.agent_type": '"triage"', TYPE: "agent"}, "triage"),
        ("f", {TRACE: '{"agent_type": "triage"}'}, "triage"),
        # LangGraph under Langfuse's callback handler.
        ("f", {f"{METADATA}.langgraph_node": '"triage"'}, "triage"),
        ("f", {f"{METADATA}.langgraph_node": "tools", f"{METADATA}.lc_agent_name": "triage"}, "triage"),
        ("agent", {f"{METADATA}.langgraph_node": "agent", TYPE: "agent"}, None),
        # What nobody meant.
        ("f", {}, None),
        ("f", {f"{METADATA}.agent_type": 5, "gen_ai.agent.name": ("a",)}, None),
        ("f", {f"{METADATA}.agent_type": '"', METADATA: "{no json"}, '"'),
        ("f", {f"{METADATA}.agent_type": "  "}, None),
        (" ", {TYPE: "agent"}, None),
        ("f", {"gen_ai.agent.name": "x" * 5000}, "x" * 200),
    ],
)
def test_conventions(name, attributes, agent):
    """One span, and the agent that it is."""
    assert entries((name, attributes)) == ([(agent, "1")] if agent else [])


def test_run_is_the_outermost_span_of_an_agent():
    """A span of the same agent inside is part of the run; what says it again directly inside is no entry."""
    agent = {TYPE: "agent"}
    spans = [("a", agent), ("a", agent), ("step", {TYPE: "span"}), ("b", agent), ("a", agent)]
    assert entries(*spans) == [("a", "1"), ("b", "4"), ("a", "1")]


@pytest.mark.parametrize(
    ("spans", "contexts", "last", "found"),
    [
        # Entered around the first span.
        ([("f", {f"{TRACE}.agent_type": "t"})], {1: "t"}, "t", [("t", "1")]),
        ([("f", {f"{TRACE}.agent_type": "t", TYPE: "agent"})], {1: "t"}, "t", [("t", "1"), ("f", "1")]),
        # Entered inside an agent's own span: another name of the same.
        ([("f", {TYPE: "agent", f"{TRACE}.agent_type": "t"})], {}, "t", [("t", "1")]),
        # Handed down to the spans inside, which are nobody else for it.
        (
            [("f", {f"{TRACE}.agent_type": "t"}), ("g", {f"{TRACE}.agent_type": "t", TYPE: "agent"})],
            {1: "t", 2: "t"},
            "t",
            [("t", "1"), ("g", "2")],
        ),
        # Entered between two spans.
        (
            [("f", {TYPE: "agent"}), ("g", {f"{TRACE}.agent_type": "t"})],
            {2: "t"},
            "t",
            [("f", "1"), ("t", "2")],
        ),
        # Without a span that is recorded.
        ([], {}, "t", [("t", "")]),
    ],
)
def test_values_that_are_handed_down(spans, contexts, last, found):
    """``propagate_attributes`` names the agent of what is inside of it, from where it was entered."""
    contexts = {number: {PROPAGATED: {"agent_type": value}} for number, value in contexts.items()}
    assert entries(*spans, contexts=contexts, last={PROPAGATED: {"agent_type": last}}) == found


def test_tree():
    """A span is found through the contexts that spans were started in, by its identity where it is wrapped."""
    tree = SpanTree()
    root, child, leaf, unseen = Span(1), Span(2), Span(3), Span(9)
    tree.note(root, {"span": NOWHERE})
    tree.note(child, {"span": root})
    tree.note(leaf, {"span": Span(2)})  # another object with the identity of the child

    def current(context):
        return context.get("span", NOWHERE)

    def path(span):
        return [step.span for step in tree.path({"span": span}, current)]

    tree.note(Span(2), {"span": child})  # of a tracer that is switched off
    assert path(leaf) == [root, child, leaf]
    assert path(Span(3)) == [root, child, leaf]
    assert path(unseen) == [unseen]
    assert tree.path({}, current) == []


def test_tree_holds_nothing():
    """A span that nobody else holds is forgotten."""
    tree = SpanTree()
    tree.note(Span(1), {})
    assert not tree._known


def test_spans_that_say_nothing_of_models_are_let_go():
    """However many spans a test starts, those that matter stay: of models, and not ended yet."""
    tree = SpanTree()
    kept = {1: {"gen_ai.request.model": "x"}, 2: {"langfuse.observation.type": "span"}}
    for number in range(6):
        span = Span(number + 1, **kept.get(number, {"http.method": "GET"}))
        span.end_time = None if number == 4 else 1
        tree.started.append(StartedSpan(span, 0.0, Scope(), None, {}))
    tree.tidy()
    assert [one.span.get_span_context().span_id for one in tree.noted] == [2, 3, 5]
    assert not tree.started


def test_threads_tidy_at_once():
    """What one thread has taken is no fault of the other, and each span is there once."""

    class Raced(deque):
        """Another thread takes all that is left after the first."""

        def popleft(self):
            one = super().popleft()
            if self:
                tree.tidy()
            return one

    tree = SpanTree()
    tree.started = Raced()
    for number in range(4):
        span = Span(number + 1, **{"gen_ai.request.model": "x"})
        span.end_time = 1
        tree.started.append(StartedSpan(span, 0.0, Scope(), None, {}))
    tree.tidy()
    assert sorted(one.span.get_span_context().span_id for one in tree.noted) == [1, 2, 3, 4]


def test_a_fault_of_ours_never_reaches_the_app():
    """The span is given back as it is, and the fault is noted."""
    faults = []
    start = watch_tracer(
        lambda _, name, context=None, **more: (name, context, more),
        lambda *_: 1 / 0,
        lambda *told: faults.append(told),
    )
    assert start(None, "f", None, kind=5) == ("f", None, {"kind": 5})
    assert [(place, type(error)) for place, error in faults] == [("noting a span", ZeroDivisionError)]


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({}, []),
        ({"langgraph_node": "write", "langgraph_checkpoint_ns": "write:1"}, [("write", "1")]),
        (
            {"langgraph_node": "plan", "langgraph_checkpoint_ns": "team:1|plan:2"},
            [("team", "1"), ("plan", "2")],
        ),
        ({"langgraph_node": "model", "langgraph_checkpoint_ns": "model:1"}, []),
        (
            {
                "langgraph_node": "model",
                "langgraph_checkpoint_ns": "desk:1|model:2",
                "lc_agent_name": "helper",
            },
            [("desk", "1"), ("helper", "1")],
        ),
        ({"langgraph_node": "write"}, [("write", "")]),
        ({"langgraph_node": 5}, []),
    ],
)
def test_graphs(metadata, found):
    """Nodes are agents, but for those inside a prebuilt agent, which has their calls."""
    assert agents_of_graph(metadata) == [Entry(*entry) for entry in found]


def test_extend():
    """A path grows by what is not in it yet."""
    path = [Entry("a", "1")]
    extend(path, [Entry("a", "1"), Entry("b", "2"), Entry("b", "3"), Entry("a", "4")])
    assert path == [Entry("a", "1"), Entry("b", "2"), Entry("a", "1")]


KEYS = [
    *("gen_ai.agent.name", "gen_ai.operation.name", "openinference.span.kind", "agent.name", "graph.node.id"),
    *("traceloop.span.kind", "traceloop.entity.name", TYPE, METADATA, TRACE, "user.id", "cost.org"),
    *(f"{prefix}.{key}" for prefix in (METADATA, TRACE) for key in ("agent_type", "langgraph_node", "org")),
]
WORDS = st.sampled_from(
    ["agent", "AGENT", "invoke_agent", "evaluator", "a", '"a"', '{"agent_type": []}', "[1]", '"', "{"]
)
VALUES = WORDS | st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text(), max_size=2)
SPANS = st.lists(st.tuples(st.text(), st.dictionaries(st.sampled_from(KEYS), VALUES)), max_size=4)
CONTEXTS = st.dictionaries(
    st.sampled_from([PROPAGATED, "langfuse.propagated.user_id"]),
    VALUES | st.dictionaries(st.sampled_from(["agent_type", "org"]), VALUES),
)


@given(SPANS, CONTEXTS)
def test_whatever_an_app_puts_into_spans(spans, context):
    """It is read without an error; every name is text, and an agent has one run."""
    steps = [Step(Span(n, name, **attributes), context) for n, (name, attributes) in enumerate(spans, 1)]
    found = agents_of_spans(steps, context)
    assert all(entry.name and isinstance(entry.name, str) for entry in found)
    assert len({entry.name for entry in found}) == len(set(found))
    attributes = attributes_of_spans(steps, context)
    assert all(value and isinstance(value, str) for value in attributes.values())
    assert evaluates(steps) in {True, False}
