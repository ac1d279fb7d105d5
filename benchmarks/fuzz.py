"""Hostile inputs, by the million: no answer makes a reader raise, or say what cannot be.

Usage: python benchmarks/fuzz.py [--inputs 10000000] [--seed 1] [--first-block 0] [--corpus FOLDER]
                                 [--failures FILE]

Inputs come in blocks, each from a seed of its own: ``--seed S --first-block N --inputs 10000`` makes the
same inputs again. Every failure is written to a file and counted by its place; the run goes on, and exits
with 1. The cassettes of a folder are bent; without one, invented answers are all there is.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from fuzz_inputs import Inputs, Seed, changed, frame, seed_of, vocabulary
from fuzz_properties import check_call, check_cut, check_invoice, check_reading, check_stated, pieces

from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.capture.cassette_files import cassettes_in, read_cassette, read_cassette_bytes
from pytest_llmcost.capture.collect import Collector
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.errors import CassetteError
from pytest_llmcost.model.call import Api, Origin, Source
from pytest_llmcost.model.price import RateCard
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.usage.body import plain_bytes
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.formats import wire_format
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import Reading
from pytest_llmcost.usage.wire_format import Context, WireFormat

BLOCK = 10_000
# Small bodies: as much can go wrong in them, and more of them are read in a second.
_MOST_BYTES = 1500
_SEEDS_OF_A_KIND = 12
_PROVIDERS = (
    "openai",
    "anthropic",
    "google",
    "aws",
    "cohere",
    "x-ai",
    "openrouter",
    "ollama",
    "host.internal:8080",
)
_MODELS = (("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-flash"))
_ENCODINGS = ("", "gzip", "br", "deflate", "zstd")
_PRICED_ON = date(2026, 11, 23)


class Fuzz:
    """One kind of input after another, all decided by one generator.

    Args:
        seeds: Real exchanges.
        cassettes: Bytes of small cassette files.
    """

    def __init__(self, seeds: Sequence[Seed], cassettes: Sequence[bytes]) -> None:
        self.seeds = seeds
        self.cassettes = cassettes
        self.words = vocabulary()
        self.last: object = None
        self._table = PriceTable(PricingRules(), _PRICED_ON)
        self._readers = list(readers())
        self._streams = [seed for seed in seeds if seed.events]
        self._cards = self._cards_of(seeds)
        self._log = ExchangeLog(CurrentScope())
        self._collector = Collector(self._log, {}, Path())
        self.start(random.Random(0))

    def start(self, rng: random.Random) -> None:
        """Begin a block."""
        self.rng = rng
        self.inputs = Inputs(rng, self.seeds, self.words)
        kinds: list[tuple[Callable[[], None], int]] = [(self.objects, 500)]
        if self.seeds:
            kinds += [(self.documents, 220), (self.some_bytes, 220), (self.requests, 20), (self.priced, 10)]
        if self._streams:
            kinds += [(self.cuts, 20), (self.chunks, 10)]
        if self.cassettes:
            kinds += [(self.files, 5)]
        self._kinds = [kind for kind, _ in kinds]
        self._weights = [weight for _, weight in kinds]

    def order(self, count: int) -> Sequence[Callable[[], None]]:
        """The kinds of the next inputs."""
        return self.rng.choices(self._kinds, self._weights, k=count)

    def objects(self) -> None:
        """Straight to the reader of any wire format: a document, or events."""
        api, reader = self.rng.choice(self._readers)
        context = Context(self.rng.choice(_PROVIDERS), {}, "gpt-4o-mini", done=self.rng.random() < 0.5)
        if reader.read_events is None or self.rng.random() < 0.6:
            document = self.inputs.some_document()
            self.last = (api, "json", document)
            stated = reader.read_json(document, context)
        else:
            events = self.inputs.some_events()
            self.last = (api, "events", events)
            stated = reader.read_events(iter(events), context)
        check_stated(stated)
        if stated.usage is not None and self.rng.random() < 0.3:
            check_invoice(stated.usage, self.rng.choice(self._cards))

    def documents(self) -> None:
        """A real answer with other values in it, at its own path or at another's."""
        seed = self.rng.choice(self.seeds)
        if seed.whole is not None:
            body = json.dumps(self.inputs.bent(seed.whole)).encode()
        elif seed.events is not None:
            body = frame(self.inputs.bent_events(seed.events), seed.form)
        else:
            body = self.inputs.bent_bytes(seed.exchange.body)
        self._read(changed(self._at(seed), body=body, headers={}))

    def some_bytes(self) -> None:
        """A real answer with bent bytes, sometimes packed, under any header."""
        seed = self.rng.choice(self.seeds)
        body = self.inputs.bent_bytes(seed.exchange.body)
        if self.rng.random() < 0.05:
            body = self.inputs.bent_bytes(self.inputs.packed(body))
        headers = {"content-encoding": self.rng.choice(_ENCODINGS)} if self.rng.random() < 0.2 else {}
        self._read(changed(self._at(seed), body=body, headers=headers, ended=self.rng.random() < 0.8))

    def requests(self) -> None:
        """A bent request at a bent path."""
        seed = self.rng.choice(self.seeds).exchange
        url = self.inputs.bent_bytes(seed.url.encode()).decode("utf-8", "replace")
        sent = self.inputs.bent_bytes(seed.request_body[:_MOST_BYTES])
        if self.rng.random() < 0.5:
            sent = json.dumps(self.inputs.value(4)).encode()
        self._read(changed(seed, url=url if self.rng.random() < 0.3 else seed.url, request_body=sent))

    def priced(self) -> None:
        """A real answer with other values, all the way to its price."""
        seed = self.rng.choice(self.seeds)
        if seed.whole is None:
            return
        bent = self.inputs.bent(seed.whole)
        # Price tables remember the ids that they were asked for: only real ones are asked.
        named = {key: seed.whole[key] for key in ("model", "modelVersion") if key in seed.whole}
        bent = {**(bent if isinstance(bent, dict) else {}), **named}
        exchange = changed(seed.exchange, body=json.dumps(bent).encode(), headers={})
        reading = self._read(exchange)
        if isinstance(reading, Reading):
            tiers = dict.fromkeys(reading.stated.context, "flex")
            sub_calls = tuple(changed(one, model="claude-haiku-4-5") for one in reading.stated.sub_calls)
            reading = changed(reading, stated=changed(reading.stated, context=tiers, sub_calls=sub_calls))
            measured = measured_call(
                reading, exchange, origin=Origin(), source=Source.REPLAYED, cassette=None
            )
            check_call(price_call("c1", measured, self._table))

    def cuts(self) -> None:
        """A real stream, cut anywhere; and the same packed into several gzip members."""
        seed = self.rng.choice(self._streams).exchange
        whole = self._read(seed)
        if not isinstance(whole, Reading):
            return
        part = self._read(
            changed(seed, body=seed.body[: self.rng.randrange(len(seed.body) + 1)], ended=False)
        )
        if isinstance(part, Reading):
            check_cut(whole.stated, part.stated)
        packed = self._read(changed(seed, body=self.inputs.packed(seed.body)))
        if packed != whole:
            raise AssertionError(f"packed: {packed}")

    def chunks(self) -> None:
        """A stream, real or bent, that came in chunks split anywhere reads as one that came whole."""
        seed = self.rng.choice(self._streams)
        body = seed.exchange.body if self.rng.random() < 0.5 else self.inputs.bent_bytes(seed.exchange.body)
        places = [self.rng.randrange(len(body) + 1) for _ in range(self.rng.randrange(1, 6))]
        seen = [self._captured(seed.exchange, split) for split in ([body], pieces(body, places))]
        if seen[0] != seen[1]:
            raise AssertionError(f"split at {places}: {seen}")

    def _captured(self, exchange: Exchange, body: list[bytes]) -> list[object]:
        self.last = changed(exchange, body=b"".join(body))
        caught = OpenExchange("httpx", exchange.method, exchange.url, exchange.request_body)
        self._log.begin(caught)
        caught.begin_response(exchange.status, {})
        caught.chunks, caught.ended, caught.sending = body, True, False
        caught.finish()
        found = [(call.model, call.usage, call.incomplete) for call in self._collector.collect()]
        self._collector.not_calls.clear()
        if self._log.faults:
            fault = self._log.faults.pop()
            raise AssertionError(fault)
        return list(found)

    def files(self) -> None:
        """A bent cassette file: it is read, or refused with a reason."""
        data = self.inputs.bent_bytes(self.rng.choice(self.cassettes))
        self.last = data
        try:
            for recorded in read_cassette_bytes(data):
                check_reading(read_exchange(recorded.exchange, {}))
        except CassetteError:
            pass

    def _at(self, seed: Seed) -> Exchange:
        if self.rng.random() < 0.9:
            return seed.exchange
        return changed(seed.exchange, url=self.rng.choice(self.seeds).exchange.url)

    def _read(self, exchange: Exchange) -> Any:
        self.last = exchange
        reading = read_exchange(exchange, {})
        check_reading(reading)
        if isinstance(reading, Reading) and reading.stated.usage is not None and self.rng.random() < 0.2:
            check_invoice(reading.stated.usage, self.rng.choice(self._cards))
        return reading

    def _cards_of(self, seeds: Sequence[Seed]) -> list[RateCard]:
        known = [self._table.bundled.card(*name, {}, _PRICED_ON) for name in _MODELS]
        cards = {card.matched: card for card in known if card}
        for seed in seeds:
            reading = read_exchange(seed.exchange, {})
            if not isinstance(reading, Reading):
                continue
            call = measured_call(
                reading, seed.exchange, origin=Origin(), source=Source.REPLAYED, cassette=None
            )
            card = self._table.look_up(call).card
            if card:
                cards[card.name] = card
        return list(cards.values())


