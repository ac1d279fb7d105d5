"""Whether two layers speak of the same request."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def plain_url(url: str) -> tuple[str, str, int | None, str, str]:
    """A URL as every layer means it: libraries differ in quoting and in naming the default port."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port, unquote(parts.path), unquote(parts.query)


def differ(body: bytes, other: bytes) -> bool:
    """Whether two bodies are known to differ; one that is streamed is not known."""
    return bool(body and other) and body != other
