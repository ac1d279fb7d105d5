"""The ``pricing:`` section."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pytest_llmcost.config.document import Value, unknown_key
from pytest_llmcost.config.scalars import Choice, choice, day, dollars, factor, whole_number
from pytest_llmcost.model.price import Rate, Tier
from pytest_llmcost.model.units import PER_MILLION, REQUESTS, UNITS
from pytest_llmcost.pricing.rules import (
    Alias,
    AsOf,
    DatedRates,
    FreeRule,
    ModelRule,
    PricingRules,
)

_KEYS = ("as_of", "unknown_model", "provider_reported", "models", "aliases", "free")
# "input" for input_tokens, "cache_write_1h" for cache_write_1h_tokens, and so on.
TOKEN_KEYS = {
    name.removesuffix("_tokens"): name
    for name, unit in UNITS.items()
    if name.endswith("_tokens") and unit.per == PER_MILLION
}
_FEE_KEYS = tuple(name for name in UNITS if not name.endswith("_tokens") and name != REQUESTS)
_ROW_KEYS = (*TOKEN_KEYS, "from", "same_as", "multiply", "per_request", "fees", "source")
# Shown in errors: the full list has a name for every modality.
_COMMON_ROW_KEYS = (
    "input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "from", "same_as",
    "multiply", "per_request", "fees", "source",
)  # fmt: skip


def read_pricing(section: Value) -> PricingRules:
    """Check the section and turn it into rules.

    Raises:
        ConfigError: With the place of the first mistake.
    """
    found: dict[str, Value] = {}
    for key, value in section.items():
        if key.text() not in _KEYS:
            unknown_key(key, _KEYS, "pricing")
        found[key.text()] = value
    rules = PricingRules(path=section.path)
    return PricingRules(
        path=section.path,
        as_of=_as_of(found["as_of"]) if "as_of" in found else rules.as_of,
        unknown_model=_choice(found.get("unknown_model"), rules.unknown_model),
        provider_reported=_choice(found.get("provider_reported"), rules.provider_reported),
        models=tuple(_models(found["models"])) if "models" in found else (),
        aliases=_aliases(found["aliases"]) if "aliases" in found else (),
        free=tuple(_free(found["free"])) if "free" in found else (),
    )


def _choice(value: Value | None, default: Choice) -> Choice:
    return default if value is None else choice(value, type(default))


def _as_of(value: Value) -> date | AsOf:
    typed = value.text("a day such as 2026-11-23, today, or recorded")
    return AsOf(typed) if typed in set(AsOf) else day(value)


def _models(section: Value) -> Iterator[ModelRule]:
    for key, value in section.items("models with their prices"):
        rows = value.elements("rows") if value.is_sequence() else [value]
        if not rows:
            value.fail_type('prices, such as {input: "1.0", output: "4.0"}')
        read = [_row(row) for row in rows]
        _check_dates(rows, read)
        yield ModelRule(_model_key(key), tuple(sorted(read, key=lambda row: row.start or date.min)), key.line)


def _check_dates(rows: list[Value], read: list[DatedRates]) -> None:
    seen: set[date | None] = set()
    for value, row in zip(rows, read, strict=True):
        if row.start in seen:
            when = f"from {row.start}" if row.start else 'without "from"'
            value.fail(f"{value.name}: another row {when} stands above; give each row its own day")
        seen.add(row.start)


def _row(value: Value) -> DatedRates:
    if not value.is_mapping():
        value.fail_type('prices, such as {input: "1.0", output: "4.0"}')
    start: date | None = None
    base: str | None = None
    multiply: Decimal | None = None
    rates: dict[str, Rate] = {}
    for key, found in value.items():
        name = key.text()
        if name in TOKEN_KEYS:
            rates[TOKEN_KEYS[name]] = _rate(found)
        elif name == "from":
            start = day(found)
        elif name == "same_as":
            base = _model_name(found)
        elif name == "multiply":
            multiply = factor(found)
        elif name == "per_request":
            rates[REQUESTS] = Rate(dollars(found, "USD per request"), 1)
        elif name == "fees":
            rates.update(_fees(found))
        elif name != "source":
            unknown_key(key, _COMMON_ROW_KEYS if name not in _ROW_KEYS else _ROW_KEYS, value.name)
    if not rates and base is None and multiply is None:
        value.fail(f"{value.name} states no price; give input and output, same_as, or multiply")
    _check_cache_prices(value, rates, complete=base is None and multiply is None)
    return DatedRates(start, rates, multiply, base, value.line)


def _check_cache_prices(value: Value, rates: dict[str, Rate], *, complete: bool) -> None:
    cached = next((name for name in rates if name.startswith("cache_")), None)
    if complete and cached and "input_tokens" not in rates:
        value.fail(f'{value.name} prices {cached.removesuffix("_tokens")} and no input; add input: "..."')


def _fees(value: Value) -> Iterator[tuple[str, Rate]]:
    for key, found in value.items('fees, such as {web_searches: "10"}'):
        name = key.text()
        if name not in _FEE_KEYS:
            unknown_key(key, _FEE_KEYS, value.name)
        per = UNITS[name].per
        yield name, Rate(dollars(found, f"USD per {per:,} {name}"), per)


def _rate(value: Value) -> Rate:
    unit = "USD per million tokens"
    if not value.is_mapping():
        return Rate(dollars(value, unit), PER_MILLION)
    base: Decimal | None = None
    tiers: list[Tier] = []
    for key, found in value.items():
        name = key.text()
        if name == "base":
            base = dollars(found, unit)
        elif name == "above":
            for size, price in found.items('sizes, such as {200000: "2.5"}'):
                tiers.append(Tier(whole_number(size, "a number of input tokens"), dollars(price, unit)))
        else:
            unknown_key(key, ("base", "above"), value.name)
    if base is None:
        value.fail(f'{value.name} has no base price; write {{base: "1.25", above: {{200000: "2.5"}}}}')
    return Rate(base, PER_MILLION, tuple(sorted(tiers, key=lambda tier: tier.above)))


def _aliases(section: Value) -> tuple[Alias, ...]:
    aliases = []
    for key, value in section.items('names, such as {"azure/prod-chat": openai/gpt-4o}'):
        aliases.append(Alias(_model_key(key), _model_name(value), key.line))
        _check_circle(value, aliases)
    return tuple(aliases)


def _check_circle(value: Value, aliases: list[Alias]) -> None:
    targets = {alias.key: alias.target for alias in aliases}
    name, seen = aliases[-1].target, {aliases[-1].key}
    while name in targets:
        if name in seen:
            value.fail(f"{value.name} leads back to itself; an alias must end at a priced model")
        seen.add(name)
        name = targets[name]
    if name in seen:
        value.fail(f"{value.name} leads back to itself; an alias must end at a priced model")


def _free(section: Value) -> Iterator[FreeRule]:
    for value in section.elements('a list of models, such as ["vllm/*"]'):
        yield FreeRule(_model_key(value), value.line)


def _model_key(key: Value) -> str:
    """``provider/model``, with wildcards at its end only."""
    typed = _model_name(key, wildcards=True)
    stem = typed.rstrip("*?")
    if "*" in stem or "?" in stem:
        key.fail(f"{typed!r}: * and ? are allowed at the end of a key only")
    return typed


def _model_name(value: Value, *, wildcards: bool = False) -> str:
    typed = value.text("provider/model")
    provider, slash, model = typed.partition("/")
    if wildcards and typed.rstrip("*?") != typed:
        return typed
    if not (slash and provider and model):
        value.fail(f"{typed!r} is no provider/model, such as openai/gpt-4o")
    return typed
