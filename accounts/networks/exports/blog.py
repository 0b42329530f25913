"""A blog's own feed (RSS, Atom), WordPress's or Blogger's export of it, or a list of feeds (OPML), each a single file.

A blog is known by its address without scheme, `www.` and slash at the end ("example.org/blog"), a post by its own.
A list of feeds says that a blog exists and no more; where it names several, its person says which one is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from accounts.networks.addresses import page
from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadArchive,
    BadRecord,
    Counter,
    Interaction,
    Owner,
    Post,
    PostTotal,
    Record,
    Rejected,
    Tally,
    checked_count,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports.values import dated, named
from accounts.networks.exports.xml_stream import BadXml, Element, elements
from accounts.networks.words import Words, in_html

_FILES = ("*.xml", "*.rss", "*.atom", "*.opml", "*.rdf")
# Files looked at, and feeds of a list that are remembered.
MOST, LISTED = 20, 2000
# Posts whose comments may come later in Blogger's export.
REMEMBERED = 100_000
_ROOTS = {"rss": "feed", "rdf": "feed", "feed": "feed", "opml": "list"}
_WORDPRESS = "http://wordpress.org/export/"
_SLASH = "http://purl.org/rss/1.0/modules/slash/"
_THREAD = "http://purl.org/syndication/thread/"
_LINKBACKS = ("pingback", "trackback")


def recognises(archive: Archive) -> bool:
    return bool(_documents(archive))


@dated
def read(archive: Archive) -> Iterator[Record]:
    documents = _documents(archive)
    if not documents:
        raise BadArchive(
            f"{archive.label}: is neither a feed (RSS, Atom, an export of WordPress) nor a list of feeds (OPML)"
        )
    if len(documents) > 1:
        raise BadArchive(
            f"{archive.label}: holds {len(documents)} feeds ({', '.join(sorted(documents)[:3])}); give one"
        )
    ((name, kind),) = documents.items()
    try:
        yield from _list(archive, name) if kind == "list" else _feed(archive, name)
    except BadXml as error:
        raise archive.bad(name, str(error)) from None


def _documents(archive: Archive) -> dict[str, str]:
    """Feeds and lists among the files, by their first element; where there is one file, whatever it is called."""
    names = archive.names()
    found = {}
    for name in names if len(names) == 1 else archive.anywhere(*_FILES)[:MOST]:
        start = archive.head(name)
        if not start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
            continue
        try:
            with archive.open(name) as file:
                root, _ = next(elements(file, whole=lambda name, depth: False))
        except (BadXml, StopIteration):
            # Damaged further on: what it begins with still says what it is.
            match = re.search(rb"<(rss|rdf|feed|opml)[\s:>]", start[:4096].replace(b"\0", b""), re.IGNORECASE)
            kind = _ROOTS[match[1].decode().lower()] if match else ""
        else:
            kind = _ROOTS.get(root.name, "")
        if kind:
            found[name] = kind
    return found


def _list(archive: Archive, name: str) -> Iterator[Record]:
    """The one feed of a list that is its person's: the only one, or the one that they named."""
    feeds: dict[str, str] = {}
    named_feeds = 0
    with archive.open(name) as file:
        for element, _ in elements(file, whole=lambda name, depth: False):
            address = element.attributes.get("htmlurl") or element.attributes.get("xmlurl", "")
            if element.name != "outline" or not element.attributes.get("xmlurl"):
                continue
            named_feeds += 1
            try:
                if len(feeds) < LISTED:
                    feeds.setdefault(
                        page(address), element.attributes.get("title") or element.attributes.get("text", "")
                    )
            except (ValueError, BadRecord):
                continue
    if archive.own:
        try:
            own = page(archive.own)
        except ValueError as error:
            raise archive.bad(name, f"the address that was given is none: {error}") from None
        if own not in feeds:
            raise archive.bad(name, f"does not list {shown(own)} among its {len(feeds):,} feeds")
        feeds = {own: feeds[own]}
    if not feeds:
        raise archive.bad(name, "lists no feed that can be read")
    if len(feeds) > 1:
        some = ", ".join(shown(feed)[1:-1] for feed in list(feeds)[:3])
        raise archive.bad(
            name,
            f"lists {len(feeds):,} feeds ({some}, ...) and does not say which is yours; say your blog's address, or "
            f"upload the blog's own feed",
        )
    ((blog, title),) = feeds.items()
    yield Owner(blog, handle=blog, name=checked_text(title, limit=100))
    yield Tally("feeds listed", named_feeds)


