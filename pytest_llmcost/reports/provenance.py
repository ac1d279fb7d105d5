"""Where the figures of a report come from: how the calls were answered, and whose prices were applied."""

from __future__ import annotations

from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.call import Role, Source, Status
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls
from pytest_llmcost.model.shown import plural
from pytest_llmcost.reports.text import MoneyStyle


def sources_text(report: RunReport) -> str:
    """``35 replayed, 2 live``; mocked calls that do not count are said to be left out."""
    totals = report.totals
    sources = [f"{totals.sources[source]} {source.value}" for source in Source if totals.sources.get(source)]
    if totals.sources.get(Source.MOCKED) and not report.meta.include_mocked:
        sources[-1] += " (left out)"
    return ", ".join(sources)


def doubts_text(report: RunReport) -> str:
    """``1 estimated, 2 unpriced``; empty where every cost is exact."""
    statuses = report.totals.statuses
    doubtful = [status for status in Status if status is not Status.EXACT and statuses.get(status)]
    return ", ".join(f"{statuses[status]} {status.value}" for status in doubtful)


def judges_text(report: RunReport, style: MoneyStyle) -> str | None:
    """``judges: $0.0123 in 3 calls``, a part of the cost; None where no call judges."""
    found = [call for call in counted_calls(report) if call.measured.role is Role.JUDGE]
    if not found:
        return None
    return f"judges: {style.amount(total(call.cost for call in found))} in {plural(len(found), 'call')}"


def fallbacks_text(report: RunReport, style: MoneyStyle) -> str | None:
    """``fallbacks: $0.0123 in 3 calls``, a part of the cost; None where no model took another's place."""
    found = [call for call in counted_calls(report) if call.measured.fallback is not None]
    if not found:
        return None
    return f"fallbacks: {style.amount(total(call.cost for call in found))} in {plural(len(found), 'call')}"


def price_tables(report: RunReport) -> list[str]:
    """The price tables that were used: files without the line, our corrections, then the bundled one."""
    lookups = [call.lookup for call in report.calls]
    lookups += [sub_call.lookup for call in report.calls for sub_call in call.sub_calls]
    # The card beside a stated cost is for comparison only.
    cards = [lookup.card for lookup in lookups if lookup.card and lookup.source is not PriceSource.STATED]
    own = {card.origin.rpartition(":")[0] for card in cards if card.source is PriceSource.YAML}
    corrected = ["corrections"] if any(card.source is PriceSource.CORRECTION for card in cards) else []
    bundled = {card.origin for card in cards if card.source is PriceSource.GENAI_PRICES}
    return [*sorted(own), *corrected, *sorted(bundled)]


def saved_by_replaying(report: RunReport, style: MoneyStyle) -> str | None:
    """What the replayed calls would have cost; None where nothing was replayed that has a price.

    It is what the run would cost less what it spent, unless an earlier attempt was paid too or mocked calls
    count: neither has to do with replaying.
    """
    sources, calls = report.totals.sources, report.totals.calls
    if not sources.get(Source.REPLAYED):
        return None
    if sources == {Source.REPLAYED: calls}:
        saved = report.totals.cost  # as in most runs
    else:
        saved = total(c.cost for c in counted_calls(report) if c.measured.source is Source.REPLAYED)
    if not saved.low:
        return None
    cost, spent = report.totals.cost, report.totals.spent
    with exact_money():
        if cost.is_exact and spent.is_exact and saved == cost.value - spent.value:
            # Who subtracts on the page gets it.
            shown = style.rounded(cost.value) - style.rounded(spent.value)
            saved = Amount.exactly(shown) if shown else saved
    return style.amount(saved)
