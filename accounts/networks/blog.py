"""Blogs: a page of the web, its feed, and the comment feeds of its entries; lists of feeds are exports/blog.py.

A blog is known by its address, `host/path` in lower case where case does not count (addresses.page), and an entry by
its own, with its query. It is proved by what only its owner puts there: rel=me links, and what the head of the page
says (its title and meta tags); text of the page is not believed, since others comment on it. Answers are named where
the comment feed tells the author's own page, and counted else. Webmentions come in by another door.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser

from accounts.networks.addresses import page
from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadRecord,
    Counter,
    CounterSpec,
    Interaction,
    Network,
    Owner,
    Page,
    Post,
    PostTotal,
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_id,
    checked_text,
    checked_time,
)
from accounts.networks.exports import blog as export
from accounts.networks.http import Fetched, Http, NotFound
from accounts.networks.sockets import is_listed
from accounts.networks.web_page import Head, joined
from accounts.networks.words import Words, in_html

# Reactions to entries of so many days are looked at, and so many comment feeds in one reading.
DAYS, MOST_COMMENT_FEEDS, MOST_ENTRIES = 90, 20, 500
# Bytes of a feed that are looked at.
FEED_BYTES = 2 << 20
# "Unchanged" is believed for so long: WordPress does not count new comments as a change of the feed that counts them.
BELIEVED = timedelta(days=1)
_COMMENT = re.compile(r"#comment-([0-9]{1,20})$")
_ACCEPT_PAGE = {"Accept": "text/html, application/xhtml+xml, */*;q=0.5"}
_ACCEPT_FEED = {"Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"}


class Blog(Network):
    spec = Spec(
        slug="blog",
        code=12,
        label="Blog",
        verbs=("link", "share", "reply", "mention", "like", "save"),
        counters=(CounterSpec("posts", "posts in the feed"),),
        streams=("profile", "feed"),
        proof="challenge",
        reads=(
            "your page and its feed, as any reader does",
            "how many comments your entries of the last 90 days have, and from which pages",
            "the categories, hashtags and links of your entries",
        ),
        never=("drafts and private entries", "your visitors' figures", "the text of comments"),
        archive_note=(
            "A feed shows posts, and how many comments they have where it says so; a list of feeds shows that a "
            "blog exists and no more. Who links to you is found once the blog is connected."
        ),
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            found = _site(http, subject.external_id, subject.handle)
            head = Head(found)
            records: list[Record] = [_owner(subject.external_id, found, head, about=head.description)]
            if not head.feed_url and not _entries(found):
                records.append(Rejected(subject.external_id, 'it names no feed: <link rel="alternate"> is missing'))
            yield Page(records, {}, done=True)
        elif stream == "feed":
            yield from _feed(http, subject, cursor)
        else:
            raise ValueError(f"Blog has no stream {stream!r}")

    def find(self, http: Http, address: str) -> Owner:
        """The blog at `address`; `about` holds its rel=me links and what its head says of our codes, one a line."""
        try:
            wanted = page(address)
        except ValueError as error:
            raise BadRecord(address[:100], str(error)) from None
        found = _site(http, wanted, "", moved=True)
        head = Head(found)
        if _host(page(found.url)) != _host(wanted):
            # Whoever is sent elsewhere proves the page that they were sent to.
            wanted = page(found.url)
        return _owner(wanted, found, head, about="\n".join([*head.me, *_codes(head)]))

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


def _codes(head: Head) -> list[str]:
    """What holds one of our codes. Not the rest: no address there may be taken for a rel=me link."""
    return [text for text in (head.title, *head.meta) if "klout-" in text.lower()]


def _host(address: str) -> str:
    return address.partition("/")[0]


def _owner(external_id: str, found: Fetched, head: Head, *, about: str) -> Owner:
    shown = found.url.partition("://")[2].partition("?")[0].partition("#")[0]
    handle = shown if page(found.url) == external_id else external_id
    return Owner(external_id, handle, checked_text(head.title, limit=100), about=about)


def _callable(http: Http, address: str) -> str:
    """`address` with the scheme by which we may call it: https, save for hosts that the operator lists."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    listed = is_listed(parts.hostname or "", parts.port or 80, http.private_hosts)
    return f"{'http' if listed else 'https'}://{address.partition('://')[2] or address}"


