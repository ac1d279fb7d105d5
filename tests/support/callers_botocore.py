"""What callers do with botocore: a client of boto3, bodies as files, event streams, and bare sessions."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
import botocore.httpsession
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.stub import Stubber
from callers import BODY, ENCODINGS, STREAM, Scenarios, attempt, public
from callers_urllib3 import connections, into_a_buffer, whole

SCENARIOS = scenario = Scenarios()
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
HI = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "hi"}]}]}
INVOKE = {"modelId": MODEL, "body": json.dumps({"max_tokens": 9, "messages": []})}
READERS: dict[str, Callable[[Any], Any]] = {
    "read": lambda body: body.read(),
    "read_pieces": lambda body: whole(body, 7),
    "readinto": into_a_buffer,
    "iteration": list,
    "iter_chunks": lambda body: list(body.iter_chunks(16)),
    "iter_lines": lambda body: list(body.iter_lines(16)),
    "readlines": lambda body: body.readlines(),
    "as_a_file": lambda body: io.TextIOWrapper(io.BytesIO(body.read())).readlines(),
    "json": json.load,
}


class Caller:
    """A caller of boto3 and botocore.

    Args:
        origin: Of the provider.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin

    @contextlib.contextmanager
    def client(self, behaviour: str = "", **options: Any) -> Iterator[Any]:
        config = Config(retries={"total_max_attempts": 1}, **options)
        client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=f"{self.origin}{behaviour and '/'}{behaviour}",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=config,
        )
        yield client
        client.close()

    def request(self, behaviour: str = "", body: Any = BODY, **options: Any) -> Any:
        url = f"{self.origin}{behaviour and '/'}{behaviour}/v1/chat/completions"
        return AWSRequest("POST", url, data=json.dumps(body).encode(), **options).prepare()


def held(client: Any) -> list[Any]:
    """The connections of a client."""
    return connections(client._endpoint.http_session._manager)


def said(found: Any) -> Any:
    """A parsed answer without what differs from run to run."""
    found = dict(found)
    about = dict(found.pop("ResponseMetadata"))
    about["HTTPHeaders"] = {k: v for k, v in about["HTTPHeaders"].items() if k != "date"}
    return {name: value for name, value in found.items() if name not in {"body", "stream"}}, about


def seen(body: Any) -> Any:
    """What a caller can see of a streamed body without reading it."""
    return type(body).__name__, public(body), body.tell(), body.readable(), type(body._raw_stream).__name__


@scenario
def converses(caller: Caller) -> Any:
    found = []
    for behaviour in (*ENCODINGS, "slow", "lying", "binary", "status-400", "status-429", "status-500"):
        with caller.client(behaviour) as client:
            found.append((behaviour, attempt(lambda: said(client.converse(**HI))), held(client)))
    return found


@scenario
def converses_in_a_stream(caller: Caller) -> Any:
    found = []
    for behaviour in ("", "slow", "cut", "gzip", "status-429"):
        with caller.client(behaviour) as client:
            answer = attempt(lambda: client.converse_stream(**HI))
            if isinstance(answer, tuple):
                found.append((answer, held(client)))
                continue
            events = answer["stream"]
            found.append((said(answer), type(events).__name__, public(events)))
            found.append((attempt(lambda: list(events)), held(client)))
            found.append((attempt(lambda: list(events)), attempt(events.close), held(client)))
    return found


@scenario
def stops_an_event_stream(caller: Caller) -> Any:
    found = []
    for way in ("closes", "leaves", "fails"):
        with caller.client("slow") as client:
            events = client.converse_stream(**HI)["stream"]
            found.append(next(iter(events)))
            if way == "closes":
                events.close()
            elif way == "fails":
                found.append(attempt(partial((_ for _ in events).throw, LookupError("enough"))))
            left = weakref.ref(events._raw_stream)
            del events
            gc.collect()
            found.append((left() is None, held(client)))
            found.append(said(client.converse(**HI)))
    return found


def _reading(reader: str) -> Callable[[Caller], Any]:
    def reading(caller: Caller) -> Any:
        found = []
        for behaviour in ("", "slow", "gzip", "cut"):
            with caller.client(behaviour) as client:
                answer = client.invoke_model(**INVOKE)
                body = answer["body"]
                found.append((said(answer), seen(body)))
                found.append((attempt(lambda: READERS[reader](body)), held(client)))
                found.append((attempt(body.tell), attempt(lambda: READERS[reader](body))))
                body.close()
                found.append((attempt(lambda: READERS[reader](body)), held(client)))
        return found

    return reading


