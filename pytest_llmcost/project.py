"""The project under test, as git knows it."""

from __future__ import annotations

import subprocess
from pathlib import Path

_PATIENCE = 5.0
_DETACHED = "HEAD"


def git_state(root: Path) -> tuple[str | None, str | None]:
    """Commit and branch of a folder.

    Returns:
        The full hash and the branch; None for each that there is not.
    """
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD", "--abbrev-ref", "HEAD"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != 2:  # noqa: PLR2004
        return None, None
    return lines[0], None if lines[1] == _DETACHED else lines[1]
