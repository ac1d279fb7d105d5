"""Cassette files: every form of recorders, packed or not, found in folders or named."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
import yaml
from exchanges import OPENAI_CHAT, aws_stream

from pytest_llmcost.capture.cassette_files import cassettes_in, read_cassette, read_cassette_bytes
from pytest_llmcost.errors import CassetteError, NotACassetteError

REQUEST = {"model": "gpt-4o-mini", "messages": []}
ANSWER = {"model": "gpt-4o-mini-2024-07-18", "usage": {"prompt_tokens": 12, "completion_tokens": 3}}
ASKED = {"method": "POST", "uri": OPENAI_CHAT, "headers": {}, "body": json.dumps(REQUEST)}
HEADERS = {"Content-Type": ["application/json"], "Date": ["Fri, 17 Oct 2025 18:00:28 GMT"]}


def cassette(response, request=None):
    return {"version": 1, "interactions": [{"request": request or ASKED, "response": response}]}


def only(data):
    """The one exchange of a file."""
    (found,) = read_cassette_bytes(data if isinstance(data, bytes) else data.encode())
    assert found.interaction == 0
    return found.exchange


FORMS = {
    "vcrpy, edited by hand": cassette(
        {"status": {"code": "200"}, "headers": HEADERS, "body": {"string": json.dumps(ANSWER)}}
    ),
    "vcrpy": cassette({"status": {"code": 200}, "headers": HEADERS, "body": {"string": json.dumps(ANSWER)}}),
    "vcrpy, bytes in base64": cassette(
        {
            "status": {"code": 200},
            "headers": HEADERS,
            "body": {"base64_string": base64.b64encode(json.dumps(ANSWER).encode()).decode()},
        }
    ),
    "vcrpy with httpx before version 6": cassette(
        {"status_code": 200, "http_version": "HTTP/1.1", "headers": HEADERS, "content": json.dumps(ANSWER)}
    ),
    "parsed bodies": cassette(
        {"status": {"code": 200}, "headers": HEADERS, "parsed_body": ANSWER},
        {"method": "POST", "uri": OPENAI_CHAT, "headers": {}, "parsed_body": REQUEST},
    ),
    "one request of a test agent": {
        "request": {"method": "POST", "url": OPENAI_CHAT, "headers": {}, "body": json.dumps(REQUEST)},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {name: values[0] for name, values in HEADERS.items()},
            "body": json.dumps(ANSWER),
        },
    },
    "one request of a test agent, binary": {
        "request": {"method": "POST", "url": OPENAI_CHAT, "headers": {}, "body": json.dumps(REQUEST)},
        "response": {
            "status": 200,
            "headers": {name: values[0] for name, values in HEADERS.items()},
            "body": "base64:" + base64.b64encode(json.dumps(ANSWER).encode()).decode(),
        },
    },
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump], ids=["JSON", "YAML"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_exchange(form, write, pack):
    """What is recorded comes back, whoever recorded it and however it is packed."""
    exchange = only(pack(write(FORMS[form]).encode()))
    assert (exchange.method, exchange.url, exchange.status) == ("POST", OPENAI_CHAT, 200)
    assert json.loads(exchange.request_body) == REQUEST
    assert json.loads(exchange.body) == ANSWER
    assert exchange.headers["date"] == "Fri, 17 Oct 2025 18:00:28 GMT"


def test_binary_body_of_yaml():
    """vcrpy writes what is no UTF-8 as !!binary: compressed JSON, or an AWS event stream."""
    stream = aws_stream({"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}})
    for body in (gzip.compress(json.dumps(ANSWER).encode()), stream):
        document = cassette({"status": {"code": 200}, "headers": {}, "body": {"string": body}})
        assert only(yaml.safe_dump(document)).body == body


def test_request_that_was_sent_from_a_file():
    """vcrpy kept the file object with its tag."""
    found = only(
        "interactions:\n"
        "- request:\n"
        "    method: POST\n"
        f"    uri: {OPENAI_CHAT}\n"
        "    body: !!python/object/new:_io.BytesIO\n"
        "      state: !!python/tuple\n"
        "      - !!binary eyJtb2RlbCI6ICJtIn0=\n"
        "      - 0\n"
        "      - null\n"
        "  response: {status: {code: 200}, headers: {}, body: {string: ''}}\n"
    )
    assert found.request_body == b'{"model": "m"}'


def test_what_is_no_exchange_is_passed_over():
    """The others keep their places."""
    document = cassette(FORMS["vcrpy"]["interactions"][0]["response"])
    document["interactions"] = [None, {"request": 1}, *document["interactions"], "text"]
    (found,) = read_cassette_bytes(json.dumps(document).encode())
    assert found.interaction == 2


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"name": "app", "dependencies": {"request": "^2", "response": "^1"}}',
        '{"interactions": {}}',
        "- 1\n",
        "text",
        "",
    ],
)
def test_file_of_another_kind(text):
    """It says which forms there are."""
    with pytest.raises(NotACassetteError, match='"interactions" nor one "request" and its "response"'):
        list(read_cassette_bytes(text.encode()))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"interactions": [', "not valid JSON: "),
        (b'{"interactions": ' + b"[" * 100_000, "not a cassette: nested too deeply"),
        (gzip.compress(b"interactions: []" * 9, mtime=0)[:-9], "not valid gzip: "),
        (gzip.compress(b"interactions: []", mtime=0) + b"more", "not valid gzip: "),
        (b"\xff\xfe\x00", r"not UTF-8 \(byte 0\)"),
        (b"interactions: [", "not valid YAML: "),
    ],
)
def test_damaged_files(data, reason):
    """What is cut is refused: the calls that are missing would cost nothing."""
    with pytest.raises(CassetteError, match=reason):
        list(read_cassette_bytes(data))


def test_braces_that_are_no_json():
    """YAML in braces, as people write it by hand."""
    (found,) = read_cassette_bytes(b"{interactions: [{request: {method: post}, response: {}}]}")
    assert found.exchange.method == "POST"


def test_files_of_a_folder(tmp_path):
    """By name, or by how vcrpy begins a file; the rest is not even read."""
    vcrpy = json.dumps(FORMS["vcrpy"], indent=4)
    wanted = {
        "a.yaml": b"",
        "b.YML": b"",
        "c.json": b"",
        "d.yaml.gz": b"",
        "e.json.gz": b"",
        "deep/test_it[gpt-4.1]": b"interactions:\n- request:",
        "test_named_after_the_test": vcrpy.encode(),
    }
    unwanted = {
        "notes.txt": b"the interactions: none",
        "a.py": b"",
        "LICENSE": b"{",
        "app.js.map": b'{"version":3,"sources":[]}',
        "data.gz": b"\x1f\x8b",
    }
    for name, data in {**wanted, **unwanted}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = [path.relative_to(tmp_path).as_posix() for path in cassettes_in(tmp_path)]
    assert sorted(found) == sorted(wanted)
    assert len(list(read_cassette(tmp_path / "test_named_after_the_test"))) == 1


def test_file_that_cannot_be_opened(tmp_path):
    """The system's own reason."""
    with pytest.raises(CassetteError, match="cannot be read: No such file"):
        read_cassette(tmp_path / "nowhere")
