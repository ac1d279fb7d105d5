"""What a reader of a wire format is given, and what it is."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_llmcost.usage.reading import Stated

Event = Mapping[str, Any]
# None stands for an event that is no JSON object: an end mark, or one that was cut.
Events = Iterable[Event | None]


class Context(NamedTuple):
    """What an answer does not say of itself.

    Attributes:
        provider: Whose dialect it is.
        headers: Response headers, names in lower case.
        model: The model that the request names; None if it names none.
        done: Whether a stream reached its end mark, or its end where the format has no mark.
        request: The body of the request; empty if it is no JSON object or was not seen.
    """

    provider: str
    headers: Mapping[str, str]
    model: str | None
    done: bool = False
    request: Mapping[str, Any] = MappingProxyType({})


class WireFormat(NamedTuple):
    """The readers of a wire format; they never raise, whatever an answer holds.

    Attributes:
        read_json: Reads an answer that came in one piece.
        read_events: Reads a streamed answer, possibly cut; None for a format without streams.
    """

    read_json: Callable[[Event, Context], Stated]
    read_events: Callable[[Events, Context], Stated] | None = None
