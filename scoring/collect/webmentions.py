"""A page elsewhere says that it links to somebody's blog: fetched, believed for what is found there, and stored.

After the W3C's Webmention (recommendation of 2017-01-12) and microformats2's h-entry. What the page says of its author
is believed within its own host alone, since anybody may name anybody. The log only grows: a page that is gone later,
or no longer links, takes nothing back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import mf2py
import numpy as np

from accounts import blogs
from accounts.calling import http_for
from accounts.models import LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.addresses import page
from accounts.networks.base import EARLIEST, Interaction, checked_time
from accounts.networks.http import Fetched, Http
from accounts.networks.sockets import is_listed
from accounts.networks.web_page import PAGE_BYTES, charset_of
from accounts.privacy import keeping
from scoring import log
from scoring.collect.clean_html import cleaned
from scoring.collect.keys import event_key
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.models import Interaction as Row

# What an entry says that it is, by the property that names the page it is about.
_VERBS = {"in-reply-to": "reply", "like-of": "like", "repost-of": "share", "bookmark-of": "save"}
_ACCEPT = {"Accept": "text/html, application/xhtml+xml;q=0.9"}
_KINDS = ("text/html", "application/xhtml+xml")
# Entries of a page that are looked at, and how deep they lie in feeds.
MOST_ENTRIES, DEEPEST = 200, 5
# An author's clock may be ahead.
AHEAD = timedelta(hours=1)


class NoMention(Exception):
    """The source cannot be counted; the message says why."""


@dataclass(frozen=True, slots=True)
class Mention:
    """What a page says: `verb` of `actor` at `occurred_at` (None: it does not say when); `source`: where it stands."""

    verb: str
    actor: str
    source: str
    occurred_at: datetime | None


def receive(*, source: str, target: str, at: datetime) -> str:
    """Fetch `source`, see whether it links to `target`, and store it; returns its verb, or "known".

    Raises NoMention, RateLimited and Unreachable (trying later may help).
    """
    link = _link_of(target, at)
    with http_for(None, at=at, patient=False) as http:
        found = http.fetch(_callable(http, source), headers=_ACCEPT)
    mention = read(found, target=target)
    try:
        with keeping(link.person, "looking at a webmention"):
            # The page may have taken its time.
            if not LinkedAccount.objects.filter(pk=link.pk, account=link.account_id).exists():
                raise NoMention("the blog is no longer linked")
            return _store(link, mention, target, at)
    except Person.DoesNotExist:
        raise NoMention("the blog's owner has left") from None


def _link_of(target: str, at: datetime) -> LinkedAccount:
    try:
        link = blogs.blog_of_profile(target, at=at.date()) if blogs.is_own(target) else blogs.blog_at(target)
    except ValueError as error:
        raise NoMention(str(error)) from None
    if link is None:
        raise NoMention(f"{target[:200]} is no page of a blog that is linked here")
    return link


def _callable(http: Http, source: str) -> str:
    """By https, which most of the web speaks today; save for hosts that the operator lists."""
    parts = urlsplit(source)
    listed = is_listed(parts.hostname or "", parts.port or 80, http.private_hosts)
    return source if listed or parts.scheme != "http" else f"https{source[4:]}"


# ---------------------------------------------------------------- what the page says


def read(found: Fetched, *, target: str) -> Mention:
    """What a fetched page says about `target`. Raises NoMention."""
    where = page(found.url)
    if found.status in (404, 410):
        raise NoMention(f"{where} is gone")
    if not 200 <= found.status < 300:
        raise NoMention(f"{where} answered {found.status}")
    kind = found.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise NoMention(f"{where} is {kind[:60] or 'of no kind that it names'}, not HTML")
    wanted = page(target, query=True)
    html, links = cleaned(found.body[:PAGE_BYTES].decode(charset_of(found), errors="replace"))
    if not any(_is(url, found.url, wanted) for url in links):
        raise NoMention(f"{where} does not link to {wanted}")
    try:
        items = mf2py.parse(doc=html, url=found.url, html_parser="html.parser")["items"]
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        # It links, whatever its other marks are worth.
        items = []
    entries = _entries(items)
    entry, verb = next(
        (
            (entry, verb)
            for entry in entries
            for name, verb in _VERBS.items()
            if any(_is(url, found.url, wanted) for url in _urls(entry, name))
        ),
        (entries[0] if len(entries) == 1 else {}, "mention" if entries else "link"),
    )
    return Mention(verb, _actor(entry, found.url), _source(entry, found.url), _time(entry))


def _entries(items: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The properties of the h-entries of a page, also of those in feeds."""
    found: list[dict[str, Any]] = []
    for item in items if isinstance(items, list) else []:
        kinds = item.get("type", []) if isinstance(item, dict) else []
        if "h-entry" in kinds:
            found.append(item.get("properties", {}))
        elif depth < DEEPEST and kinds:
            found += _entries(item.get("children"), depth + 1)
        if len(found) >= MOST_ENTRIES:
            break
    return found[:MOST_ENTRIES]


