"""How long it takes to read a response, and to price a call on a warm card.

Usage: python benchmarks/reading.py FOLDER [REPEATS]

Every recorded response of a folder of cassettes, by wire format: the median over responses, each the least
of several repeats in processor time. What is read again and again is the same as in a test run: the bytes
of the response and of its request.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fuzz_inputs import changed

from pytest_llmcost.capture.cassette_files import cassettes_in, read_cassette
from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.errors import CassetteError
from pytest_llmcost.model.call import Call, MeasuredCall, Origin, Source
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.pricing.unit_prices import KnownPrices
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import Reading

_BATCH = 20


def microseconds(work: Callable[[], object], repeats: int) -> float:
    """The least time of one run, in microseconds of processor time."""
    taken = []
    for _ in range(repeats):
        begin = time.process_time_ns()
        for _ in range(_BATCH):
            work()
        taken.append(time.process_time_ns() - begin)
    return min(taken) / _BATCH / 1000


def recorded(folder: Path) -> list[tuple[Exchange, Reading]]:
    found = []
    for path in cassettes_in(folder):
        try:
            exchanges = [one.exchange for one in read_cassette(path)]
        except CassetteError:
            continue
        readings = [(exchange, read_exchange(exchange, {})) for exchange in exchanges]
        found += [(exchange, reading) for exchange, reading in readings if isinstance(reading, Reading)]
    return found


def show(name: str, *columns: list[float]) -> None:
    line = f"{name:<36} {len(columns[0]):>6,}"
    for figures in columns:
        ordered = sorted(figures)
        tail = ordered[int(len(ordered) * 0.95)]
        line += f"   median {statistics.median(figures):>8.2f} us, 95 % {tail:>9.2f} us"
    print(line)


def main() -> None:
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    found = recorded(Path(sys.argv[1]))
    by_shape: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for exchange, reading in found:
        # The request is parsed too, for the model asked for and the sizes of its parts.
        alone = changed(exchange, request_body=b"{}")
        taken = (
            microseconds(lambda exchange=exchange: read_exchange(exchange, {}), repeats),
            microseconds(lambda alone=alone: read_exchange(alone, {}), repeats),
        )
        form = "stream" if reading.stream else "JSON"
        for name in (f"{form}: {reading.api.value}", f"{form}: all"):
            by_shape[name].append(taken)
    print(f"reading, Python {sys.version.split()[0]}: a response alone, and with its request")
    for name in sorted(by_shape, key=lambda name: (name.endswith(": all"), name)):
        show(name, [alone for _, alone in by_shape[name]], [both for both, _ in by_shape[name]])
    calls = [
        measured_call(reading, exchange, origin=Origin(), source=Source.REPLAYED, cassette=None)
        for exchange, reading in found
    ]
    pricing(calls, repeats)


def pricing(calls: list[MeasuredCall], repeats: int) -> None:
    """Of calls in the middle of a run, whose card was asked for before; the usage of each is its own."""
    table, known = PriceTable(PricingRules(), datetime.now(UTC).date()), KnownPrices()

    def price(batch: list[MeasuredCall]) -> list[Call]:
        return [price_call("c1", call, table, known) for call in batch]

    price(calls)
    taken = []
    for call in calls:
        batch = [with_more(call, more) for more in range(1, _BATCH + 1)]
        taken.append(microseconds(lambda batch=batch: price(batch), repeats) / _BATCH)
    print("pricing a call on a warm card")
    show("a usage that was not priced before", taken)


def with_more(call: MeasuredCall, more: int) -> MeasuredCall:
    """A call that has used more of everything that it has used at all."""
    if call.usage is None:
        return call
    return call._replace(usage=Usage({name: count and count + more for name, count in call.usage}))


if __name__ == "__main__":
    main()
