"""A reading and what is known of its exchange make a measured call: of a test, or of a cassette file."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from pytest_llmcost.model.call import CassetteRef, MeasuredCall, Origin, RequestSize, Source
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.reading import Reading


def measured_call(
    reading: Reading,
    exchange: Exchange,
    *,
    origin: Origin,
    source: Source,
    cassette: CassetteRef | None,
    leak: bool = False,
    latency: float | None = None,
    call_site: str | None = None,
    failed_attempts: tuple[int, ...] = (),
) -> MeasuredCall:
    """Put a measured call together.

    Args:
        reading: What the exchange was billed for.
        exchange: Its bytes.
        origin: Who made it.
        source: Where the answer came from.
        cassette: The recorded interaction; None if there is none.
        leak: Whether it reached the network past an open cassette.
        latency: Seconds to the end of the answer; None if it was replayed or mocked.
        call_site: File and line of the project's code that made it; None if nothing is known of it.
        failed_attempts: HTTP statuses of the attempts before it; 0 where no response came.
    """
    stated = reading.stated
    return MeasuredCall(
        origin=origin,
        provider=reading.provider,
        host=reading.host,
        api=reading.api,
        model=reading.model,
        stream=reading.stream,
        source=source,
        leak=leak,
        usage=stated.usage,
        incomplete=stated.incomplete,
        context=stated.context,
        doubts=stated.doubts,
        stated_cost=stated.cost,
        sub_calls=stated.sub_calls,
        request=RequestSize(hashlib.sha256(exchange.request_body).hexdigest(), reading.request_parts),
        cassette=cassette,
        http_status=exchange.status,
        started_at=exchange.started_at,
        answered_at=answered_at(exchange.headers.get("date"), stated.created),
        latency=latency,
        call_site=call_site,
        failed_attempts=failed_attempts,
        cache_miss=stated.cache_miss,
    )


@lru_cache(maxsize=64)  # replays of one recording, and answers of one second, say the same
def answered_at(date_header: str | None, created: int | None) -> datetime | None:
    """When the provider answered, by its own clock.

    Args:
        date_header: The response's ``Date``.
        created: Seconds since 1970, as the body states it.

    Returns:
        UTC; None if neither says.
    """
    if date_header:
        try:
            moment = parsedate_to_datetime(date_header)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (OverflowError, ValueError):
            pass
    try:
        return datetime.fromtimestamp(created, UTC) if created else None
    except (OverflowError, OSError, ValueError):
        return None
