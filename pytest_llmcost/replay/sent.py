"""A request as the comparison takes it."""

from __future__ import annotations

from typing import NamedTuple


class Sent(NamedTuple):
    """A request as it went out, or as it was recorded.

    Attributes:
        url: Where to.
        body: As bytes.
    """

    url: str
    body: bytes
