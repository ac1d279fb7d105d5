"""Whether recordings are still good: what nobody plays, what is old, and models that are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from pytest_llmcost.model.call import Call, Source
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import percent, plural
from pytest_llmcost.model.usage import cache_hit_rate
from pytest_llmcost.replay.notices import command, tests_of

IsDeprecated = Callable[[str, str], bool]
_MOST_IDS = 3
_FROM_TABLES = frozenset({PriceSource.GENAI_PRICES, PriceSource.CORRECTION})


def unplayed_notices(
    calls: Sequence[Call], unplayed: Mapping[str, Sequence[int]], re_record: str | None
) -> Iterator[Notice]:
    """Interactions that no test of a whole run has played: leftovers of older recordings.

    Args:
        calls: Those that count.
        unplayed: By cassette, the interactions that nobody played.
        re_record: What is typed to record again.
    """
    of_cassette: dict[str, list[Call]] = {}
    for call in calls:
        if call.measured.cassette is not None:
            of_cassette.setdefault(call.measured.cassette.path, []).append(call)
    left = {path: found for path, found in unplayed.items() if found and path in of_cassette}
    if not left:
        return
    number = sum(map(len, left.values()))
    largest = max(left, key=lambda path: len(left[path]))
    affected = [call for path in left for call in of_cassette[path]]
    yield Notice(
        NoticeKind.CASSETTE,
        f"{plural(number, 'interaction')} in {plural(len(left), 'cassette')} no test has played"
        f" (most in {largest}: {len(left[largest])}): leftovers, which recording again takes out",
        command(re_record, tests_of(affected), affected),
    )


def age_notices(
    calls: Sequence[Call], max_age: int | None, today: date, re_record: str | None
) -> Iterator[Notice]:
    """Recordings that are older than llmcost.yaml allows.

    Args:
        calls: Those that count.
        max_age: Days; None for no limit.
        today: Of the run.
        re_record: What is typed to record again.
    """
    if max_age is None:
        return
    old = [call for call in _replayed(calls) if _age(call, today) > max_age]
    if not old:
        return
    oldest = max(_age(call, today) for call in old)
    yield Notice(
        NoticeKind.CASSETTE,
        f"{plural(len(old), 'recording')} in {plural(len(tests_of(old)), 'test')}: older than {max_age} days"
        f" (the oldest: {oldest} days)",
        command(re_record, tests_of(old), old),
    )


def _replayed(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if call.measured.source is Source.REPLAYED]


def _age(call: Call, today: date) -> int:
    answered = call.measured.answered_at
    return 0 if answered is None else (today - answered.date()).days


def deprecated_notices(
    calls: Sequence[Call], is_deprecated: IsDeprecated, re_record: str | None
) -> Iterator[Notice]:
    """Recordings of models whose end their provider has announced: soon they cannot be made again.

    Args:
        calls: Those that count.
        is_deprecated: Asks the price table.
        re_record: What is typed to record again.
    """
    models: dict[tuple[str, str], list[Call]] = {}
    for call in _replayed(calls):
        if call.lookup.source in _FROM_TABLES:
            models.setdefault((call.measured.provider, call.measured.model.name), []).append(call)
    ending = {name: found for name, found in models.items() if is_deprecated(*name)}
    if not ending:
        return
    affected = [call for found in ending.values() for call in found]
    where = plural(len(tests_of(affected)), "test")
    names = ", ".join(f"{provider}/{model}" for provider, model in sorted(ending))
    yield Notice(
        NoticeKind.CASSETTE,
        f"{plural(len(affected), 'recording')} in {where}: of models that their"
        f" provider has deprecated ({names}); choose others, then record again",
        command(re_record, tests_of(affected), affected),
    )


def miss_notices(calls: Sequence[Call]) -> Iterator[Notice]:
    """Prompt caches that were missed, where the provider itself says why."""
    reasons: dict[str, list[Call]] = {}
    for call in calls:
        if call.measured.cache_miss:
            reasons.setdefault(call.measured.cache_miss.partition(" (")[0], []).append(call)
    if reasons:
        said = ", ".join(f"{reason} ({', '.join(_ids(found))})" for reason, found in reasons.items())
        yield Notice(NoticeKind.CACHE, f"prompt caches were missed, and the provider says why: {said}")


def _ids(calls: Sequence[Call]) -> list[str]:
    ids = [call.id for call in calls[:_MOST_IDS]]
    return [*ids, "..."] if len(calls) > _MOST_IDS else ids


def warm_notices(calls: Sequence[Call]) -> Iterator[Notice]:
    """Recordings that began with a warm prompt cache, so that their hit rate is too good for a cold start."""
    first: dict[tuple[str | None, str, str], Call] = {}
    for call in _replayed(calls):
        measured = call.measured
        if measured.api.generates:
            of_file = measured.cassette.path if measured.cassette else None
            first.setdefault(
                (measured.origin.nodeid or of_file, measured.provider, measured.model.name), call
            )
    warm = [call for call in first.values() if call.usage.cache_read_tokens]
    if not warm:
        return
    read = sum(call.usage.cache_read_tokens for call in warm)
    biggest = max(warm, key=lambda call: call.usage.cache_read_tokens)
    rate = percent(cache_hit_rate(biggest.usage))
    most = biggest.measured.origin.nodeid or biggest.id
    yield Notice(
        NoticeKind.WARM,
        f"{plural(len(warm), 'recording')} began warm: the first call reads {read:,} cached tokens that an"
        f" earlier run has written (most: {most}, {rate}); hit rates are as recorded",
    )
