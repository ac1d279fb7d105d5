"""What travels from the recorder to the reporter.

It is one string of ASCII: xdist carries builtin types only, and refuses text that is no valid UTF-8, as
model ids and agent names of anybody's making may be.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pytest_llmcost.model.call import MeasuredCall
from pytest_llmcost.model.codec import notice_to_json, observed_to_json
from pytest_llmcost.model.report import Notice, Observed
from pytest_llmcost.model.rows import measured_row

if TYPE_CHECKING:
    from pytest_llmcost.model.cache import CacheLookup

# On a test report, and in xdist's workeroutput.
ATTRIBUTE = "llm_cost"
# In xdist's workerinput: the folder of the run's journal.
JOURNAL = "llm_cost_journal"
_encode = json.JSONEncoder(ensure_ascii=True).encode


class Payload(NamedTuple):
    """The calls that finished since the last report.

    Attributes:
        calls: In the order in which they finished.
        faults: Faults of ours that were noted.
        attempts: Tests that ran again, and how often so far.
        number: Of the payloads that its process has handed over, from 1; 0 for what comes at the end.
        budgets: By nodeid, the limits of a test's markers, as builtin types.
        lookups: In caches of the app.
    """

    calls: tuple[MeasuredCall, ...] = ()
    faults: tuple[str, ...] = ()
    attempts: Mapping[str, int] = MappingProxyType({})
    number: int = 0
    budgets: Mapping[str, Mapping[str, object]] = MappingProxyType({})
    lookups: "tuple[CacheLookup, ...]" = ()

    def to_text(self, rows: Iterable[str] | None = None) -> str:
        """Write it in ASCII.

        Args:
            rows: The calls, as ``measured_row`` has written them already.
        """
        return f"{{{self.members(rows)}}}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote."""
        return cls.from_json(json.loads(text))

    def members(self, rows: Iterable[str] | None = None) -> str:
        """The members of the JSON object that ``to_text`` writes."""
        calls = map(measured_row, self.calls) if rows is None else rows
        faults = _encode(self.faults) if self.faults else "[]"
        attempts = _encode(dict(self.attempts)) if self.attempts else "{}"
        budgets = _encode(dict(self.budgets)) if self.budgets else "{}"
        return (
            f'"calls": [{", ".join(calls)}], "faults": {faults}, "attempts": {attempts}, '
            f'"number": {self.number}, "budgets": {budgets}{self._lookups()}'
        )

    def _lookups(self) -> str:
        if not self.lookups:
            return ""
        from pytest_llmcost.model.cache_codec import lookup_to_json

        return f', "lookups": {_encode(list(map(lookup_to_json, self.lookups)))}'

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read the JSON object that ``to_text`` writes."""
        from pytest_llmcost.model.decode import measured_from_json

        calls = tuple(measured_from_json(row) for row in found["calls"])
        budgets = dict(found.get("budgets", {}))
        payload = cls(calls, tuple(found["faults"]), dict(found["attempts"]), found["number"], budgets)
        if not found.get("lookups"):
            return payload
        from pytest_llmcost.model.cache_codec import lookup_from_json

        return payload._replace(lookups=tuple(map(lookup_from_json, found["lookups"])))


class Rest(NamedTuple):
    """What a process tells at its end.

    Attributes:
        payload: Calls that were left.
        notices: What the user should know.
        observed: What was seen beside calls.
        deselected: How many tests were.
        whole_files: Files whose tests were all collected.
        texts: By the hash of a request, its lines that changed since it was recorded; they are shown by the
            process that ran the test, and go nowhere else.
        unplayed: By cassette that was opened, the interactions that nobody played.
    """

    payload: Payload = Payload()
    notices: tuple[Notice, ...] = ()
    observed: Observed = Observed()
    deselected: int = 0
    whole_files: tuple[str, ...] = ()
    texts: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    unplayed: Mapping[str, tuple[int, ...]] = MappingProxyType({})

    def to_text(self) -> str:
        """Write it in ASCII."""
        rest = {
            "notices": [notice_to_json(notice) for notice in self.notices],
            "observed": observed_to_json(self.observed),
            "deselected": self.deselected,
            "whole_files": list(self.whole_files),
            "unplayed": {path: list(found) for path, found in self.unplayed.items()},
        }
        return f"{{{self.payload.members()}, {_encode(rest)[1:]}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote."""
        from pytest_llmcost.model.decode import notice_from_json, observed_from_json

        found = json.loads(text)
        return cls(
            Payload.from_json(found),
            tuple(notice_from_json(notice) for notice in found["notices"]),
            observed_from_json(found["observed"]),
            found["deselected"],
            tuple(found["whole_files"]),
            unplayed={path: tuple(left) for path, left in found["unplayed"].items()},
        )


def unplayed_by_all(rests: Iterable[Rest]) -> dict[str, tuple[int, ...]]:
    """By cassette, the interactions that no process has played: each plays those of its own tests."""
    found: dict[str, tuple[int, ...]] = {}
    for rest in rests:
        for path, left in rest.unplayed.items():
            found[path] = tuple(one for one in found[path] if one in set(left)) if path in found else left
    return found
