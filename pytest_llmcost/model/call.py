"""One billed model response: first as measured, then priced."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.drift import Drift
from pytest_llmcost.model.fallback import Fallback
from pytest_llmcost.model.price import Lookup
from pytest_llmcost.model.usage import NO_USAGE, Usage, total_usage


class Phase(StrEnum):
    """When in the life of a test a call was made; ``SESSION`` is outside any test."""

    SETUP = "setup"
    CALL = "call"
    TEARDOWN = "teardown"
    SESSION = "session"


class Role(StrEnum):
    """What a call is for: the app's work, or judging it."""

    APP = "app"
    JUDGE = "judge"


class Source(StrEnum):
    """Where the response came from, by proof; ``TRACED``: no HTTP was seen, a span states the usage."""

    LIVE = "live"
    RECORDED = "recorded"
    REPLAYED = "replayed"
    TRACED = "traced"
    MOCKED = "mocked"

    @property
    def is_paid_now(self) -> bool:
        """Whether the call was billed in this run; of a traced one nothing shows that it was not."""
        return self is Source.LIVE or self is Source.RECORDED or self is Source.TRACED


class Status(StrEnum):
    """How well the cost of a call is known; the first that holds, in this order."""

    FREE = "free"
    INCOMPLETE = "incomplete"
    UNPRICED = "unpriced"
    PARTIAL = "partial"
    ESTIMATED = "estimated"
    REPORTED = "reported"
    EXACT = "exact"


class Api(StrEnum):
    """The wire format of a call."""

    OPENAI_CHAT = "openai.chat"
    OPENAI_COMPLETIONS = "openai.completions"
    OPENAI_RESPONSES = "openai.responses"
    OPENAI_EMBEDDINGS = "openai.embeddings"
    OPENAI_RUNS = "openai.runs"
    OPENAI_IMAGES = "openai.images"
    OPENAI_TRANSCRIPTIONS = "openai.transcriptions"
    OPENAI_SPEECH = "openai.speech"
    OPENAI_VIDEOS = "openai.videos"
    ANTHROPIC_MESSAGES = "anthropic.messages"
    ANTHROPIC_COMPLETE = "anthropic.complete"
    GEMINI_GENERATE = "gemini.generate"
    GEMINI_INTERACTIONS = "gemini.interactions"
    GEMINI_EMBED = "gemini.embed"
    VERTEX_PREDICT = "vertex.predict"
    GOOGLE_PREDICT = "google.predict"
    BEDROCK_CONVERSE = "bedrock.converse"
    BEDROCK_INVOKE = "bedrock.invoke"
    BEDROCK_EMBED = "bedrock.embed"
    BEDROCK_RERANK = "bedrock.rerank"
    BEDROCK_AGENT = "bedrock.agent"
    BEDROCK_RETRIEVE_AND_GENERATE = "bedrock.retrieve_and_generate"
    SAGEMAKER_INVOKE = "sagemaker.invoke"
    COHERE_CHAT = "cohere.chat"
    COHERE_GENERATE = "cohere.generate"
    COHERE_EMBED = "cohere.embed"
    COHERE_RERANK = "cohere.rerank"
    MISTRAL_CONVERSATIONS = "mistral.conversations"
    MISTRAL_OCR = "mistral.ocr"
    MISTRAL_MODERATIONS = "mistral.moderations"
    OLLAMA_CHAT = "ollama.chat"
    OLLAMA_GENERATE = "ollama.generate"
    OLLAMA_EMBED = "ollama.embed"
    TOKEN_RERANK = "rerank"
    VOYAGE_MULTIMODAL = "voyage.multimodal_embeddings"
    HUGGINGFACE_INFERENCE = "huggingface.inference"
    REPLICATE_PREDICTIONS = "replicate.predictions"
    CLOUDFLARE_RUN = "cloudflare.run"
    WATSONX_GENERATION = "watsonx.generation"
    ALEPHALPHA_COMPLETE = "alephalpha.complete"
    AI21_COMPLETE = "ai21.complete"
    SPAN_GENERATION = "span.generation"
    SPAN_EMBEDDINGS = "span.embeddings"
    CUSTOM = "custom"

    @property
    def generates(self) -> bool:
        """Whether the model writes an answer, so that the call counts for the cache hit rate."""
        return self not in _WITHOUT_ANSWER


_WITHOUT_ANSWER = frozenset(
    {
        *(Api.OPENAI_EMBEDDINGS, Api.GEMINI_EMBED, Api.VERTEX_PREDICT),
        *(Api.BEDROCK_EMBED, Api.BEDROCK_RERANK),
        *(Api.COHERE_EMBED, Api.COHERE_RERANK, Api.OLLAMA_EMBED),
        *(Api.TOKEN_RERANK, Api.VOYAGE_MULTIMODAL, Api.MISTRAL_MODERATIONS, Api.SPAN_EMBEDDINGS),
    }
)


class ModelIds(NamedTuple):
    """The model that was asked for, and the one that answered; None where nobody said."""

    requested: str | None
    billed: str | None

    @property
    def name(self) -> str:
        """The id by which the call is listed."""
        return self.billed or self.requested or "(model not stated)"


class CassetteRef(NamedTuple):
    """An interaction in a cassette file.

    Attributes:
        path: The file, relative to the project's root where it lies inside it.
        interaction: Position over all interactions of the file, from 0; None if it is not known.
    """

    path: str
    interaction: int | None


