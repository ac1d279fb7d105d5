"""What users see, kept in files: ``LLMCOST_UPDATE_GOLDEN=1`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "reports" / "golden"


def check(name, text):
    """Compare a text with its file."""
    path = GOLDEN / name
    if os.environ.get("LLMCOST_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
