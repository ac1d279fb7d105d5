"""Every way to read a response of aiohttp, from all at once to piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp


async def pieces(content: Any, method: str, *arguments: int) -> Any:
    """Call it until it gives nothing more."""
    found = b""
    while piece := await getattr(content, method)(*arguments):
        found += piece
    return found


async def chunks(content: Any) -> Any:
    found = b""
    while True:
        data, end_of_chunk = await content.readchunk()
        if not data and not end_of_chunk:
            return found
        found += data


async def settled(content: Any) -> None:
    """Wait until all has come, or it broke; after that nothing depends on the network.

    aiohttp's ``wait_eof`` never returns if the body broke before it began to wait, so nothing may run between
    the question and the wait: ``asyncio.wait_for`` of Python 3.11 would begin it in a task of its own.
    """
    with contextlib.suppress(aiohttp.ClientError):
        if content.exception() is None:
            async with asyncio.timeout(30):
                await content.wait_eof()


async def nowait(content: Any) -> bytes:
    await settled(content)
    return content.read_nowait(5) + content.read_nowait()


READERS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "read": lambda response: response.read(),
    "text": lambda response: response.text(),
    "json": lambda response: response.json(content_type=None),
    "json_strict": lambda response: response.json(),
    "content_read": lambda response: response.content.read(),
    "content_read_pieces": lambda response: pieces(response.content, "read", 7),
    "content_read_nothing": lambda response: response.content.read(0),
    "readany": lambda response: pieces(response.content, "readany"),
    "readline": lambda response: pieces(response.content, "readline"),
    "readuntil": lambda response: response.content.readuntil(b"}"),
    "readexactly": lambda response: response.content.readexactly(20),
    "readexactly_too_much": lambda response: response.content.readexactly(10**6),
    "readchunk": lambda response: chunks(response.content),
    "read_nowait": lambda response: nowait(response.content),
    "lines": lambda response: listed(response.content),
    "iter_any": lambda response: joined(response.content.iter_any()),
    "iter_chunked": lambda response: joined(response.content.iter_chunked(7)),
    "iter_chunked_large": lambda response: joined(response.content.iter_chunked(10**6)),
    "iter_chunks": lambda response: joined(data async for data, _ in response.content.iter_chunks()),
}
TO_THE_END = ("read", "text", "content_read", "readany", "readline", "readchunk", "lines", "iter_chunked")
# They may give something before the body breaks: whether it has broken when they begin is chance.
AT_ONCE = {"content_read_nothing", "readuntil", "readexactly"}


async def listed(found: Any) -> list[Any]:
    return [each async for each in found]


async def joined(found: Any) -> bytes:
    return b"".join(await listed(found))
