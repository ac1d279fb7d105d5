"""LangChain's OpenAI models, and a LangGraph graph around one."""

import os
from typing import TypedDict

import pytest
from langchain_openai import AzureChatOpenAI, ChatOpenAI, OpenAIEmbeddings
from langgraph.graph import END, START, StateGraph

URL = os.environ["LOOPBACK_OPENAI"] + "/v1"


@pytest.fixture
def chat():
    # It asks for usage in streams only where it knows the host.
    return ChatOpenAI(model="gpt-4o-mini", base_url=URL, api_key="x", stream_usage=True)


@pytest.fixture
def graph(chat):
    class State(TypedDict):
        question: str
        answer: str

    def ask(state: State):
        return {"answer": chat.invoke(state["question"]).text}

    async def async_ask(state: State):
        return {"answer": (await chat.ainvoke(state["question"])).text}

    from langchain_core.runnables import RunnableLambda

    builder = StateGraph(State)
    builder.add_node("ask", RunnableLambda(ask, async_ask))
    builder.add_edge(START, "ask")
    builder.add_edge("ask", END)
    return builder.compile()


def test_chat(chat):
    assert "forty-two" in chat.invoke("hi").text


def test_chat_stream(chat):
    assert "forty-two" in "".join(chunk.text for chunk in chat.stream("hi"))


async def test_async_chat(chat):
    assert "forty-two" in (await chat.ainvoke("hi")).text


async def test_async_chat_stream(chat):
    assert "forty-two" in "".join([chunk.text async for chunk in chat.astream("hi")])


def test_responses():
    chat = ChatOpenAI(model="gpt-4o-mini", base_url=URL, api_key="x", use_responses_api=True)
    assert "forty-two" in chat.invoke("hi").text


def test_azure():
    azure = AzureChatOpenAI(
        azure_endpoint=os.environ["LOOPBACK_AZURE"],
        azure_deployment="gpt-4o-mini",
        api_version="2024-10-21",
        api_key="x",
    )
    assert "forty-two" in azure.invoke("hi").text


def test_embeddings():
    # The check of the length would fetch a tokenizer.
    options = {"base_url": URL, "api_key": "x", "check_embedding_ctx_length": False}
    assert OpenAIEmbeddings(model="text-embedding-3-small", **options).embed_query("hi") == [1.0, 2.0]


def test_graph(graph):
    assert "forty-two" in graph.invoke({"question": "hi"})["answer"]


async def test_async_graph(graph):
    assert "forty-two" in (await graph.ainvoke({"question": "hi"}))["answer"]


def test_graph_stream(graph):
    """The graph streams what its nodes give; the model streams its words to it."""
    tokens = graph.stream({"question": "hi"}, stream_mode="messages")
    assert "forty-two" in "".join(chunk.text for chunk, _ in tokens)
