"""A blog on 127.0.0.1: a page, its feed and the comment feeds of its entries, with versions (ETag, Last-Modified).

Written by hand after RSS 2.0, RFC 4287 (Atom), the slash and wfw modules of RSS, RFC 9110 (conditional requests), and
microformats.org on rel=me; nothing here was recorded from a live server.
"""

import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from tests.fakes.loopback import Asked, Loopback, Reply

HTML = {"Content-Type": "text/html; charset=utf-8"}


class FakeBlog(Loopback):
    """Alice's blog at /blog/. `head` and `body` go into its page; entries are kept oldest first, told newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.head = '<link rel="alternate" type="application/rss+xml" href="feed/">'
        self.body = "<p>Good morning</p>"
        self.entries: list[dict[str, Any]] = []
        self.generator = "https://wordpress.org/?v=6.7"
        # As WordPress does it: a comment is no change of the feed that counts it.
        self.version_ignores_comments = False
        self.moved_to = ""
        self.feed_path = "/blog/feed/"

    @property
    def id(self) -> str:
        return f"{self.host}/blog"

    def entry(self, slug: str, posted_at: datetime, **changes: Any) -> dict[str, Any]:
        """Add an entry, newer than all before, and return it (so that a test may spoil it)."""
        link = f"http://{self.host}/blog/{slug}/"
        self.entries.append({"link": link, "slug": slug, "at": format_datetime(posted_at), "comments": [], **changes})
        return self.entries[-1]

    def comment(self, slug: str, number: int, at: datetime, name: str, page: str = "") -> None:
        entry = next(entry for entry in self.entries if entry["slug"] == slug)
        entry["comments"].append({"number": number, "at": at.isoformat(), "name": name, "page": page})

    def route(self, asked: Asked) -> Reply:
        if self.moved_to:
            return Reply(301, body=b"", headers={"Location": self.moved_to})
        if asked.path == "/blog":
            return Reply(301, body=b"", headers={"Location": "/blog/"})
        if asked.path == "/blog/":
            return Reply(body=self._page().encode(), headers=HTML)
        if asked.path == self.feed_path:
            return self._feed(asked)
        for entry in self.entries:
            if asked.path == f"/blog/{entry['slug']}/feed/atom/":
                return Reply(body=self._comments(entry).encode(), headers={"Content-Type": "application/atom+xml"})
        return Reply(404, body=b"<p>Not here</p>", headers=HTML)

    def _page(self) -> str:
        head = f"<head><title>Alice &amp; trains</title>{self.head}</head>"
        return f"<!doctype html><html>{head}<body>{self.body}</body></html>"

    def _feed(self, asked: Asked) -> Reply:
        body = self._rss()
        seen = "".join(f"{entry['link']}{entry['at']}" for entry in self.entries)
        version = hashlib.sha256((seen if self.version_ignores_comments else body).encode()).hexdigest()[:16]
        etag = f'"{version}"'
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, body=b"", headers={"ETag": etag})
        return Reply(body=body.encode(), headers={"Content-Type": "application/rss+xml", "ETag": etag})

    def _rss(self) -> str:
        items = "".join(self._item(entry) for entry in reversed(self.entries))
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:wfw="http://wellformedweb.org/CommentAPI/">
<channel><title>Alice and trains</title><generator>{escape(self.generator)}</generator>{items}</channel></rss>"""

    def _item(self, entry: dict[str, Any]) -> str:
        link = f"<link>{escape(entry['link'])}</link>" if entry["link"] else ""
        date = f"<pubDate>{entry['at']}</pubDate>" if entry["at"] else ""
        number = entry.get("number", len(entry["comments"]))
        counted = f"<slash:comments>{number}</slash:comments>" if number is not None else ""
        comments = f"<wfw:commentRss>http://{self.host}/blog/{entry['slug']}/feed/</wfw:commentRss>"
        return f"<item><title>An entry</title>{link}{date}{counted}{comments}</item>"

    def _comments(self, entry: dict[str, Any]) -> str:
        found = "".join(
            f"<entry><id>{escape(entry['link'])}#comment-{comment['number']}</id><title>By {comment['name']}</title>"
            f"<author><name>{comment['name']}</name>"
            f"{'<uri>' + escape(comment['page']) + '</uri>' if comment['page'] else ''}</author>"
            f"<published>{comment['at']}</published></entry>"
            for comment in entry["comments"]
        )
        return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Comments</title>{found}</feed>'
