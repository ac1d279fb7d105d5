"""A pytest-recording suite that replays recorded calls through the real SDKs, with and without the flag.

The suite is what a team could have: one test a cassette, each sends the recorded request through the SDK that
speaks the format, and keeps what came back or what was raised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.corpus

# Every n-th cassette keeps the test short; LLMCOST_EVERY=1 replays all.
EVERY = int(os.environ.get("LLMCOST_EVERY", "12"))

SUITE = """
import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

CASES = json.loads((Path(__file__).parent / "cases.json").read_text())


def send(case):
    body, base = dict(case["body"]), case["base"]
    stream = body.pop("stream", False)
    for header_only in ("stream_options",):
        body.pop(header_only, None)
    model = body.pop("model", "none")
    if case["api"] == "anthropic.messages":
        client = anthropic.Anthropic(api_key="x", base_url=base, max_retries=0)
        return client.messages.create(
            model=model, messages=body.pop("messages"), max_tokens=body.pop("max_tokens", 1),
            extra_body=body, stream=stream, timeout=5,
        )
    client = openai.OpenAI(api_key="x", base_url=base, max_retries=0, default_query=case["query"])
    if case["api"] == "openai.chat":
        return client.chat.completions.create(
            model=model, messages=body.pop("messages"), extra_body=body, stream=stream, timeout=5
        )
    if case["api"] == "openai.responses":
        return client.responses.create(
            model=model, input=body.pop("input"), extra_body=body, stream=stream, timeout=5
        )
    return client.embeddings.create(
        model=model, input=body.pop("input"), extra_body=body, encoding_format="float", timeout=5
    )


def shown(answer):
    if hasattr(answer, "model_dump_json"):
        return answer.model_dump_json(warnings=False)
    return [event.model_dump_json(warnings=False) for event in answer]


@pytest.mark.vcr
@pytest.mark.parametrize("number", range(len(CASES)))
def test_replay(number, request, outcomes):
    try:
        value = shown(send(CASES[number]))
    except Exception as error:
        value = f"{type(error).__name__}: {error}"
        outcomes[number] = value
        raise
    outcomes[number] = hashlib.sha256(json.dumps(value).encode()).hexdigest()
"""

CONFTEST = """
import json
from pathlib import Path

import pytest

CASES = json.loads((Path(__file__).parent / "cases.json").read_text())


@pytest.fixture(scope="session")
def outcomes(request):
    found = {}
    yield found
    Path(request.config.getoption("basetemp")).with_suffix(".outcomes.json").write_text(json.dumps(found))


@pytest.fixture
def default_cassette_name(request):
    return CASES[request.node.callspec.params["number"]]["cassette"]


@pytest.fixture(scope="module")
def vcr_cassette_dir():
    return "/"


@pytest.fixture
def vcr_config():
    return {"match_on": ["method", "path"]}
"""
PATHS = {
    "/chat/completions": "openai.chat",
    "/responses": "openai.responses",
    "/embeddings": "openai.embeddings",
    "/v1/messages": "anthropic.messages",
}


def cases(corpus):
    """The first call of each cassette that plain vcrpy can load, as SDK arguments."""
    from urllib.parse import parse_qsl, urlsplit

    import yaml

    found = []
    for path in sorted((corpus / "open").rglob("*.yaml"))[::EVERY]:
        text = path.read_text(encoding="utf-8")
        if "parsed_body" in text or "!!python" in text:
            continue
        document = yaml.load(text, Loader=yaml.CSafeLoader)
        for interaction in document["interactions"]:
            uri = urlsplit(interaction["request"]["uri"])
            api = next((api for end, api in PATHS.items() if uri.path.endswith(end)), None)
            try:
                body = json.loads(interaction["request"]["body"])
            except (TypeError, ValueError, UnicodeDecodeError):
                continue
            if api is None or not {"messages", "input"} & set(body):
                continue
            end = next(end for end in PATHS if uri.path.endswith(end))
            base = f"{uri.scheme}://{uri.netloc}{uri.path.removesuffix(end)}"
            found.append(
                {
                    "cassette": str(path.with_suffix("")).lstrip("/"),
                    "api": api,
                    "body": body,
                    "base": base,
                    "query": dict(parse_qsl(uri.query)),
                }
            )
            break
    return found


def run(project, name, *flags):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    temp = project / name
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:randomly", "--tb=no", "-rA", "--block-network", f"--basetemp={temp}", *flags],
        cwd=project, env=environ, capture_output=True, text=True,
    )  # fmt: skip
    outcomes = json.loads(temp.with_suffix(".outcomes.json").read_text())
    results = sorted(
        line.split(" - ")[0]
        for line in done.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED", "ERROR"))
    )
    return done, outcomes, results


def test_outcomes_and_values_are_the_same(corpus, tmp_path):
    """Each test passes or fails as it does without us, with the same values and the same exceptions."""
    suite = cases(corpus)
    (tmp_path / "cases.json").write_text(json.dumps(suite))
    (tmp_path / "test_replay.py").write_text(SUITE)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    _, without, results = run(tmp_path, "without")
    done, with_us, results_with_us = run(tmp_path, "with", "--llm-cost")
    assert len(results) == len(suite) >= 100 / EVERY
    assert (with_us, results_with_us) == (without, results)
    report = json.loads((tmp_path / ".llmcost" / "report.json").read_text())
    assert report["meta"]["complete"] is True, report["notices"]
    assert {call["source"] for call in report["calls"]} == {"replayed"}
    # What the suite sends anew is what was recorded, but for what it puts in itself.
    changed = [call for call in report["calls"] if call["stale"] and call["model"]["requested"] != "none"]
    named = {change["part"] for call in changed for change in call["drift"]["changes"]}
    assert named <= {"max_tokens"}, named
    # Each test makes one call; the others are answered by a recorded error, or the SDK cannot send them.
    called = [call["nodeid"] for call in report["calls"]]
    assert len(called) == len(set(called))
    answered = sum(1 for value in without.values() if len(value) == 64)
    refused = report["observed"]["not_calls"].get("error in place of an answer", 0)
    assert len(called) + refused >= answered
    unchanged = sum(not call["stale"] for call in report["calls"])
    print(f"{unchanged} replays unchanged, {len(changed)} with an argument of the suite's own")
    print(f"{len(suite)} tests, {answered} passed, {len(called)} calls")