def _fetched(http: Http, url: str, headers: dict[str, str]) -> Fetched:
    found = http.fetch(url, headers=headers)
    if found.status in (404, 410):
        raise NotFound(f"{page(url)} answered {found.status}")
    if found.status != 304 and not 200 <= found.status < 300:
        # Nobody's token is in question here.
        raise Unreachable(f"{page(url)} answered {found.status}")
    return found


def _site(http: Http, external_id: str, handle: str, *, moved: bool = False) -> Fetched:
    """The blog's page, as its handle writes it, else without or with `www.`. moved: it may be at another host.

    Raises Revoked where it has gone to another host, and so may be another's.
    """
    try:
        same = bool(handle) and page(handle) == external_id
    except ValueError:
        same = False
    try:
        found = _fetched(http, _callable(http, handle if same else external_id), _ACCEPT_PAGE)
    except NotFound:
        raise
    except Unreachable:
        if same:
            raise
        found = _fetched(http, _callable(http, f"www.{external_id}"), _ACCEPT_PAGE)
    if not moved and _host(page(found.url)) != _host(external_id):
        raise Revoked(f"{external_id} sends its visitors to {_host(page(found.url))}")
    return found


# ---------------------------------------------------------------- the feed
def _parsed(found: Fetched) -> Any:
    """What feedparser makes of a document. As a stream: a text it would take for an address or a file to open."""
    if len(found.body) > FEED_BYTES:
        raise Unreachable(f"{page(found.url)}: the feed is larger than {FEED_BYTES >> 20} MiB")
    headers = {"content-location": found.url, "content-type": found.headers.get("content-type", "")}
    try:
        return feedparser.parse(
            BytesIO(found.body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:
        # A parser of everything that was ever called a feed may stumble in any way.
        raise Unreachable(f"{page(found.url)}: the feed cannot be read ({type(error).__name__})") from None


def _entries(found: Fetched) -> list[Any]:
    """The entries of a document; [] where it is no feed."""
    feed = _parsed(found) if found.body[:1000].lstrip().startswith((b"<?xml", b"<rss", b"<feed", b"<rdf")) else None
    return list(feed.entries) if feed is not None and feed.get("version") else []


def _discovered(http: Http, subject: Subject) -> str:
    found = _site(http, subject.external_id, subject.handle)
    if _entries(found):
        return found.url
    feed = Head(found).feed_url
    if not feed.startswith(("http://", "https://")):
        raise Unreachable(f"{subject.external_id} names no feed")
    return _callable(http, feed)


def _feed(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Entries, their numbers of comments, and a page for each comment feed whose number changed.

    The cursor: where the feed is, what it said of its version and when, and the numbers of comments that were read.
    """
    now = subject.now or http.now()
    url, headers = cursor.get("feed", ""), dict(_ACCEPT_FEED)
    if url and "read_at" in cursor and now - checked_time(cursor["read_at"], "read_at") < BELIEVED:
        names = (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
        headers |= {name: cursor[key] for name, key in names if cursor.get(key)}
    try:
        url = url or _discovered(http, subject)
        found = _fetched(http, url, headers)
    except NotFound:
        if "feed" not in cursor:
            raise
        url = _discovered(http, subject)
        found = _fetched(http, url, dict(_ACCEPT_FEED))
    if found.status == 304:
        yield Page([], cursor, done=True)
        return
    feed = _parsed(found)
    if not feed.get("version"):
        raise Unreachable(f"{page(url)} is no feed")
    wordpress = "wordpress" in str(feed.feed.get("generator", "")).lower()
    counts: dict[str, int] = dict(cursor.get("counts", {}))
    entries = list(feed.entries)[:MOST_ENTRIES]
    records: list[Record] = [Counter("posts", len(feed.entries))]
    commented: list[tuple[Post, str, int | None]] = []
    for row, entry in enumerate(entries, start=1):
        try:
            post = _post(entry, found.url)
            records.append(post)
            if post.posted_at < now - timedelta(days=DAYS):
                continue
            said = entry.get("slash_comments", entry.get("thr_total"))
            total = None if said is None else checked_count(str(said).strip(), "the number of comments")
        except ValueError as error:
            records.append(Rejected(f"{page(url)}, entry {row}", str(error)))
            continue
        comments = entry.get("wfw_commentrss")
        if isinstance(comments, str) and comments and wordpress and comments.endswith("/feed/"):
            # Only this form of theirs tells the pages of those who commented.
            comments += "atom/"
        if isinstance(comments, str) and comments and total != 0 and (total is None or counts.get(post.post) != total):
            commented.append((post, joined(found.url, comments), total))
        elif total:
            records.append(PostTotal(post.post, "reply", total, post.posted_at))
    state = {"feed": url, "counts": counts}
    yield Page(records, {**state, "counts": dict(counts)})
    for post, comments, total in commented[:MOST_COMMENT_FEEDS]:
        replies = _comments(http, subject, post, comments, total)
        if total is not None:
            counts[post.post] = total
        yield Page(replies, {**state, "counts": dict(counts)})
    version = {"etag": found.headers.get("etag", "")[:300], "modified": found.headers.get("last-modified", "")[:100]}
    living = {record.post for record in records if isinstance(record, Post)}
    state["counts"] = {post: number for post, number in counts.items() if post in living}
    yield Page([], {**state, **version, "read_at": now.isoformat()}, done=True)


def _post(entry: Any, base: str) -> Post:
    """An entry as a post. Raises ValueError."""
    link = entry.get("link")
    if not isinstance(link, str) or not link:
        raise ValueError("it has no link")
    url = checked_id(urljoin(base, link), "the link")
    return Post(page(url, query=True), _time(entry), url, *_words(entry))


def _words(entry: Any) -> Words:
    """Its categories and hashtags, and the links of its text as far as the feed has it."""
    tags, content = entry.get("tags"), entry.get("content")
    named = [tag.get("term") for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    texts = [part.get("value") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    whole = next((text for text in texts if isinstance(text, str) and text), entry.get("summary"))
    return in_html(whole, tags=named)


def _time(entry: Any) -> datetime:
    for name in ("published_parsed", "created_parsed", "updated_parsed"):
        if said := entry.get(name):
            return checked_time(datetime(*said[:6]).replace(tzinfo=UTC), "the date")
    raise ValueError("it has no date")


def _comments(http: Http, subject: Subject, post: Post, url: str, total: int | None) -> list[Record]:
    """Who commented on an entry, where that is told, and how many did."""
    try:
        entries = _parsed(_fetched(http, _callable(http, url), dict(_ACCEPT_FEED))).entries
    except (Unreachable, ValueError) as error:
        counted = [PostTotal(post.post, "reply", total, post.posted_at)] if total else []
        return [Rejected(f"comments of {post.post}", str(error)), *counted]
    records: list[Record] = []
    own = 0
    for row, entry in enumerate(entries[:MOST_ENTRIES], start=1):
        try:
            author = (entry.get("author_detail") or {}).get("href")
            if not isinstance(author, str) or not author:
                continue
            actor = page(author)
            if _host(actor) == _host(subject.external_id):
                own += 1
                continue
            said = checked_id(entry.get("id") or entry.get("link"), "the comment's id", limit=480)
            # By its number alone where it has one, as in WordPress's own export.
            number = _COMMENT.search(said)
            key = f"comment:{number[1] if number else said}"
            records.append(Interaction("reply", actor, _time(entry), post=post.post, key=key))
        except ValueError as error:
            records.append(Rejected(f"comments of {post.post}, entry {row}", str(error)))
    others = (len(entries) if total is None else total) - own
    return [*records, PostTotal(post.post, "reply", others, post.posted_at)] if others > 0 else records
