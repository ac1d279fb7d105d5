"""What callers do with aiohttp: sessions, traces, middlewares, every method of the body's reader."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import weakref
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import aiohttp
from callers import BODY, ENCODINGS, STREAM, Scenarios, error_of, public
from callers_aiohttp_readers import AT_ONCE, READERS, TO_THE_END, joined, listed, settled
from yarl import URL

SCENARIOS = scenario = Scenarios()
# Before Python 3.14 aiohttp refuses zstd unless a backport is installed.
DECODED = tuple(name for name in ENCODINGS if name != "zstd")


class Caller:
    """A caller of aiohttp.

    Args:
        origin: Of the provider.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def url(self, behaviour: str = "") -> str:
        return f"{self.origin}{behaviour and '/'}{behaviour}/v1/chat/completions"

    @contextlib.asynccontextmanager
    async def open(self, behaviour: str = "", body: Any = STREAM, **options: Any) -> AsyncIterator[Any]:
        """A session, and a response that is not read yet."""
        async with aiohttp.ClientSession() as session:
            async with session.post(self.url(behaviour), json=body, **options) as response:
                yield session, response


def run(scenario: Callable[[Caller], Any], caller: Caller) -> Any:
    return asyncio.run(scenario(caller))


async def attempt(step: Callable[[], Any]) -> Any:
    """What a step gives, or what it raises, with what aiohttp's exceptions tell."""
    try:
        found = step()
        return await found if asyncio.iscoroutine(found) or hasattr(found, "__await__") else found
    except Exception as error:
        info = getattr(error, "request_info", None)
        return (*error_of(error), getattr(error, "status", None), info and (str(info.url), info.method))


def seen(response: Any) -> dict[str, Any]:
    """Everything that a caller can see of a response without reading it."""
    content = response.content
    return {
        "type": (type(response).__name__, type(content).__name__, type(content).__module__),
        "kinds": (isinstance(content, aiohttp.StreamReader), isinstance(response, aiohttp.ClientResponse)),
        "names": (public(response), public(content)),
        "status": (response.status, response.reason, response.version, response.ok, response.method),
        "headers": sorted((k, v) for k, v in response.headers.items() if k.lower() != "date"),
        "closed": (response.closed, response.connection is None),
        "url": (str(response.url), str(response.real_url), str(response.request_info.url), response.host),
        "history": [(past.status, str(past.url), past.closed) for past in response.history],
        "encoding": (response.content_type, response.charset, response.content_disposition),
        "cookies": str(response.cookies),
        "error": content.exception() and error_of(content.exception()),
    }


def head(response: Any) -> dict[str, Any]:
    """The same, without what depends on how much of the body has come already."""
    known = {name: value for name, value in seen(response).items() if name not in {"closed", "error"}}
    return {**known, "limits": response.content.get_read_buffer_limits()}


def place(response: Any) -> Any:
    """Where its reader is, once everything has come."""
    content = response.content
    return content.total_bytes, content.is_eof(), content.at_eof()


def connections(session: Any) -> Any:
    """The open connections of a session that are free, and how many are in use."""
    connector = session.connector
    if connector is None:
        return None
    return [len(each) for each in connector._conns.values()], len(connector._acquired)


def _reading(reader: str) -> Callable[[Caller], Any]:
    async def reading(caller: Caller) -> Any:
        found = []
        for encoding in (*DECODED, "lying"):
            for body in (BODY, STREAM):
                async with caller.open(encoding, body) as (session, response):
                    before = head(response)
                    if reader in AT_ONCE:
                        await settled(response.content)
                    data = await attempt(lambda: READERS[reader](response))
                    await settled(response.content)
                    found.append((encoding, before, data, seen(response), place(response)))
                    for again, read in READERS.items():
                        found.append((again, await attempt(partial(read, response))))
                    found.append((place(response), connections(session)))
                found.append((await attempt(lambda: READERS[reader](response)), connections(session)))
        return found

    return reading


for _reader in READERS:
    SCENARIOS[f"reads_with_{_reader}"] = _reading(_reader)


