"""What applies prices to calls."""

from __future__ import annotations

from typing import Protocol

from pytest_llmcost.model.call import MeasuredCall
from pytest_llmcost.model.price import Lookup


class Prices(Protocol):
    """Finds the price of a call: the price table, or the rate cards of a report."""

    def look_up(self, call: MeasuredCall) -> Lookup:
        """The price of a call; of the source ``NONE`` if nobody knows the model."""
        ...

    def look_up_model(self, call: MeasuredCall, model: str) -> Lookup:
        """The price of another model at the same provider, for a call inside a call."""
        ...
