"""OpenAI's runs of assistants: started, polled or streamed, with the usage on the run that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.usage.fields import child, count, text
from pytest_llmcost.usage.openai_chat import chat_usage
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

# A run that requires an action goes on under the same id, and its usage at the end covers all of it.
_STILL_RUNNING = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
_RUN = "thread.run"
# Tools that are billed apart, in units which no run states.
_BILLED_APART = {
    "code_interpreter": "no price for the containers of code_interpreter",
    "file_search": "no price for the calls of file_search",
}


def read_json(body: Event, context: Context) -> Stated:
    """Read a run object."""
    return _stated(body, context, NO_USAGE_STATED)


def read_events(events: Events, context: Context) -> Stated:
    """Read a streamed run: events carry the run, its steps and messages; the last run has the usage."""
    run: Mapping[str, Any] = {}
    tools: set[str] = set()
    failed = False
    for event in events:
        if event is None:
            continue
        kind = text(event, "object")
        run = event if kind == _RUN else run
        if kind == "thread.run.step":
            tools.update(_tools_called(event))
        failed = failed or bool(event.get("error") or (text(event, "message") and text(event, "type")))
    unstated = FAILED if failed else NO_USAGE_STATED if context.done else CUT
    return _stated(run, context, unstated, tools)


def _stated(run: Mapping[str, Any], context: Context, unstated: str, tools: set[str] | None = None) -> Stated:
    usage = child(run, "usage")
    return Stated(
        usage=chat_usage(usage, context.provider) if usage else None,
        model=text(run, "model"),
        incomplete=None if usage else unstated,
        response_id=text(run, "id"),
        doubts=tuple(doubt for tool, doubt in _BILLED_APART.items() if tool in (tools or ())),
        pending=not usage and text(run, "status") in _STILL_RUNNING,
        created=count(run, "completed_at") or count(run, "created_at"),
    )


def _tools_called(step: Event) -> set[str]:
    calls = child(step, "step_details").get("tool_calls")
    kinds = [text(call, "type") for call in calls] if isinstance(calls, list) else []
    return {kind for kind in kinds if kind}


RUNS = WireFormat(read_json, read_events)
