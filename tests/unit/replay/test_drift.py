"""What changed in a request is named, sized and counted."""

from __future__ import annotations

import base64
import json

import pytest
from exchanges import ANTHROPIC, BEDROCK, GEMINI, OPENAI_CHAT

from pytest_llmcost.replay.drift import drift_of
from pytest_llmcost.replay.form import form_of, value_of

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CHAT = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "You are a helpful assistant of a bank."},
        {"role": "user", "content": "What is my balance?"},
        {"role": "assistant", "content": "It is 12 euros."},
        {"role": "user", "content": "Thank you, and yesterday?"},
    ],
    "temperature": 0,
}


def chat(**facts):
    return {**CHAT, **facts}


def said(*contents):
    return [CHAT["messages"][0], *({"role": "user", "content": content} for content in contents)]


def drift(sent, recorded, url=OPENAI_CHAT, sent_url=None):
    forms = []
    for request, where in ((sent, sent_url or url), (recorded, url)):
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        forms.append(form_of(value_of(body), where))
    return drift_of(*forms)


def parts(found):
    return [change.part for change in found.changes]


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (chat(model="gpt-4o-mini"), ["model"]),
        (chat(temperature=1), ["temperature"]),
        (chat(tools=[WEATHER]), ["tools"]),
        (chat(messages=[{"role": "system", "content": "Be brief."}, *CHAT["messages"][1:]]), ["system"]),
        (chat(messages=[*CHAT["messages"][:3], {"role": "user", "content": "And today?"}]), ["messages[3]"]),
        (chat(messages=CHAT["messages"][:2]), ["messages[2]", "messages[3]"]),
        (chat(messages=CHAT["messages"][1:]), ["system"]),
        (chat(), []),
    ],
    ids=["model", "parameter", "tools", "system", "last-message", "removed", "no-system", "nothing"],
)
def test_parts_are_named(sent, named):
    """As they stand in the request."""
    assert parts(drift(sent, CHAT)) == named


def test_a_message_put_in_between_is_the_only_change():
    """Messages that only moved are not named."""
    more = [*CHAT["messages"]]
    more.insert(2, {"role": "user", "content": "One moment please, I look for it."})
    found = drift(chat(messages=more), CHAT)
    assert parts(found) == ["messages[2]"]
    assert found.changes[0].before is None
    assert found.removed == 0
    assert 10 <= found.added <= 20


def test_only_changed_lines_count():
    """A long prompt with two edited lines, far apart, has changed by these."""
    lines = [f"Rule number {n}: always answer in full sentences, and be polite." for n in range(100)]
    before = "\n".join(lines)
    lines[3], lines[90] = "Rule three is gone.", "So is this one."
    found = drift(chat(messages=said("\n".join(lines))), chat(messages=said(before)))
    assert found.removed <= 40
    assert found.added <= 20
    assert found.prompt > 1_000
    assert 200 < found.prefix < 300


def test_what_comes_before_the_change_may_be_cached():
    """A change of the last message leaves the rest of the prompt as it was; one of the tools leaves nothing."""
    last = drift(chat(messages=[*CHAT["messages"][:3], {"role": "user", "content": "Bye"}]), CHAT)
    assert last.prefix > last.prompt / 2
    tools = drift(chat(tools=[WEATHER]), CHAT)
    assert tools.prefix == 0
    assert tools.tools_added > 5
    assert (tools.added, tools.removed) == (0, 0)


