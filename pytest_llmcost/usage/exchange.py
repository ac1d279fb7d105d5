"""What was seen of one HTTP request and its response."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

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


class Exchange(NamedTuple):
    """A finished request and response, as bytes.

    Attributes:
        method: HTTP method, in capitals.
        url: The URL as requested.
        request_body: As sent.
        status: HTTP status of the response.
        body: The response body as far as it was received.
        started_at: When the request was sent, UTC.
        headers: Response headers, at least those of ``HEADERS``, names in lower case.
        decoded: Whether content encodings are already undone in ``body``.
        ended: Whether the transport reached the end of the body.
    """

    method: str
    url: str
    request_body: bytes
    status: int
    body: bytes
    started_at: datetime
    headers: Mapping[str, str] = MappingProxyType({})
    decoded: bool = False
    ended: bool = True
