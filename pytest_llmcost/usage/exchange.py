"""What was seen of one HTTP request and its response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# The response headers that are ever looked at, in lower case; the rest may hold secrets.
HEADERS = (
    "content-encoding",
    "date",
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-cache-read-input-token-count",
    "x-amzn-bedrock-cache-write-input-token-count",
    "x-amzn-bedrock-service-tier",
    "x-amzn-bedrock-performanceconfig-latency",
    "x-inference-provider",
    "x-litellm-call-id",
    "x-litellm-response-cost",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A finished request and response, as bytes.

    Attributes:
        method: HTTP method, in capitals.
        url: The URL as requested.
        request_body: As sent.
        status: HTTP status of the response.
        headers: Response headers, at least those of ``HEADERS``, names in lower case.
        body: The response body as far as it was received.
        decoded: Whether content encodings are already undone in ``body``.
        ended: Whether the transport reached the end of the body.
        started_at: When the request was sent, UTC.
    """

    method: str
    url: str
    request_body: bytes
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes
    decoded: bool = False
    ended: bool = True
    started_at: datetime
