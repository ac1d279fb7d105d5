"""For what and for whom a call is made, as the spans around it state: feature, user, session, organisation.

Sources: OpenTelemetry's semantic conventions (``session.id``, ``user.id``, ``enduser.id``,
``gen_ai.conversation.id``), Langfuse's SDK 3 to 5 (``propagate_attributes``, trace and observation metadata),
and attributes of an app's own choice under ``cost.``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_llmcost.attribution.span_agents import id_of, value_in_metadata
from pytest_llmcost.attribution.spans import Step
from pytest_llmcost.model.purposes import HASHED

# Of each attribute: where spans state it beside ``cost.``, and what Langfuse hands down in the context.
STATED = {
    "feature": (),
    "user": ("user.id", "enduser.id", "langfuse.user.id"),
    "session": ("session.id", "langfuse.session.id", "gen_ai.conversation.id"),
    "org": (),
}
_OF_METADATA = {"feature": "feature", "org": "org"}
_HANDED_DOWN = {"user": "langfuse.propagated.user_id", "session": "langfuse.propagated.session_id"}
_METADATA = ("langfuse.observation.metadata", "langfuse.trace.metadata")
_HANDED_DOWN_METADATA = "langfuse.propagated.metadata"
_DIGITS = 12


def attributes_of_spans(path: Sequence[Step], context: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a call; the innermost span that states one decides.

    Args:
        path: Spans around the call, from the outermost.
        context: OpenTelemetry's context of the call.
    """
    spans = [getattr(step.span, "attributes", None) or {} for step in reversed(path)]
    found = {}
    for name in STATED:
        value = next(filter(None, (_of_span(name, attributes) for attributes in spans)), None)
        value = value or _of_context(name, context)
        if value is not None:
            found[name] = hashed(value) if name in HASHED else value
    return found


def hashed(value: str) -> str:
    """What stands in reports for a user or an organisation: the same for the same, and not readable."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _of_span(name: str, attributes: Mapping[str, Any]) -> str | None:
    for key in (f"cost.{name}", *STATED[name]):
        value = id_of(attributes.get(key))
        if value is not None:
            return value
    if name not in _OF_METADATA:
        return None
    stated = (id_of(value_in_metadata(attributes, prefix, _OF_METADATA[name])) for prefix in _METADATA)
    return next(filter(None, stated), None)


def _of_context(name: str, context: Mapping[str, Any]) -> str | None:
    if name in _HANDED_DOWN:
        return id_of(context.get(_HANDED_DOWN[name]))
    values = context.get(_HANDED_DOWN_METADATA)
    return id_of(values.get(_OF_METADATA[name])) if isinstance(values, Mapping) else None