@scenario
async def posts(caller: Caller) -> Any:
    found = []
    async with aiohttp.ClientSession() as session:
        for behaviour in (*DECODED, "slow", "no-usage", "binary", "status-401", "status-429", "status-500"):
            async with session.post(caller.url(behaviour), json=BODY) as response:
                found.append((await response.read(), seen(response), place(response)))
                found.append(await attempt(response.raise_for_status))
            found.append((seen(response), connections(session)))
        found.append(await attempt(lambda: _status(session.post(caller.url("zstd"), json=BODY))))
        response = await session.request("POST", URL(caller.url()), json=BODY)
        found.append((await response.json(), seen(response)))
        async with session.get(f"{caller.origin}/v1/models") as response:
            found.append((await response.json(), seen(response)))
    async with aiohttp.request("POST", caller.url(), json=BODY) as response:
        found.append((await response.json(), seen(response)))
    return found


@scenario
async def leaves_responses_behind(caller: Caller) -> Any:
    """Without the garbage collector, a connection goes where it went when its response is dropped."""

    async def begin(response: Any) -> Any:
        return bool(await response.content.readany())

    async def begin_to_iterate(response: Any) -> Any:
        async for data in response.content.iter_any():
            return bool(data)

    async def settle(response: Any) -> Any:
        await settled(response.content)

    ways: list[tuple[str, Callable[[Any], Any]]] = [
        *((behaviour, READERS[name]) for name in TO_THE_END for behaviour in ("", "gzip")),
        ("stall", lambda response: None),
        ("stall", begin),
        ("stall", begin_to_iterate),
        ("stall", lambda response: response.close()),
        ("stall", lambda response: response.release()),
        ("", settle),
        ("cut", settle),
        ("status-500", settle),
    ]
    found = []
    gc.disable()
    try:
        for behaviour, use in ways:
            for body in (BODY, STREAM):
                async with aiohttp.ClientSession() as session:
                    response = await session.post(caller.url(behaviour), json=body)
                    found.append((behaviour, await attempt(partial(use, response))))
                    left = weakref.ref(response)
                    del response
                    found.append((left() is None, connections(session)))
    finally:
        gc.enable()
    return found


