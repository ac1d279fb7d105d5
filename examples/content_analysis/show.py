"""Show what the gate says of a change: ``python show.py lost-breakpoint``; without a name, of all of them.

A change is a folder in ``changes/`` with the files that differ. It is laid over a copy of this example in a temporary
folder, and the suite runs there as it would in CI.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HIDDEN = shutil.ignore_patterns(".*", "__pycache__", "changes")


def run(change: str, *options: str) -> int:
    """Run the suite with a change; the exit status is pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / HERE.name
        shutil.copytree(HERE, project, ignore=HIDDEN)
        shutil.copytree(HERE / "changes" / change, project, dirs_exist_ok=True, ignore=HIDDEN)
        command = [sys.executable, "-m", "pytest", "--llm-cost", "-p", "no:cacheprovider", *options]
        return subprocess.run(command, cwd=project, check=False).returncode


def main(arguments: list[str]) -> int:
    """Show one change, or all."""
    if arguments:
        return run(*arguments)
    for change in sorted(path.name for path in (HERE / "changes").iterdir()):
        print(f"\n##### {change}", flush=True)
        print(f"exit status {run(change)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