class RequestSize(NamedTuple):
    """What is kept of a request: a fingerprint and sizes, never its text.

    Attributes:
        sha256: Of the body as sent.
        parts: Bytes of ``system``, ``tools`` and ``messages`` as compact JSON.
        about_tokens: A rough count of the prompt's tokens, by words and marks; None where nobody counted.
    """

    sha256: str
    parts: Mapping[str, int]
    about_tokens: int | None = None


class Bounds(NamedTuple):
    """Between which usages that of a changed request lies, as far as the changed text decides it."""

    low: Usage
    high: Usage


class Origin(NamedTuple):
    """Who made a call.

    Attributes:
        nodeid: The test; None for a wider fixture and outside any test.
        phase: When.
        fixture: The fixture wider than function scope whose set-up or tear-down made it.
        attempt: Which run of the test, from 1 (a test may be rerun).
        agent: Name of the innermost agent; None if nothing names one.
        agent_run: Identity of one entry into that agent; None where no context does, but a rule or a marker.
        agent_path: Names from the outermost agent to the innermost.
        agent_runs: Identities of the entries into them, from the outermost; those of agents that no context
            names are not there.
    """

    nodeid: str | None = None
    phase: Phase = Phase.SESSION
    fixture: str | None = None
    attempt: int = 1
    agent: str | None = None
    agent_run: str | None = None
    agent_path: tuple[str, ...] = ()
    agent_runs: tuple[str, ...] = ()


class SubCall(NamedTuple):
    """A model call inside a call, billed at a model of its own (Anthropic compaction, advisor)."""

    kind: str
    model: str | None
    usage: Usage


class MeasuredCall(NamedTuple):
    """A call before any price is applied.

    Attributes:
        origin: Who made it.
        provider: genai-prices' id, a name from the YAML's ``hosts:``, or ``host:port`` if unknown.
        host: Where it was sent, ``host`` or ``host:port``.
        api: Its wire format.
        model: Requested and billed model.
        stream: Whether the answer was streamed.
        source: Where the answer came from.
        usage: What was stated; None if nothing was.
        incomplete: Why the usage is missing or not final; None if it is final.
        request: Fingerprint and sizes.
        started_at: When the request was sent, UTC.
        stale: Whether the request sent differs from the one whose recorded answer was replayed.
        leak: Whether it reached the network past an open cassette.
        context: What else decides the price, such as ``service_tier``.
        doubts: Facts that no price table knows how to price.
        stated_cost: USD, where the provider's answer states the cost.
        sub_calls: Model calls inside this one.
        cassette: Which recorded interaction stated the usage.
        http_status: Of the response; 0 where no HTTP was seen.
        answered_at: When the provider answered, by its own clock, UTC; None if it did not say.
        latency: Seconds to the end of the answer; None if it was replayed or mocked.
        call_site: ``file:line`` of the innermost frame in the project; None if there is none.
        failed_attempts: HTTP statuses of the attempts before it; 0 where no response came.
        drift: What changed in the request since it was recorded; None for nothing that matters.
        recorded_usage: What the recording states, where ``usage`` is an estimate.
        bounds: Of that estimate.
        cache_miss: Why a prompt cache was missed, as the provider says; None where it does not.
        attributes: ``feature``, ``session``, ``user`` and ``org``, as far as spans state them; the last two
            are hashed.
        role: What it is for.
        fallback: The models that were asked before and failed; None for none.
        lookups: Hashes of what the app's caches were asked for before it, and did not have.
    """

    origin: Origin
    provider: str
    host: str
    api: Api
    model: ModelIds
    stream: bool
    source: Source
    usage: Usage | None
    incomplete: str | None
    request: RequestSize
    started_at: datetime
    stale: bool = False
    leak: bool = False
    context: Mapping[str, str] = MappingProxyType({})
    doubts: tuple[str, ...] = ()
    stated_cost: Decimal | None = None
    sub_calls: tuple[SubCall, ...] = ()
    cassette: CassetteRef | None = None
    http_status: int = 200
    answered_at: datetime | None = None
    latency: float | None = None
    call_site: str | None = None
    failed_attempts: tuple[int, ...] = ()
    drift: Drift | None = None
    recorded_usage: Usage | None = None
    bounds: Bounds | None = None
    cache_miss: str | None = None
    attributes: Mapping[str, str] = MappingProxyType({})
    role: Role = Role.APP
    fallback: Fallback | None = None
    lookups: tuple[str, ...] = ()


class PricedSubCall(NamedTuple):
    """A sub-call with its cost."""

    kind: str
    model: str | None
    usage: Usage
    cost: Amount
    lookup: Lookup


class Call(NamedTuple):
    """A measured call with its cost.

    Attributes:
        id: Unique in a report.
        measured: What was measured.
        cost: USD, sub-calls included.
        components: Unit to USD; with the sub-calls they sum to the known part of a cost that was computed
            (a cost that the provider stated has none).
        status: How well the cost is known.
        status_detail: Why, where the status is not exact.
        lookup: How the price was found.
        sub_calls: The sub-calls with their costs.
    """

    id: str
    measured: MeasuredCall
    cost: Amount
    components: Mapping[str, Decimal]
    status: Status
    status_detail: str | None
    lookup: Lookup
    sub_calls: tuple[PricedSubCall, ...] = ()

    @property
    def usage(self) -> Usage:
        """Everything that was used, sub-calls included; empty if nothing was stated."""
        own = self.measured.usage or NO_USAGE
        if not self.sub_calls:
            return own
        return total_usage([own, *(sub_call.usage for sub_call in self.sub_calls)])