@scenario
async def loses_the_connection(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        for reader, read in READERS.items():
            async with caller.open("cut", body) as (session, response):
                if reader in AT_ONCE:
                    await settled(response.content)
                found.append((reader, await attempt(lambda: read(response))))
                await settled(response.content)
                found.append((seen(response), connections(session), response.content.total_bytes))
    return found


@scenario
async def waits_too_long(caller: Caller) -> Any:
    found = []
    for limit in (aiohttp.ClientTimeout(total=0.1), aiohttp.ClientTimeout(sock_read=0.1)):
        for body in (BODY, STREAM):
            async with caller.open("stall", body, timeout=limit) as (session, response):
                found.append(await attempt(response.read))
                found.append((seen(response), connections(session)))
    return found


@scenario
async def cannot_connect(caller: Caller) -> Any:
    async with aiohttp.ClientSession() as session:
        url = "http://127.0.0.1:9/v1/chat/completions"
        closed = [await attempt(lambda: session.post(url, json=BODY))]
    return [*closed, await attempt(lambda: session.post(url, json=BODY))]


@scenario
async def is_redirected(caller: Caller) -> Any:
    found = []
    for follows in (False, True):
        async with caller.open("redirect", allow_redirects=follows) as (session, response):
            found.append((await response.read(), seen(response)))
        found.append(connections(session))
    async with aiohttp.ClientSession() as session:
        post = session.post(caller.url("redirect"), json=BODY, max_redirects=1)
        found.append(await attempt(lambda: _status(post)))
    return found


@scenario
async def raises_for_status(caller: Caller) -> Any:
    async def own(response: Any) -> None:
        if response.status == 429:
            raise LookupError(await response.text())

    found = []
    for raising in (True, own):
        async with aiohttp.ClientSession(raise_for_status=raising) as session:
            for behaviour in ("", "status-429", "status-500"):
                found.append(await attempt(lambda: _status(session.post(caller.url(behaviour), json=BODY))))
    async with aiohttp.ClientSession() as session:
        post = session.post(caller.url("status-429"), json=BODY, raise_for_status=True)
        found.append(await attempt(lambda: _status(post)))
    return found


async def _status(post: Any) -> int:
    async with post as response:
        await response.read()
        return response.status


@scenario
async def is_traced(caller: Caller) -> Any:
    noted: list[Any] = []
    trace = aiohttp.TraceConfig()
    for name in ("request_start", "request_redirect", "request_exception", "request_end"):

        async def note(session: Any, context: Any, given: Any, name: str = name) -> None:
            noted.append((name, given.method, str(given.url), sorted(given.headers)))

        getattr(trace, f"on_{name}").append(note)
    received: list[bytes] = []

    async def keep(session: Any, context: Any, given: Any) -> None:
        received.append(given.chunk)

    trace.on_response_chunk_received.append(keep)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for behaviour in ("", "redirect", "gzip"):
            async with session.post(caller.url(behaviour), json=BODY) as response:
                noted.append((await response.json(), seen(response)))
        await attempt(lambda: session.post("http://127.0.0.1:9/v1/chat/completions", json=BODY))
    return noted, b"".join(received)


@scenario
async def has_middlewares(caller: Caller) -> Any:
    noted: list[Any] = []

    async def note(request: Any, handler: Any) -> Any:
        response = await handler(request)
        noted.append((request.method, str(request.url), head(response)))
        return response

    async def again(request: Any, handler: Any) -> Any:
        response = await handler(request)
        if response.status == 500:
            response.release()
            response = await handler(request)
        return response

    async with aiohttp.ClientSession(middlewares=(note, again)) as session:
        for behaviour in ("", "flaky", "status-500", "redirect"):
            async with session.post(caller.url(behaviour), json=BODY) as response:
                noted.append((await response.json(), seen(response), connections(session)))
    return noted


@scenario
async def sends_other_bodies(caller: Caller) -> Any:
    data = json.dumps(BODY).encode()

    async def generator() -> AsyncIterator[bytes]:
        yield data[:9]
        yield data[9:]

    def form() -> Any:
        found = aiohttp.FormData({"x": "1"})
        found.add_field("file", b"data", filename="name")
        return found

    options: dict[str, Callable[[], dict[str, Any]]] = {
        "generator": lambda: {"data": generator()},
        "payload": lambda: {"data": aiohttp.JsonPayload(BODY)},
        "text": lambda: {"data": data.decode()},
        "form": lambda: {"data": {"x": "1"}},
        "multipart": lambda: {"data": form()},
        "query": lambda: {"json": BODY, "params": {"key": "secret"}},
        "auth": lambda: {"json": BODY, "auth": aiohttp.BasicAuth("user", "secret")},
        "compressed": lambda: {"json": BODY, "compress": "gzip"},
        "nothing": dict,
        "not_json": lambda: {"json": object()},
        "both": lambda: {"json": BODY, "data": data},
    }
    found = []
    async with aiohttp.ClientSession() as session:
        for name, given in options.items():
            answer = await attempt(lambda: session.post(caller.url(), **given()))
            found.append((name, answer if isinstance(answer, tuple) else await answer.text()))
    return found


@scenario
async def has_a_session_of_its_own(caller: Caller) -> Any:
    """A base URL, and JSON that only the session knows how to write."""
    odd = {**BODY, "metadata": {("a", "b"): {1, 2}}}
    found = []
    async with aiohttp.ClientSession(
        f"{caller.origin}/v1/chat/", json_serialize=lambda body: json.dumps(BODY), headers={"x-a": "1"}
    ) as session:
        for url in ("completions", "/v1/chat/completions", caller.url()):
            answer = await attempt(lambda: session.post(url, json=odd))
            found.append(answer if isinstance(answer, tuple) else (await answer.json(), seen(answer)))
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        async with session.post(caller.url("gzip"), json=BODY) as response:
            found.append((await response.read())[:2])
    async with aiohttp.ClientSession(read_bufsize=64) as session:
        async with session.post(caller.url("slow"), json=STREAM) as response:
            found.append((await joined(response.content.iter_any()), seen(response), place(response)))
    return found


@scenario
async def is_cancelled(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        async with aiohttp.ClientSession() as session:

            async def work(session: Any = session, body: Any = body) -> None:
                async with session.post(caller.url("stall"), json=body) as response:
                    responses.append(response)
                    await response.read()

            responses: list[Any] = []
            task = asyncio.create_task(work())
            while not responses:
                await asyncio.sleep(0.01)
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            found.append((type(end).__name__, [seen(each) for each in responses], connections(session)))
    return found


@scenario
async def works_concurrently(caller: Caller) -> Any:
    async def one(number: int) -> Any:
        async with session.post(caller.url(), json={**STREAM, "model": f"model-{number}"}) as response:
            return await listed(response.content), response.content.at_eof()

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one(number) for number in range(20)))
