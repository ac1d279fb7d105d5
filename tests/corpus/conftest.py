"""The recorded calls, scanned and priced once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest
from exchanges import TODAY

from pytest_llmcost.commands.scan import Scanned, scan
from pytest_llmcost.model.call import Call
from pytest_llmcost.pricing.price_call import price_calls
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.pricing.table import PriceTable

Key = tuple[str, int]


def rows(path):
    """The rows of a tab-separated table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@dataclass(frozen=True)
class Recorded:
    """What a scan of all cassettes has found, priced as of one fixed day."""

    folder: Path
    found: Scanned
    calls: dict[Key, Call]

    def table(self, name):
        return rows(self.folder / name)


@pytest.fixture(scope="session")
def recorded(corpus):
    folder = corpus / "open"
    found = scan([str(folder)], {})
    calls = {
        (
            Path(call.measured.cassette.path).relative_to(folder).as_posix(),
            call.measured.cassette.interaction,
        ): call
        for call in price_calls(found.calls, PriceTable(PricingRules(), TODAY))
    }
    return Recorded(corpus, found, calls)
