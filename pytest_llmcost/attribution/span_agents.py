"""The agents that spans name, by the conventions of those who write them.

Sources: the GenAI semantic conventions of OpenTelemetry (``gen_ai.agent.name``, ``invoke_agent``),
OpenInference (``openinference.span.kind``), OpenLLMetry (``traceloop.span.kind``) and the attributes that
Langfuse's SDK 3 to 5 writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_llmcost.attribution.graphs import agent_of_node
from pytest_llmcost.attribution.spans import Step
from pytest_llmcost.attribution.surroundings import Entry

Attributes = Mapping[str, Any]
_OBSERVATION = "langfuse.observation.metadata"
_TRACE = "langfuse.trace.metadata"
_TYPE = "langfuse.observation.type"
_NAMED = "agent_type"
_INVOKE = "invoke_agent"
# What anthropic's SDK calls the loop of its tool runner is a function of the library, and nobody's agent.
_OF_LIBRARIES = "anthropic."
_LONGEST = 200  # a name; somebody may put a prompt there
_LARGEST = 2**64  # an id; the text of greater numbers may be refused
# Where values stand that are handed down to every span inside, also while no span is recorded.
_PROPAGATED = "langfuse.propagated.metadata"


def agents_of_spans(path: Sequence[Step], context: Mapping[str, Any]) -> list[Entry]:
    """The agents around a call.

    Args:
        path: Spans, from the outermost; their attributes are read now, as they may be set late.
        context: OpenTelemetry's context of the call.

    Returns:
        From the outermost. The run of an agent is its outermost span.
    """
    found: list[Entry] = []
    handed_down: str | None = None
    for span, started_in in path:
        attributes: Attributes = getattr(span, "attributes", None) or {}
        run = f"{span.get_span_context().span_id:016x}"
        outer = _propagated(started_in)
        inner = metadata_of(attributes, _TRACE, _NAMED)
        own = _agent_of(
            getattr(span, "name", ""), attributes, inner if inner not in {outer, handed_down} else None
        )
        if outer not in {None, handed_down}:
            extend(found, [Entry(str(outer), run)])
        if own is not None:
            extend(found, [Entry(own, run)])
        handed_down = inner or outer or handed_down
    last = _propagated(context)
    if last not in {None, handed_down}:
        extend(found, [Entry(str(last), "")])
    return found


def evaluates(path: Iterable[Step]) -> bool:
    """Whether a span around a call is one of an evaluator."""
    attributes = (getattr(step.span, "attributes", None) or {} for step in path)
    return any(
        found.get(_TYPE) == "evaluator" or found.get("openinference.span.kind") == "EVALUATOR"
        for found in attributes
    )


def _propagated(context: Mapping[str, Any] | None) -> str | None:
    values = (context or {}).get(_PROPAGATED)
    return text_of(values.get(_NAMED)) if isinstance(values, Mapping) else None


def _agent_of(name: str, attributes: Attributes, of_trace: str | None) -> str | None:
    """The agent that a span is; None if it is something else."""
    stated = metadata_of(attributes, _OBSERVATION, _NAMED)
    node = metadata_of(attributes, _OBSERVATION, "langgraph_node")
    if stated is None and of_trace is None and node is not None:
        return agent_of_node(node, metadata_of(attributes, _OBSERVATION, "lc_agent_name"))
    return stated or of_trace or _by_convention(name, attributes)


def _by_convention(name: str, attributes: Attributes) -> str | None:
    named = text_of(attributes.get("gen_ai.agent.name"))
    if attributes.get("gen_ai.operation.name") == _INVOKE:
        return named or (None if name.startswith(_OF_LIBRARIES) else text_of(name.removeprefix(_INVOKE)))
    if attributes.get("openinference.span.kind") == "AGENT":
        keys = ("agent.name", "graph.node.name", "graph.node.id")
        return next(filter(None, (text_of(attributes.get(key)) for key in keys)), named or text_of(name))
    if attributes.get("traceloop.span.kind") == "agent":
        return text_of(attributes.get("traceloop.entity.name")) or text_of(name)
    if named is None and attributes.get(_TYPE) == "agent":
        return text_of(name)
    return named


def metadata_of(attributes: Attributes, prefix: str, key: str) -> str | None:
    """A name in metadata, which is one attribute for each key, or JSON in one attribute for all."""
    return text_of(value_in_metadata(attributes, prefix, key))


def value_in_metadata(attributes: Attributes, prefix: str, key: str) -> object:
    """As ``metadata_of``, whatever it is."""
    found = attributes.get(f"{prefix}.{key}")
    if found is not None:
        return found
    whole = attributes.get(prefix)
    if not isinstance(whole, str) or not whole.startswith("{"):
        return None
    try:
        return json.loads(whole).get(key)
    except (ValueError, RecursionError):
        return None


def text_of(value: object) -> str | None:
    """A name; version 5 of Langfuse's SDK writes each value as JSON."""
    if not isinstance(value, str):
        return None
    if value.startswith('"') and value.endswith('"'):
        try:
            decoded = json.loads(value)
        except (ValueError, RecursionError):
            decoded = value
        value = decoded if isinstance(decoded, str) else value
    return value.strip()[:_LONGEST] or None


def id_of(value: object) -> str | None:
    """A name, or an id that is a number, which Langfuse's SDK 3 and 4 keep as one."""
    if type(value) is int and abs(value) < _LARGEST:
        return str(value)
    return text_of(value)


def extend(path: list[Entry], entries: Iterable[Entry]) -> None:
    """Add entries that are further in than all of a path.

    What is there already is left out, and so is an agent directly inside itself; one further in has the run
    of the outermost.
    """
    for entry in entries:
        if entry in path or (path and path[-1].name == entry.name):
            continue
        run = next((one.run for one in path if one.name == entry.name), entry.run)
        path.append(Entry(entry.name, run))
