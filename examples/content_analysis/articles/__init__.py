"""Articles to try the app on."""

from pathlib import Path

FOLDER = Path(__file__).parent


def article(name: str, headline: str | None = None) -> str:
    """An article, on request under another headline."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    if headline is None:
        return text
    return headline + text[text.index("\n") :]
