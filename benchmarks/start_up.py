"""pytest on one empty test: without the plugin, with it off, with it on.

Usage: python benchmarks/start_up.py [RUNS]
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from paired import in_turn, ordinary_environment, seconds, show

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_it.py").write_text("def test_it(): pass\n")
        (folder / "pytest.ini").write_text("[pytest]\n")
        kinds = {
            "plugin absent": [*PYTEST, "-p", "no:llmcost"],
            "plugin off": [*PYTEST],
            "plugin on": [*PYTEST, "--llm-cost"],
        }
        taken = in_turn(
            runs,
            {
                name: partial(seconds, command, folder, ordinary_environment())
                for name, command in kinds.items()
            },
        )
    print(f"one empty test, {runs} runs each, in turn, Python {sys.version.split()[0]}")
    show(taken, "plugin absent", 1000, "ms")


if __name__ == "__main__":
    main()
