"""Fixtures of the tests that run whole sessions."""

from __future__ import annotations

import pytest
from inner import Project
from loopback import Loopback
from runs import commands

from pytest_llmcost.capture.vcr_versions import bypass_notice


@pytest.fixture(scope="session")
def loopback():
    """The provider on 127.0.0.1."""
    with Loopback() as server:
        yield server


@pytest.fixture
def project(tmp_path, loopback):
    """An empty project, whose sessions find the provider in $LOOPBACK."""
    # vcrpy before 8.2 cannot see httpx2.
    client = "httpx" if bypass_notice("httpx2") else "httpx2"
    return Project(tmp_path / "project", {"LOOPBACK": loopback.origin, "ASK_WITH": client})


@pytest.fixture
def llmcost(capsys, tmp_path, monkeypatch):
    """The command ``llmcost``, in an empty folder; a module may put files into it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return commands(capsys)
