"""The calls of report.json, one after the other; a row that another report has too is not read again.

Most calls of a suite are the same from run to run, bar their times, and reading them takes most of the time
of a comparison.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_llmcost.model.call import Call, MeasuredCall
from pytest_llmcost.model.decode import CallRows, parse_time, priced_from_json

_NEXT_CALL = ",\n "
# How ``ReportRows.call`` starts a row, and where it goes on.
_ID, _NODEID, _PHASE, _TIME = '{"id": "', '", "nodeid": ', ', "phase": ', ', "started_at": "'
# What stands between usage and cost, and may differ from run to run; a rarer form is read as a whole.
_TIMES = re.compile(
    r', "started_at": "([0-9TZ:.+-]+)", "answered_at": (?:null|"([0-9TZ:.+-]+)")'
    r', "latency": (null|(?:0|[1-9][0-9]{0,8})\.[0-9]{1,20}), "failed_attempts": \[\](?=, "cost": \{)'
)
_COSTS = frozenset({"cost", "components", "status", "status_detail", "price"})
_STARTED, _ANSWERED, _LATENCY = map(MeasuredCall._fields.index, ("started_at", "answered_at", "latency"))
_read = json.JSONDecoder().raw_decode


def read_calls(text: str, place: int, end: int, rows: CallRows, known: KnownCalls | None) -> Iterator[Call]:
    """The calls in a part of a report whose text is as ``render_json`` wrote it.

    Args:
        text: Of the report.
        place: Where the first row starts.
        end: Where the last one ends.
        rows: Reads each.
        known: The calls of another report; one that has none gets those of this report.

    Raises:
        ValueError, TypeError, KeyError, ...: If it has another form, or anything is wrong with it.
    """
    like = known.like if known is not None and known.text else None
    places, calls = [], []
    while True:
        places.append(place)
        found = like(text, place, end, rows) if like is not None else None
        if found is None:
            row, stop = _read(text, place)
            call = rows.call(row)
        else:
            call, stop = found
        calls.append(call)
        yield call
        if stop == end:
            break
        if not text.startswith(_NEXT_CALL, stop):
            raise ValueError("not a line for each call")
        place = stop + len(_NEXT_CALL)
    if known is not None and not known.text:
        known.learn(text, [*places, end + len(_NEXT_CALL)], calls)


class KnownCalls:
    """The calls of a report, and their rows; none to begin with.

    Attributes:
        text: Of the report.
    """

    def __init__(self) -> None:
        self.text = ""
        self._places: Sequence[int] = ()
        self._calls: Sequence[Call] = ()
        self._of_test: dict[str | None, list[int]] = {}

    def learn(self, text: str, places: Sequence[int], calls: Sequence[Call]) -> None:
        """Keep the calls of a report.

        Args:
            text: Of the report.
            places: Where the row of each starts, and where another one would.
            calls: What was read there.
        """
        self.text, self._places, self._calls = text, places, calls

    def like(self, text: str, place: int, end: int, rows: CallRows) -> tuple[Call, int] | None:
        """A call whose row says of what was used what a known row says.

        Only id, times and cost may differ, and are read here. The known row is an object: so is this one.

        Args:
            text: Of its report.
            place: Where its row starts.
            end: Where the last row ends.
            rows: Reads what differs.

        Returns:
            The call, and where its row ends; None if it has to be read as a whole.

        Raises:
            ValueError, TypeError, KeyError: If something is wrong with what differs.
        """
        stop = text.find(_NEXT_CALL, place, end)
        stop = end if stop < 0 else stop
        begin = text.find(_NODEID, place, stop)
        number = self._next_of(_test_in(text, begin, stop))
        if number is None:
            return None
        there = self.text.find(_NODEID, self._places[number])
        later = text.find(_TIME, begin, stop)
        times, times_there = _TIMES.match(text, later), _TIMES.match(self.text, there + later - begin)
        if times is None or times_there is None or not self.text.startswith(text[begin:later], there):
            return None
        call, name = self._calls[number], text[place + len(_ID) : begin]
        if not _is_id(name) or not text.startswith(_ID, place) or call.sub_calls:
            return None
        if call.id != self.text[self._places[number] + len(_ID) : there]:
            return None
        started, answered, latency = times.groups()
        facts = list(call.measured)  # to replace them by name takes three times as long
        facts[_STARTED] = parse_time(started)
        facts[_ANSWERED] = None if answered is None else parse_time(answered)
        facts[_LATENCY] = None if latency == "null" else float(latency)
        measured = MeasuredCall._make(facts)
        cost_there = self.text[times_there.end() : self._places[number + 1] - len(_NEXT_CALL)]
        cost = text[times.end() : stop]
        if cost == cost_there:
            priced = call.cost, call.components, call.status, call.status_detail
            return Call(name, measured, *priced, rows.like(call.lookup)), stop
        row = _costs(cost)
        _costs(cost_there)  # nothing else stood behind the known row: what is told of usage is all
        amount, components, status, detail = priced_from_json(row)
        return Call(name, measured, amount, components, status, detail, rows.lookup(row["price"])), stop

    def _next_of(self, nodeid: str | None) -> int | None:
        """The next known call of a test: those of both runs mostly come in the same order."""
        if not self._of_test:
            for number in range(len(self._calls) - 1, -1, -1):
                place, stop = self._places[number], self._places[number + 1]
                known = _test_in(self.text, self.text.find(_NODEID, place, stop), stop)
                self._of_test.setdefault(known, []).append(number)
        numbers = self._of_test.get(nodeid) if nodeid is not None else None
        return numbers.pop() if numbers else None


def _test_in(text: str, begin: int, stop: int) -> str | None:
    """What a row says from one place on of the test that made the call; None if that is no such place."""
    end = text.find(_PHASE, begin, stop) if begin >= 0 else -1
    return text[begin:end] if end >= 0 else None


def _is_id(text: str) -> bool:
    """Whether it is what it stands for: the text of a string without an escape."""
    return "\\" not in text and text.isprintable()


def _costs(text: str) -> Mapping[str, Any]:
    """The end of a row, from its cost.

    Raises:
        ValueError: If it is another one.
    """
    members = f"{{{text[1:]}"
    row, end = _read(members)
    if end != len(members) or row.keys() != _COSTS:
        raise ValueError("not the cost of a call")
    found: Mapping[str, Any] = row
    return found
