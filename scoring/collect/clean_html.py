"""Any page of the web as plain, bounded HTML: no scripts, comments or styles, no depth or size that parsers choke on.

Python's own parser is fed and never closed: looking for ends that are not there takes a time that grows with the
square of the page.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import NamedTuple

# Elements that are kept, and how deep they may lie in each other.
MOST, DEEPEST = 20_000, 60
# What these hold is no part of what a reader sees.
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "textarea", "title", "svg", "math"})
_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# Structure that parsers make up themselves, and what would change where links lead.
_DROPPED = frozenset({"html", "head", "body", "base"})
# Where a page may link, by element.
_LINKS = {
    **dict.fromkeys(("a", "area", "link"), "href"),
    **dict.fromkeys(("img", "source", "video", "audio"), "src"),
    **dict.fromkeys(("blockquote", "q"), "cite"),
    "data": "value",
}
_ATTRIBUTES = frozenset({"alt", "cite", "class", "datetime", "href", "rel", "src", "title", "value"})


class Cleaned(NamedTuple):
    """html: the page; links: where it leads, as written there."""

    html: str
    links: list[str]


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.silent = 0
        self.number = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if self.silent or tag in _DROPPED or self.number >= MOST or not tag.isalnum():
            return
        if tag not in _VOID:
            if len(self.open) >= DEEPEST:
                return
            self.open.append(tag)
        self.number += 1
        # Of two attributes of one name the first counts.
        said = {name: value or "" for name, value in reversed(attrs) if name in _ATTRIBUTES}
        self.parts.append("".join([f"<{tag}", *(f' {name}="{escape(value)}"' for name, value in said.items()), ">"]))
        # A link element is seen by nobody, unless it is one of the marks.
        if tag in _LINKS and (tag not in ("link", "data") or "u-" in said.get("class", "")):
            self.links.append(said.get(_LINKS[tag], ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML the slash says nothing, save in what is silent and holds no end.
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif not self.silent and tag in self.open:
            while (last := self.open.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(escape(data))


def cleaned(text: str) -> Cleaned:
    """`text` with every element closed in order, and only what tells who links where."""
    cleaner = _Cleaner()
    cleaner.feed(text)
    html = "".join(cleaner.parts) + "".join(f"</{tag}>" for tag in reversed(cleaner.open))
    return Cleaned(html, cleaner.links)
