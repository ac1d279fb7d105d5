"""Keys of the YAML."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_llmcost.pricing.rules import DatedRates, ModelRule, has_wildcard, key_matches


@pytest.mark.parametrize(
    ("key", "model", "matches"),
    [
        ("openai/gpt-4o", "openai/gpt-4o", True),
        ("openai/gpt-4o", "openai/gpt-4o-mini", False),
        ("openai/gpt-4o", "OpenAI/gpt-4o", False),
        ("openai/gpt-4o*", "openai/gpt-4o", True),
        ("openai/gpt-4o*", "openai/gpt-4o-mini", True),
        ("openai/*", "openai/", True),
        ("openai/*", "azure/gpt-4o", False),
        ("*", "anything/at-all", True),
        ("openai/gpt-?", "openai/gpt-4", True),
        ("openai/gpt-?", "openai/gpt-", False),
        ("openai/gpt-?", "openai/gpt-4o", False),
        ("openai/gpt-??", "openai/gpt-4o", True),
        ("openai/gpt-?*", "openai/gpt-4o", True),
        ("openai/gpt-?*", "openai/gpt-", False),
        ("openai/gpt-*?", "openai/gpt-", False),
        ("openai/[ab]", "openai/a", False),
        ("openai/[ab]", "openai/[ab]", True),
        ("a*b", "axb", False),
        ("a*b", "a*b", True),
    ],
)
def test_key_matches(key, model, matches):
    """``*`` and ``?`` count at the end; brackets are brackets, and case matters."""
    assert key_matches(key, model) is matches


def test_has_wildcard():
    """Only a wildcard at the end makes a pattern."""
    assert has_wildcard("openai/*")
    assert has_wildcard("openai/gpt-?")
    assert not has_wildcard("a*b")


def test_rows_of_a_day():
    """The row with the latest start that is not in the future."""
    always, later = DatedRates(None, {}, None, None, 1), DatedRates(date(2026, 12, 1), {}, None, None, 2)
    rule = ModelRule("a/b", (always, later), 1)
    assert rule.on(date(2026, 11, 30)) is always
    assert rule.on(date(2026, 12, 1)) is later
    assert ModelRule("a/b", (later,), 1).on(date(2026, 11, 30)) is None