def readers() -> Iterator[tuple[Api, WireFormat]]:
    """Every wire format that has readers of ours."""
    for api in Api:
        with contextlib.suppress(KeyError):
            yield api, wire_format(api)


def seeds_in(folder: Path) -> tuple[list[Seed], list[bytes]]:
    """The small exchanges of a folder of cassettes, some of each kind, and small files."""
    kinds: Counter[tuple[object, ...]] = Counter()
    seeds, files = [], []
    for path in cassettes_in(folder):
        if path.stat().st_size < 3 * _MOST_BYTES and len(files) < 200:
            files.append(path.read_bytes())
        try:
            found = list(read_cassette(path))
        except CassetteError:
            continue
        for recorded in found:
            exchange = recorded.exchange
            plain = plain_bytes(exchange.body, exchange.headers.get("content-encoding", ""))
            reading = read_exchange(exchange, {})
            if not isinstance(reading, Reading) or not 0 < len(plain) <= _MOST_BYTES:
                continue
            kind = (reading.api, reading.stream, reading.provider, reading.stated.incomplete)
            kinds[kind] += 1
            if kinds[kind] <= _SEEDS_OF_A_KIND:
                sent = exchange.request_body[:_MOST_BYTES]
                seeds.append(seed_of(changed(exchange, body=plain, request_body=sent), plain))
    return seeds, files