@pytest.mark.parametrize(
    ("url", "recorded", "sent", "named"),
    [
        (ANTHROPIC, {"system": "a b c", "messages": []}, {"system": "a b", "messages": []}, ["system"]),
        (
            GEMINI,
            {"contents": [{"parts": [{"text": "hello"}]}]},
            {"contents": [{"parts": [{"text": "hello there"}]}]},
            ["messages[0]"],
        ),
        (
            f"{BEDROCK}/amazon.nova-lite-v1:0/converse",
            {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
            {"messages": [{"role": "user", "content": [{"text": "ho"}]}]},
            ["messages[0]"],
        ),
        (
            "https://api.openai.com/v1/embeddings",
            {"input": ["a", "b"]},
            {"input": ["a", "c"]},
            ["messages[1]"],
        ),
        ("https://api.openai.com/v1/responses", {"input": "a"}, {"input": "b"}, ["messages[0]"]),
    ],
)
def test_all_wire_formats_have_parts(url, recorded, sent, named):
    """Each keeps its prompt under keys of its own."""
    assert parts(drift(sent, recorded, url)) == named


def test_a_model_in_the_path_is_a_model():
    """Where the matching of vcr lets another path through."""
    found = drift(
        {"messages": []},
        {"messages": []},
        f"{BEDROCK}/amazon.nova-lite-v1:0/converse",
        f"{BEDROCK}/amazon.nova-pro-v1:0/converse",
    )
    assert parts(found) == ["model"]
    assert found.recorded_model == "amazon.nova-lite-v1:0"


def test_a_model_in_the_path_is_the_one_that_counts():
    """Azure bills its deployment, whatever a client writes into the body."""
    azure = "https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions"
    assert parts(drift({"model": "any", "messages": []}, {"messages": []}, azure)) == []


def test_multipart_boundaries_are_no_change():
    """Clients make a new one for each upload."""
    body = b'--AAA\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--AAA\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n\x00\x01\r\n--AAA--\r\n'
    assert not drift(body.replace(b"AAA", b"BBB"), body).changes
    assert parts(drift(body.replace(b"whisper-1", b"gpt-4o-transcribe"), body)) == ["model"]
    assert parts(drift(body.replace(b"\x00\x01", b"\x00\x02"), body)) == ["file"]
    assert drift(body.replace(b"\x00\x01", b"\x00\x02"), body).unknown


def picture(width, height, more=b""):
    png = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
        + width.to_bytes(4)
        + height.to_bytes(4)
        + b"\x08\x02"
        + more * 40
    )
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return chat(
        messages=said([{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What?"}])
    )


def test_a_picture_of_another_size_is_unknown_and_one_of_the_same_size_is_not():
    """The bytes of a picture say nothing of its tokens."""
    other = drift(picture(640, 480), picture(64, 48))
    assert other.unknown == ("a picture or a file changed",)
    same = drift(picture(64, 48, b"x"), picture(64, 48, b"y"))
    assert parts(same) == ["messages[1]"]
    assert same.unknown == ()
    assert (same.added, same.removed) == (0, 0)


@pytest.mark.parametrize(
    ("sent", "recorded", "reason"),
    [
        (chat(service_tier="priority"), CHAT, "service_tier changed"),
        (chat(reasoning_effort="high"), chat(reasoning_effort="low"), "reasoning_effort changed"),
        (chat(n=3), CHAT, "n changed"),
        (chat(tools=[{"type": "web_search"}]), CHAT, "tools that the provider runs changed"),
    ],
)
def test_what_nobody_can_tell_is_declared(sent, recorded, reason):
    """It makes the cost unknown upwards."""
    assert drift(sent, recorded).unknown == (reason,)


def test_schemas_of_answers_count_as_tools():
    """Models read them."""
    schema = {"type": "json_schema", "json_schema": {"schema": {"properties": {"name": {"type": "string"}}}}}
    found = drift(chat(response_format=schema), CHAT)
    assert parts(found) == ["response_format"]
    assert found.tools_added > 10


def test_limits_of_output_are_known():
    """Under the name that each format gives them."""
    assert drift(chat(max_tokens=10), chat(max_tokens=5)).output_limit == 10
    assert drift(chat(max_tokens=10), chat(max_tokens=5)).recorded_output_limit == 5
    assert drift({"inferenceConfig": {"maxTokens": 7}}, {}).output_limit == 7
    both = {"config": {"max_tokens": 9}, "generationConfig": {"maxOutputTokens": 8}}
    assert drift(both, {}).output_limit == 8


def test_no_text_of_a_prompt_is_kept():
    """Names and sizes only: a report may be published."""
    found = drift(chat(messages=said("the launch code is 0000")), CHAT)
    assert "launch" not in repr(found)
    assert "bank" not in repr(found)


def test_another_stored_prompt_is_unknown():
    """The provider keeps its text, so that nobody else knows its length."""
    recorded = {"model": "gpt-5", "input": "hi", "prompt": {"id": "pmpt_68a1", "version": "1"}}
    for sent in ({"id": "pmpt_7c02", "version": "1"}, {"id": "pmpt_68a1", "version": "2"}):
        assert drift({**recorded, "prompt": sent}, recorded).unknown == (
            "a prompt that the provider keeps changed",
        )


@pytest.mark.parametrize(
    ("sent", "recorded", "cache"),
    [
        ({"cache_control": {"type": "ephemeral"}}, {}, "5m"),
        (
            {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"cache_control": {"type": "ephemeral"}},
            "1h",
        ),
        ({}, {"cache_control": {"type": "ephemeral"}}, "none"),
        ({"cache_control": {"type": "ephemeral"}}, {"cache_control": {"type": "ephemeral"}}, None),
    ],
    ids=["marked", "for-longer", "not-any-more", "as-before"],
)
def test_what_is_to_be_cached_is_no_text(sent, recorded, cache):
    """It moves the price of a prompt and not its length."""
    bodies = [
        {"system": [{"type": "text", "text": "Be brief.", **mark}], "messages": []}
        for mark in (sent, recorded)
    ]
    found = drift(*bodies, ANTHROPIC)
    assert (found.cache, found.added, found.removed) == (cache, 0, 0)


def test_the_detail_of_a_picture_is_unknown():
    """A closer look is another number of tokens."""

    def seen(**detail):
        picture = {"url": "https://example.com/a.png", **detail}
        return chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": picture}]}])

    assert drift(seen(detail="high"), seen(detail="low")).unknown == ("a picture or a file changed",)
    assert drift(seen(detail="high"), seen()).unknown == ("a picture or a file changed",)
    assert drift(seen(detail="auto"), seen()).unknown == ()


def test_token_ids_are_tokens():
    """Embeddings take them in the place of a text."""
    found = drift({"model": "e", "input": [[1, 2, 3, 4, 5, 600]]}, {"model": "e", "input": [[1, 2, 7]]})
    assert (found.removed, found.added) == (1, 4)


def test_no_text_is_taken_for_a_name():
    """Names are stored; in bodies of no known form a key may be anything that somebody wrote."""
    for sent in (b"a=1&my secret prompt", {"My secret prompt": 1, "messages": []}):
        found = drift(sent, b"a=1")
        assert found.changes
        assert "secret" not in str(found)
