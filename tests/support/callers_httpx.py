"""What callers do with httpx and httpx2, sync and async, and with httpx2 over aiohttp."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
import ssl
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from callers import BODY, ENCODINGS, STREAM, Scenarios

READERS = ("read", "iter_bytes", "iter_raw", "iter_text", "iter_lines")

# Making one takes longer than most of the requests.
_TLS = ssl.create_default_context()
Scenario = Callable[["Caller"], Any]
SCENARIOS = scenario = Scenarios()


class Caller:
    """A caller of one library.

    Args:
        http: httpx or httpx2.
        asynchronous: Which of its clients.
        origin: Of the provider.
        client_class: Another class of clients than the library's own.
        options: Of each client.
    """

    def __init__(
        self, http: Any, asynchronous: bool, origin: str, client_class: Any = None, **options: Any
    ) -> None:
        self.http = http
        self.asynchronous = asynchronous
        self.origin = origin
        self._client_class = client_class or (http.AsyncClient if asynchronous else http.Client)
        self._options = {"verify": _TLS, **options}

    def url(self, behaviour: str = "") -> str:
        return f"{self.origin}{behaviour and '/'}{behaviour}/v1/chat/completions"

    @asynccontextmanager
    async def client(self, **options: Any) -> Any:
        client = self._client_class(**{**self._options, **options})
        try:
            yield client
        finally:
            await self.do(client.aclose() if self.asynchronous else client.close())

    @asynccontextmanager
    async def stream(self, behaviour: str = "", body: Any = STREAM, **options: Any) -> Any:
        """An open response."""
        async with self.client(**options) as client:
            request = client.build_request("POST", self.url(behaviour), json=body)
            response = await self.do(client.send(request, stream=True))
            try:
                yield response
            finally:
                await self.close(response)

    @staticmethod
    async def do(found: Any) -> Any:
        return await found if inspect.isawaitable(found) else found

    async def close(self, response: Any) -> None:
        await self.do(response.aclose() if self.asynchronous else response.close())

    async def read(self, response: Any, reader: str = "read", *args: Any) -> Any:
        """All that a reading method gives, joined; its pieces depend on the network."""
        found = getattr(response, f"a{reader}" if self.asynchronous else reader)(*args)
        if reader == "read":
            return await self.do(found)
        pieces = [piece async for piece in found] if self.asynchronous else list(found)
        if reader == "iter_lines":
            return pieces
        return (b"" if "text" not in reader else "").join(pieces)

    async def first(self, response: Any) -> Any:
        """Begin to read, and stop."""
        if self.asynchronous:
            pieces = response.aiter_bytes()
            found = await anext(pieces)
            await pieces.aclose()
            return bool(found)
        return bool(next(response.iter_bytes()))

    async def attempt(self, step: Callable[[], Any]) -> Any:
        """What a step gives, or what it raises."""
        try:
            return await self.do(step())
        except Exception as error:
            request = getattr(error, "_request", None)
            caused = type(error.__cause__).__name__ if error.__cause__ else None
            return (type(error).__name__, str(error), request and str(request.url), caused)


def seen(response: Any) -> dict[str, Any]:
    """Everything that a caller can see of a response."""
    try:
        elapsed: object = response.elapsed.total_seconds() > 0
    except RuntimeError as error:
        elapsed = str(error)
    try:
        content: object = response.content
    except RuntimeError as error:
        content = type(error).__name__
    return {
        "status": (response.status_code, response.reason_phrase, response.http_version),
        "headers": sorted((k, v) for k, v in response.headers.items() if k != "date"),
        "closed": response.is_closed,
        "consumed": response.is_stream_consumed,
        "downloaded": response.num_bytes_downloaded if response.is_closed else None,
        "elapsed": elapsed,
        "content": content,
        "encoding": response.encoding,
        "url": (str(response.url), response.request.method),
        "history": [(past.status_code, str(past.url), past.is_closed) for past in response.history],
        "next": response.next_request and str(response.next_request.url),
        "extensions": sorted(response.extensions),
        "repr": repr(response),
    }


def _readings(reader: str) -> Scenario:
    async def reading(caller: Caller) -> Any:
        found = []
        for encoding in ENCODINGS:
            for body in (BODY, STREAM):
                for arguments in ([], [7]) if reader in {"iter_bytes", "iter_raw", "iter_text"} else ([],):
                    async with caller.stream(encoding, body) as response:
                        before = seen(response)
                        data = await caller.attempt(lambda: caller.read(response, reader, *arguments))
                        found.append((encoding, before, data, seen(response)))
        return found

    return reading


for _reader in READERS:
    SCENARIOS[f"reads_with_{_reader}"] = _readings(_reader)


@scenario
async def posts(caller: Caller) -> Any:
    found = []
    async with caller.client() as client:
        for behaviour in ("", "gzip", "slow", "no-usage", "binary", "status-401", "status-429", "status-500"):
            response = await caller.do(client.post(caller.url(behaviour), json=BODY))
            found.append(seen(response))
            found.append(await caller.attempt(lambda: bool(response.raise_for_status())))
            found.append(await caller.attempt(lambda: response.json()))
        response = await caller.do(client.get(f"{caller.origin}/v1/models"))
        found.append(seen(response))
    return found


@scenario
async def closes_early(caller: Caller) -> Any:
    found = []
    for behaviour in ("slow", "gzip"):
        async with caller.stream(behaviour) as response:
            started = await caller.first(response)
            await caller.close(response)
            found.append((started, response.is_closed, response.is_stream_consumed))
    return found


@scenario
async def never_reads(caller: Caller) -> Any:
    async with caller.stream() as response:
        before = seen(response)
    return before, seen(response)


@scenario
async def reads_again(caller: Caller) -> Any:
    found = []
    for first in READERS:
        for second in READERS:
            async with caller.stream(body=BODY) as response:
                once = await caller.attempt(lambda: caller.read(response, first))
                twice = await caller.attempt(lambda: caller.read(response, second))
                found.append((first, second, once, twice))
    return found


@scenario
async def reads_after_closing(caller: Caller) -> Any:
    found = []
    for reader in READERS:
        async with caller.stream() as response:
            await caller.close(response)
            found.append(await caller.attempt(lambda: caller.read(response, reader)))
    return found


@scenario
async def loses_the_connection(caller: Caller) -> Any:
    found = []
    for body in (BODY, STREAM):
        async with caller.client() as client:
            found.append(await caller.attempt(lambda: client.post(caller.url("cut"), json=body)))
        for reader in READERS:
            async with caller.stream("cut", body) as response:
                found.append(await caller.attempt(lambda: caller.read(response, reader)))
                found.append((response.is_closed, response.is_stream_consumed))
    return found


@scenario
async def waits_too_long(caller: Caller) -> Any:
    found = []
    async with caller.client(timeout=0.1) as client:
        found.append(await caller.attempt(lambda: client.post(caller.url("stall"), json=BODY)))
    async with caller.stream("stall", timeout=0.1) as response:
        found.append(await caller.attempt(lambda: caller.read(response)))
        found.append(response.is_closed)
    return found


@scenario
async def cannot_connect(caller: Caller) -> Any:
    async with caller.client() as client:
        return await caller.attempt(lambda: client.post("http://127.0.0.1:9/v1/chat/completions", json=BODY))


@scenario
async def cannot_decode(caller: Caller) -> Any:
    found = []
    async with caller.client() as client:
        found.append(await caller.attempt(lambda: client.post(caller.url("lying"), json=BODY)))
    async with caller.stream("lying", BODY) as response:
        found.append(await caller.attempt(lambda: caller.read(response)))
        found.append(seen(response))
    async with caller.stream("lying", BODY) as response:
        found.append(await caller.attempt(lambda: caller.read(response, "iter_raw")))
    return found


@scenario
async def is_redirected(caller: Caller) -> Any:
    found = []
    for follow in (False, True):
        async with caller.client(follow_redirects=follow) as client:
            found.append(seen(await caller.do(client.post(caller.url("redirect"), json=BODY))))
        async with caller.stream("redirect", follow_redirects=follow) as response:
            found.append((await caller.attempt(lambda: caller.read(response)), seen(response)))
    async with caller.client(follow_redirects=True, max_redirects=0) as client:
        found.append(await caller.attempt(lambda: client.post(caller.url("redirect"), json=BODY)))
    return found


@scenario
async def has_event_hooks(caller: Caller) -> Any:
    noted: list[Any] = []

    def on_request(request: Any) -> None:
        noted.append((request.method, str(request.url), sorted(request.headers)))

    def on_response(response: Any) -> None:
        noted.append((response.status_code, response.is_closed, type(response).__name__))

    async def async_on_request(request: Any) -> None:
        on_request(request)

    async def async_on_response(response: Any) -> None:
        on_response(response)
        await response.aread()

    hooks = {"request": [on_request], "response": [on_response]}
    if caller.asynchronous:
        hooks = {"request": [async_on_request], "response": [async_on_response]}
    async with caller.client(event_hooks=hooks, follow_redirects=True) as client:
        noted.append(seen(await caller.do(client.post(caller.url("redirect"), json=BODY))))
    async with caller.stream("gzip", event_hooks=hooks) as response:
        noted.append((await caller.read(response), seen(response)))

    def refuse(response: Any) -> None:
        raise LookupError("refused")

    async def async_refuse(response: Any) -> None:
        raise LookupError("refused")

    hooks = {"response": [async_refuse if caller.asynchronous else refuse]}
    async with caller.client(event_hooks=hooks) as client:
        noted.append(await caller.attempt(lambda: client.post(caller.url(), json=BODY)))
    return noted


@scenario
async def sends_other_bodies(caller: Caller) -> Any:
    data = json.dumps(BODY).encode()

    def pieces() -> Any:
        yield data[:9]
        yield data[9:]

    async def async_pieces() -> Any:
        yield data[:9]
        yield data[9:]

    found = []
    async with caller.client() as client:
        content = async_pieces() if caller.asynchronous else pieces()
        response = await caller.do(client.post(caller.url(), content=content))
        found.append((seen(response), await caller.attempt(lambda: response.request.content)))
        response = await caller.do(client.post(caller.url(), files={"file": b"data"}, headers={"x-a": "1"}))
        found.append(response.json())
        found.append(seen(await caller.do(client.post(caller.url(), auth=("user", "secret"), json=BODY))))
    return found


@scenario
async def pickles(caller: Caller) -> Any:
    async with caller.client() as client:
        response = await caller.do(client.post(caller.url("gzip"), json=BODY))
    again = pickle.loads(pickle.dumps(response))
    return again.json(), again.is_closed, again.is_stream_consumed


@scenario
async def leaves_by_an_exception(caller: Caller) -> Any:
    async def leave() -> None:
        async with caller.stream("slow") as response:
            held.append(response)
            await caller.first(response)
            raise LookupError("enough")

    held: list[Any] = []
    return await caller.attempt(leave), held[0].is_closed, held[0].is_stream_consumed


@scenario
async def uses_the_context_manager(caller: Caller) -> Any:
    async with caller.client() as client:
        stream = client.stream("POST", caller.url("slow"), json=STREAM)
        if caller.asynchronous:
            async with stream as response:
                lines = await caller.read(response, "iter_lines")
        else:
            with stream as response:
                lines = await caller.read(response, "iter_lines")
    return lines, seen(response)


@scenario
async def is_cancelled(caller: Caller) -> Any:
    if not caller.asynchronous:
        return None
    found = []
    for open_first in (False, True):
        responses: list[Any] = []

        async def work(open_first: bool = open_first, responses: list[Any] = responses) -> None:
            if open_first:
                async with caller.stream("stall") as response:
                    responses.append(response)
                    await caller.read(response)
            else:
                async with caller.client() as client:
                    await client.post(caller.url("stall"), json=BODY)

        task = asyncio.create_task(work())
        await asyncio.sleep(0.1)
        task.cancel()
        (end,) = await asyncio.gather(task, return_exceptions=True)
        found.append((type(end).__name__, [response.is_closed for response in responses]))
    return found


@scenario
async def works_concurrently(caller: Caller) -> Any:
    async def one(client: Any, number: int) -> Any:
        body = {**BODY, "model": f"model-{number}"}
        response = await caller.do(client.post(caller.url(), json=body))
        return response.json()["model"], response.is_closed

    async with caller.client() as client:
        if caller.asynchronous:
            return await asyncio.gather(*(one(client, number) for number in range(20)))
        jobs = [asyncio.to_thread(asyncio.run, one(client, number)) for number in range(20)]
        return await asyncio.gather(*jobs)
