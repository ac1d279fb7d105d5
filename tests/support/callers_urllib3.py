"""What callers do with urllib3: pools, ways of reading, and responses that are left behind."""

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

import urllib3
from callers import BODY, ENCODINGS, STREAM, Scenarios, attempt, public

SCENARIOS = scenario = Scenarios()


def whole(response: Any, size: int, method: str = "read") -> bytes:
    """Read in pieces until one is empty."""
    found = b""
    while piece := getattr(response, method)(size):
        found += piece
    return found


def into_a_buffer(response: Any) -> bytes:
    found, buffer = b"", bytearray(64)
    while count := response.readinto(buffer):
        found += buffer[:count]
    return found


def as_a_file(response: Any) -> list[str]:
    response.auto_close = False
    return io.TextIOWrapper(response, encoding="utf-8").readlines()


READERS: dict[str, Callable[[Any], Any]] = {
    "read": lambda response: response.read(),
    "read_pieces": lambda response: whole(response, 7),
    "read_nothing": lambda response: (response.read(0), response.read()),
    "read_undecoded": lambda response: response.read(decode_content=False),
    "read_and_cache": lambda response: (response.read(cache_content=True), response.data),
    "read1": lambda response: whole(response, 64, "read1"),
    "readinto": into_a_buffer,
    "stream": lambda response: b"".join(response.stream()),
    "stream_pieces": lambda response: list(response.stream(7)),
    "stream_undecoded": lambda response: b"".join(response.stream(decode_content=False)),
    "read_chunked": lambda response: b"".join(response.read_chunked()),
    "data": lambda response: response.data,
    "json": lambda response: response.json(),
    "lines": list,
    "readlines": lambda response: response.readlines(),
    "as_a_file": as_a_file,
    "drain": lambda response: response.drain_conn(),
}
# How much these have read when they cannot decode it depends on the network, so they get what they can.
AS_IT_COMES = {"read1", "as_a_file"}
DECODED = tuple(name for name in ENCODINGS if not name or name in urllib3.HTTPResponse.CONTENT_DECODERS)


