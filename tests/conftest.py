"""Fixtures for all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of calls that public projects recorded, which is not part of this repository.

    It is looked for in $LLMCOST_CORPUS, else beside the checkout.
    """
    folder = Path(os.environ.get("LLMCOST_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (folder / "open").is_dir():
        pytest.skip(f"no recorded calls at {folder}: set LLMCOST_CORPUS to their folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def outside_github():
    """Sessions inside these tests write no summary of the job that they run in."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_WORKSPACE"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """A shell starts what runs in its background with interrupts ignored, and so would our tests start theirs."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
