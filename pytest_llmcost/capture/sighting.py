"""Something that may carry model calls past us."""

from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.attribution.scope import Scope


class Way(StrEnum):
    """What a call may go through unseen."""

    WEBSOCKET = "WebSocket"
    GRPC = "gRPC channel"
    PROCESS = "child process"
    FORK = "forked child process"


class Sighting(NamedTuple):
    """One of them, as it began.

    Attributes:
        way: Which.
        target: URL, host and port, command (its parts separated by NUL), or the number of calls.
        scope: What pytest was doing.
    """

    way: Way
    target: str
    scope: Scope
