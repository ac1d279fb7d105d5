"""Writing reports."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_llmcost.settings import REPORT_DIR


def write_report(path: Path, text: str) -> None:
    """Write a file whole or not at all; our own folder keeps itself out of git.

    Args:
        path: Where; folders are made.
        text: ASCII.
    """
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder for reports; our own keeps itself out of git."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == REPORT_DIR and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
