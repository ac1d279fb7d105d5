import pytest

from app.caches import Entry, ExactCache, SemanticCache
from app.embedding import cosine, embed
from app.prompts import Prompt
from articles import article

ENTRY = Entry("key", "answer")


def test_least_recently_used_prompt_goes_first() -> None:
    cache = ExactCache(size=2)
    one, two, three = (Prompt(name, "task") for name in ("one", "two", "three"))
    cache.put(one, ENTRY)
    cache.put(two, ENTRY)
    cache.get(one)
    cache.put(three, ENTRY)

    assert (cache.get(one), cache.get(two), cache.get(three)) == (ENTRY, None, ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(article("battery", headline="Salt in the basement"), id="headline"),
        pytest.param(article("battery").replace("arrive", "arive"), id="slip"),
        pytest.param(article("battery").replace("\n", " "), id="line-breaks"),
    ],
)
def test_nearly_the_same_document_gets_the_answer(text: str) -> None:
    cache = SemanticCache()
    cache.put(Prompt(article("battery"), "task"), ENTRY)

    assert cache.get(Prompt(text, "task")) == ENTRY


def test_other_document_and_other_task_get_none() -> None:
    cache = SemanticCache()
    cache.put(Prompt(article("battery"), "task"), ENTRY)

    assert cache.get(Prompt(article("router"), "task")) is None
    assert cache.get(Prompt(article("battery"), "other task")) is None


def test_likeness_is_1_of_the_same_text() -> None:
    assert cosine(embed("A sodium battery"), embed("a  sodium battery")) == pytest.approx(1.0)