def _urls(properties: dict[str, Any], name: str) -> list[str]:
    """The addresses that a property holds, plain or as citations."""
    found: list[str] = []
    for value in properties.get(name, [])[:MOST_ENTRIES]:
        if isinstance(value, dict):
            inner = value.get("properties")
            found += [url for url in (inner or {}).get("url", []) if isinstance(url, str)]
            value = value.get("value")
        if isinstance(value, str):
            found.append(value)
    return found


def _is(url: str, base: str, wanted: str) -> bool:
    """Whether a link on the page `base` leads to the page `wanted`."""
    try:
        return page(urljoin(base, url.strip()), query=True) == wanted
    except ValueError:
        return False


def _actor(entry: dict[str, Any], where: str) -> str:
    """Whose page it is: a blog that we know, else the author that the entry names if it lies below them, else its host.

    A host may have many authors, and each may write what they like about the others.
    """
    if known := blogs.blog_at(where):
        return known.account.external_id
    here = page(where)
    authors = [
        author for author in map(_page, _urls(entry, "author")) if author and f"{here}/".startswith(f"{author}/")
    ]
    return max(authors, key=len, default=here.partition("/")[0])


def _source(entry: dict[str, Any], where: str) -> str:
    """The one address of the page: where it was found, with what its entry says of the part after the question mark."""
    said = (url for url in _urls(entry, "url") if _page(url) == page(where))
    return page(next(said, where), query=True)


def _page(url: str) -> str:
    """A whole address as a page; "" where it is none (a name, say)."""
    try:
        return page(url) if url.startswith(("http://", "https://")) else ""
    except ValueError:
        return ""


def _time(entry: dict[str, Any]) -> datetime | None:
    for said in entry.get("published", [])[:1]:
        try:
            return checked_time(said, "published")
        except ValueError:
            return None
    return None


# ---------------------------------------------------------------- storing


def _store(link: LinkedAccount, mention: Mention, target: str, at: datetime) -> str:
    """Store `mention` under its source and target: sent again, or changed since, it is known."""
    blog, spec = link.account.external_id, NETWORKS["blog"].spec
    post = page(target, query=True)
    about = f"{mention.source} {post}"
    # An id may be 500 characters; two addresses may be more together.
    key = f"webmention:{about}" if len(about) < 450 else f"webmention:{uuid.uuid5(uuid.NAMESPACE_URL, about)}"
    said = mention.occurred_at
    occurred_at = min(said, at) if said is not None and EARLIEST <= said <= at + AHEAD else at
    row = Interaction(mention.verb, mention.actor, occurred_at, post="" if post == blog else post, key=key)
    summary = Summary(spec.slug)
    with Staging(spec=spec, origin="api", at=at) as staging, log.appending():
        if _is_known(uuid.UUID(event_key(spec.slug, blog, key))):
            return "known"
        if reason := staging.record(blog, row):
            raise NoMention(reason)
        merge(staging, summary)
    return mention.verb if summary.new else "known"


def _is_known(key: uuid.UUID) -> bool:
    """Whether the log holds `key`, on whatever day."""
    if Row.objects.filter(key=key).exists():
        return True
    high, low = (np.array([half], dtype=np.uint64).view(np.int64) for half in divmod(key.int, 2**64))
    return bool(log.known(high, low)[0])
