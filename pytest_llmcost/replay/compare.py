"""The requests of a test against the recorded ones whose answers they got, as multisets.

Calls that swap their order, as parallel ones do, get each other's answers: nothing has changed then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_llmcost.model.drift import Drift
from pytest_llmcost.replay.cache_marks import MARKS
from pytest_llmcost.replay.canonical import canonical, digest
from pytest_llmcost.replay.drift import drift_of
from pytest_llmcost.replay.form import Apart, Form, form_of, value_of
from pytest_llmcost.replay.google_names import in_camel_case, is_google
from pytest_llmcost.replay.json_paths import JsonPath, without
from pytest_llmcost.replay.noise import plain_value, same
from pytest_llmcost.replay.sent import Sent
from pytest_llmcost.replay.shared import with_shared
from pytest_llmcost.usage.body import json_object, plain_bytes

_MANNER = frozenset({"stream", "stream_options", "encoding_format"})
# So many changed requests of one test are compared one by one.
_FEW = 12
_KEY_LENGTH = 16
_MARKS_IN_JSON = tuple(f'"{key}"' for key in MARKS)
# What each of them begins with.
_MARKS_BEGIN = '"cache'


class Request:
    """One side of a comparison.

    Attributes:
        path: Where to, without the query.
        value: What is left of its body without the ignored parts.
    """

    __slots__ = ("_known", "_text", "path", "value")

    def __init__(self, path: str, value: Mapping[str, Any], known: dict[int, str] | None = None) -> None:
        self.path = path
        self.value = value
        self._known = known
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The same for requests that are the same to the letter, whatever the order of their keys."""
        if self._text is None:
            self._text = f"{self.path} {canonical(self.value, self._known)}"
        return self._text

    @property
    def key(self) -> str:
        """A hash of ``text``."""
        return digest(self.text)[:_KEY_LENGTH]

    def is_like(self, other: Request) -> bool:
        """Whether both are the same but for noise."""
        return self.path == other.path and same(self.value, other.value)


class Unlike(NamedTuple):
    """A request that is not the recorded one."""

    sent: Request
    recorded: Request


class Stale(NamedTuple):
    """What changed in one of several requests.

    Attributes:
        drift: Names and sizes.
        sent: The parts of the request, for people who may read it.
        recorded: Those of the recorded one.
    """

    drift: Drift
    sent: Form
    recorded: Form


def unlike(sent: Sent, recorded: Sent, ignore: Sequence[JsonPath] = ()) -> Unlike | None:
    """Whether two requests differ in more than noise.

    A body that was not recorded, or of which a filter has left nothing readable, is no proof of anything.

    Returns:
        None if they do not.
    """
    if sent.body == recorded.body and _path(sent.uri) == _path(recorded.uri):
        return None
    if not recorded.body or not sent.body:
        return None
    try:
        return _unlike(sent, recorded, ignore)
    except RecursionError:  # nobody nests prompts that deep
        return None


def _unlike(sent: Sent, recorded: Sent, ignore: Sequence[JsonPath]) -> Unlike | None:
    one, other = json_object(plain_bytes(sent.body, "")), json_object(plain_bytes(recorded.body, ""))
    if (one is None) != (other is None):
        return None
    if one is None or other is None:
        one, other = dict(value_of(sent.body)), dict(value_of(recorded.body))
    one, other = _without_manner(one), _without_manner(other)
    path, other_path = _path(sent.uri), _path(recorded.uri)
    if one == other and path == other_path:
        return None
    if ignore:
        one, other = without(one, ignore), without(other, ignore)
    if is_google(path):
        one, other = in_camel_case(one), in_camel_case(other)
    if path == other_path and same(one, other):
        return None
    known: dict[int, str] = {}
    return Unlike(Request(path, with_shared(one, other), known), Request(other_path, other, known))


def _without_manner(request: dict[str, Any]) -> dict[str, Any]:
    """A request without what says how the answer travels, which costs nothing."""
    if _MANNER.isdisjoint(request):
        return request
    return {key: value for key, value in request.items() if key not in _MANNER}


def _path(url: str) -> str:
    return url.partition("?")[0]


def stale_of(requests: Sequence[Unlike]) -> list[Stale | None]:
    """What changed in the requests of one test that differ from their recordings.

    Args:
        requests: In the order in which they were sent.

    Returns:
        One for each; None for a request that another one's recording stands for.
    """
    try:
        return _stale_of(requests)
    except RecursionError:
        return [None] * len(requests)


def _stale_of(requests: Sequence[Unlike]) -> list[Stale | None]:
    found: list[Stale | None] = [None] * len(requests)
    partners = _partners(*_without_swapped(requests)) if len(requests) > 1 else {0: 0}
    for index, partner in partners.items():
        sent, recorded = requests[index].sent, requests[partner].recorded
        apart: Apart = {}
        now, before = form_of(sent.value, sent.path, apart), form_of(recorded.value, recorded.path, apart)
        drift = drift_of(now, before, may_cache=_may_cache(sent) or _may_cache(recorded))
        if drift.changes:
            found[index] = Stale(drift._replace(sent_key=sent.key, recorded_key=recorded.key), now, before)
    return found


def _may_cache(request: Request) -> bool:
    text = request.text
    return _MARKS_BEGIN in text and any(mark in text for mark in _MARKS_IN_JSON)


def _without_swapped(requests: Sequence[Unlike]) -> tuple[list[int], list[int]]:
    """The requests that are nobody's recording, and the recordings that are nobody's request."""
    everything = list(range(len(requests)))
    changed, left = _without_equal(requests, everything, everything, lambda request: request.text)
    if len(changed) > _FEW:
        return _without_equal(requests, changed, left, _roughly)
    for index in list(changed):
        sent = requests[index].sent
        # It is not like its own recording: that is known.
        other = next((one for one in left if one != index and sent.is_like(requests[one].recorded)), None)
        if other is not None:
            changed.remove(index)
            left.remove(other)
    return changed, left


def _without_equal(
    requests: Sequence[Unlike], sent: Sequence[int], recorded: Sequence[int], key: Callable[[Request], str]
) -> tuple[list[int], list[int]]:
    there: dict[str, list[int]] = {}
    for index in recorded:
        there.setdefault(key(requests[index].recorded), []).append(index)
    changed = []
    for index in sent:
        others = there.get(key(requests[index].sent))
        if others:
            others.pop()
        else:
            changed.append(index)
    return changed, sorted(index for others in there.values() for index in others)


def _partners(changed: Sequence[int], left: Sequence[int]) -> dict[int, int]:
    """For each changed request a recording that nobody else stands for: its own, if it is left."""
    own = {index: index for index in changed if index in set(left)}
    others = [index for index in left if index not in own]
    return own | dict(zip((index for index in changed if index not in own), others, strict=False))


def _roughly(request: Request) -> str:
    """The same for requests that differ in noise only; it takes its time."""
    return f"{request.path} {canonical(plain_value(request.value))}"
