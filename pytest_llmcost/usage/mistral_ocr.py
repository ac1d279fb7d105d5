"""Mistral's OCR, which is billed by the page."""

from __future__ import annotations

from pytest_llmcost.usage.fields import child, count, text
from pytest_llmcost.usage.reading import Stated, counted
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_json(body: Event, _context: Context) -> Stated:
    """Read a document. Source: Mistral's API, ``usage_info``, and its pricing page.

    A page with structured annotations has a price of its own, and is a page all the same.
    """
    pages = count(child(body, "usage_info"), "pages_processed")
    annotated = pages if body.get("document_annotation") else None
    return counted(
        {"input_document_pages": pages, "input_annotated_document_pages": annotated},
        model=text(body, "model"),
    )


OCR = WireFormat(read_json)
