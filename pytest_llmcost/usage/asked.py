"""What a request asks for, as far as the request itself says: known before it is answered."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pytest_llmcost.usage.body import form_field, json_object, plain_bytes
from pytest_llmcost.usage.endpoints import Endpoint, Kind, endpoint_of, is_maker
from pytest_llmcost.usage.fields import child, text
from pytest_llmcost.usage.gateways import gateway_of
from pytest_llmcost.usage.hosts import (
    CLOUDFLARE_GATEWAY,
    HUGGING_FACE,
    behind_cloudflare,
    behind_hugging_face,
    host_of,
    path_of,
    provider_of,
)

# Where a request names its model; watsonx and Bedrock's inline agents have names of their own.
_MODEL_KEYS = ("model", "model_id", "foundationModel")
_CONFIGURATIONS = ("retrieveAndGenerateConfiguration", "rerankingConfiguration")
# What people run on hosts of their own, under any name: there the format says what the host does not.
_SELF_HOSTED = frozenset({"ollama"})


class Asked(NamedTuple):
    """A request at a path of a known wire format.

    Attributes:
        host: ``host`` or ``host:port``.
        path: Of the URL.
        endpoint: The format, and what the request is for.
        request: Its body, if that is a JSON object; else empty.
        requested: The model that it names; None if it names none.
        known: The provider; None for a host that nobody named.
        proven: Whether the host is one of those that the path belongs to.
    """

    host: str
    path: str
    endpoint: Endpoint
    request: Mapping[str, Any]
    requested: str | None
    known: str | None
    proven: bool

    @property
    def provider(self) -> str:
        """By whose prices it is billed; the host itself where nobody knows."""
        maker = self.endpoint.maker
        return self.known or (maker if maker in _SELF_HOSTED and maker else None) or self.host


def asked(
    method: str, url: str, body: bytes, hosts: Mapping[str, str], headers: Mapping[str, str]
) -> Asked | None:
    """Read a request.

    Args:
        method: HTTP method, in capitals.
        url: As requested.
        body: As sent.
        hosts: The YAML's ``hosts:``.
        headers: Of the response, names in lower case: gateways say there what they are. Empty if there is
            no response yet.

    Returns:
        What it asks for; None if no known wire format is spoken at its path.
    """
    host = host_of(url)
    path = path_of(url) if host else ""
    known = provider_of(host, hosts)
    if known == CLOUDFLARE_GATEWAY:
        known = behind_cloudflare(path, None)
    endpoint = endpoint_of(method, path, known)
    if endpoint is None or (endpoint.kind is Kind.MODERATION and known is None):
        return None
    sent = plain_bytes(body, "")
    request = json_object(sent) or {}
    requested = endpoint.model or _model_of(request) or form_field(sent, "model")
    proven = is_maker(endpoint.maker, known)
    known = _behind_router(known, path, requested, headers)
    return Asked(host, path, endpoint, request, requested, known or gateway_of(headers), proven)


def _model_of(request: Mapping[str, Any]) -> str | None:
    """The model that a request names: at its top, or (Bedrock's agent runtime) in its configuration."""
    for key in _MODEL_KEYS:
        if found := text(request, key):
            return found
    for key in _CONFIGURATIONS:
        for inner in child(request, key).values():
            if found := text(inner, "modelArn") or text(child(inner, "modelConfiguration"), "modelArn"):
                return found
    return None


def _behind_router(known: str | None, path: str, model: str | None, headers: Mapping[str, str]) -> str | None:
    """The provider that is billed, where the host only hands requests on."""
    if known == HUGGING_FACE:
        return behind_hugging_face(path, model, headers)
    return behind_cloudflare(path, model) if known == CLOUDFLARE_GATEWAY else known
