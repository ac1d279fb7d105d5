"""Markdown as GitHub's own parser reads it."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm

# The tags that our pages are made of.
OURS = {"h3", "h4", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "pre"} | {
    "details",
    "summary",
    "sub",
}
# As GitHub, with raw HTML let through: what a name could do must show.
EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]


class Page(HTMLParser):
    """The tags, attributes and code spans of a page."""

    def __init__(self, markdown):
        super().__init__()
        self.tags, self.attributes, self.codes, self.rows, self.comments = [], [], [], [], []
        self._open = []
        self.feed(cmarkgfm.markdown_to_html_with_extensions(markdown, options=1 << 17, extensions=EXTENSIONS))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs if name not in {"align", "lang", "class"}]
        self._open.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in {"td", "th"}:
            self.rows[-1] += 1
        if tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if "code" in self._open:
            self.codes[-1] += data

    def handle_comment(self, data):
        self.comments.append(data.strip())
