"""What callers do with requests: sessions, hooks, adapters, ways of reading, and what is left behind."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import pickle
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import requests
import urllib3
from callers import BODY, ENCODINGS, STREAM, Scenarios, attempt, public
from callers_urllib3 import connections, into_a_buffer, whole
from requests.adapters import HTTPAdapter

SCENARIOS = scenario = Scenarios()
READERS: dict[str, Callable[[Any], Any]] = {
    "content": lambda response: response.content,
    "text": lambda response: response.text,
    "json": lambda response: response.json(),
    "iter_content": lambda response: b"".join(response.iter_content(64)),
    "iter_content_whole": lambda response: b"".join(response.iter_content(None)),
    "iter_content_text": lambda response: list(response.iter_content(7, decode_unicode=True)),
    "iter_lines": lambda response: list(response.iter_lines()),
    "iter_lines_small": lambda response: list(response.iter_lines(chunk_size=7, decode_unicode=True)),
    "iteration": lambda response: b"".join(response),
    "raw_read": lambda response: response.raw.read(),
    "raw_read_decoded": lambda response: response.raw.read(decode_content=True),
    "raw_read_pieces": lambda response: whole(response.raw, 7),
    "raw_readinto": lambda response: into_a_buffer(response.raw),
    "raw_stream": lambda response: b"".join(response.raw.stream(64, decode_content=True)),
    "raw_data": lambda response: response.raw.data,
}


class Caller:
    """A caller of requests.

    Args:
        origin: Of the provider.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def url(self, behaviour: str = "") -> str:
        return f"{self.origin}{behaviour and '/'}{behaviour}/v1/chat/completions"

    def post(self, session: Any, behaviour: str = "", body: Any = BODY, **options: Any) -> Any:
        return session.post(self.url(behaviour), json=body, **options)

    @contextlib.contextmanager
    def open(self, behaviour: str = "", body: Any = STREAM, **options: Any) -> Iterator[tuple[Any, Any]]:
        """A session, and a response that is not read yet."""
        with requests.Session() as session:
            with self.post(session, behaviour, body, stream=True, **options) as response:
                yield session, response


def seen(response: Any) -> dict[str, Any]:
    """Everything that a caller can see of a response without reading it."""
    raw = response.raw
    return {
        "type": (type(response).__name__, type(raw).__name__, type(raw).__module__),
        "kinds": [isinstance(raw, kind) for kind in (urllib3.HTTPResponse, io.IOBase)],
        "names": (public(response), sorted(vars(response)), public(raw)),
        "status": (response.status_code, response.reason, response.ok, bool(response), raw.version),
        "headers": sorted((k, v) for k, v in response.headers.items() if k.lower() != "date"),
        "raw": (raw.closed, raw.isclosed(), raw.tell(), raw.length_remaining, raw.chunked),
        "elapsed": response.elapsed.total_seconds() > 0,
        "encoding": (response.encoding, response._content_consumed),
        "url": (response.url, response.request.method, response.request.body),
        "history": [(past.status_code, past.url, past.raw.closed) for past in response.history],
        "next": response.next and response.next.url,
        "redirect": (response.is_redirect, response.is_permanent_redirect, response.links),
        "repr": repr(response),
    }


def held(session: Any) -> list[Any]:
    """The connections of a session's adapters."""
    return [connections(adapter.poolmanager) for adapter in session.adapters.values()]


def _reading(reader: str) -> Callable[[Caller], Any]:
    def reading(caller: Caller) -> Any:
        found = []
        for encoding in (*ENCODINGS, "lying"):
            for body in (BODY, STREAM):
                with caller.open(encoding, body) as (session, response):
                    before = seen(response)
                    data = attempt(lambda: READERS[reader](response))
                    found.append((encoding, before, data, seen(response), held(session)))
                    for again, read in READERS.items():
                        found.append((again, attempt(partial(read, response))))
                    response.close()
                    found.append((attempt(lambda: READERS[reader](response)), held(session)))
        return found

    return reading


for _reader in READERS:
    SCENARIOS[f"reads_with_{_reader}"] = _reading(_reader)


@scenario
def posts(caller: Caller) -> Any:
    found = []
    with requests.Session() as session:
        for behaviour in (*ENCODINGS, "slow", "no-usage", "binary", "status-401", "status-429", "status-500"):
            response = caller.post(session, behaviour)
            found.append((seen(response), response.content, attempt(response.json), held(session)))
            found.append(attempt(response.raise_for_status))
        found.append(attempt(lambda: caller.post(session, "lying")))
        found.append(seen(session.get(f"{caller.origin}/v1/models")))
        found.append(seen(requests.post(caller.url(), json=BODY)))
        prepared = session.prepare_request(requests.Request("POST", caller.url(), json=BODY))
        found.append(seen(session.send(prepared, timeout=9)))
        found.append(seen(session.send(request=prepared, stream=True)))
        found.append(attempt(lambda: session.send(requests.Request("POST", caller.url()))))
        found.append(attempt(lambda: session.send(requests.PreparedRequest())))
    return found


@scenario
def leaves_responses_behind(caller: Caller) -> Any:
    """Without the garbage collector, a connection goes where it went when its response is dropped."""
    found = []
    ways: dict[str, Callable[[Any], Any]] = {
        **READERS,
        "nothing": lambda response: None,
        "beginning": lambda response: next(response.iter_content(7)),
        "beginning_of_lines": lambda response: next(response.iter_lines()),
        "closing": lambda response: response.close(),
        "raising": lambda response: response.raise_for_status(),
    }
    gc.disable()
    try:
        for name, use in ways.items():
            for behaviour in ("", "gzip", "cut", "status-500"):
                for body in (BODY, STREAM):
                    with requests.Session() as session:
                        response = caller.post(session, behaviour, body, stream=True)
                        found.append((name, attempt(partial(use, response))))
                        left = weakref.ref(response), weakref.ref(response.raw)
                        del response
                        found.append(([each() is None for each in left], held(session)))
    finally:
        gc.enable()
    return found


