"""Which files are the user's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_llmcost.attribution.call_sites import CallSites


def project_call_sites(root: Path) -> CallSites:
    """For a project: not this package, nor the environment, both of which may lie inside it.

    Args:
        root: The project's root.
    """
    ours = str(Path(__file__).parent.parent)
    # An interpreter at the root of the file system, or of the project itself, says nothing about its files.
    environment = [
        prefix for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix} if not root.is_relative_to(prefix)
    ]
    return CallSites(str(root), (os.path.realpath(root),), (ours, *environment))
