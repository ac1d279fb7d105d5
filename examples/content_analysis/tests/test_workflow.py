import pytest

from app.workflow import ContentAnalysis
from articles import article

pytestmark = pytest.mark.vcr


@pytest.mark.parametrize("name", ["router", "battery", "wallet"])
def test_article_is_analysed(analysis: ContentAnalysis, name: str) -> None:
    found = analysis.analyse(article(name))

    assert found.security
    assert found.technology
    assert found.synthesis


def test_same_article_again(analysis: ContentAnalysis) -> None:
    first = analysis.analyse(article("router"))

    assert analysis.analyse(article("router")) == first


def test_same_article_under_another_headline(analysis: ContentAnalysis) -> None:
    first = analysis.analyse(article("battery"))

    assert analysis.analyse(article("battery", headline="Salt in the basement")) == first


def test_feed_of_a_morning(analysis: ContentAnalysis) -> None:
    """Agencies send an article more than once, and papers give it a headline of their own."""
    feed = [
        article("wallet"),
        article("router"),
        article("wallet"),
        article("router", headline="Update your office router"),
        article("router"),
    ]

    assert len({analysis.analyse(text) for text in feed}) == 2
