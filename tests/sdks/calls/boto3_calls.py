"""boto3: Bedrock's converse, and invoke with the body of each vendor; the streams are binary."""

import json
import os

import boto3
import pytest

CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
LLAMA = "meta.llama3-1-8b-instruct-v1:0"
HI = [{"role": "user", "content": [{"text": "hi"}]}]
BODIES = {
    CLAUDE: {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": HI},
    NOVA: {"messages": HI},
    LLAMA: {"prompt": "hi"},
    TITAN: {"inputText": "hi"},
}


@pytest.fixture
def bedrock():
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=os.environ["LOOPBACK_AWS"],
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    yield client
    client.close()


def invoke(bedrock, model):
    answer = bedrock.invoke_model(modelId=model, body=json.dumps(BODIES[model]))
    return answer["body"].read().decode()


def invoke_stream(bedrock, model):
    answer = bedrock.invoke_model_with_response_stream(modelId=model, body=json.dumps(BODIES[model]))
    return b"".join(event["chunk"]["bytes"] for event in answer["body"]).decode()


def test_converse(bedrock):
    answer = bedrock.converse(modelId=CLAUDE, messages=HI)
    assert "forty-two" in answer["output"]["message"]["content"][0]["text"]


def test_converse_stream(bedrock):
    stream = bedrock.converse_stream(modelId=CLAUDE, messages=HI)["stream"]
    assert [next(iter(event)) for event in stream][-1] == "metadata"


def test_invoke_claude(bedrock):
    assert "forty-two" in invoke(bedrock, CLAUDE)


def test_invoke_claude_stream(bedrock):
    assert "forty-two" in invoke_stream(bedrock, CLAUDE)


def test_invoke_nova(bedrock):
    assert "forty-two" in invoke(bedrock, NOVA)


def test_invoke_nova_stream(bedrock):
    assert "forty-two" in invoke_stream(bedrock, NOVA)


def test_invoke_llama(bedrock):
    assert "forty-two" in invoke(bedrock, LLAMA)


def test_invoke_llama_stream(bedrock):
    assert "forty-two" in invoke_stream(bedrock, LLAMA)


def test_invoke_titan(bedrock):
    assert json.loads(invoke(bedrock, TITAN))["embedding"] == [1.0, 2.0]
