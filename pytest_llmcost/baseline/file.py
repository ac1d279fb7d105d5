"""llmcost-baseline.json: one line a test, sorted, so that a change of one test is a change of one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from pytest_llmcost.errors import BaselineError
from pytest_llmcost.model.baseline import FORMAT, Baseline, CacheCount, Entry, Line, Mark
from pytest_llmcost.model.call import Api, SubCall
from pytest_llmcost.model.money import money_text, parse_money
from pytest_llmcost.model.usage import Usage

NAME = "llmcost-baseline.json"
TOOL = "pytest-llmcost"
KIND = "baseline"
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
# The last line of each side of a merge has no comma, and the last of both together needs none.
_NO_COMMA, _COMMA_TOO_MANY = re.compile(r'\}(\s*\n\s*")'), re.compile(r",(\s*\n\}\s*\n\})")
_ACCEPT = "pytest --llm-cost --llm-cost-update"
# Each call is compared by itself: nobody's test makes more.
_MOST_TIMES = 1_000_000
_encode = json.JSONEncoder(ensure_ascii=True).encode
Json = dict[str, Any]


def render_baseline(baseline: Baseline) -> str:
    """The text of the file."""
    rows = ",\n".join(
        f" {_encode(key)}: {_encode(_line_to_json(baseline.lines[key]))}" for key in sorted(baseline.lines)
    )
    tests = f"{{\n{rows}\n}}" if rows else "{}"
    return f'{{\n"format": {FORMAT},\n"tool": "{TOOL}",\n"kind": "{KIND}",\n"tests": {tests}\n}}\n'


def parse_baseline(text: str, name: str) -> Baseline:
    """Read the text of the file.

    Args:
        text: Its content.
        name: The file, as users name it.

    Raises:
        BaselineError: If it holds conflict marks, is malformed, or of a newer format.
    """
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise BaselineError(
            f"{name}:{line}: conflict marks of git; keep all lines of both sides without the marks,"
            f" then type: {_ACCEPT}"
        )
    try:
        found = _loads(text)
    except json.JSONDecodeError as error:
        raise BaselineError(
            f"{name}:{error.lineno}:{error.colno}: not valid JSON ({error.msg});"
            f" restore it from git, or delete it and type: {_ACCEPT}"
        ) from error
    except RecursionError as error:
        raise BaselineError(f"{name}: not a baseline: nested too deeply") from error
    form = found.get("format") if isinstance(found, dict) else None
    if not isinstance(form, int) or isinstance(form, bool) or not isinstance(found.get("tests"), dict):
        raise BaselineError(f"{name}: not a baseline of {TOOL}; make one with: {_ACCEPT}")
    if form > FORMAT:
        raise BaselineError(
            f"{name}: format {form} is newer than this version reads ({FORMAT}); upgrade {TOOL}"
        )
    return Baseline(name, {key: _line_from_json(row, key, name) for key, row in found["tests"].items()})


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        mended = _COMMA_TOO_MANY.sub(r"\1", _NO_COMMA.sub(r"},\1", text))
        with suppress(json.JSONDecodeError):
            return json.loads(mended)
        raise error from None


def _line_to_json(line: Line) -> Json:
    found: Json = {} if line.cost is None else {"cost": money_text(line.cost)}
    if line.request:
        found["request_bytes"] = dict(line.request)
    if line.set_ups is not None:
        found["set_ups"] = line.set_ups
    if line.reason:
        found["reason"] = line.reason
    if line.runs:
        found["runs"] = dict(line.runs)
    if line.response_cache:
        found["response_cache"] = {name: count._asdict() for name, count in line.response_cache.items()}
    found["calls"] = sorted(
        (_entry_to_json(entry, number) for entry, number in line.entries.items()), key=_encode
    )
    return found


def _entry_to_json(entry: Entry, number: int) -> Json:
    found: Json = {"times": number, "model": f"{entry.provider}/{entry.model}"}
    if entry.requested is not None:
        found["requested"] = entry.requested
    found["api"] = entry.api.value
    if entry.agent is not None:
        found["agent"] = entry.agent
    if entry.within:
        found["within"] = list(entry.within)
    if entry.context:
        found["context"] = dict(entry.context)
    found["usage"] = _usage_to_json(entry.usage)
    if entry.sub_calls:
        found["sub_calls"] = [
            {"kind": sub.kind, "model": sub.model, "usage": _usage_to_json(sub.usage)}
            for sub in entry.sub_calls
        ]
    if entry.stated_cost is not None:
        found["stated_cost"] = money_text(entry.stated_cost)
    if entry.mark is not Mark.NONE:
        found["mark"] = entry.mark.value
    if entry.edit:
        found["edit"] = dict(entry.edit)
    return found


def _usage_to_json(usage: Usage) -> dict[str, int]:
    return dict(sorted(usage.counts.items()))


def _line_from_json(row: Any, key: str, name: str) -> Line:
    try:
        entries: dict[Entry, int] = {}
        for found in row["calls"]:
            entry = _entry_from_json(found)
            entries[entry] = entries.get(entry, 0) + _count(found["times"])
        cost = row.get("cost")
        return Line(
            entries=entries,
            cost=_money(cost),
            request={str(part): _number(size) for part, size in row.get("request_bytes", {}).items()},
            reason=row.get("reason"),
            set_ups=_count(row["set_ups"]) if "set_ups" in row else None,
            runs=_runs(row, entries),
            response_cache={
                str(agent): _cache_count(found) for agent, found in row.get("response_cache", {}).items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BaselineError(
            f"{name}: the line of {key} is damaged ({type(error).__name__}: {error}); restore it from git, or"
            f" delete that line and type: {_ACCEPT}"
        ) from error


def _runs(row: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, int] | None:
    """How often each agent ran; None where there were agents and the file is older than this figure."""
    if "runs" not in row and any(entry.agent is not None for entry in entries):
        return None
    return {str(agent): _count(number) for agent, number in row.get("runs", {}).items()}


def _cache_count(found: Mapping[str, Any]) -> CacheCount:
    count = CacheCount(_count(found["lookups"]), _number(found["hits"]))
    if count.hits > count.lookups:
        raise ValueError(f"{count.hits} hits of {count.lookups} lookups")
    return count


def _count(value: Any) -> int:
    if not 1 <= _number(value) <= _MOST_TIMES:
        raise ValueError(f"a count of {value!r} is not from 1 to {_MOST_TIMES:,}")
    return int(value)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no whole number from 0")
    return value


def _entry_from_json(found: Mapping[str, Any]) -> Entry:
    provider, slash, model = found["model"].partition("/")
    if not slash:
        raise ValueError(f"model {found['model']!r} is no provider/model")
    return Entry(
        agent=found.get("agent"),
        provider=provider,
        model=model,
        requested=found.get("requested"),
        api=Api(found["api"]),
        context=tuple(sorted((str(key), str(value)) for key, value in found.get("context", {}).items())),
        usage=_usage_from_json(found["usage"]),
        stated_cost=_money(found.get("stated_cost")),
        sub_calls=tuple(
            SubCall(sub["kind"], sub["model"], _usage_from_json(sub["usage"]))
            for sub in found.get("sub_calls", ())
        ),
        mark=Mark(found.get("mark", "")),
        edit=tuple(sorted((str(unit), _number(count)) for unit, count in found.get("edit", {}).items())),
        within=tuple(map(str, found.get("within", ()))),
    )


def _usage_from_json(found: Mapping[str, Any]) -> Usage:
    return Usage({str(unit): _number(number) for unit, number in found.items()})


def _money(text: str | None) -> Decimal | None:
    if text is None:
        return None
    amount = parse_money(text)
    if amount < 0:
        raise ValueError(f"an amount of {text} is negative")
    return amount
