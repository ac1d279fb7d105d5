"""A report with one of everything, from fixed prices: the input of the golden files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.call import (
    Api,
    CassetteRef,
    MeasuredCall,
    ModelIds,
    Origin,
    Phase,
    RequestSize,
    Source,
    SubCall,
)
from pytest_llmcost.model.price import PriceSource, Rate, RateCard, Tier
from pytest_llmcost.model.report import Observed, Selection, TestResult
from pytest_llmcost.model.units import PER_MILLION, PER_THOUSAND
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.genai import Match
from pytest_llmcost.pricing.table import PriceTable

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
YAML = """\
version: 1
pricing:
  as_of: 2026-11-23
  models:
    acme/house-model: {input: "1.0", cache_read: "0.1", output: "4.0", per_request: "0.0005"}
  free: ["vllm/*"]
hosts: {"llm.internal:8080": acme, "gpu.internal": vllm}
"""


def _rate(usd, *tiers):
    return Rate(Decimal(usd), PER_MILLION, tuple(Tier(above, Decimal(price)) for above, price in tiers))


class FixedPrices:
    """Stands in for genai-prices, so that golden files outlive its updates."""

    version = "9.9.9"
    cards = {
        ("openai", "gpt-fixed"): {
            "input_tokens": _rate("2.5", (200_000, "5")),
            "cache_read_tokens": _rate("1.25"),
            "output_tokens": _rate("10"),
        },
        ("anthropic", "claude-fixed"): {
            "input_tokens": _rate("3"),
            "cache_read_tokens": _rate("0.3"),
            "cache_write_tokens": _rate("3.75"),
            "output_tokens": _rate("15"),
            "web_searches": Rate(Decimal(10), PER_THOUSAND),
        },
    }

    def resolve(self, provider, model):
        name = model.rsplit("-2", 1)[0]
        return Match(provider, name) if (provider, name) in self.cards else None

    def is_deprecated(self, provider, model):
        return False

    def starts(self, provider, model):
        return []

    def has_start(self, after, until):
        return True

    def card(self, provider, model, context, day):
        match = self.resolve(provider, model)
        if match is None:
            return None
        return RateCard(
            name="",
            source=PriceSource.GENAI_PRICES,
            origin="genai-prices 9.9.9",
            matched=match.key,
            as_of=day,
            since=date(2026, 8, 21),
            rates=self.cards[match.provider, match.model],
            doubts=tuple(
                f"genai-prices 9.9.9 has no price for {key}={value}" for key, value in context.items()
            ),
        )


def call(number, nodeid, provider, asked, usage, **changes):
    """A measured call with sensible defaults."""
    facts = {
        "origin": Origin(nodeid=nodeid, phase=Phase.CALL if nodeid else Phase.SESSION),
        "provider": provider,
        "host": f"api.{provider}.com",
        "api": Api.ANTHROPIC_MESSAGES if provider == "anthropic" else Api.OPENAI_CHAT,
        "model": ModelIds(asked, f"{asked}-20260801"),
        "stream": False,
        "source": Source.REPLAYED,
        "usage": Usage(usage) if usage is not None else None,
        "incomplete": None,
        "request": RequestSize("0" * 64, {"system": 400, "messages": 1200}),
        "cassette": CassetteRef("tests/cassettes/test_support.yaml", number),
        "started_at": NOON + timedelta(seconds=number),
    }
    return MeasuredCall(**{**facts, **changes})


def agent(nodeid, *path, run):
    return Origin(nodeid=nodeid, phase=Phase.CALL, agent=path[-1], agent_run=run, agent_path=tuple(path))


REFUND = "tests/test_support.py::test_refund"
SEARCH = "tests/test_support.py::test_search[enterprise-de]"
ODD = "tests/unit/test_odd.py::TestOdd::test_\x1b[31mred|`x`"
SLOW = "tests/test_support.py::test_slow_answer_of_the_escalation_desk_for_enterprise_customers"


def calls():
    return [
        call(
            0,
            REFUND,
            "openai",
            "gpt-fixed",
            {"input_tokens": 1200, "cache_read_tokens": 1000, "output_tokens": 34},
            origin=agent(REFUND, "support_agent", run="a1"),
            call_site="app/support.py:42",
            failed_attempts=(429, 0),
        ),
        call(
            1,
            REFUND,
            "openai",
            "gpt-fixed",
            {"input_tokens": 250_000, "output_tokens": 100, "reasoning_tokens": 60},
            stream=True,
            origin=agent(REFUND, "support_agent", "researcher", run="b1"),
            call_site="app/research/desk_for_enterprise_customers.py:117",
        ),
        call(
            2,
            SEARCH,
            "anthropic",
            "claude-fixed",
            {
                "input_tokens": 2200,
                "cache_read_tokens": 1000,
                "cache_write_tokens": 800,
                "output_tokens": 340,
                "web_searches": 2,
            },
        ),
        call(
            3,
            SEARCH,
            "anthropic",
            "claude-fixed",
            {"input_tokens": 220, "output_tokens": 8},
            sub_calls=(SubCall("compaction", None, Usage({"input_tokens": 55_196, "output_tokens": 125})),),
        ),
        call(
            4,
            ODD,
            "acme",
            "house-model",
            {"input_tokens": 100, "output_tokens": 10},
            host="llm.internal:8080",
            source=Source.LIVE,
            cassette=None,
            latency=0.25,
            model=ModelIds("house-model", "house-model"),
        ),
        call(
            5,
            ODD,
            "vllm",
            "llama",
            {"input_tokens": 100, "output_tokens": 10},
            host="gpu.internal",
            source=Source.LIVE,
            cassette=None,
            model=ModelIds("llama", "llama"),
        ),
        call(
            6,
            SLOW,
            "openai",
            "gpt-fixed",
            {"input_tokens": 500, "output_tokens": 20},
            context={"service_tier": "priority"},
        ),
        call(
            7,
            SLOW,
            "openai",
            "gpt-fixed",
            None,
            stream=True,
            incomplete='the stream ended without usage: the app has to ask for it with stream_options={"include_usage": True}',
        ),
        call(
            8,
            SLOW,
            "openai",
            "gpt-7",
            {"input_tokens": 12_000, "output_tokens": 431},
            model=ModelIds("gpt-7", "gpt-7"),
        ),
        call(
            9,
            SLOW,
            "10.0.0.5:9000",
            "big",
            {"input_tokens": 12, "output_tokens": 4},
            host="10.0.0.5:9000",
            model=ModelIds("big", None),
        ),
        call(
            10,
            None,
            "openai",
            "gpt-fixed",
            {"input_tokens": 40, "output_tokens": 2},
            origin=Origin(phase=Phase.SETUP, fixture="tests::index"),
            source=Source.RECORDED,
        ),
        call(
            11,
            None,
            "openrouter",
            "some/model",
            {"input_tokens": 40, "output_tokens": 2},
            stated_cost=Decimal("0.000123"),
            cassette=None,
            source=Source.LIVE,
            leak=True,
        ),
        call(
            12,
            REFUND,
            "openai",
            "gpt-fixed",
            {"input_tokens": 40, "output_tokens": 2},
            source=Source.MOCKED,
            cassette=None,
        ),
    ]


def facts(**changes):
    results = [
        TestResult(REFUND, "passed", 0.5),
        TestResult(SEARCH, "passed", 0.25),
        TestResult(ODD, "failed", 0.125),
        TestResult(SLOW, "passed", 1.5),
        TestResult("tests/test_support.py::test_offline", "skipped", 0.01),
    ]
    given = {
        "version": "0.1.0",
        "created_at": NOON,
        "rootdir": "/project",
        "commit": "41d0e77b" + "0" * 32,
        "branch": "main",
        "selection": Selection(full=True, collected=5, ran=5),
        "results": tuple(results),
        "observed": Observed(
            imported=("openai", "httpx2"), cassettes=1, interactions=12, not_calls={"HTTP error": 2}
        ),
    }
    return Facts(**{**given, **changes})


def report(measured=None, **changes):
    """The sample report."""
    configuration = read_configuration(YAML, "llmcost.yaml", "f" * 64)
    table = PriceTable(configuration.pricing, NOON.date(), FixedPrices())
    return assemble(calls() if measured is None else measured, facts(**changes), configuration, table)


def empty_report(**observed):
    """A report of a run that made no call."""
    return report([], observed=Observed(**observed))
