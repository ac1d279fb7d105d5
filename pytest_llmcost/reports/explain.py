"""Every cent of a call, as on an invoice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from pytest_llmcost.model.call import Call, PricedSubCall
from pytest_llmcost.model.drift import Drift
from pytest_llmcost.model.keys import key_of
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import Lookup, PriceSource, Rate, RateCard
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import rollup_in
from pytest_llmcost.model.units import PER_MILLION, UNITS
from pytest_llmcost.model.usage import NO_USAGE, Usage, cache_hit_rate
from pytest_llmcost.pricing.kernel import Invoice, Line, invoice
from pytest_llmcost.reports.calls import attempts_text, fallback_text
from pytest_llmcost.reports.stale import drift_text, grown_text
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import UNKNOWN, exact_usd, percent, plural, safe

_INDENT = "  "
_LABEL = 13


def explain_calls(title: str, calls: Sequence[Call], report: RunReport, width: int) -> list[str]:
    """The invoices of some calls and their sum.

    Args:
        title: What they have in common, such as the test.
        calls: At least one.
        report: Which they are from.
        width: Of the terminal.
    """
    lines = [safe(title)]
    for call in calls:
        lines += ["", *explain_call(call, width)]
    if len(calls) > 1:
        lines += ["", _sum(calls, report)]
    return lines


def _sum(calls: Sequence[Call], report: RunReport) -> str:
    """The cost of the calls as the report counts it."""
    counted = rollup_in(report, calls)
    cost = counted.cost
    known = exact_usd(cost.value) if cost.high is not None else _at_least(cost.low)
    left_out = len(calls) - counted.calls
    rest = f" ({left_out} mocked or of an earlier attempt left out)" if left_out else ""
    return f"{plural(counted.calls, 'call')}: {known}{rest}"


def explain_call(call: Call, width: int) -> list[str]:
    """The invoice of one call: usage, units times prices, and where each price is from."""
    measured = call.measured
    lines = [f"call {call.id}  {safe(measured.provider)}/{safe(measured.model.name)}  {_manner(call)}"]
    facts = [("made by", _maker(call))]
    if measured.call_site:
        facts.append(("called from", measured.call_site))
    if measured.attributes:
        facts.append(("for", _pairs(measured.attributes)))
    facts.append(("model", _model(call)))
    if measured.failed_attempts:
        facts.append(("failed before", attempts_text(measured.failed_attempts)))
    if measured.fallback is not None:
        facts.append(("fallback from", fallback_text(measured.fallback)))
    if measured.latency is not None:
        facts.append(("latency", f"{measured.latency:,.3f} s"))
    if measured.cassette:
        number = measured.cassette.interaction
        facts.append(("cassette", f"{measured.cassette.path} #{'?' if number is None else number}"))
    facts.append(("usage", _usage(measured.usage)))
    if measured.cache_miss:
        facts.append(("cache missed", f"{measured.cache_miss}, says the provider"))
    if measured.drift is not None:
        facts += _stale_facts(call, measured.drift)
    facts += _price_facts(call)
    if measured.context:
        facts.append(("context", _pairs(measured.context)))
    detail = f": {call.status_detail}" if call.status_detail else ""
    facts.append(("status", f"{call.status.value}{detail}"))
    lines += [f"{_INDENT}{name:<{_LABEL}} {safe(value)}" for name, value in facts]
    lines += ["", *bill_table(call, width)]
    if call.lookup.trail:
        lines += ["", f"{_INDENT}how the price was found:"]
        lines += [f"{_INDENT * 2}{number}. {safe(step)}" for number, step in enumerate(call.lookup.trail, 1)]
    return lines


def _pairs(found: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in found.items())


def _stale_facts(call: Call, drift: Drift) -> Iterator[tuple[str, str]]:
    yield "recorded", _usage(call.measured.recorded_usage)
    yield "changed", drift_text(drift)
    if grown := grown_text(call):
        yield "grown by", grown


def _manner(call: Call) -> str:
    measured = call.measured
    words = [measured.api.value, "streamed" if measured.stream else "in one piece", measured.source.value]
    if measured.leak:
        words.append("leaked past an open cassette")
    return ", ".join(words)


def _maker(call: Call) -> str:
    origin = call.measured.origin
    attempt = f", attempt {origin.attempt}" if origin.attempt > 1 else ""
    agent = f", agent {' > '.join(origin.agent_path)}" if origin.agent_path else ""
    return f"{key_of(origin, '')} ({origin.phase.value}{attempt}{agent})"


def _model(call: Call) -> str:
    model = call.measured.model
    if model.requested == model.billed or model.requested is None:
        return model.billed or model.name
    return f"asked for {model.requested}, answered by {model.billed or '(not stated)'}"


def _usage(usage: Usage | None) -> str:
    if usage is None:
        return "none stated"
    counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in usage)
    rate = cache_hit_rate(usage)
    return f"{counts} (prompt cache hit rate {percent(rate)})" if usage.cache_read_tokens else counts


def _price_facts(call: Call) -> Iterator[tuple[str, str]]:
    lookup = call.lookup
    card = lookup.card
    if lookup.source is PriceSource.NONE:
        yield "price", "nobody knows one"
    elif lookup.source is PriceSource.STATED:
        yield "price", str(lookup.origin)
        if card is not None:
            yield "by tokens", _by_tokens(call, card)
    elif card is None:
        free = lookup.source is PriceSource.FREE
        yield "price", f"free, {lookup.origin}" if free else str(lookup.origin)
    else:
        yield "price", origin_of_card(card)
        yield from _corrections(call, card)


def origin_of_card(card: RateCard) -> str:
    """Where a card is from, since when its prices hold, and for which day they were looked up."""
    since = f", prices since {card.since}" if card.since else ""
    return f"{card.origin}, key {card.matched}{since}, as of {card.as_of} 12:00 UTC"


def _corrections(call: Call, card: RateCard) -> Iterator[tuple[str, str]]:
    """Which of the rates that were applied are not from the card's table, and where they are from."""
    units_of: dict[str, list[str]] = {}
    for unit in call.components:
        if unit in card.corrected:
            units_of.setdefault(card.corrected[unit], []).append(_label(unit))
    for origin, units in units_of.items():
        yield "corrected", f"{', '.join(units)}: {origin}"