def _feed(archive: Archive, name: str) -> Iterator[Record]:
    owner = _owner(archive, name)
    yield owner
    feed = _Feed(name, owner.external_id)
    with archive.open(name) as file:
        for element, whole in elements(file, whole=lambda name, depth: name in ("item", "entry") and 1 <= depth <= 2):
            if whole:
                yield from feed.item(element)
    yield from feed.tallies()


def _owner(archive: Archive, name: str) -> Owner:
    """The blog's own address, which stands before its posts in every kind of feed."""
    links: dict[str, str] = {}
    title = about = ""
    with archive.open(name) as file:
        whole = ("link", "title", "description", "subtitle", "base_blog_url", "base_site_url")
        for element, done in elements(file, whole=lambda name, depth: name in whole and 1 <= depth <= 2):
            if element.name in ("item", "entry"):
                break
            if not done:
                continue
            if element.name == "title":
                title = title or element.text
            elif element.name in ("description", "subtitle"):
                about = about or element.text
            elif element.name == "link":
                kind = element.attributes.get("rel", "alternate")
                address = element.attributes.get("href") or element.text
                # Within RSS, a link of Atom's names the feed and not the blog.
                links.setdefault(kind, address.strip())
            else:
                links.setdefault(element.name, element.text.strip())
    for kind in ("base_blog_url", "alternate", "base_site_url", "self"):
        try:
            blog = page(links.get(kind, ""))
        except ValueError:
            continue
        return Owner(blog, handle=blog, name=checked_text(title, limit=100), about=checked_text(about, limit=280))
    raise archive.bad(name, f"does not say which blog it is of: its link is {shown(links.get('alternate', ''))}")


class _Feed:
    """One feed while it is read."""

    def __init__(self, name: str, blog: str) -> None:
        self.name = name
        self.blog = blog
        self.read = self.posts = self.comments = self.pages = 0
        # Posts of Blogger's export by their id, which its comments name.
        self.ids: dict[str, tuple[str, datetime]] = {}

    def item(self, item: Element) -> Iterator[Record]:
        kind = _kind(item)
        if kind == "other":
            self.pages += 1
            return
        self.read += 1
        where = f"{self.name}, item {self.read}"
        if kind == "comment":
            yield from self._blogger_comment(where, item)
            return
        try:
            url = _link(item)
            if url.startswith("/") and not url.startswith("//"):
                url = urljoin(f"https://{self.blog}/", url)
            post, posted_at = page(url, query="?" in url), _published(item)
        except ValueError as error:
            yield Rejected(where, str(error))
            return
        self.posts += 1
        if len(self.ids) < REMEMBERED:
            self.ids[item.get("id")] = (post, posted_at)
        yield Post(post, posted_at, url if url.startswith(("https://", "http://")) else "", *_words(item))
        comments = item.all("comment", space=_WORDPRESS)
        for nth, comment in enumerate(comments, start=1):
            yield from self._wordpress_comment(f"{where}, comment {nth}", comment, post, item)
        total = item.get("comments", space=_SLASH) or item.get("total", space=_THREAD) or _replies(item)
        if total and not comments:
            try:
                count = checked_count(total, "the number of comments")
            except ValueError as error:
                yield Rejected(where, str(error))
                return
            if count:
                yield PostTotal(post, "reply", count, posted_at)

    def _wordpress_comment(self, where: str, comment: Element, post: str, item: Element) -> Iterator[Record]:
        """Approved comments of others. A pingback is another page that links to the post."""
        if comment.get("comment_approved") not in ("", "1") or comment.get("comment_user_id") not in ("", "0"):
            return
        if comment.get("comment_author").casefold() == item.get("creator").casefold():
            return
        kind = comment.get("comment_type").lower()
        if kind not in ("", "comment", *_LINKBACKS):
            return
        key = comment.get("comment_id")
        yield from self._comment(
            where,
            "link" if kind in _LINKBACKS else "reply",
            address=comment.get("comment_author_url"),
            name=comment.get("comment_author"),
            time=f"{comment.get('comment_date_gmt')}+00:00",
            post=post,
            key=f"comment:{key}" if re.fullmatch(r"[0-9]{1,20}", key) else "",
        )

    def _blogger_comment(self, where: str, item: Element) -> Iterator[Record]:
        author = next(iter(item.all("author")), Element("", "", {}))
        reply = next(iter(item.all("in-reply-to", space=_THREAD)), Element("", "", {}))
        post, _ = self.ids.get(reply.attributes.get("ref", ""), ("", None))
        key = item.get("id")
        yield from self._comment(
            where,
            "reply",
            address=author.get("uri"),
            name=author.get("name"),
            time=item.get("published"),
            post=post,
            key=f"comment:{key}" if 0 < len(key) <= 200 and key.isprintable() else "",
        )

    def _comment(
        self, where: str, verb: str, *, address: str, name: str, time: str, post: str, key: str
    ) -> Iterator[Record]:
        try:
            try:
                actor = page(address) if address else named(name, "the author")
            except ValueError:
                actor = named(name, "the author")
            occurred_at = checked_time(time, "the time")
        except ValueError as error:
            yield Rejected(where, str(error))
            return
        # Links between its own pages are not somebody else's.
        if actor.partition("/")[0] == self.blog.partition("/")[0]:
            return
        self.comments += 1
        handle = checked_text(name, limit=100)
        yield Interaction(verb, actor, occurred_at, post=post, key=key, actor_handle=handle)

    def tallies(self) -> Iterator[Record]:
        yield Tally("posts", self.posts)
        if self.comments:
            yield Tally("comments and linkbacks", self.comments)
        if self.pages:
            yield Tally("pages, pictures and drafts left out", self.pages)
        yield Counter("posts", self.posts)