class Caller:
    """A caller of urllib3.

    Args:
        origin: Of the provider.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def url(self, behaviour: str = "") -> str:
        return f"{self.origin}{behaviour and '/'}{behaviour}/v1/chat/completions"

    def post(self, pools: Any, behaviour: str = "", body: Any = BODY, **options: Any) -> Any:
        return pools.request("POST", self.url(behaviour), json=body, **options)

    @contextlib.contextmanager
    def open(self, behaviour: str = "", body: Any = STREAM, **options: Any) -> Iterator[tuple[Any, Any]]:
        """Pools, and a response that is not read yet."""
        with urllib3.PoolManager() as pools:
            response = self.post(pools, behaviour, body, preload_content=False, **options)
            yield pools, response
            response.close()


def seen(response: Any) -> dict[str, Any]:
    """Everything that a caller can see of a response without reading it."""
    retries = response.retries
    return {
        "type": (type(response).__name__, type(response).__module__, type(response).__qualname__),
        "kinds": [isinstance(response, kind) for kind in (urllib3.HTTPResponse, io.IOBase)],
        "names": public(response),
        "status": (response.status, response.reason, response.version, response.version_string),
        "headers": sorted((k, v) for k, v in response.headers.items() if k.lower() != "date"),
        "closed": (response.closed, response.isclosed(), response.readable(), response.connection is None),
        "place": (response.tell(), response.length_remaining, response.chunked, response.chunk_left),
        "decodes": response.decode_content,
        "url": (response.geturl(), response.url),
        "retries": retries and [(past.status, past.redirect_location) for past in retries.history],
    }


def connections(pools: Any) -> list[Any]:
    """What the pools hold: connections made so far, and for each place whether it holds an open one."""
    held = (pools.pools[key] for key in pools.pools.keys())  # noqa: SIM118  # it is no dict
    return [
        (pool.num_connections, pool.num_requests, [bool(each and each.sock) for each in pool.pool.queue])
        for pool in held
    ]


def _reading(reader: str) -> Callable[[Caller], Any]:
    def reading(caller: Caller) -> Any:
        found = []
        for encoding in DECODED if reader in AS_IT_COMES else (*ENCODINGS, "lying"):
            for body in (BODY, STREAM):
                with caller.open(encoding, body) as (pools, response):
                    before = seen(response)
                    data = attempt(lambda: READERS[reader](response))
                    found.append((encoding, before, data, seen(response), connections(pools)))
                    again = attempt(lambda: READERS[reader](response))
                    response.close()
                    closed = attempt(lambda: READERS[reader](response))
                    found.append((again, closed, connections(pools)))
        return found

    return reading


for _reader in READERS:
    SCENARIOS[f"reads_with_{_reader}"] = _reading(_reader)


@scenario
def posts(caller: Caller) -> Any:
    found = []
    with urllib3.PoolManager() as pools:
        for behaviour in (*ENCODINGS, "slow", "no-usage", "binary", "status-401", "status-429", "status-500"):
            response = caller.post(pools, behaviour)
            found.append((seen(response), response.data, attempt(response.json), connections(pools)))
        found.append(attempt(lambda: caller.post(pools, "lying")))
        found.append(seen(pools.request("GET", f"{caller.origin}/v1/models")))
        found.append(seen(urllib3.request("POST", caller.url(), json=BODY)))
    return found


@scenario
def uses_a_pool_directly(caller: Caller) -> Any:
    host, _, port = caller.origin.removeprefix("http://").partition(":")
    with urllib3.HTTPConnectionPool(host, int(port), maxsize=2) as pool:
        first = pool.urlopen("POST", "/v1/chat/completions", body=json.dumps(BODY))
        second = pool.urlopen(method="POST", url="/v1/chat/completions", body=b"{}", preload_content=False)
        third = pool.request_encode_body("POST", "/v1/chat/completions", fields={"file": ("a", b"data")})
        found = [first.data, second.read(), third.data]
    return found, pool.num_connections


@scenario
def leaves_responses_behind(caller: Caller) -> Any:
    """Without the garbage collector, a connection goes where it went when its response is dropped."""
    found = []
    gc.disable()
    try:
        for before in (
            lambda response: None,
            lambda response: response.read(7),
            lambda response: next(response.stream(7)),
            lambda response: next(response.read_chunked(7)),
            lambda response: response.read(),
            lambda response: (response.drain_conn(), response.release_conn()),
            lambda response: response.close(),
        ):
            with urllib3.PoolManager() as pools:
                response = caller.post(pools, "", STREAM, preload_content=False)
                before(response)
                left = weakref.ref(response)
                del response
                found.append((left() is None, connections(pools)))
                caller.post(pools)
                found.append(connections(pools))
    finally:
        gc.enable()
    return found


@scenario
def reads_and_leaves(caller: Caller) -> Any:
    """Nobody closes what was read to its end, or as far as it went."""
    found = []
    gc.disable()
    try:
        for reader, read in READERS.items():
            for behaviour in ("", "gzip", "cut") if reader in AS_IT_COMES else ("", "gzip", "cut", "lying"):
                for body in (BODY, STREAM):
                    with urllib3.PoolManager() as pools:
                        response = caller.post(pools, behaviour, body, preload_content=False)
                        found.append((reader, attempt(partial(read, response))))
                        left = weakref.ref(response)
                        del response
                        found.append((left() is None, connections(pools)))
    finally:
        gc.enable()
    return found


@scenario
def stops_in_the_middle(caller: Caller) -> Any:
    found = []
    for method in ("stream", "read_chunked"):
        with caller.open("slow") as (pools, response):
            pieces = getattr(response, method)(7)
            found.append((next(pieces), response.closed))
            pieces.close()
            found.append((response.closed, response.isclosed(), connections(pools)))
            found.append(attempt(lambda: response.read(7)))
            found.append(attempt(response.shutdown))
    return found


@scenario
def loses_the_connection(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        with urllib3.PoolManager() as pools:
            found.append(attempt(lambda: caller.post(pools, "cut", body)))
            found.append(connections(pools))
        for reader, read in READERS.items():
            with caller.open("cut", body) as (pools, response):
                found.append((reader, attempt(lambda: read(response))))
                found.append((response.closed, response.tell(), connections(pools)))
    return found


@scenario
def waits_too_long(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        with urllib3.PoolManager(timeout=0.1, retries=False) as pools:
            found.append(attempt(lambda: caller.post(pools, "stall", body).data))
            found.append(connections(pools))
        with caller.open("stall", body, timeout=0.1) as (pools, response):
            found.append(attempt(lambda: READERS["stream"](response)))
            found.append((response.closed, connections(pools)))
    return found


@scenario
def cannot_connect(caller: Caller) -> Any:
    found = []
    for retries in (False, 1):
        with urllib3.PoolManager(retries=retries) as pools:
            url = "http://127.0.0.1:9/v1/chat/completions"
            found.append(attempt(lambda: pools.request("POST", url, json=BODY)))
    return found


@scenario
def is_redirected(caller: Caller) -> Any:
    found = []
    for follows in (False, True):
        for preload in (False, True):
            with urllib3.PoolManager() as pools:
                response = caller.post(pools, "redirect", redirect=follows, preload_content=preload)
                found.append((seen(response), response.data, connections(pools)))
    with urllib3.PoolManager(retries=urllib3.Retry(redirect=0)) as pools:
        found.append(attempt(lambda: caller.post(pools, "redirect")))
    return found


@scenario
def retries(caller: Caller) -> Any:
    retry = urllib3.Retry(2, status_forcelist=[500, 429], allowed_methods=None, backoff_factor=0)
    found = []
    for behaviour in ("flaky", "status-429"):
        for preload in (False, True):
            with urllib3.PoolManager(retries=retry) as pools:
                found.append(attempt(lambda: caller.post(pools, behaviour, preload_content=preload).data))
                found.append(connections(pools))
    return found


@scenario
def sends_other_bodies(caller: Caller) -> Any:
    data = json.dumps(BODY).encode()
    bodies = {
        "generator": lambda: iter([data[:9], data[9:]]),
        "file": lambda: io.BytesIO(data),
        "bytearray": lambda: bytearray(data),
        "text": lambda: data.decode(),
        "nothing": lambda: None,
    }
    found = []
    with urllib3.PoolManager() as pools:
        for name, body in bodies.items():
            response = pools.request("POST", caller.url(), body=body())
            found.append((name, response.data, seen(response)))
        fields = {"file": ("name", b"data"), "x": "1"}
        found.append(pools.request("POST", caller.url(), fields=fields).json())
        found.append(pools.request("POST", caller.url(), fields={"x": "1"}, encode_multipart=False).json())
        found.append(attempt(lambda: pools.request("POST", caller.url(), json=BODY, body=b"both")))
        found.append(attempt(lambda: pools.request("POST", caller.url(), json=object())))
    return found


@scenario
def works_concurrently(caller: Caller) -> Any:
    def one(number: int) -> Any:
        response = caller.post(pools, "", {**STREAM, "model": f"model-{number}"}, preload_content=False)
        found = b"".join(response.stream(64))
        return found, response.closed

    with urllib3.PoolManager(maxsize=20) as pools, ThreadPoolExecutor(20) as threads:
        return list(threads.map(one, range(20)))
