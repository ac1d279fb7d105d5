"""OpenAI embeddings: input only."""

from __future__ import annotations

from pytest_llmcost.model.units import INPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, stated_cost, text
from pytest_llmcost.usage.reading import NO_USAGE_STATED, Stated
from pytest_llmcost.usage.tiers import tier_context
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_json(body: Event, _context: Context) -> Stated:
    """Read an embeddings response; a provider may state only the total (Voyage)."""
    usage = child(body, "usage")
    tokens = count(usage, "prompt_tokens")
    if tokens is None:
        tokens = count(usage, "total_tokens")
    return Stated(
        usage=Usage(stated(**{INPUT: tokens})) if tokens is not None else None,
        model=text(body, "model"),
        incomplete=None if tokens is not None else NO_USAGE_STATED,
        response_id=text(body, "id"),
        context=tier_context(body, usage),
        cost=stated_cost(usage),
    )


EMBEDDINGS = WireFormat(read_json)
