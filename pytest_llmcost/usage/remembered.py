"""Exchanges that say the same are read once: tests replay the same recordings over and over."""

from collections.abc import Hashable, Mapping

from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import NotACall, Reading

# So that what is kept stays below some megabytes.
_LARGEST_BODY, _MOST_READINGS = 32_768, 128


class RememberedReadings:
    """Reads exchanges, and remembers the last ones by all that they say.

    A fixture of every test that asks the same, a test with many parameters, a test that runs again: the bytes
    are those of before.

    Args:
        hosts: The YAML's ``hosts:``.
    """

    def __init__(self, hosts: Mapping[str, str]) -> None:
        self._hosts = hosts
        self._readings: dict[Hashable, Reading | NotACall | None] = {}

    def read(self, exchange: Exchange) -> Reading | NotACall | None:
        """As ``read_exchange``, and the very object of before for an exchange that was read before."""
        said = _said(exchange)
        if said is None:
            return read_exchange(exchange, self._hosts)
        try:
            return self._readings[said]
        except KeyError:
            pass
        if len(self._readings) >= _MOST_READINGS:
            self._readings.clear()
        reading = self._readings[said] = read_exchange(exchange, self._hosts)
        return reading


def _said(exchange: Exchange) -> Hashable | None:
    """All of an exchange but its time; None where that is too much to keep, or no plain text and bytes."""
    method, url, request, status, body, _, headers, decoded, ended = exchange
    if len(body) > _LARGEST_BODY or len(request) > _LARGEST_BODY:
        return None
    said = method, url, request, status, body, decoded, ended, tuple(headers.items())
    try:
        hash(said)
    except TypeError:
        return None
    return said
