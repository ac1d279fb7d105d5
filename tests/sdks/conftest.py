"""Fixtures of the matrix."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

# The helpers of this folder; those of tests/support are found through the ini-file.
sys.path.insert(0, str(Path(__file__).parent))

from matrix import Matrix, providers


@pytest.fixture(scope="session")
def matrix(tmp_path_factory):
    """The sessions, run as they are asked for."""
    with ExitStack() as stack:
        running = {name: stack.enter_context(server) for name, server in providers().items()}
        yield Matrix(tmp_path_factory.mktemp("sdks"), running)
