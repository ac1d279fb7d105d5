"""docs/providers.md names what the tables know."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.gateways import LITELLM
from pytest_llmcost.usage.hosts import _PRICED, _REGIONAL, _WITHOUT_PRICES, CLOUDFLARE_GATEWAY

PAGE = Path(__file__).parents[3] / "docs" / "providers.md"


def test_page_names_every_format_and_provider():
    """What a user finds in a report stands there, and nothing that no report has."""
    text = PAGE.read_text(encoding="utf-8")
    formats, providers = text.split("## Providers")
    rows = [line.split("|")[1] for line in formats.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)} - {"api"}
    assert named == {api.value for api in Api}
    known = {*_PRICED.values(), *_WITHOUT_PRICES.values(), *(name for _, name in _REGIONAL), LITELLM}
    assert known - {CLOUDFLARE_GATEWAY} <= set(re.findall(r"`([^`\n]+)`", providers))
