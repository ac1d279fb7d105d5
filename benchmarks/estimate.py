"""How right the estimate of a changed request is, on pairs of requests that projects recorded.

Usage: python benchmarks/estimate.py FOLDER

FOLDER holds cassettes as ``owner+repo/path``. A pair is two requests of one project to one model with the same
tools, the recorded one above 200 tokens and their sizes within 1.25 of each other; it is treated as an edit of
the one into the other, although many have nothing in common but their size. Stated usage is the truth.

Three rows: without anything known of the provider, with slopes of the project's own recordings, and with
slopes of the other half of the projects only.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pytest_llmcost.capture.cassette_files import cassettes_in, read_cassette
from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.errors import CassetteError
from pytest_llmcost.model.call import MeasuredCall, Origin, Source
from pytest_llmcost.model.drift import Drift
from pytest_llmcost.replay.drift import drift_of
from pytest_llmcost.replay.estimate import estimate
from pytest_llmcost.replay.form import Form, form_of, value_of
from pytest_llmcost.replay.prompt_size import about_tokens
from pytest_llmcost.replay.slopes import NO_SLOPES, Slopes, slopes_of
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import Reading
from pytest_llmcost.usage.request_parts import compact_json

LEAST_TOKENS, MOST_APART = 200, 1.25
# Of each project, model and set of tools, so that no large group decides all.
MOST_OF_A_GROUP = 60


class Recorded(NamedTuple):
    """A recorded request that can be told by its text alone."""

    project: str
    call: MeasuredCall
    form: Form
    size: int
    tools: str

    @property
    def tokens(self) -> int:
        return self.call.usage.input_tokens if self.call.usage else 0


class Pair(NamedTuple):
    """A recorded request, and another one in the place of an edit of it."""

    recorded: Recorded
    sent: Recorded
    drift: Drift


class Errors(NamedTuple):
    """Of predicted input tokens, as shares of the true ones."""

    pairs: int
    median: float
    ninetieth: float
    covered: float
    half_width: float

    def line(self, name: str) -> str:
        return (
            f"{name:<42} {self.pairs:>5} {self.median:>8.2%} {self.ninetieth:>8.2%} {self.covered:>8.1%}"
            f" {self.half_width:>10.1%}"
        )


def recorded_requests(folder: Path) -> list[Recorded]:
    found = []
    for path in cassettes_in(folder):
        try:
            interactions = list(read_cassette(path))
        except CassetteError:
            continue
        project = path.relative_to(folder).parts[0]
        exchanges = [interaction.exchange for interaction in interactions]
        found += [one for one in (_recorded(project, exchange) for exchange in exchanges) if one]
    return found


def _recorded(project: str, exchange: Exchange) -> Recorded | None:
    reading = read_exchange(exchange, {})
    if not isinstance(reading, Reading) or reading.is_poll or reading.stated.incomplete:
        return None
    about = about_tokens(exchange.request_body)
    if about is None or reading.stated.usage is None or not reading.stated.usage.input_tokens:
        return None
    call = measured_call(reading, exchange, origin=Origin(), source=Source.REPLAYED, cassette=None)
    call = call._replace(request=call.request._replace(about_tokens=about))
    form = form_of(value_of(exchange.request_body), exchange.url)
    beside = compact_json([form.tools, sorted(form.parameters.items(), key=str)])
    return Recorded(project, call, form, sum(call.request.parts.values()), _hash(beside))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pairs_of(recorded: Iterable[Recorded]) -> list[Pair]:
    groups: dict[Any, dict[str, Recorded]] = defaultdict(dict)
    for one in recorded:
        key = (one.project, one.call.provider, one.call.api, one.call.model.name, one.tools)
        groups[key][_hash(compact_json([one.form.system, one.form.messages]))] = one
    chosen = random.Random(1)
    pairs = []
    for group in groups.values():
        alike = [
            (one, other)
            for one in group.values()
            for other in group.values()
            if one is not other
            and one.tokens >= LEAST_TOKENS
            and 1 / MOST_APART <= other.size / max(one.size, 1) <= MOST_APART
        ]
        for one, other in chosen.sample(alike, min(MOST_OF_A_GROUP, len(alike))):
            drift = drift_of(other.form, one.form)
            if drift.changes:
                pairs.append(Pair(one, other, drift))
    return pairs


def errors(pairs: Iterable[Pair], slopes: Callable[[str], Slopes]) -> Errors:
    off, covered, widths = [], 0, []
    for recorded, sent, drift in pairs:
        made = estimate(recorded.call._replace(drift=drift), slopes(recorded.project))
        if made.usage is None or made.bounds is None:
            continue
        low, high = made.bounds.low.input_tokens, made.bounds.high.input_tokens
        off.append(abs(made.usage.input_tokens - sent.tokens) / sent.tokens)
        covered += low <= sent.tokens <= high
        widths.append((high - low) / 2 / sent.tokens)
    off.sort()
    widths.sort()
    number = len(off)
    return Errors(number, off[number // 2], off[int(number * 0.9)], covered / number, widths[number // 2])


def table(folder: Path) -> dict[str, Errors]:
    recorded = recorded_requests(folder)
    pairs = pairs_of(recorded)
    projects = sorted({one.project for one in recorded})
    half = frozenset(projects[::2])
    own = {name: slopes_of(one.call for one in recorded if one.project == name) for name in projects}
    first = slopes_of(one.call for one in recorded if one.project in half)
    second = slopes_of(one.call for one in recorded if one.project not in half)
    return {
        "nothing known of the provider": errors(pairs, lambda _: NO_SLOPES),
        "slopes of the project's own recordings": errors(pairs, own.__getitem__),
        "slopes of other projects only (held out)": errors(pairs, lambda p: second if p in half else first),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How right the estimate of a changed request is.")
    parser.add_argument("folder", type=Path)
    print(f"{'':<42} {'pairs':>5} {'median':>8} {'90th':>8} {'covered':>8} {'half width':>10}")
    for name, found in table(parser.parse_args().folder).items():
        print(found.line(name))


if __name__ == "__main__":
    sys.exit(main())
