"""How right the figures are: recorded calls against what tests and providers state of them.

Usage: python benchmarks/accuracy.py FOLDER TRUTH.tsv [--usage USAGE.tsv] [--config LLMCOST.yaml]
           [--explained DIFFERENCES.tsv] [--as-of DAY] [--list N]

FOLDER holds cassettes as ``owner+repo/path``. TRUTH.tsv states usage and cost of calls, USAGE.tsv what a
plain reader found in each response. LLMCOST.yaml names the suites' own hosts, which have no price until
somebody does; DIFFERENCES.tsv gives the reason of each cost that no rule explains. Beside our figures stand
those of genai-prices' own extract_usage.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from accuracy_rows import (
    Key,
    Row,
    hourly_prices,
    read_by_genai_prices,
    reasons,
    same_cost,
    same_counts,
    second_reading,
    truth,
)

from pytest_llmcost.capture.cassette_files import read_cassette
from pytest_llmcost.commands.reading import load_yaml
from pytest_llmcost.commands.scan import Scanned, scan
from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.errors import CassetteError
from pytest_llmcost.model.call import Call, Status
from pytest_llmcost.model.money import exact_money, money_text
from pytest_llmcost.model.usage import NO_USAGE
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import AsOf, PricingRules, ProviderReported
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import NotACall

_KNOWN = frozenset({Status.EXACT, Status.REPORTED, Status.FREE})
_FEES = ("web_searches", "storage_searches")
_READ, _PRICED = Decimal("0.995"), Decimal("0.985")


@dataclass(frozen=True)
class Recordings:
    """A folder of cassettes, read and priced.

    Attributes:
        found: What the scan found.
        calls: By file and interaction.
        exchanges: All interactions, of calls or not.
        today: The day whose prices hold.
        explained: Calls whose stated cost differs for a reason that was looked up.
    """

    found: Scanned
    calls: Mapping[Key, Call]
    exchanges: Mapping[Key, Exchange]
    today: date
    explained: frozenset[Key]

    def of(self, row: Row) -> list[Call] | None:
        """The calls of a row; None if one of them is not found."""
        calls = [self.calls.get(key) for key in row.places]
        return None if None in calls else [call for call in calls if call is not None]


def recordings(
    folder: Path, today: date, config: Configuration | None = None, explained: Iterable[Key] = ()
) -> Recordings:
    config = config or Configuration()
    found = scan([str(folder)], config.hosts)
    table = PriceTable(config.pricing, today)
    calls = {}
    for measured in found.calls:
        assert measured.cassette is not None
        key = (Path(measured.cassette.path).relative_to(folder).as_posix(), measured.cassette.interaction)
        calls[key] = price_call(f"{key[0]}:{key[1]}", measured, table)
    exchanges = {}
    for path in sorted({folder / key[0] for key in calls} | set(folder.rglob("*"))):
        try:
            recorded = list(read_cassette(path)) if path.is_file() else []
        except CassetteError:
            continue
        name = path.relative_to(folder).as_posix()
        exchanges.update({(name, one.interaction): one.exchange for one in recorded})
    return Recordings(found, calls, exchanges, today, frozenset(explained))


def why_not_found(row: Row, recorded: Recordings) -> str:
    """In our own words, why a call of a row is none for us."""
    for key in row.places:
        if key in recorded.calls:
            continue
        exchange = recorded.exchanges.get(key)
        if exchange is None:
            return "interaction not read"
        reading = read_exchange(exchange, {})
        if isinstance(reading, NotACall):
            return f"no call: {reading.value}"
        return f"path of no known format ({row.shape})" if reading is None else "stored answer fetched again"
    return "found"


def failure_of(row: Row, recorded: Recordings) -> str | None:
    """Where a row fails first; None if all of it is right."""
    calls = recorded.of(row)
    if calls is None:
        return why_not_found(row, recorded)
    if not same_counts(row, [dict(call.usage) for call in calls]):
        return "usage differs"
    unknown = next((call for call in calls if call.status not in _KNOWN), None)
    if unknown is not None:
        return _class_of(unknown)
    if row.cost is not None and not same_cost(row.cost, _sum(calls)):
        return f"cost differs: {explanation(row, calls, recorded) or 'unexplained'}"
    return None


def _class_of(call: Call) -> str:
    detail = re.sub(r"[\d][\d,.]*", "n", call.status_detail or "")
    if call.status is Status.UNPRICED:
        detail = f"no price at {call.measured.provider}"
    return f"{call.status.value}: {detail}"


def _sum(calls: Iterable[Call]) -> Decimal:
    with exact_money():
        return sum((call.cost.value for call in calls), Decimal(0))


def _without_fees(calls: Iterable[Call]) -> Decimal:
    with exact_money():
        return sum(
            (
                call.cost.value - sum(call.components.get(unit, Decimal(0)) for unit in _FEES)
                for call in calls
            ),
            Decimal(0),
        )


def explanation(row: Row, calls: list[Call], recorded: Recordings) -> str | None:
    """A rule under which our cost is the stated one; None if none of those that are tried is."""
    assert row.cost is not None
    if "byok" in row.cost_from:
        return "the gateway's bill, which leaves out the provider's (BYOK)"
    rules = {
        "": PricingRules(),
        "the price of the day it was recorded": PricingRules(as_of=AsOf.RECORDED),
        "the table's price, where the provider states its own": PricingRules(
            provider_reported=ProviderReported.IGNORE
        ),
        "the table's price of that day, where the provider states its own": PricingRules(
            provider_reported=ProviderReported.IGNORE, as_of=AsOf.RECORDED
        ),
    }
    for name, rule in rules.items():
        table = PriceTable(rule, recorded.today)
        again = [price_call(call.id, call.measured, table) for call in calls]
        if same_cost(row.cost, _sum(again)):
            return name
        if same_cost(row.cost, _without_fees(again)):
            return f"{name}, without fees of searches".removeprefix(", ")
    hourly = hourly_prices(calls[0]) if len(calls) == 1 else []
    if any(same_cost(row.cost, price) for price in hourly[:1]):
        return "the price of the hour it was recorded"
    if any(same_cost(row.cost, price) for price in hourly):
        return "the price of another hour of that day"
    return None


class Tally:
    """Figures of one group of rows."""

    HEAD = ("rows", "read", "equal", "priced", "costs", "cost equal", "genai read", "genai equal")

    def __init__(self) -> None:
        self.figures = Counter[str]()

    def add(self, row: Row, recorded: Recordings) -> None:
        found = self.figures
        found["rows"] += 1
        calls = recorded.of(row)
        if calls is not None:
            found["read"] += all(call.measured.usage is not None for call in calls)
            found["equal"] += same_counts(row, [dict(call.usage) for call in calls])
            found["priced"] += all(call.status in _KNOWN for call in calls)
            if row.cost is not None:
                found["cost equal"] += same_cost(row.cost, _sum(calls))
            if len(calls) == 1:
                usages = read_by_genai_prices(calls[0].measured.provider, recorded.exchanges[row.places[0]])
                found["genai read"] += bool(usages)
                found["genai equal"] += any(same_counts(row, [usage]) for usage in usages)
        found["costs"] += row.cost is not None


def table(title: str, rows: Iterable[Row], recorded: Recordings, group: Callable[[Row], str]) -> None:
    groups: dict[str, Tally] = defaultdict(Tally)
    for row in rows:
        for name in (group(row), "all"):
            groups[name].add(row, recorded)
    names = sorted(groups, key=lambda name: (name == "all", -groups[name].figures["rows"], name))
    print(f"\n{title:<28}" + "".join(f"{head:>12}" for head in Tally.HEAD))
    for name in names:
        print(f"{name:<28}" + "".join(f"{groups[name].figures[head]:>12,}" for head in Tally.HEAD))


def classes(title: str, found: Iterable[str | None]) -> None:
    counted = Counter(name for name in found if name is not None)
    print(f"\n{title}: {sum(counted.values()):,}")
    for name, count in counted.most_common():
        print(f"{count:>8,} {name}")


def goal(name: str, met: int, of: int, wanted: Decimal | None = None) -> None:
    share = Decimal(met) / of if of else Decimal(1)
    verdict = "met" if share >= (Decimal(1) if wanted is None else wanted) else "MISSED"
    target = "all" if wanted is None else f">= {wanted:.1%}"
    print(f"{name:<58} {met:>6,} of {of:>6,} {share:>8.2%}   {target:<9} {verdict}")


def goals(rows: list[Row], usage: list[Row], recorded: Recordings) -> None:
    found = recorded.found
    print()
    goal("files read", found.files - len(found.faults), found.files + len(found.unreadable))
    calls = [recorded.of(row) for row in rows]
    goal("rows of the truth found", sum(call is not None for call in calls), len(rows))
    equal = sum(
        call is not None and same_counts(row, [dict(one.usage) for one in call])
        for row, call in zip(rows, calls, strict=True)
    )
    goal("usage equal to the truth (A and B)", equal, len(rows))
    stated = [(row, recorded.of(row)) for row in usage]
    read = [
        (row, call) for row, call in stated if call and all(one.measured.usage is not None for one in call)
    ]
    if usage:
        goal("usage read, where the response states it", len(read), len(usage), _READ)
        known = sum(all(one.status in _KNOWN for one in call or ()) and bool(call) for _, call in stated)
        goal("cost exact, reported or free, where usage is stated", known, len(usage), _PRICED)
    costs = [row for row in rows if row.cost is not None]
    goal(
        "cost equal to the truth, or explained by a rule",
        sum(is_explained(row, recorded) for row in costs),
        len(costs),
    )
    zero = [call for call in recorded.calls.values() if is_unfounded_zero(call)]
    goal(
        "calls without a cost of $0 that nothing founds", len(recorded.calls) - len(zero), len(recorded.calls)
    )
    for call in zero:
        print(f"    $0: {call.id} {call.measured.provider}/{call.measured.model.name} {dict(call.usage)}")


def is_explained(row: Row, recorded: Recordings) -> bool:
    """Whether a stated cost is ours, or ours under a rule."""
    calls = recorded.of(row)
    if calls is None or row.cost is None:
        return False
    if not recorded.explained.isdisjoint(row.places) or same_cost(row.cost, _sum(calls)):
        return True
    return explanation(row, calls, recorded) is not None


def is_unfounded_zero(call: Call) -> bool:
    """Whether a cost is $0 for certain, though something was used and nobody says that it is free."""
    free = call.status in {Status.FREE, Status.REPORTED}
    rates = call.lookup.card.rates.values() if call.lookup.card else ()
    listed_as_free = bool(rates) and not any(rate.usd for rate in rates)
    counts = [count for _, count in call.measured.usage or NO_USAGE]
    # A usage without a count says nothing, and is no usage of 0.
    nothing_used = bool(counts) and not any(counts)
    return call.cost.high == 0 and not (nothing_used or free or listed_as_free)


def differences(rows: list[Row], recorded: Recordings, most: int) -> None:
    """List the rows of the truth whose usage or cost is not ours, and no rule explains it."""
    listed = 0
    for row in rows:
        calls = recorded.of(row)
        failure = failure_of(row, recorded)
        if failure is None or not (failure == "usage differs" or failure.endswith("unexplained")):
            continue
        if failure != "usage differs" and not recorded.explained.isdisjoint(row.places):
            continue
        listed += 1
        if listed <= most:
            ours = money_text(_sum(calls or ()))
            used = [dict(call.usage) for call in calls or ()]
            print(
                f"  {row.places[0][0]} {row.places[0][1]}: {failure}; stated {dict(row.counts)} {row.cost}, ours {used} {ours}"
            )
    print(f"{listed} rows listed" if listed <= most else f"{listed} rows, {most} of them listed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--usage", type=Path, help="what a plain reader found in each response")
    parser.add_argument("--config", help="a llmcost.yaml with hosts and prices of the suites' own")
    parser.add_argument("--explained", type=Path, help="reasons of costs that differ from the truth")
    parser.add_argument("--as-of", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--list", type=int, default=50, help="how many differing rows to list")
    arguments = parser.parse_args()
    config = load_yaml(arguments.config) if arguments.config else None
    explained = reasons(arguments.explained) if arguments.explained else ()
    recorded = recordings(arguments.folder, arguments.as_of, config, explained)
    rows = truth(arguments.truth)
    usage = second_reading(arguments.usage) if arguments.usage else []
    for name, error in recorded.found.unreadable:
        print(f"unreadable: {name}: {error}")
    for fault in recorded.found.faults:
        print(f"fault: {fault}")
    for title, group in (("truth", rows), ("stated in responses", usage)):
        if not group:
            continue
        table(f"{title}, by provider", group, recorded, lambda row: row.provider)
        table(f"{title}, by shape", group, recorded, lambda row: row.shape)
        classes(f"{title}, failures by class", (failure_of(row, recorded) for row in group))
    print("\nusage or cost that differs without an explanation:")
    differences(rows, recorded, arguments.list)
    goals(rows, usage, recorded)


if __name__ == "__main__":
    main()
