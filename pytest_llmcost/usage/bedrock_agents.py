"""Agents of Bedrock: one request, and as many calls of models as the agent makes; its trace states each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_llmcost.model.call import SubCall
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.bedrock_converse import converse_usage
from pytest_llmcost.usage.event_stream import EXCEPTION
from pytest_llmcost.usage.fields import child, text
from pytest_llmcost.usage.reading import CUT, FAILED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_NO_TRACE = "the agent states its usage only in its trace: the app has to ask for it with enableTrace=True"
_UNNAMED = "the trace does not name the model of every call"
_INVOCATION = "agent_invocation"


def read_json(_body: Event, _context: Context) -> Stated:
    """An agent always streams; anything else states nothing."""
    return Stated(incomplete=_NO_TRACE)


def read_events(events: Events, context: Context) -> Stated:
    """Read the trace: the first call of a model stands for the request, and the others are inside it.

    Source: the boto3 documentation of invoke_agent, ``modelInvocationOutput.metadata.usage``.
    """
    models: dict[str, str] = {}
    calls: list[SubCall] = []
    failed = False
    for event in events:
        if event is None:
            continue
        failed = failed or EXCEPTION in event
        for step in _steps(event):
            asked, answered = child(step, "modelInvocationInput"), child(step, "modelInvocationOutput")
            model = text(asked, "foundationModel")
            if model is not None:
                models[text(asked, "traceId") or ""] = model
            if usage := converse_usage(child(child(answered, "metadata"), "usage")).counts:
                model = models.get(text(answered, "traceId") or "")
                calls.append(SubCall(_INVOCATION, model, Usage(usage)))
    if not calls:
        return Stated(incomplete=FAILED if failed else _NO_TRACE)
    first, *others = calls
    return Stated(
        usage=first.usage,
        model=first.model,
        incomplete=FAILED if failed else None if context.done else CUT,
        doubts=(_UNNAMED,) if any(call.model is None for call in others) else (),
        sub_calls=tuple(others),
    )


def _steps(event: Event) -> Iterator[Mapping[str, Any]]:
    """The parts of a trace event: of routing, before, while and after the agent thinks."""
    trace = child(child(event, "trace"), "trace")
    yield from (part for part in trace.values() if isinstance(part, Mapping))


AGENT = WireFormat(read_json, read_events)
