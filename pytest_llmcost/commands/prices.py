"""``llmcost prices``: what a model costs, with the same tables and the same arithmetic as a run."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TextIO

from pytest_llmcost.commands import prices_options
from pytest_llmcost.commands.prices_options import UNIT_OPTIONS
from pytest_llmcost.commands.reading import load_yaml
from pytest_llmcost.model.call import Api, Call, MeasuredCall, ModelIds, Origin, RequestSize, Source
from pytest_llmcost.model.price import PriceSource, RateCard
from pytest_llmcost.model.usage import NO_USAGE, Usage
from pytest_llmcost.pricing.notices import price_to_paste
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.reports.prices import (
    PriceAnswer,
    render_ambiguous,
    render_prices,
    render_prices_json,
    render_unknown,
)
from pytest_llmcost.usage.tiers import tier_context

OK, UNKNOWN = 0, 2
_AHEAD = timedelta(days=366)
_NEAR = 5
_ALIKE = 0.6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed."""
    prices_options.add_arguments(parser)


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:
    """Show the price of the model that the command line names.

    Returns:
        0 if it has one, 2 if no table knows it, or several providers have a model of that name.
    """
    table = _table(arguments)
    usage, context = _usage(arguments), _context(arguments)
    owners = _owners(arguments, table)
    if len(owners) > 1:
        err.write("\n".join(render_ambiguous(arguments.model, owners)) + "\n")
        return UNKNOWN
    provider, model = (owners[0], _model(arguments, owners[0])) if owners else _split(arguments)
    call = price_call("c1", _call(provider, model, usage, context), table)
    if call.lookup.source is PriceSource.NONE:
        name = f"{provider}/{model}" if provider else model
        paste = call.lookup.origin or price_to_paste(provider or "provider", model, Api.OPENAI_CHAT)
        err.write("\n".join(render_unknown(name, _near(name, model, table), paste)) + "\n")
        return UNKNOWN
    answer = PriceAnswer(call, table.bundled.contexts(provider, model), _changes(call, table))
    if arguments.format == "json":
        out.write(render_prices_json(answer))
    else:
        out.write("\n".join(render_prices(answer, width)) + "\n")
    return OK


def _table(arguments: argparse.Namespace) -> PriceTable:
    configuration = load_yaml(arguments.config)
    table = PriceTable(configuration.pricing, datetime.now(UTC).date())
    return table if arguments.as_of is None else table.on(arguments.as_of)


def _split(arguments: argparse.Namespace) -> tuple[str, str]:
    if arguments.provider is not None:
        return arguments.provider, arguments.model
    provider, slash, model = arguments.model.partition("/")
    return (provider, model) if slash and model else ("", arguments.model)


def _owners(arguments: argparse.Namespace, table: PriceTable) -> list[str]:
    """Whose model it may be; empty where nobody lists it."""
    provider, model = _split(arguments)
    if provider and table.knows(provider, model):
        return [provider]
    if arguments.provider is not None:
        return []
    typed = [
        rule.key.partition("/")[0] for rule in table.rules.models if rule.key.endswith(f"/{arguments.model}")
    ]
    return sorted({*typed, *table.bundled.owners(arguments.model)})


def _model(arguments: argparse.Namespace, owner: str) -> str:
    provider, model = _split(arguments)
    return model if provider == owner else str(arguments.model)


def _near(name: str, model: str, table: PriceTable) -> Sequence[str]:
    names = [*table.bundled.names(), *(rule.key for rule in table.rules.models)]
    by_id = {listed.partition("/")[2]: listed for listed in reversed(names)}
    close = difflib.get_close_matches(name, names, n=_NEAR, cutoff=_ALIKE)
    close += [by_id[near] for near in difflib.get_close_matches(model, by_id, n=_NEAR, cutoff=_ALIKE)]
    return list(dict.fromkeys(close))[:_NEAR]


def _usage(arguments: argparse.Namespace) -> Usage:
    counts = {unit: getattr(arguments, unit) for unit in UNIT_OPTIONS.values()}
    given = {unit: number for unit, number in counts.items() if number is not None}
    given.update(arguments.unit)
    return Usage(given) if given else NO_USAGE


def _context(arguments: argparse.Namespace) -> dict[str, str]:
    tier = {"service_tier": arguments.service_tier} if arguments.service_tier else {}
    return {**tier_context(tier, {}), **dict(arguments.context)}


def _call(provider: str, model: str, usage: Usage, context: Mapping[str, str]) -> MeasuredCall:
    return MeasuredCall(
        origin=Origin(),
        provider=provider,
        host="",
        api=Api.OPENAI_CHAT,
        model=ModelIds(model, model),
        stream=False,
        source=Source.LIVE,
        usage=usage,
        incomplete=None,
        context=context,
        request=RequestSize("", {}),
        started_at=datetime.now(UTC),
    )


def _changes(call: Call, table: PriceTable) -> list[tuple[date, RateCard]]:
    """The cards of the year ahead, where they differ from the one before."""
    measured, card = call.measured, call.lookup.card
    if table.day is None or card is None:
        return []
    found: list[tuple[date, RateCard]] = []
    for start in table.starts(measured.provider, measured.model.name):
        if table.day < start <= table.day + _AHEAD:
            later = table.on(start).look_up(measured).card
            before = found[-1][1] if found else card
            if later is not None and later.rates != before.rates:
                found.append((start, later))
    return found
