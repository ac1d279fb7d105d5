"""llmcost whatif, as it is typed."""

from __future__ import annotations

import pytest
import sample
from runs import CLAUDE, GPT, made, run, save

from pytest_llmcost.model.call import SubCall
from pytest_llmcost.model.usage import Usage

A, B = "tests/test_a.py::test_a", "tests/test_a.py::test_b"
RUN = {A: [made(GPT, 1000, 100), made(GPT, 1000, 100)], B: [made(CLAUDE, 1000, 100)]}
OWN = 'pricing: {models: {"acme/small": {input: "0.25", output: "1"}, "acme/bare": {output: "1"}}}\n'


@pytest.fixture
def llmcost(llmcost, tmp_path):
    """The command, in a folder with a report and prices of our own."""
    (tmp_path / "llmcost.yaml").write_text(OWN)
    save(tmp_path / "report.json", run(RUN))
    return llmcost


@pytest.mark.parametrize("name", [GPT, f"{GPT}-20260801"])
def test_the_same_usage_at_other_prices(llmcost, name):
    """A model by the id that was asked for or billed: a tenth of the price is a tenth of the cost."""
    done = llmcost("whatif", "report.json", "--model", f"{name}=acme/small")
    assert (done.code, done.err) == (0, "")
    assert f"{name} -> acme/small: 2 calls" in done.out
    assert "test_a.py::test_a  $0.007000  $0.000700      -90%" in done.out
    assert "total              $0.011500  $0.005200      -55%" in done.out
    assert "1 test as before" in done.out
    assert "may write longer or shorter answers" in done.out


def test_two_models(llmcost):
    """Each call goes by the first that names it."""
    done = llmcost(
        "whatif", "report.json", "--model", f"{GPT}=acme/small", "--model", f"{CLAUDE}=acme/small"
    )  # fmt: skip
    assert f"{CLAUDE} -> acme/small: 1 call" in done.out
    assert "as before" not in done.out


def test_a_model_in_its_own_place_costs_the_same(llmcost, tmp_path):
    """Nothing but the price is exchanged: sub-calls, cached tokens and counts stay."""
    sub = SubCall("compaction", None, Usage({"input_tokens": 500, "output_tokens": 5}))
    save(tmp_path / "now.json", run({A: [made("acme/house-model", 1000, 100, 400, sub_calls=(sub,))]}))
    own = sample.YAML.partition("hosts:")[0]
    (tmp_path / "llmcost.yaml").write_text(own)
    done = llmcost("whatif", "now.json", "--model", "acme/house-model=acme/house-model")
    assert "total   $0.002560  $0.002560        0%" in done.out


def test_a_unit_without_a_price_is_a_lower_bound(llmcost):
    """What cannot be priced is not $0."""
    done = llmcost("whatif", "report.json", "--model", f"{GPT}=acme/bare")
    assert done.code == 0
    assert "≥ $0.000200" in done.out


def test_a_model_without_a_price(llmcost):
    """Nothing is compared: what to paste, exit status 3."""
    done = llmcost("whatif", "report.json", "--model", f"{GPT}=acme/unheard-of")
    assert (done.code, done.out) == (3, "")
    assert 'pricing: {models: {"acme/unheard-of": {input: "...", output: "..."}}}' in done.err


@pytest.mark.parametrize("typed", ["gpt-4o", "gpt-4o=gpt-5", "=a/b", "a/b=", "a/=b/c"])
def test_a_model_that_is_none(llmcost, typed):
    """What to write instead."""
    done = llmcost("whatif", "report.json", "--model", typed)
    assert done.code == 2
    assert "write provider/model=provider/model" in done.err


def test_a_model_that_made_no_call(llmcost):
    """The nearest, or all that there are."""
    done = llmcost("whatif", "report.json", "--model", "openai/gpt-fixd=acme/small")
    assert (done.code, done.out) == (2, "")
    assert "report.json has no call of openai/gpt-fixd; did you mean openai/gpt-fixed?" in done.err
    assert "its models: anthropic/" in llmcost("whatif", "report.json", "--model", "x/y=acme/small").err


def test_prices_are_of_the_day_of_the_run(llmcost, tmp_path):
    """Not of today, and not of the day that llmcost.yaml names now."""
    rows = '[{input: "1", output: "1"}, {from: 2026-11-24, input: "9", output: "9"}]'
    (tmp_path / "llmcost.yaml").write_text(
        f'pricing: {{as_of: 2026-12-24, models: {{"acme/small": {rows}}}}}\n'
    )
    done = llmcost("whatif", "report.json", "--model", f"{GPT}=acme/small")
    assert "prices as of 2026-11-23" in done.out
    assert "$0.002200" in done.out


def test_a_run_that_is_not_complete(llmcost, tmp_path):
    """Exit status 3."""
    save(tmp_path / "report.json", run(RUN, faults=("gw0 was killed",)))
    assert llmcost("whatif", "report.json", "--model", f"{GPT}=acme/small").code == 3


def test_calls_of_unknown_cost_stay_unknown(llmcost, tmp_path):
    """Those of other models too: the sum has no upper bound."""
    save(tmp_path / "report.json", sample.report())
    done = llmcost("whatif", "report.json", "--model", f"{GPT}=acme/small")
    assert done.code == 0
    total = next(line for line in done.out.splitlines() if line.startswith("total"))
    assert total.count("≥") == 2
    assert total.endswith("-")
