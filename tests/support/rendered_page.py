"""Markdown as GitHub shows it: its own parser, the widths that its style sheet sets, and a real browser.

What matters for room is taken from GitHub's style of comments (as published in ``github-markdown-css``): 14 px, tables as
wide as their content up to the page, cells with 6 and 13 px, code at 85 % that breaks where text does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from decimal import Decimal

import cmarkgfm
from github_page import EXTENSIONS

WIDTH = 780  # pixels that a comment has on a wide screen
_STYLE = """
body{margin:0} article{width:%dpx;font:14px/1.5 "Noto Sans",Helvetica,Arial,sans-serif;word-wrap:break-word}
table{display:block;width:max-content;max-width:100%%;overflow:auto;border-spacing:0;border-collapse:collapse}
th,td{padding:6px 13px;border:1px solid} th{font-weight:600}
code{padding:.2em .4em;font:85%% "Liberation Mono",monospace;white-space:break-spaces}
pre{overflow:auto} pre code{white-space:pre;word-wrap:normal}
"""
_MEASURE = """
for (const one of document.querySelectorAll("details")) one.open = true;
const wide = [...document.querySelectorAll("article, article *:not(pre)")].filter(
  (one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1);
document.title = wide.map((one) => `${one.tagName} ${one.scrollWidth}`).join(", ") || "fits";
"""


def find_browser():
    """Chromium or its kin; $LLMCOST_CHROMIUM names another. None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("LLMCOST_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def too_wide(markdown, folder, width=WIDTH):
    """What does not fit its place, folded parts opened: ``fits``, or tags with their pixels."""
    html = cmarkgfm.markdown_to_html_with_extensions(markdown, options=1 << 17, extensions=EXTENSIONS)
    page = folder / "page.html"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><style>{_STYLE % width}</style><article>{html}</article>"
        f"<script>{_MEASURE}</script>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            *(
                find_browser(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={folder / 'browser'}",
            ),
            *(f"--window-size={width},900", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    found = re.search("<title>(.*?)</title>", done.stdout)
    assert found, done.stderr
    return found[1]


def tables(markdown):
    """By the first word of its heading, the rows of each table, as readers see them."""
    found, rows = {}, []
    for line in _read(markdown).splitlines():
        if not line.startswith("|"):
            rows = []
        if not line.startswith("| "):
            continue
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if not rows:
            found[cells[0].split()[0]] = rows
        rows.append(cells)
    return {name: rows[1:] for name, rows in found.items()}


def _read(markdown):
    for written, read in (("&nbsp;", " "), ("&NoBreak;", ""), ("**", ""), ("\N{MINUS SIGN}", "-")):
        markdown = markdown.replace(written, read)
    return markdown


def dollars(text):
    """Every amount in a text, with its sign."""
    return [
        Decimal(sign + digits.replace(",", ""))
        for sign, digits in re.findall(r"([-+]?)\$([\d,.]*\d)", _read(text))
    ]
