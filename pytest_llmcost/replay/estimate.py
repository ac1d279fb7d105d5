"""What a changed request would use: the recording, and the difference of the two prompts on top.

Estimating the difference only keeps what nobody sees (a provider's own prompts, the overhead of tools) as it
was recorded. The output stays as recorded: what a model would answer, only the model knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_llmcost.model.call import Bounds, MeasuredCall, ModelIds
from pytest_llmcost.model.drift import Drift
from pytest_llmcost.model.units import (
    CACHE_READ,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    INPUT,
    OUTPUT,
    UNITS,
)
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.replay.slopes import Slope, Slopes, slopes_of
from pytest_llmcost.replay.swapped import without_swapped
from pytest_llmcost.replay.tokenizers import apart

# Of the tokens that went and came: of pairs of recorded requests nine of ten lie within.
_ERROR_SHARE, _ERROR_TOKENS = 0.30, 6
_CACHED = frozenset({CACHE_READ, CACHE_WRITE, CACHE_WRITE_5M, CACHE_WRITE_1H})
_NO_TOKENS = "how much a changed request uses is not known of calls that are not billed by tokens"
_FIRST_TOOLS = (
    "tools came to a request that had none, or went: the provider's own prompt for them is not known"
)


class _Tools(NamedTuple):
    """Tokens for each rough token of the JSON of tools: providers write them anew."""

    low: float
    value: float
    high: float
    from_none: bool = False


# As recorded requests with and without tools tell. The others add a prompt of their own to the first tool.
_OPENAI = _Tools(0.35, 0.7, 1.05, from_none=True)
_TOOLS = {"openai": _OPENAI, "azure": _OPENAI, "google": _Tools(0.0, 0.55, 1.0, from_none=True)}
_OTHER_TOOLS = _Tools(0.5, 1.1, 2.0)


class _Tokens(NamedTuple):
    low: int
    value: int
    high: int


def estimated(calls: Sequence[MeasuredCall]) -> list[MeasuredCall]:
    """The calls of a run, with an estimate in the place of the recorded usage of changed requests."""
    if not any(_is_due(call) for call in calls):
        return list(calls)
    calls = without_swapped(calls)
    slopes = slopes_of(calls)
    return [estimate(call, slopes) if _is_due(call) else call for call in calls]


def _is_due(call: MeasuredCall) -> bool:
    return call.drift is not None and call.recorded_usage is None


def estimate(call: MeasuredCall, slopes: Slopes) -> MeasuredCall:
    """One call with a changed request.

    Args:
        call: With its drift, and the usage of the recording.
        slopes: Learnt from the run.
    """
    drift, recorded = call.drift, call.usage
    if drift is None:
        return call
    moved_model = _moved_model(call, drift)
    model = ModelIds(call.model.requested, call.model.requested) if moved_model else call.model
    doubts = [f"{reason}, which no estimate can price" for reason in drift.unknown]
    changed = call._replace(model=model, stale=True, stated_cost=None)
    if recorded is None:
        return changed
    if INPUT not in recorded.counts and any(_tokens_moved(drift)):
        doubts.append(_NO_TOKENS)
    tools = _TOOLS.get(call.provider, _OTHER_TOOLS)
    if _first_tools(drift) and not tools.from_none:
        doubts.append(_FIRST_TOOLS)
    slope = slopes.of(call.provider, model.name)
    of_model = apart(drift.recorded_model, model.name) if moved_model else 0.0
    tokens = _input_tokens(recorded.input_tokens, drift, slope, tools, of_model)
    low, value, high = (_with_input(recorded, count) for count in tokens)
    low, high = _cached(low, recorded), _uncached(high, recorded, drift, moved_model=moved_model)
    if drift.cache is not None:
        low, value, high = _marked_anew(low, value, high, drift.cache)
    value, high = _limited(value, drift), _output_bound(high, drift)
    return changed._replace(
        usage=value,
        recorded_usage=recorded,
        bounds=Bounds(_limited(low, drift), high),
        doubts=(*call.doubts, *doubts),
    )


def _tokens_moved(drift: Drift) -> tuple[int, ...]:
    return drift.added, drift.removed, drift.tools_added, drift.tools_removed


def _moved_model(call: MeasuredCall, drift: Drift) -> bool:
    return any(change.part == "model" for change in drift.changes) and call.model.requested is not None


def _first_tools(drift: Drift) -> bool:
    return any(c.part == "tools" and (c.before is None or c.after is None) for c in drift.changes)


def _input_tokens(recorded: int, drift: Drift, slope: Slope, tools: _Tools, of_model: float) -> _Tokens:
    net = drift.tools_added - drift.tools_removed
    value = recorded + slope.value * (drift.added - drift.removed) + tools.value * net
    gross = drift.added + drift.removed
    error = max(_ERROR_SHARE, slope.spread) * gross + (_ERROR_TOKENS if gross else 0) + drift.unsure
    of_tools = drift.tools_added + drift.tools_removed
    error_below = error_above = error
    if of_tools:
        error_below += (tools.value - tools.low) * of_tools
        error_above += (tools.high - tools.value) * of_tools
    error_below += of_model * recorded
    error_above += of_model * recorded
    least = 0 if not recorded else 1
    return _Tokens(
        max(least, round(value - error_below)),
        max(least, round(value)),
        max(least, round(value + error_above)),
    )


def _with_input(recorded: Usage, tokens: int) -> Usage:
    """The recorded usage with another prompt: what is cached of it stays, as far as there is room."""
    if INPUT not in recorded.counts or tokens == recorded.input_tokens:
        return recorded
    counts = dict(recorded.counts)
    counts[INPUT] = tokens
    text = "input_text_tokens"
    if text in counts:
        counts[text] = max(0, counts[text] + tokens - recorded.input_tokens)
    inside = [name for name in counts if _is_inside_input(name)]
    cached = recorded.cache_read_tokens + recorded.cache_write_tokens
    if cached > tokens or any(counts[name] > tokens for name in inside):
        share = tokens / max(recorded.input_tokens, 1)
        for name in inside:
            counts[name] = min(tokens, int(counts[name] * share))
    return Usage(counts)


def _is_inside_input(name: str) -> bool:
    unit = UNITS.get(name)
    return unit is not None and UNITS[INPUT].contains(unit)


def _cached(low: Usage, recorded: Usage) -> Usage:
    """At best what is new in a prompt is cached by now, if anything of it was."""
    read, grown = low.cache_read_tokens, low.input_tokens - recorded.input_tokens
    if not read or grown <= 0:
        return low
    return Usage({**low.counts, CACHE_READ: read + grown})


def _uncached(high: Usage, recorded: Usage, drift: Drift, *, moved_model: bool) -> Usage:
    """At worst a change inside the cached part of a prompt makes all that follows it new."""
    read = high.counts.get(CACHE_READ, 0)
    if not read:
        return high
    kept = (
        0 if moved_model or not drift.prompt else round(recorded.input_tokens * drift.prefix / drift.prompt)
    )
    if kept >= read:
        return high
    counts = {**high.counts, CACHE_READ: kept}
    for name in (CACHE_WRITE, CACHE_WRITE_5M):
        if name in counts:  # whoever bills for writing states what was written, even nothing
            counts[name] += read - kept
    return Usage(counts)


def _marked_anew(low: Usage, value: Usage, high: Usage, asked: str) -> tuple[Usage, Usage, Usage]:
    """Another part of the prompt is to be cached: at best all of it is read, at worst all is written.

    Without any mark nothing is cached, whatever the recording has read.
    """
    if asked == "none":
        return _as_cached(low), _as_cached(value), _as_cached(high)
    written = (CACHE_WRITE, CACHE_WRITE_1H if asked == "1h" else CACHE_WRITE_5M)
    return _as_cached(low, CACHE_READ), value, _as_cached(high, *written)


def _as_cached(usage: Usage, *units: str) -> Usage:
    """The usage with its whole prompt in some units of caching; only where the provider has such ones."""
    if not _CACHED & usage.counts.keys():
        return usage
    counts = {name: 0 if name in _CACHED else count for name, count in usage}
    counts.update(dict.fromkeys(units, usage.input_tokens))
    return Usage(counts)


def _limited(usage: Usage, drift: Drift) -> Usage:
    """No answer is longer than the request allows now."""
    if drift.output_limit is None or usage.output_tokens <= drift.output_limit:
        return usage
    share = drift.output_limit / usage.output_tokens
    output = UNITS[OUTPUT]
    counts = {
        name: int(count * share) if name in UNITS and output.contains(UNITS[name]) else count
        for name, count in usage
    }
    return Usage({**counts, OUTPUT: drift.output_limit})


def _output_bound(usage: Usage, drift: Drift) -> Usage:
    """An answer that was cut at a limit may be as long as the new one allows."""
    before, now = drift.recorded_output_limit, drift.output_limit
    if before is not None and usage.output_tokens >= before and (now is None or now > before):
        return Usage({**usage.counts, OUTPUT: now or usage.output_tokens})
    return _limited(usage, drift)