def _by_tokens(call: Call, card: RateCard) -> str:
    """What a stated cost would be by usage and prices, for comparison."""
    bill = invoice(call.measured.usage or NO_USAGE, card)
    known = _at_least(bill.amount) if bill.problems or card.doubts else exact_usd(bill.amount)
    return f"{known}, for comparison ({origin_of_card(card)})"


def bill_table(call: Call, width: int) -> list[str]:
    """The invoice of a call, line by line, with its sum."""
    rows: list[tuple[str, list[str]]] = []
    rows += _rows(call.measured.usage or NO_USAGE, call.lookup, call.cost.value)
    for sub_call in call.sub_calls:
        rows += _sub_rows(sub_call)
    cost = call.cost
    rows.append(("total", ["", "", exact_usd(cost.value) if cost.high is not None else _at_least(cost.low)]))
    columns = (Column("quantity"), Column("price"), Column("amount"))
    return [f"{_INDENT}{line}" for line in table("unit", columns, rows, width - len(_INDENT))]


def _rows(usage: Usage, lookup: Lookup, cost: Decimal) -> list[tuple[str, list[str]]]:
    if lookup.source is PriceSource.FREE:
        return [(_label(name), [f"{count:,}", "free", "$0"]) for name, count in usage]
    if lookup.source is PriceSource.STATED:
        return [(f"cost {lookup.origin}", ["", "", exact_usd(cost)])]
    if lookup.card is None:
        return [(_label(name), [f"{count:,}", UNKNOWN, UNKNOWN]) for name, count in usage]
    bill = invoice(usage, lookup.card)
    return [_row(line, usage, lookup.card) for line in bill.lines] + _unpriced_rows(bill)


def _sub_rows(sub_call: PricedSubCall) -> list[tuple[str, list[str]]]:
    name = f"{sub_call.kind} by {sub_call.model or 'the same model'}"
    rows = _rows(sub_call.usage, sub_call.lookup, sub_call.cost.value)
    return [(safe(f"{name}: {label}"), cells) for label, cells in rows]


def _row(line: Line, usage: Usage, card: RateCard) -> tuple[str, list[str]]:
    apart = [name for name, _ in usage if name in card.rates and name in UNITS and line.unit in UNITS]
    parts = [name for name in apart if UNITS[line.unit].contains(UNITS[name]) and usage.get(name)]
    label = _label(line.unit)
    if parts:
        label += f" (without {', '.join(_label(part) for part in parts)})"
    return label, [f"{line.quantity:,}", _price(line, card.rates[line.unit]), exact_usd(line.amount)]


def _price(line: Line, rate: Rate) -> str:
    per = "M" if line.per == PER_MILLION else "" if line.per == 1 else f"{line.per:,}"
    text = f"${money_text(line.usd)}/{per}" if per else f"${money_text(line.usd)}"
    tier = next(
        (tier for tier in reversed(rate.tiers) if tier.usd == line.usd and line.usd != rate.usd), None
    )
    return f"{text} (above {tier.above:,})" if tier else text


def _unpriced_rows(bill: Invoice) -> list[tuple[str, list[str]]]:
    return [(safe(problem), ["", UNKNOWN, UNKNOWN]) for problem in bill.problems]


def _label(unit: str) -> str:
    return unit.replace("_", " ").removesuffix(" tokens")


def _at_least(known: Decimal) -> str:
    return f"≥ {exact_usd(known)}" if known else UNKNOWN
