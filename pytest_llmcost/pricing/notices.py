"""What the user should know about prices: what is missing, and the YAML that mends it."""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.model.call import Api, Call, Source, Status
from pytest_llmcost.model.money import exact_money, money_text
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import first_of, yaml_text
from pytest_llmcost.model.usage import total_usage
from pytest_llmcost.pricing.rules import PricingRules, ProviderReported

_WORTH_SAYING = Decimal("0.01")
# The provider of a wire format, where the format is not named after it.
_PROVIDER_OF_FORMAT = {"bedrock": "aws", "gemini": "google", "vertex": "google"}
_FIRST_WILDCARD = r"(?s)[*?].*"


def price_notices(
    calls: Sequence[Call], rules: PricingRules, *, include_mocked: bool = False
) -> list[Notice]:
    """Notices about the calls that count, one for each cause."""
    counted = [call for call in calls if include_mocked or call.measured.source is not Source.MOCKED]
    notices = [
        *_unpriced(call for call in counted if call.status is Status.UNPRICED),
        *_grouped(counted, Status.INCOMPLETE, NoticeKind.INCOMPLETE, _incomplete),
        *_grouped(counted, Status.PARTIAL, NoticeKind.PARTIAL, _partial),
        *_leaks(call for call in counted if call.measured.leak),
    ]
    if rules.provider_reported is ProviderReported.COMPARE:
        notices += _differences(counted)
    return notices


def _unpriced(calls: Iterable[Call]) -> Iterable[Notice]:
    groups: dict[tuple[str, str, str, str], list[Call]] = {}
    for call in calls:
        measured = call.measured
        key = (measured.provider, measured.model.name, measured.host, call.lookup.origin or "")
        groups.setdefault(key, []).append(call)
    unknown = [
        _Unknown(*key[:3], group[0].measured.api) for key, group in sorted(groups.items()) if not key[3]
    ]
    for (provider, model, host, reason), group in sorted(groups.items()):
        usage = total_usage(call.usage for call in group)
        tokens = usage.input_tokens + usage.output_tokens
        is_last = bool(unknown) and (provider, model, host) == unknown[-1][:3] and not reason
        yield Notice(
            NoticeKind.UNPRICED,
            f"{_calls(group)} to {provider}/{model} ({tokens:,} tokens): {reason or 'no price is known'},"
            " so the cost is unknown and not zero",
            _yaml_to_paste(unknown) if is_last else None,
        )


class _Unknown(NamedTuple):
    """A model that no table knows."""

    provider: str
    model: str
    host: str
    api: Api

    @property
    def is_on_unknown_host(self) -> bool:
        return self.provider == self.host


def _yaml_to_paste(unknown: Sequence[_Unknown]) -> str:
    """Prices for all unknown models as one piece of YAML, and as comments what may stand in their place."""
    prices = {_key(found.provider, found.model): _row(found.api) for found in unknown}
    ways_out: dict[str, None] = {}
    for found in unknown:
        if found.is_on_unknown_host:
            format_name = found.api.value.partition(".")[0]
            maker = _PROVIDER_OF_FORMAT.get(format_name, format_name)
            ways_out[f"# hosts: {{{yaml_text(found.host)}: {maker}}}"] = None
            ways_out[f"# pricing: {{free: [{yaml_text(f'{found.host}/*')}]}}"] = None
        else:
            key = _key(found.provider, found.model)
            ways_out[f'# pricing: {{aliases: {{{key}: "provider/model"}}}}'] = None
    return "\n".join(
        [
            "# llmcost.yaml (one pricing: only; merge it with yours), in USD per million tokens:",
            "pricing:",
            "  models:",
            *(f"    {key}: {row}" for key, row in prices.items()),
            "# or, where it is true, in place of a price: the host is a gateway to that provider, its calls",
            "# are free, or the model is another name of a priced one",
            *ways_out,
        ]
    )


def price_to_paste(provider: str, model: str, api: Api, host: str = "") -> str:
    """The YAML that gives a model a price; of a host that nobody named, also what may stand in its place."""
    return _yaml_to_paste([_Unknown(provider, model, host, api)])


def _row(api: Api) -> str:
    """The prices that a model of a wire format needs."""
    if api in {Api.COHERE_RERANK, Api.BEDROCK_RERANK}:
        return '{fees: {rerank_searches: "..."}}  # $ per 1,000'
    return '{input: "...", output: "..."}' if api.generates else '{input: "..."}'


def _key(provider: str, model: str) -> str:
    """The key that a model needs in the YAML; a wildcard is allowed at its end only."""
    name = f"{provider}/{model}"
    return yaml_text(re.sub(_FIRST_WILDCARD, "*", name, count=1))


def _grouped(
    calls: Sequence[Call], status: Status, kind: NoticeKind, word: Callable[[str, list[Call]], str]
) -> Iterable[Notice]:
    groups: dict[str, list[Call]] = {}
    for call in calls:
        if call.status is status:
            groups.setdefault(call.status_detail or status.value, []).append(call)
    for detail, group in groups.items():
        yield Notice(kind, word(detail, group))


def _incomplete(detail: str, calls: list[Call]) -> str:
    return f"{_calls(calls)} ({_first_places(calls)}): {detail}"


def _partial(detail: str, calls: list[Call]) -> str:
    names = sorted({f"{call.measured.provider}/{call.measured.model.name}" for call in calls})
    return f"{_calls(calls)} to {', '.join(names)}: {detail}; the cost is a lower bound"


def _leaks(calls: Iterable[Call]) -> Iterable[Notice]:
    leaked = list(calls)
    if leaked:
        yield Notice(
            NoticeKind.LEAK,
            f"{_calls(leaked)} went past an open cassette to the network ({_first_places(leaked)}):"
            " vcrpy was never asked, as it replaces nothing that the client sends through (skip_patchers, a"
            " transport of its own, or a library that is younger than your vcrpy)",
            "pip install --upgrade vcrpy  # then look at skip_patchers and at the client's transport",
        )


def _differences(calls: Iterable[Call]) -> Iterable[Notice]:
    for call in calls:
        stated, computed = call.measured.stated_cost, call.cost
        if stated is None or call.lookup.source is PriceSource.NONE or not stated:
            continue
        with exact_money():
            apart = abs(computed.value - stated) / stated
        if apart > _WORTH_SAYING:
            yield Notice(
                NoticeKind.COMPARE,
                f"call {call.id}: the provider states ${money_text(stated)}, the prices give"
                f" ${money_text(computed.value)}",
            )


def _calls(calls: Sequence[Call]) -> str:
    return "1 call" if len(calls) == 1 else f"{len(calls)} calls"


def _first_places(calls: Sequence[Call]) -> str:
    places = list(dict.fromkeys(_place(call) for call in calls))
    return first_of(places, 2)


def _place(call: Call) -> str:
    origin = call.measured.origin
    cassette = call.measured.cassette
    return origin.nodeid or origin.fixture or (cassette.path if cassette else "outside any test")
