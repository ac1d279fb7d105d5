"""Chat models that search the web by themselves, for fees that no counter of tokens shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import OUTPUT, REASONING, WEB_SEARCHES
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.reading import Stated
from pytest_llmcost.usage.wire_format import Context

CITATIONS = "output_citation_tokens"
# They search once for each request: gpt-5-search-api reasons, and may do it again.
_SEARCH_MODELS = ("gpt-4o-search-preview", "gpt-4o-mini-search-preview", "gpt-5-search-api")
_MAY_SEARCH_AGAIN = "gpt-5-search-api"
_MORE_SEARCHES = "no count of the searches after the first"
_LIVE_SEARCH = "no price for the sources of live search ({count:,})"
_DEEP = "deep-research"
_DEFAULT_SIZE, _DEFAULT_KIND = "low", "fast"


def with_searches(answer: Stated, usage: Mapping[str, Any], context: Context) -> Stated:
    """What a completion states, with the searches that are billed beside its tokens.

    Args:
        answer: What it states as one without searches.
        usage: Its ``usage`` object.
        context: Of the request.
    """
    if answer.usage is None:
        return answer
    model = answer.model or context.model or ""
    if context.provider == "openai" and model.startswith(_SEARCH_MODELS):
        return _of_search_model(answer, answer.usage, model)
    if context.provider == "perplexity" and model.startswith("sonar"):
        if _DEEP in model:
            return _of_deep_research(answer, answer.usage, usage)
        return _of_sonar(answer, usage, context)
    sources = count(usage, "num_sources_used") if context.provider == "x-ai" else None
    return answer._replace(doubts=(*answer.doubts, _LIVE_SEARCH.format(count=sources))) if sources else answer


def _of_search_model(answer: Stated, used: Usage, model: str) -> Stated:
    """OpenAI's search models.

    Source: developers.openai.com, web search: in chat completions these models always search before they
    answer. The answer counts no searches.
    """
    doubts = (_MORE_SEARCHES,) if model.startswith(_MAY_SEARCH_AGAIN) else ()
    return answer._replace(usage=Usage({**used.counts, WEB_SEARCHES: 1}), doubts=(*answer.doubts, *doubts))


def _of_sonar(answer: Stated, usage: Mapping[str, Any], context: Context) -> Stated:
    """Perplexity's models with a fee for each request, by how much of the web it reads.

    Source: docs.perplexity.ai, pricing: the fee depends on ``search_context_size``, which is low unless the
    request says something else, and on ``search_type``.
    """
    options = child(context.request, "web_search_options")
    size = text(usage, "search_context_size") or text(options, "search_context_size") or _DEFAULT_SIZE
    kind = text(options, "search_type") or _DEFAULT_KIND
    found = {**answer.context, "search_context_size": size.lower()}
    return answer._replace(context=found if kind == _DEFAULT_KIND else {**found, "search_type": kind})


def _of_deep_research(answer: Stated, used: Usage, usage: Mapping[str, Any]) -> Stated:
    """Perplexity's deep research, whose reasoning, citations and searches have prices of their own.

    Source: docs.perplexity.ai, pricing: ``completion_tokens`` and the total leave both kinds of tokens out.
    """
    reasoning, citations = count(usage, "reasoning_tokens"), count(usage, "citation_tokens")
    output = used.output_tokens + (reasoning or 0) + (citations or 0)
    more = stated(
        **{REASONING: reasoning, CITATIONS: citations, WEB_SEARCHES: count(usage, "num_search_queries")}
    )
    return answer._replace(usage=Usage({**used.counts, OUTPUT: output, **more}))
