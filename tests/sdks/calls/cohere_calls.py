"""The Cohere SDK: both versions of its API."""

import os

import cohere

URL = os.environ["LOOPBACK_COHERE"]
HI = {"model": "command-a-03-2025", "messages": [{"role": "user", "content": "hi"}]}
HI_V1 = {"model": "command-r-08-2024", "message": "hi"}
EMBED = {
    "model": "embed-v4.0",
    "texts": ["hi"],
    "input_type": "search_query",
    "embedding_types": ["float"],
}
RERANK = {"model": "rerank-v3.5", "query": "hi", "documents": ["one", "two"]}


def client():
    return cohere.ClientV2(api_key="x", base_url=URL)


def async_client():
    return cohere.AsyncClientV2(api_key="x", base_url=URL)


def text(events):
    return "".join(event.delta.message.content.text for event in events if event.type == "content-delta")


def text_v1(events):
    return "".join(event.text for event in events if event.event_type == "text-generation")


def test_chat():
    assert "forty-two" in client().chat(**HI).message.content[0].text


def test_chat_stream():
    assert "forty-two" in text(client().chat_stream(**HI))


async def test_async_chat():
    async with async_client() as co:
        assert "forty-two" in (await co.chat(**HI)).message.content[0].text


async def test_async_chat_stream():
    async with async_client() as co:
        assert "forty-two" in text([event async for event in co.chat_stream(**HI)])


def test_chat_v1():
    assert "forty-two" in cohere.Client(api_key="x", base_url=URL).chat(**HI_V1).text


def test_chat_v1_stream():
    assert "forty-two" in text_v1(cohere.Client(api_key="x", base_url=URL).chat_stream(**HI_V1))


async def test_async_chat_v1():
    async with cohere.AsyncClient(api_key="x", base_url=URL) as co:
        assert "forty-two" in (await co.chat(**HI_V1)).text


async def test_async_chat_v1_stream():
    async with cohere.AsyncClient(api_key="x", base_url=URL) as co:
        assert "forty-two" in text_v1([event async for event in co.chat_stream(**HI_V1)])


def test_embed():
    assert client().embed(**EMBED).embeddings.float_ == [[1.0, 2.0]]


async def test_async_embed():
    async with async_client() as co:
        assert (await co.embed(**EMBED)).embeddings.float_ == [[1.0, 2.0]]


def test_rerank():
    assert client().rerank(**RERANK).results[0].index == 0


async def test_async_rerank():
    async with async_client() as co:
        assert (await co.rerank(**RERANK)).results[0].index == 0
