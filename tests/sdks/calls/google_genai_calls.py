"""The Google Gen AI SDK: Gemini's own API and Vertex; its async client goes through aiohttp if that is there."""

import os

import httpx2
from google import genai
from google.genai.types import HttpOptions
from google.oauth2.credentials import Credentials

ORIGIN = os.environ["LOOPBACK_GOOGLE"]
ASK = {"model": "gemini-2.5-flash", "contents": "hi"}
INTERACT = {"model": "gemini-2.5-flash", "input": "hi"}
# The model before it states no usage on the Gemini API.
EMBED = {"model": "gemini-embedding-2", "contents": "hi"}
# Older models have a path of their own on Vertex.
EMBED_ON_VERTEX = {"model": "text-embedding-005", "contents": "hi"}


def client(**options):
    return genai.Client(api_key="x", http_options=HttpOptions(base_url=ORIGIN, **options))


def vertex():
    # A token that is used as it is: nobody is asked for another.
    return genai.Client(
        vertexai=True,
        project="project",
        location="europe-west1",
        credentials=Credentials("token"),
        http_options=HttpOptions(base_url=ORIGIN),
    )


def text(chunks):
    return "".join(chunk.text for chunk in chunks)


def test_generate():
    with client() as gemini:
        assert "forty-two" in gemini.models.generate_content(**ASK).text


def test_generate_stream():
    with client() as gemini:
        assert "forty-two" in text(gemini.models.generate_content_stream(**ASK))


def test_chat():
    with client() as gemini:
        assert "forty-two" in gemini.chats.create(model=ASK["model"]).send_message("hi").text


async def test_async_generate():
    async with client().aio as gemini:
        assert "forty-two" in (await gemini.models.generate_content(**ASK)).text


async def test_async_generate_stream():
    async with client().aio as gemini:
        stream = await gemini.models.generate_content_stream(**ASK)
        assert "forty-two" in text([chunk async for chunk in stream])


async def test_async_generate_httpx():
    async with httpx2.AsyncClient() as transport:
        async with client(httpx_async_client=transport).aio as gemini:
            assert "forty-two" in (await gemini.models.generate_content(**ASK)).text


async def test_async_generate_httpx_stream():
    async with httpx2.AsyncClient() as transport:
        async with client(httpx_async_client=transport).aio as gemini:
            stream = await gemini.models.generate_content_stream(**ASK)
            assert "forty-two" in text([chunk async for chunk in stream])


def test_interaction():
    with client() as gemini:
        assert "forty-two" in gemini.interactions.create(**INTERACT).output_text


def test_interaction_stream():
    with client() as gemini:
        stream = gemini.interactions.create(**INTERACT, stream=True)
        assert [event.event_type for event in stream][-1] == "interaction.completed"


async def test_async_interaction():
    async with client().aio as gemini:
        assert "forty-two" in (await gemini.interactions.create(**INTERACT)).output_text


async def test_async_interaction_stream():
    async with client().aio as gemini:
        stream = await gemini.interactions.create(**INTERACT, stream=True)
        assert [event.event_type async for event in stream][-1] == "interaction.completed"


def test_embed():
    with client() as gemini:
        assert gemini.models.embed_content(**EMBED).embeddings[0].values == [1.0, 2.0]


async def test_async_embed():
    async with client().aio as gemini:
        assert (await gemini.models.embed_content(**EMBED)).embeddings[0].values == [1.0, 2.0]


def test_vertex():
    with vertex() as gemini:
        assert "forty-two" in gemini.models.generate_content(**ASK).text


def test_vertex_stream():
    with vertex() as gemini:
        assert "forty-two" in text(gemini.models.generate_content_stream(**ASK))


async def test_async_vertex():
    async with vertex().aio as gemini:
        assert "forty-two" in (await gemini.models.generate_content(**ASK)).text


async def test_async_vertex_stream():
    async with vertex().aio as gemini:
        stream = await gemini.models.generate_content_stream(**ASK)
        assert "forty-two" in text([chunk async for chunk in stream])


def test_vertex_embed():
    with vertex() as gemini:
        assert gemini.models.embed_content(**EMBED_ON_VERTEX).embeddings[0].values == [1.0, 2.0]
