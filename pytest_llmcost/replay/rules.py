"""``replay:`` of llmcost.yaml."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.replay.json_paths import JsonPath


class Stale(StrEnum):
    """What a request that changed since it was recorded is."""

    ESTIMATE = "estimate"
    FAIL = "fail"
    IGNORE = "ignore"


class Incomplete(StrEnum):
    """What a call that did not state all of its usage is in a budget of cost."""

    FAIL = "fail"
    WARN = "warn"


class ReplayRules(NamedTuple):
    """How replayed calls are judged.

    Attributes:
        stale: What a changed request is.
        incomplete: What a call without final usage is in a budget of cost.
        max_age: Days after which a recording is called old; None for never.
        ignore: Parts of a request that may change.
        show_texts: Whether what changed is printed, which is stored nowhere.
    """

    stale: Stale = Stale.ESTIMATE
    incomplete: Incomplete = Incomplete.FAIL
    max_age: int | None = None
    ignore: tuple[JsonPath, ...] = ()
    show_texts: bool = False
