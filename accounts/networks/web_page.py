"""What a page of the web says of itself: its title, its meta tags, its feed, and the links that are its owner's own."""

from html.parser import HTMLParser
from urllib.parse import urljoin

from accounts.networks.base import checked_text
from accounts.networks.http import Fetched

# Bytes of a page that are looked at.
PAGE_BYTES = 1 << 20
# Of meta tags and of links so many are kept.
MOST = 100
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")


class Head(HTMLParser):
    """title and description as text; meta: what meta tags hold; me: rel=me links; feed_url: "" where there is none."""

    def __init__(self, found: Fetched) -> None:
        super().__init__()
        self.url = found.url
        self.title = self.description = self.feed_url = ""
        self.meta: list[str] = []
        self.me: list[str] = []
        self._in_title = False
        # Never closed, since looking for ends that are not there takes a time that grows with the square.
        self.feed(found.body[:PAGE_BYTES].decode(charset_of(found), errors="replace"))
        self.title = checked_text(self.title, limit=300)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in reversed(attrs)}
        rel, href = said.get("rel", "").lower().split(), said.get("href", "").strip()
        if tag == "title" and not self.title:
            self._in_title = True
        elif tag == "meta" and len(self.meta) < MOST:
            content = checked_text(said.get("content"), limit=600)
            self.meta += [content] if content else []
            if said.get("name", "").lower() == "description":
                self.description = content
        elif tag in ("a", "link") and href and len(href) <= 500:
            if "me" in rel and len(self.me) < MOST:
                self.me.append(joined(self.url, href))
            kind = said.get("type", "").lower()
            # WordPress names the feed of all comments too.
            if tag == "link" and "alternate" in rel and kind in _FEEDS and "comments" not in href:
                self.feed_url = self.feed_url or joined(self.url, href)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < 1000:
            self.title += data


def charset_of(found: Fetched) -> str:
    """How the text of a document is written, as its headers say; UTF-8 where they name nothing that we know."""
    said = found.headers.get("content-type", "").lower().partition("charset=")[2].split(";")[0].strip(" \"'")
    try:
        b"ab".decode(said, errors="replace")
    except (LookupError, ValueError):
        return "utf-8"
    return said


def joined(base: str, url: str) -> str:
    """The whole address of a link on the page `base`; "" where it is none."""
    try:
        return checked_text(urljoin(base, url), limit=500)
    except ValueError:
        return ""