def _written(last: object) -> object:
    if isinstance(last, Exchange):
        return {"url": last.url, "body": _written(last.body), "request": _written(last.request_body)}
    return base64.b64encode(last).decode() if isinstance(last, bytes) else repr(last)[:5000]


def run(fuzz: Fuzz, arguments: argparse.Namespace, failures: TextIO) -> Counter[str]:
    """Run all blocks; return the failures by place."""
    places: Counter[str] = Counter()
    begin, cpu, done = time.perf_counter(), time.process_time(), 0
    block = arguments.first_block
    while done < arguments.inputs:
        fuzz.start(random.Random(f"{arguments.seed}:{block}"))
        count = min(BLOCK, arguments.inputs - done)
        for number, kind in enumerate(fuzz.order(count)):
            try:
                kind()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is what we look for
                where = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{kind.__name__}: {type(error).__name__} at {where.filename}:{where.lineno}"
                places[place] += 1
                if places[place] <= 5:
                    facts = {"block": block, "number": number, "place": place, "error": str(error)[:500]}
                    failures.write(json.dumps({**facts, "input": _written(fuzz.last)}) + "\n")
                    failures.flush()
        done, block = done + count, block + 1
        if block % 20 == 0 or done >= arguments.inputs:
            wall, used = time.perf_counter() - begin, time.process_time() - cpu
            print(
                f"{done:>12,} inputs, to block {block}, {sum(places.values())} failures, {wall:.0f} s"
                f" ({used:.0f} s of processor time, {done / max(used, 1e-9):,.0f} inputs/s)",
                flush=True,
            )
    return places


def main() -> None:
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("LLMCOST_CORPUS", root.parent / "shared" / "corpus")) / "open"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first-block", type=int, default=0)
    parser.add_argument("--corpus", type=Path, default=folder, help="a folder of cassettes")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures.jsonl"))
    arguments = parser.parse_args()
    seeds, files = seeds_in(arguments.corpus) if arguments.corpus.is_dir() else ([], [])
    print(
        f"seed {arguments.seed}, blocks of {BLOCK:,} from {arguments.first_block}, {len(seeds)} real answers,"
        f" {len(files)} files, {len(list(readers()))} wire formats, Python {sys.version.split()[0]}",
        flush=True,
    )
    with arguments.failures.open("a", encoding="utf-8") as failures:
        places = run(Fuzz(seeds, files), arguments, failures)
    for place, count in places.most_common():
        print(f"{count:>8} {place}")
    sys.exit(bool(places))


if __name__ == "__main__":
    main()