@scenario
def loses_the_connection(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        with requests.Session() as session:
            found.append(attempt(lambda: caller.post(session, "cut", body)))
            found.append(held(session))
        for reader, read in READERS.items():
            with caller.open("cut", body) as (session, response):
                found.append((reader, attempt(lambda: read(response)), seen(response)))
                found.append(held(session))
    return found


@scenario
def waits_too_long(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        with requests.Session() as session:
            found.append(attempt(lambda: caller.post(session, "stall", body, timeout=0.1)))
            found.append(held(session))
        with caller.open("stall", body, timeout=0.1) as (session, response):
            found.append(attempt(lambda: READERS["iter_content"](response)))
            found.append(held(session))
    return found


@scenario
def cannot_connect(caller: Caller) -> Any:
    with requests.Session() as session:
        try:
            session.post("http://127.0.0.1:9/v1/chat/completions", json=BODY)
        except requests.ConnectionError as error:
            return error.request.url, error.response, type(error).__name__


@scenario
def is_redirected(caller: Caller) -> Any:
    found = []
    for follows in (False, True):
        for stream in (False, True):
            with requests.Session() as session:
                response = caller.post(session, "redirect", allow_redirects=follows, stream=stream)
                found.append((seen(response), response.content, held(session)))
                found.append([past.content for past in response.history])
    with requests.Session() as session:
        response = caller.post(session, "redirect", allow_redirects=False)
        found += [seen(past) for past in session.resolve_redirects(response, response.request)]
        session.max_redirects = 0
        found.append(attempt(lambda: caller.post(session, "redirect")))
    return found


@scenario
def retries(caller: Caller) -> Any:
    retry = urllib3.Retry(2, status_forcelist=[500, 429], allowed_methods=None, backoff_factor=0)
    found = []
    for behaviour in ("flaky", "status-429"):
        for stream in (False, True):
            with requests.Session() as session:
                session.mount("http://", HTTPAdapter(max_retries=retry))
                found.append(attempt(lambda: caller.post(session, behaviour, stream=stream).content))
                found.append(held(session))
    return found


@scenario
def has_hooks_and_auth(caller: Caller) -> Any:
    noted: list[Any] = []

    def note(response: Any, *args: Any, **options: Any) -> None:
        noted.append((seen(response), sorted(options)))

    def replace(response: Any, *args: Any, **options: Any) -> Any:
        found = requests.Response()
        found.status_code, found._content, found.raw = 299, b"replaced", response.raw
        found.request, found.url = response.request, response.url
        return found

    def refuse(response: Any, *args: Any, **options: Any) -> None:
        raise LookupError("refused")

    def signed(request: Any) -> Any:
        request.headers["x-signed"] = "yes"
        return request

    for stream in (False, True):
        for hook in (note, replace, refuse, lambda response, **_: response.content and None):
            with requests.Session() as session:
                session.hooks["response"].append(hook)
                session.auth = signed
                found = attempt(lambda: caller.post(session, "redirect", stream=stream))
                noted.append(found if isinstance(found, tuple) else (seen(found), found.content))
                noted.append(held(session))
    return noted


@scenario
def sends_other_bodies(caller: Caller) -> Any:
    data = json.dumps(BODY).encode()
    options: dict[str, Callable[[], dict[str, Any]]] = {
        "generator": lambda: {"data": iter([data[:9], data[9:]])},
        "file": lambda: {"data": io.BytesIO(data)},
        "text": lambda: {"data": data.decode()},
        "form": lambda: {"data": {"x": "1"}},
        "multipart": lambda: {"files": {"file": ("name", b"data", "text/plain")}, "data": {"x": "1"}},
        "query": lambda: {"json": BODY, "params": {"key": "secret"}},
        "nothing": dict,
        "not_json": lambda: {"json": object()},
    }
    found = []
    with requests.Session() as session:
        for name, given in options.items():
            answer = attempt(lambda: session.post(caller.url(), **given()))
            found.append((name, answer if isinstance(answer, tuple) else answer.content))
            found.append(None if isinstance(answer, tuple) else type(answer.request.body).__name__)
    return found


@scenario
def pickles(caller: Caller) -> Any:
    found = []
    with requests.Session() as session:
        for stream in (False, True):
            response = caller.post(session, "gzip", stream=stream)
            again = pickle.loads(pickle.dumps(response))
            found.append((again.json(), again.raw, again.headers["content-type"], sorted(vars(again))))
        other = pickle.loads(pickle.dumps(session))
        found.append((seen(caller.post(other)), held(other)))
    return found


@scenario
def uses_an_adapter_of_its_own(caller: Caller) -> Any:
    class Echo(HTTPAdapter):
        def send(self, request: Any, **options: Any) -> Any:
            found = requests.Response()
            found.status_code, found.url, found.request = 200, request.url, request
            found.raw = io.BytesIO(b'{"model": "fake"}')
            return found

    found = []
    for stream in (False, True):
        with requests.Session() as session:
            session.mount("http://", Echo())
            response = caller.post(session, stream=stream)
            found.append((type(response.raw).__name__, response.json(), list(response.iter_lines())))
    return found


@scenario
def works_concurrently(caller: Caller) -> Any:
    def one(number: int) -> Any:
        body = {**STREAM, "model": f"model-{number}"}
        with caller.post(session, "", body, stream=True) as response:
            return list(response.iter_lines()), response.raw.closed

    with requests.Session() as session, ThreadPoolExecutor(20) as threads:
        return list(threads.map(one, range(20)))
