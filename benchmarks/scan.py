"""What ``llmcost scan`` costs beside the YAML loader alone, on the same files, in turn.

Usage: python benchmarks/scan.py FOLDER [ROUNDS]

Whole processes, in processor time: one reads every file of the folder with ``yaml.CSafeLoader``, the other
finds, reads and prices the calls in them and renders the table.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from paired import in_turn, ordinary_environment, seconds, show

ROOT = Path(__file__).resolve().parents[1]
# It refuses files with tags of python objects when it comes to the first.
LOAD = """
import sys
from pathlib import Path
import yaml
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.suffix in (".yaml", ".yml", ".json"):
        try:
            yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            pass
"""


def main() -> None:
    folder = str(Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    environ = ordinary_environment()
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environ.get("PYTHONPATH"))))
    load = [sys.executable, "-c", LOAD, folder]
    scan = [sys.executable, "-m", "pytest_llmcost.cli", "scan", folder]
    print(f"{rounds} rounds in turn, processor time, Python {sys.version.split()[0]}")
    taken = in_turn(
        rounds,
        {
            "yaml.CSafeLoader": lambda: seconds(load, ROOT, environ),
            "llmcost scan": lambda: seconds(scan, ROOT, environ),
        },
    )
    show(taken, "yaml.CSafeLoader", 1, "s")
    pairs = zip(taken["llmcost scan"], taken["yaml.CSafeLoader"], strict=True)
    print(f"llmcost scan takes {statistics.median(ours / plain for ours, plain in pairs):.2f} times as long")


if __name__ == "__main__":
    main()