for _reader in READERS:
    SCENARIOS[f"reads_with_{_reader}"] = _reading(_reader)


@scenario
def leaves_bodies_behind(caller: Caller) -> Any:
    ways: dict[str, Callable[[Any], Any]] = {
        **READERS,
        "nothing": lambda body: None,
        "beginning": lambda body: body.read(7),
        "closing": lambda body: body.close(),
        "with": lambda body: body.__enter__().__exit__(None, None, None),
    }
    found = []
    gc.disable()
    try:
        for name, use in ways.items():
            with caller.client() as client:
                body = client.invoke_model(**INVOKE)["body"]
                found.append((name, attempt(partial(use, body))))
                left = weakref.ref(body._raw_stream)
                del body
                found.append((left() is None, held(client)))
                found.append(said(client.converse(**HI)))
    finally:
        gc.enable()
    return found


@scenario
def waits_too_long(caller: Caller) -> Any:
    found = []
    with caller.client("stall", read_timeout=0.1) as client:
        found.append((attempt(lambda: client.converse(**HI)), held(client)))
        body = client.invoke_model(**INVOKE)["body"]
        found.append((attempt(body.read), held(client)))
    with caller.client("stall") as client:
        body = client.invoke_model(**INVOKE)["body"]
        body.set_socket_timeout(0.1)
        found.append((attempt(body.read), held(client)))
    return found


@scenario
def goes_wrong(caller: Caller) -> Any:
    found = []
    with caller.client("cut") as client:
        found.append((attempt(lambda: said(client.converse(**HI))), held(client)))
        found.append(attempt(lambda: client.converse(modelId=7)))
    with Caller("http://127.0.0.1:9").client() as client:
        found.append(attempt(lambda: client.converse(**HI)))
    with caller.client() as client, Stubber(client) as stubber:
        stubber.add_client_error("converse", "ThrottlingException", http_status_code=429)
        found.append(attempt(lambda: client.converse(**HI)))
    return found


@scenario
def has_event_handlers(caller: Caller) -> Any:
    noted: list[Any] = []

    def note(**given: Any) -> None:
        noted.append((given["event_name"], sorted(given)))

    def again_at_once(response: Any = None, attempts: int = 0, **_: Any) -> Any:
        failed = response is not None and response[0].status_code == 500
        return 0 if failed and attempts < 2 else None

    with caller.client("flaky") as client:
        for event in ("before-call", "before-sign", "before-send", "response-received", "after-call"):
            client.meta.events.register(f"{event}.bedrock-runtime.Converse", note)
        client.meta.events.register_first("needs-retry.bedrock-runtime.Converse", again_at_once)
        noted.append((attempt(lambda: said(client.converse(**HI))), held(client)))
    return noted


@scenario
def answers_before_it_sends(caller: Caller) -> Any:
    """A handler of ``before-send`` makes the response: nothing is sent."""

    def answer(request: Any, **_: Any) -> Any:
        raw = io.BytesIO(b'{"output": {"message": {"role": "assistant", "content": []}}}')
        raw.stream = lambda **_: iter([raw.getvalue()])  # type: ignore[attr-defined]
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, raw)

    with caller.client() as client:
        client.meta.events.register("before-send.bedrock-runtime.Converse", answer)
        return attempt(lambda: said(client.converse(**HI)))


@scenario
def sends_through_a_bare_session(caller: Caller) -> Any:
    found = []
    for behaviour in ("", "gzip", "redirect", "status-500", "cut"):
        for body in (BODY, STREAM):
            for stream in (False, True):
                session = botocore.httpsession.URLLib3Session()
                request = caller.request(behaviour, body, stream_output=stream)
                answer = attempt(lambda: session.send(request))
                if isinstance(answer, tuple):
                    found.append(answer)
                else:
                    found.append((answer.status_code, type(answer.raw).__name__, public(answer.raw)))
                    found.append((attempt(lambda: answer.content), answer.raw.tell(), answer.raw.closed))
                    found.append(attempt(lambda: answer.text))
                found.append(connections(session._manager))
                session.close()
    return found


@scenario
def works_concurrently(caller: Caller) -> Any:
    def one(number: int) -> Any:
        events = client.converse_stream(**HI)["stream"]
        return list(events), client.converse(**HI)["usage"]

    with caller.client(max_pool_connections=20) as client, ThreadPoolExecutor(20) as threads:
        return list(threads.map(one, range(20)))
