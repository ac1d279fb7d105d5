"""The app of the small suites whose calls state who makes them, as the model that they ask for.

The owner is ``TEST PHASE``, with the attempt behind it from the second on; ``FIXTURE PHASE`` for a fixture that
tests share, ``shared PHASE`` for setup_module and its like; ``session`` outside of all.
"""

from __future__ import annotations

from typing import Any

from ask import BODY, http, url


def ask(owner: str, *, client: Any = None, behaviour: str = "") -> None:
    """One call."""
    response = (client or http()).post(url(behaviour=behaviour), json={**BODY, "model": owner})
    assert response.json()["usage"]["total_tokens"] == 1234


async def async_ask(owner: str, *, behaviour: str = "") -> None:
    """One call of an async client, on asyncio or trio."""
    async with http().AsyncClient() as client:
        response = await client.post(url(behaviour=behaviour), json={**BODY, "model": owner})
    assert response.json()["usage"]["total_tokens"] == 1234
