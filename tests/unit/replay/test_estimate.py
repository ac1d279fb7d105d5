"""What a changed request would use, and between which bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exchanges import measured, table

from pytest_llmcost.model.call import ModelIds, RequestSize, Status
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.replay.estimate import estimate, estimated
from pytest_llmcost.replay.slopes import NO_SLOPES, slopes_of

TEXT = (PartChange("messages[0]", 100, 500),)
MODEL = (PartChange("model", 8, 13),)
PRICES = """{models: {openai/gpt-4o: {input: "1", cache_read: "0.1", output: "10"},
    openai/gpt-4o-mini: {input: "0.1", output: "1"}}}"""


def stale(usage=None, changes=TEXT, requested="gpt-4o", billed="gpt-4o", **facts):
    drift = Drift(changes, "gpt-4o", **{"prompt": 900, "prefix": 0, **facts.pop("drift", {})})
    usage = usage or {"input_tokens": 1_000, "output_tokens": 50}
    return measured(billed=billed, requested=requested, usage=usage, drift=drift, **facts)


def recording(about, tokens, **facts):
    return measured(
        usage={"input_tokens": tokens, "output_tokens": 1}, request=RequestSize("", {}, about), **facts
    )


def test_the_difference_comes_on_top_of_the_recording():
    """The recorded usage stays at hand; the estimate has bounds about it."""
    found = estimate(stale(drift={"added": 100}), NO_SLOPES)
    assert dict(found.usage) == {"input_tokens": 1_100, "output_tokens": 50}
    assert dict(found.recorded_usage) == {"input_tokens": 1_000, "output_tokens": 50}
    assert found.bounds.low.input_tokens == 1_064
    assert found.bounds.high.input_tokens == 1_136
    assert found.stale


def test_removed_text_never_leaves_less_than_one_token():
    """However wrong the rough count is."""
    found = estimate(stale({"input_tokens": 20, "output_tokens": 1}, drift={"removed": 500}), NO_SLOPES)
    assert found.usage.input_tokens == found.bounds.low.input_tokens == 1


def test_another_model_is_priced_as_that_model():
    """Billed is what is asked for now; the same text may have other tokens there."""
    call = estimate(stale(changes=MODEL, requested="gpt-4o-mini", drift={"prefix": 900}), NO_SLOPES)
    assert call.model == ModelIds("gpt-4o-mini", "gpt-4o-mini")
    priced = price_call("c1", call, table(PRICES))
    assert priced.status is Status.ESTIMATED
    assert priced.cost.value == Decimal("0.00015")
    assert priced.cost.low < priced.cost.value < priced.cost.high


def test_the_cost_of_an_estimate_is_an_interval():
    """Its ends are the costs of the bounds."""
    priced = price_call("c1", estimate(stale(drift={"added": 100}), NO_SLOPES), table(PRICES))
    assert (priced.cost.low, priced.cost.value, priced.cost.high) == (
        Decimal("0.001564"),
        Decimal("0.0016"),
        Decimal("0.001636"),
    )


def test_what_nobody_can_tell_has_no_upper_bound():
    """And says why."""
    priced = price_call("c1", estimate(stale(drift={"unknown": ("n changed",)}), NO_SLOPES), table(PRICES))
    assert priced.status is Status.PARTIAL
    assert priced.cost.high is None
    assert priced.cost.low > 0
    assert "n changed" in priced.status_detail


def test_the_first_tools_of_a_provider_that_adds_a_prompt_are_unknown():
    """OpenAI and Google add none that is not in the request; of the others nobody knows."""
    first = {"changes": (PartChange("tools", None, 300),), "drift": {"tools_added": 80}}
    assert estimate(stale(**first), NO_SLOPES).doubts == ()
    assert estimate(stale(**first), NO_SLOPES).usage.input_tokens == 1_056
    assert estimate(stale(provider="anthropic", **first), NO_SLOPES).doubts
    more = {"changes": (PartChange("tools", 200, 300),), "drift": {"tools_added": 30}}
    assert estimate(stale(provider="anthropic", **more), NO_SLOPES).doubts == ()


def test_a_cached_prefix_may_be_lost_to_an_edit_inside_it():
    """At worst everything behind the edit is new; an edit behind the cached part loses nothing."""
    usage = {"input_tokens": 1_000, "cache_read_tokens": 800, "output_tokens": 1}
    inside = estimate(stale(usage, drift={"added": 10, "prefix": 90}), NO_SLOPES)
    assert inside.usage.cache_read_tokens == 800
    assert inside.bounds.high.cache_read_tokens == 100
    assert inside.bounds.low.cache_read_tokens > 800
    behind = estimate(stale(usage, drift={"added": 10, "prefix": 890}), NO_SLOPES)
    assert behind.bounds.high.cache_read_tokens == 800


def test_a_lost_cache_is_written_again_where_writing_is_billed():
    """Anthropic states writes, even none."""
    usage = {"input_tokens": 1_000, "cache_read_tokens": 800, "cache_write_tokens": 0, "output_tokens": 1}
    found = estimate(stale(usage, provider="anthropic", drift={"added": 10}), NO_SLOPES)
    assert found.bounds.high.get("cache_write_tokens") == 800


@pytest.mark.parametrize(
    ("recorded", "now", "value", "high"),
    [(None, 20, 20, 20), (100, 20, 20, 20), (50, 80, 50, 80), (100, 200, 50, 50), (None, None, 50, 50)],
    ids=["limited-now", "limit-lowered", "was-cut", "raised-beyond-need", "no-limits"],
)
def test_limits_of_output_bound_the_answer(recorded, now, value, high):
    """A lower limit holds for sure; an answer that was cut may go on to the new one."""
    found = estimate(stale(drift={"output_limit": now, "recorded_output_limit": recorded}), NO_SLOPES)
    assert found.usage.output_tokens == value
    assert found.bounds.high.output_tokens == high


def test_the_stated_cost_of_the_recording_is_not_that_of_the_edit():
    """The provider stated what the recorded request cost."""
    call = estimate(stale(stated_cost=Decimal("0.5"), drift={"added": 100}), NO_SLOPES)
    assert call.stated_cost is None


def test_a_call_without_usage_stays_without():
    """Unknown is never $0."""
    call = estimate(stale()._replace(usage=None, incomplete="cut"), NO_SLOPES)
    assert call.usage is None
    assert price_call("c1", call, table(PRICES)).cost.high is None


def test_what_is_not_billed_by_tokens_is_unknown():
    """Seconds of audio do not follow from the prompt."""
    found = estimate(stale({"input_characters": 10}, drift={"added": 5}), NO_SLOPES)
    assert found.doubts


def test_slopes_are_learnt_from_the_run_and_drawn_towards_what_is_known():
    """Few recordings say little, many say more; other tools beside a prompt say nothing."""
    few = slopes_of([recording(100, 130), recording(200, 260)]).of("openai", "gpt-4o")
    many = slopes_of([recording(100 * n, 130 * n) for n in range(1, 30)]).of("openai", "gpt-4o")
    assert 1.0 < few.value < many.value < 1.3
    assert many.value > 1.25
    assert slopes_of([recording(100, 130)]).of("openai", "gpt-4o").value == 1.0
    assert slopes_of([recording(100 * n, 130 * n) for n in range(1, 30)]).of("x-ai", "grok").value == 1.0


def test_a_model_without_recordings_takes_the_slope_of_its_provider():
    """Models of one provider mostly share a tokenizer."""
    slopes = slopes_of([recording(100 * n, 130 * n) for n in range(1, 30)])
    assert slopes.of("openai", "gpt-next").value > 1.2


def test_slopes_are_clamped():
    """Alike prompts and hidden text would say anything."""
    wild = slopes_of([recording(100 * n, 1_000 * n) for n in range(1, 40)])
    assert wild.of("openai", "gpt-4o").value <= 1.5


def test_the_calls_of_a_run_are_estimated_once():
    """A merged report has its estimates already."""
    calls = [recording(100 * n, 130 * n) for n in range(1, 30)] + [stale(drift={"added": 100})]
    once = estimated(calls)
    assert once[-1].usage.input_tokens > 1_120
    assert estimated(once) == once
    assert estimated(calls[:-1]) == calls[:-1]


CACHING = "{models: {anthropic/c: {input: '1', cache_read: '0.1', cache_write: '1.25', output: '1'}}}"


@pytest.mark.parametrize(
    ("usage", "cache", "ends"),
    [
        ((900, 0), "none", ("0.001", "0.001", "0.001")),
        ((0, 900), "none", ("0.001", "0.001", "0.001")),
        ((900, 0), "5m", ("0.0001", "0.00019", "0.00125")),
        ((0, 0), "5m", ("0.0001", "0.001", "0.00125")),
    ],
    ids=["read-then-unmarked", "written-then-unmarked", "marked-elsewhere", "marked-first"],
)
def test_what_is_to_be_cached_moves_the_bounds(usage, cache, ends):
    """Without a mark nothing is cached; with other marks anything from all read to all written may be."""
    read, written = usage
    counts = {"input_tokens": 1_000, "cache_read_tokens": read, "cache_write_tokens": written}
    call = stale(
        {**counts, "output_tokens": 0}, requested="c", billed="c", provider="anthropic",
        drift={"cache": cache, "prefix": 900},
    )  # fmt: skip
    cost = price_call("c1", estimate(call, NO_SLOPES), table(CACHING)).cost
    assert (cost.low, cost.value, cost.high) == tuple(map(Decimal, ends))
