"""From lookups as they were told to lookups with an owner: here, after the test, nothing is hurried."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_llmcost.model.cache import CacheLookup
from pytest_llmcost.model.money import parse_money
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import count

if TYPE_CHECKING:
    from pytest_llmcost.attribution.origins import Origins
    from pytest_llmcost.capture.open_lookups import OpenLookup

_LONGEST = 200  # a name; somebody may put a prompt there


def measured_lookups(
    opened: Iterable[OpenLookup], origins: Origins, fault: Callable[[str, BaseException], None]
) -> list[CacheLookup]:
    """What was told, with whose it is.

    Args:
        opened: As they were told.
        origins: Decides whose a lookup is.
        fault: Is told what goes wrong.
    """
    found = []
    for lookup in opened:
        try:
            found.append(_measured(lookup, origins))
        except Exception as error:  # noqa: BLE001  # nothing may escape a hook
            fault("reading a lookup in a cache", error)
    return found


def _measured(lookup: OpenLookup, origins: Origins) -> CacheLookup:
    said = lookup.said
    hit = bool(said.hit)
    entry = said.entry if hit and said.entry is not None else said.key
    return CacheLookup(
        origin=origins.of(lookup),
        layer=_name(said.layer) if hit else None,
        hit=hit,
        at=datetime.fromtimestamp(lookup.at, UTC),
        key=digest_of(entry, lookup.teller),
        model=_name(said.model),
        saved_usage=_usage(said.saved_tokens) if hit else None,
        saved_cost=_money(said.saved_cost) if hit else None,
        attributes=origins.attributes(lookup),
    )


def _name(value: object) -> str | None:
    text = text_of_any(value)
    return None if text is None else text.strip()[:_LONGEST] or None


def text_of_any(value: object) -> str | None:
    """What an app gives as text; None of nothing, and of an object that has none."""
    try:
        return None if value is None else str(value)
    except Exception:  # noqa: BLE001  # an object of the app's, which may do anything
        return None


def digest_of(key: object, teller: str) -> str | None:
    """A hash of a key, which may hold a prompt; None of none.

    Args:
        key: As the app or a library gives it.
        teller: Whose key it is: those of one are not those of another.
    """
    text = key if isinstance(key, bytes) else text_of_any(key)
    if text is None:
        return None
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(teller.encode() + b"\0" + raw).hexdigest()


def _usage(counts: Any) -> Usage | None:
    """What a hit saved; None where it is no usage: then it is unknown, which is more than nothing."""
    if not isinstance(counts, Mapping):
        return None
    given = dict(counts)
    found = {
        str(name): number
        for name, stated in given.items()
        if type(stated) is int and (number := count(given, name)) is not None
    }
    return Usage(found) if found and len(found) == len(counts) else None


def _money(usd: Any) -> Decimal | None:
    if usd is None or isinstance(usd, bool):
        return None
    try:
        found = parse_money(str(usd))
    except Exception:  # noqa: BLE001  # an object of the app's, which may do anything
        return None
    return found if found >= 0 else None
