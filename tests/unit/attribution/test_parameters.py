"""Wrappers that pass parameters on one by one, where these are known."""

from __future__ import annotations

import _thread
import functools
import threading

import pytest

from pytest_llmcost.attribution.call_sites import CallSites, call_site
from pytest_llmcost.attribution.parameters import with_same_parameters
from pytest_llmcost.attribution.spans import watch_tracer


def start_span(
    self,
    name,
    context=None,
    kind=7,
    attributes=None,
    links=(),
    start_time=None,
    record_exception=True,
    set_status_on_exception=True,
):
    """As the SDK's."""
    return name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception


def newer(self, name, context=None, kind=7, attributes=None, links=(), *, sampled=None):
    """As that of an SDK that is to come."""
    return name, context, kind, attributes, links, sampled


@functools.wraps(start_span)
def wrapped(*args, **kwargs):
    """As somebody else's wrapper."""
    return start_span(*args, **kwargs)


@pytest.mark.parametrize("original", [start_span, newer, wrapped], ids=lambda original: original.__name__)
@pytest.mark.parametrize(
    "given", [{}, {"context": {1: 2}}, {"links": [1], "kind": 3}, {"attributes": {"a": 1}, "context": {}}]
)
def test_a_watched_tracer_takes_and_gives_what_it_did(original, given):
    """Defaults are the SDK's, whichever parameters it has, and the note is told of the context."""
    noted = []
    watched = watch_tracer(original, lambda *told: noted.append(told), None)
    found = watched(None, "step", **given)
    assert found == original(None, "step", **given)
    assert noted == [(found, given.get("context"))]
    assert (watched.__name__, watched.__wrapped__) == (original.__name__, original)


@pytest.mark.parametrize(
    "wrong", [((), {}), ((None, "a"), {"nonsense": 1}), ((None, "a"), {"name": "b"})], ids=str
)
@pytest.mark.parametrize("original", [start_span, newer], ids=lambda original: original.__name__)
def test_wrong_calls_are_the_apps_errors(original, wrong):
    """A call that the SDK refuses is refused in the same way."""
    args, kwargs = wrong
    with pytest.raises(TypeError, match=r"start_span|newer"):
        watch_tracer(original, None, None)(*args, **kwargs)


def test_other_parameters_are_not_taken_for_the_same():
    """A longer, a renamed or a keyword-only list of parameters is another."""

    def ours(self, end_time):
        return end_time

    def same(self, end_time=3):
        return end_time

    def renamed(self, ended=3):
        return ended

    def longer(self, end_time=3, more=4):
        return end_time

    def keyword(self, end_time=3, *, more=4):
        return end_time

    assert [with_same_parameters(ours, other) for other in (renamed, longer, keyword, len)] == [None] * 4
    assert with_same_parameters(ours, same)(None) == 3


def test_a_thread_that_begins_with_the_watched_function_has_no_call_site():
    """There is nothing further out to look at, which is no fault."""
    found, done = [], threading.Lock()
    done.acquire()
    sites = CallSites("/p")

    def begin():
        found.append((sites.spot(3), sites.stack(3)))
        done.release()

    _thread.start_new_thread(begin, ())
    assert done.acquire(timeout=10)
    assert found == [(None, (None, ()))]


def test_line_of_a_call_in_a_long_function():
    """The line is that of the call, however long the function and however late it is read."""
    sites = CallSites("/p")
    names = {"sites": sites}
    lines = "\n".join(f"    x{number} = len(str({number}))" for number in range(100))
    exec(compile(f"def long():\n{lines}\n    return sites.spot(\n    )\n", "/p/a.py", "exec"), names)
    assert call_site(names["long"]()) == ("a.py", 102)
