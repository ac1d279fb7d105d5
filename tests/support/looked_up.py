"""Lookups in caches of an app, in the short form of the tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sample

from pytest_llmcost.model.cache import CacheLookup
from pytest_llmcost.model.call import Origin, Phase


def lookups(nodeid: str | None, outcomes: str, agent: str | None = None, **more: Any) -> list[CacheLookup]:
    """One for each letter: ``1`` and ``2`` are hits of L1 and L2, ``.`` is a miss."""
    origin = Origin(
        nodeid, Phase.CALL if nodeid else Phase.SESSION, agent=agent, agent_path=(agent,) if agent else ()
    )
    return [
        CacheLookup(
            origin,
            None if letter == "." else f"L{letter}",
            letter != ".",
            sample.NOON + timedelta(seconds=number),
            **more,
        )
        for number, letter in enumerate(outcomes)
    ]
