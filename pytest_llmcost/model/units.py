"""The units that providers bill, by the names of genai-prices, and how they nest.

A unit contains another when its dimensions are a part of the other's: ``input_tokens`` contains
``cache_read_tokens``, which contains ``cache_audio_read_tokens``. What genai-prices calls
``output_reasoning_tokens`` is ``reasoning_tokens`` here.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

PER_MILLION = 1_000_000
PER_THOUSAND = 1_000
PER_BILLION = 1_000_000_000
SECONDS_PER_HOUR = 3_600

INPUT = "input_tokens"
OUTPUT = "output_tokens"
CACHE_READ = "cache_read_tokens"
CACHE_WRITE = "cache_write_tokens"
CACHE_WRITE_5M = "cache_write_5m_tokens"
CACHE_WRITE_30M = "cache_write_30m_tokens"
CACHE_WRITE_1H = "cache_write_1h_tokens"
CACHE_WRITE_12H = "cache_write_12h_tokens"
REASONING = "reasoning_tokens"
WEB_SEARCHES = "web_searches"
STORAGE_SEARCHES = "storage_searches"
RERANK_SEARCHES = "rerank_searches"
CODE_EXECUTIONS = "code_executions"
REQUESTS = "requests"
INPUT_CHARACTERS = "input_characters"


class Unit(NamedTuple):
    """One thing that is counted and billed.

    Attributes:
        name: The key in a usage, such as ``cache_read_tokens``.
        per: How many of it one stated price buys.
        dimensions: What it is; a unit with more dimensions is a part of one with fewer.
        own_price: Whether the price of the containing unit would be wrong for it.
    """

    name: str
    per: int
    dimensions: frozenset[tuple[str, str]]
    own_price: bool = False

    def contains(self, other: "Unit") -> bool:
        """Whether the other unit is counted inside this one."""
        return self.dimensions < other.dimensions

    def overlaps(self, other: "Unit") -> bool:
        """Whether something can be counted in both: no dimension of one contradicts the other."""
        mine = dict(self.dimensions)
        same_family = mine.get("family") == dict(other.dimensions).get("family")
        return same_family and all(mine.get(key, value) == value for key, value in other.dimensions)


def _unit(name: str, per: int, dimensions: Mapping[str, str], *, own_price: bool = False) -> Unit:
    return Unit(name, per, frozenset(dimensions.items()), own_price)


_MODALITIES = ("text", "audio", "image", "video")
_WRITE_LIFETIMES = ("5m", "30m", "1h", "12h")
# A price table that knows only the short lifetime would bill these at about half.
_LONG_LIFETIMES = ("1h", "12h")


def _token_units() -> Iterator[Unit]:
    for modality in (None, *_MODALITIES):
        infix = f"_{modality}" if modality else ""
        kind = {"modality": modality} if modality else {}
        audio = modality == "audio"
        prompt = {"family": "tokens", "direction": "input", **kind}
        answer = {"family": "tokens", "direction": "output", **kind}
        written = {**prompt, "token_type": "cache_write"}
        read = {**prompt, "token_type": "cache_read"}
        media = modality in {"audio", "image", "video"}
        yield _unit(f"input{infix}_tokens", PER_MILLION, prompt, own_price=audio)
        yield _unit(f"output{infix}_tokens", PER_MILLION, answer, own_price=media)
        yield _unit(f"cache{infix}_read_tokens", PER_MILLION, read, own_price=audio)
        yield _unit(f"cache{infix}_write_tokens", PER_MILLION, written)
        for lifetime in _WRITE_LIFETIMES:
            name = f"cache{infix}_write_{lifetime}_tokens"
            timed = {**written, "cache_ttl": lifetime}
            yield _unit(name, PER_MILLION, timed, own_price=lifetime in _LONG_LIFETIMES)
        yield _unit(f"input{infix}_tool_tokens", PER_MILLION, {**prompt, "token_type": "tool"})
        reasoning = f"output{infix}_reasoning_tokens" if modality else REASONING
        yield _unit(reasoning, PER_MILLION, {**answer, "token_type": "reasoning"})
        yield _unit(f"output{infix}_citation_tokens", PER_MILLION, {**answer, "token_type": "citation"})


def _other_units() -> Iterator[Unit]:
    audio = {"family": "durations", "modality": "audio"}
    pages = {"family": "document_pages", "direction": "input"}
    messages = {"family": "messages", "direction": "input", "modality": "text"}
    characters = {"family": "characters", "direction": "input"}
    pixels = {"family": "pixels", "direction": "input"}
    yield _unit(INPUT_CHARACTERS, PER_MILLION, characters, own_price=True)
    yield _unit("input_text_messages", PER_THOUSAND, messages, own_price=True)
    yield _unit("audio_seconds", SECONDS_PER_HOUR, audio, own_price=True)
    yield _unit("input_audio_seconds", SECONDS_PER_HOUR, {**audio, "direction": "input"})
    yield _unit("output_audio_seconds", SECONDS_PER_HOUR, {**audio, "direction": "output"})
    yield _unit("input_pixels", PER_BILLION, pixels, own_price=True)
    yield _unit("input_document_pages", PER_THOUSAND, pages, own_price=True)
    yield _unit("input_annotated_document_pages", PER_THOUSAND, {**pages, "page_type": "annotated"})
    yield _unit(RERANK_SEARCHES, PER_THOUSAND, {"family": "rerank"}, own_price=True)
    for tool in ("web_search", "social_search", "storage_search"):
        yield _unit(f"{tool}es", PER_THOUSAND, _tool(tool), own_price=True)
    yield _unit(CODE_EXECUTIONS, PER_THOUSAND, _tool("code_execution"), own_price=True)
    yield _unit(REQUESTS, PER_THOUSAND, {"family": "requests"}, own_price=True)


def _tool(name: str) -> dict[str, str]:
    return {"family": "tool_calls", "tool_type": name}


UNITS: Mapping[str, Unit] = MappingProxyType({unit.name: unit for unit in (*_token_units(), *_other_units())})