def _kind(item: Element) -> str:
    """What an item is: "post", "comment" (of Blogger's export), or "other" for pages, pictures, drafts, settings."""
    if kind := item.get("post_type", space=_WORDPRESS):
        return "post" if kind == "post" and item.get("status", space=_WORDPRESS) in ("", "publish") else "other"
    for category in item.all("category"):
        match = re.search(r"/blogger/2008/kind#(\w+)", category.attributes.get("term", ""))
        if match:
            draft = any(part.get("draft") == "yes" for part in item.all("control"))
            return match[1] if match[1] in ("post", "comment") and not draft else "other"
    return "post"


def _words(item: Element) -> Words:
    """Its categories and hashtags (an attribute of Atom's, the text of others'), and the links of its text."""
    named = [
        category.attributes.get("term") or category.text
        for category in item.all("category")
        if "schemas.google.com" not in category.attributes.get("scheme", "")
    ]
    text = item.get("encoded") or item.get("content") or item.get("description") or item.get("summary")
    return in_html(text, tags=named)


def _link(item: Element) -> str:
    links = item.all("link")
    chosen = [link for link in links if link.attributes.get("rel", "alternate") == "alternate"]
    for link in chosen:
        if text := (link.attributes.get("href") or link.text).strip():
            return text
    guid = next(iter(item.all("guid")), None)
    if guid is not None and guid.attributes.get("ispermalink", "true") != "false":
        return guid.text.strip()
    return ""


def _published(item: Element) -> datetime:
    """When the post was published; a time without a zone is taken for UTC. Raises ValueError."""
    stated = item.get("post_date_gmt", space=_WORDPRESS)
    text = f"{stated}+00:00" if stated and not stated.startswith("0000") else ""
    text = text or item.get("pubdate") or item.get("published") or item.get("date") or item.get("updated")
    try:
        time = parsedate_to_datetime(text) if re.match(r"[A-Za-z]{3},|[0-9]{1,2} [A-Za-z]", text) else None
    except (ValueError, TypeError, IndexError, OverflowError):
        time = None
    if time is None and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+)?", text):
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = None
    if time is not None:
        return checked_time(time if time.tzinfo else time.replace(tzinfo=UTC), "the date")
    return checked_time(text, "the date")


def _replies(item: Element) -> str:
    return next(
        (link.attributes.get("count", "") for link in item.all("link") if link.attributes.get("rel") == "replies"), ""
    )
