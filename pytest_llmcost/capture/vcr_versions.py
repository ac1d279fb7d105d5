"""Which versions of vcrpy see which HTTP clients."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from pytest_llmcost.model.report import Notice, NoticeKind

# vcrpy learnt of httpx2, which the openai and anthropic SDKs use today, in 8.2.
_FIRST_WITH_HTTPX2 = (8, 2)


def bypass_notice(library: str, installed: str | None = None) -> Notice | None:
    """Why a client's requests pass an open cassette, if the installed vcrpy cannot see that client.

    Args:
        library: The client that sent a request past a cassette.
        installed: vcrpy's version; the installed one if it is not given.

    Returns:
        The notice; None if the version knows the client.
    """
    if library != "httpx2":
        return None
    try:
        found = installed or version("vcrpy")
    except PackageNotFoundError:
        return None
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:2])
    if numbers >= _FIRST_WITH_HTTPX2:
        return None
    return Notice(
        NoticeKind.VCR,
        f"vcrpy {found} does not see httpx2, which the SDK in use sends with: its requests pass your open"
        " cassettes and go to the network, and none is recorded",
        "pip install 'vcrpy>=8.2'",
    )
