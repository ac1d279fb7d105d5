"""Which spans tell of an HTTP call that is not inside them, and which tell of the same generation."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.attribution.started import StartedSpan
from pytest_llmcost.capture.nearest_calls import HttpCall
from pytest_llmcost.capture.span_matching import Traced, _fit, matched, without_twins
from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.span_generation import Generation

TEST = ("t.py::test", None)


def span(
    identity, start, end, *, used=(10, 1), model="gpt-4o", around=(1,), teller="langfuse", nodeid=TEST[0]
):
    usage = None if used is None else Usage({"input_tokens": used[0], "output_tokens": used[1]})
    ids = ModelIds(model, model)
    generation = Generation("openai", Api.SPAN_GENERATION, ids, False, usage, None, False, False, False)
    started = StartedSpan(None, start, Scope(nodeid), None, {})
    return Traced(started, generation, identity, around, teller, start, end)


def http(started, *, used=(10, 1), model="gpt-4o-2024-08-06", inside=(1,), told=()):
    usage = None if used is None else Usage({"input_tokens": used[0], "output_tokens": used[1]})
    return HttpCall(TEST, started, inside, (model, model), usage, set(told))


CASES = {
    "beside the call": ([span(2, 0, 5)], [http(1)], {2}),
    "without any span around": ([span(2, 0, 5, around=())], [http(1, inside=())], {2}),
    "in a span of another library": ([span(2, 0, 5)], [http(1, inside=(1, 7))], {2}),
    "written afterwards": ([span(2, 3, 4)], [http(1)], {2}),
    "of another test": ([span(2, 0, 5, nodeid="t.py::other")], [http(1)], set()),
    "begun when the call had been sent, with other tokens": ([span(2, 3, 4, used=(20, 1))], [http(1)], set()),
    "ended before the call": ([span(2, 0, 1)], [http(2)], set()),
    "of another model, with other tokens": (
        [span(2, 0, 5, used=(20, 1), model="claude-haiku-4-5")],
        [http(1)],
        set(),
    ),
    "of the same model, counted otherwise": ([span(2, 0, 5, used=(11, 1))], [http(1)], {2}),
    "stating nothing, beside a call": ([span(2, 0, 5, used=None)], [http(1)], {2}),
    "beside an open stream": ([span(2, 0, 5)], [http(1, used=None)], {2}),
    "elsewhere in the trace": ([span(2, 0, 5, used=(20, 1))], [http(1, inside=())], set()),
    "of a listener in a thread": ([span(2, 0, 5)], [http(1, inside=())], {2}),
    "a call that this library tells of already": ([span(2, 0, 5)], [http(1, told=["langfuse"])], set()),
    "one call, two spans of it": ([span(2, 0, 5), span(3, 0, 5, used=(9, 9))], [http(1)], {2}),
    "two calls, two spans": ([span(2, 0, 5), span(3, 0, 5)], [http(1), http(2)], {2, 3}),
    "two libraries": ([span(2, 0, 5), span(3, 0, 5, teller="other")], [http(1)], {2, 3}),
}


@pytest.mark.parametrize("name", CASES)
def test_spans_of_calls(name):
    """A span tells of a call by place, time, model and tokens; each library tells of a call once."""
    found, calls, expected = CASES[name]
    copies = [call._replace(told_by=set(call.told_by)) for call in calls]
    assert matched(found, {TEST: copies}) == expected


TWINS = {
    "one around the other in time": ([span(2, 0, 5), span(3, 1, 4, teller="other")], {3}),
    "of one library": ([span(2, 0, 5), span(3, 1, 4)], {2, 3}),
    "with other tokens": ([span(2, 0, 5), span(3, 1, 4, teller="other", used=(20, 1))], {2, 3}),
    "one after the other": ([span(2, 0, 5), span(3, 6, 7, teller="other")], {2, 3}),
    "elsewhere": ([span(2, 0, 5, around=(1,)), span(3, 1, 4, teller="other", around=(9,))], {2, 3}),
}


@pytest.mark.parametrize("name", TWINS)
def test_two_libraries_tell_of_one_generation(name):
    """Of those, the inner one stays."""
    found, expected = TWINS[name]
    assert {traced.identity for traced in without_twins(found)} == expected


def test_many_spans_of_a_test():
    """Ten thousand generations of two libraries, one in the other, take a second and not minutes."""
    found = [span(2 * n, 2 * n, 2 * n + 1) for n in range(10_000)]
    found += [span(2 * n + 1, 2 * n + 0.2, 2 * n + 0.8, teller="other") for n in range(10_000)]
    begin = time.perf_counter()
    assert len(without_twins(found)) == 10_000
    assert time.perf_counter() - begin < 10


def calls_then_spans(number, where):
    """Each call has a span that is written later, with the same tokens."""
    if where == "each after its call":
        return [span(n, n + 0.5, n + 0.6) for n in range(number)], [http(n) for n in range(number)]
    if where == "each in its own span":
        spans = [span(n, n + 0.5, n + 0.6, around=(1, -n)) for n in range(number)]
        return spans, [http(n, inside=(1, -n)) for n in range(number)]
    if where == "by a listener":
        spans = [span(n, n + 0.5, n + 0.6, around=(n + number,)) for n in range(number)]
        return spans, [http(n) for n in range(number)]
    return [span(n, number + n, number + n + 1) for n in range(number)], [http(n) for n in range(number)]


@pytest.mark.parametrize(
    "where", ["each after its call", "each in its own span", "by a listener", "all after all calls"]
)
def test_many_calls_that_are_told_later(where):
    """Thousands of spans with the same tokens, written when the calls are over, are not compared with all calls."""
    found, calls = calls_then_spans(2_000, where)
    begin = time.perf_counter()
    assert len(matched(found, {TEST: calls})) == 2_000
    assert time.perf_counter() - begin < 3


TIMES = st.integers(0, 6)
SPANS = st.builds(
    lambda start, taken, **more: (start, start + taken, more),
    TIMES,
    TIMES,
    used=st.sampled_from([(10, 1), (20, 1), None]),
    model=st.sampled_from(["gpt-4o", "claude-haiku-4-5", None]),
    around=st.sampled_from([(), (1,), (1, 7), (9,)]),
    teller=st.sampled_from(["langfuse", "other"]),
)
CALLS = st.builds(
    http,
    TIMES,
    used=st.sampled_from([(10, 1), (20, 1), None]),
    model=st.sampled_from(["gpt-4o", "claude-haiku-4-5"]),
    inside=st.sampled_from([(), (1,), (1, 7)]),
    told=st.sampled_from([(), ("langfuse",)]),
)


def compared_with_all(found, calls):
    """What fits best goes first, then what is nearest, then the first; each pair is looked at."""
    pairs = [
        (
            -_fit(traced, call),
            abs(call.started - traced.start),
            number,
            call.started < traced.start,
            traced,
            call,
        )
        for number, traced in enumerate(found)
        for call in sorted(calls, key=lambda call: call.started)
    ]
    described = set()
    for *_, traced, call in sorted(pairs, key=lambda pair: pair[:4]):
        if _fit(traced, call) and traced.identity not in described and traced.teller not in call.told_by:
            described.add(traced.identity)
            call.told_by.add(traced.teller)
    return described, [call.told_by for call in calls]


@given(st.lists(SPANS, max_size=8), st.lists(CALLS, max_size=8))
@settings(max_examples=500, deadline=None)
def test_no_pair_is_overlooked(spans, calls):
    """The result is that of comparing each span with each call."""
    found = [span(number, start, end, **more) for number, (start, end, more) in enumerate(spans)]
    copies = [[call._replace(told_by=set(call.told_by)) for call in calls] for _ in range(2)]
    told = matched(found, {TEST: copies[0]})
    assert (told, [call.told_by for call in copies[0]]) == compared_with_all(found, copies[1])


@pytest.mark.parametrize("used", ["each its own", "all the same"])
def test_many_calls_of_a_test(used):
    """Each of five thousand calls has its span beside it, and is found without comparing all with all."""
    tokens = [(number if used == "each its own" else 1, 1) for number in range(5_000)]
    found = [span(n, n, n + 0.5, used=one) for n, one in enumerate(tokens)]
    calls = [http(n + 0.1, used=one) for n, one in enumerate(tokens)]
    begin = time.perf_counter()
    assert len(matched(found, {TEST: calls})) == 5_000
    assert time.perf_counter() - begin < 10
