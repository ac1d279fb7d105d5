"""Google's older predict of text, pictures and videos."""

from __future__ import annotations

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.usage.fields import child, count
from pytest_llmcost.usage.reading import Stated, counted
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_json(body: Event, _context: Context) -> Stated:
    """Read predictions: text states billable tokens; pictures and videos state nothing.

    Source: Vertex AI's reference of text-bison, ``metadata.tokenMetadata``.
    """
    tokens = child(child(body, "metadata"), "tokenMetadata")
    return counted(
        {
            INPUT: count(child(tokens, "inputTokenCount"), "totalTokens"),
            OUTPUT: count(child(tokens, "outputTokenCount"), "totalTokens"),
        }
    )


PREDICT = WireFormat(read_json)
