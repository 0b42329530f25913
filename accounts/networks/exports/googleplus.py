"""Google+ as Google Takeout gave it until 2019: a JSON file for each post, with who reacted to it by name and id.

Folders are in their owner's language, and files are named for the post's day and first words: posts are told by what
stands in them. People are known by their number ("users/1234" is 1234).
"""

import re
from collections import Counter as Multiset
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    Record,
    Rejected,
    Tally,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports.values import dated, mapping, sequence

# Folders that are looked at, and files of each, to find those that hold posts.
FOLDERS, FIRST, PAGES = 2000, 3, 20
_TELLING = re.compile(rb'plus\.google\.com/|"resourceName"\s*:\s*"users/[0-9]+/posts/')
_USER = re.compile(r"users/([1-9][0-9]{4,24})")
_PAGE = re.compile(r"https?://plus\.google\.com/([1-9][0-9]{4,24})(?:/.*)?")
_POST = re.compile(r"users/([1-9][0-9]{4,24})/posts/([A-Za-z0-9_.-]{3,80})")
_COMMENT = re.compile(r"users/[0-9]+/posts/[A-Za-z0-9_.-]+/comments/([A-Za-z0-9_.#-]{3,160})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?[: ]?([+-][0-9]{2}):?([0-9]{2})"
)


def recognises(archive: Archive) -> bool:
    return next(_folders(archive), None) is not None or _is_html(archive)


@dated
def read(archive: Archive) -> Iterator[Record]:
    files = [name for folder in _folders(archive) for name in archive.find("*.json", folder=folder)]
    if not files and _is_html(archive):
        raise BadArchive(
            f"{archive.label}: holds Google+ as web pages (HTML), which cannot be read here; if you have "
            f"a Takeout of it in JSON, too, take that"
        )
    if not files:
        raise BadArchive(f"{archive.label}: is not a Takeout with Google+: no post of it is in it")
    owner = _owner(archive, files)
    yield owner
    read = by_others = 0
    seen: Multiset[str] = Multiset()
    for name in files:
        post = _object(archive, name)
        if isinstance(post, Rejected):
            yield post
            continue
        if not _is_post(post):
            continue
        read += 1
        try:
            number, author, posted_at = _identity(post)
        except ValueError as error:
            yield Rejected(name, str(error))
            continue
        if author != owner.external_id:
            by_others += 1
            continue
        url = post.get("url")
        yield Post(number, posted_at, url if isinstance(url, str) and _PAGE.fullmatch(url[:300]) else "")
        for record in _reactions(name, post, number, posted_at, owner.external_id):
            if isinstance(record, Interaction):
                seen[record.verb] += 1
            yield record
    yield Tally("Google+ posts", read)
    if by_others:
        yield Tally("of them by others", by_others)
    for verb, kind in (("like", "+1s received"), ("reply", "comments received"), ("share", "reshares received")):
        yield Tally(kind, seen[verb])
    yield Counter("posts", read - by_others)


def _folders(archive: Archive) -> Iterator[str]:
    """Folders that hold posts. A post's file begins with its address; a few of each folder show what the others are."""
    folders: dict[str, list[str]] = {}
    for name in archive.anywhere("*.json"):
        folder = name.rpartition("/")[0]
        if folder in folders or len(folders) < FOLDERS:
            some = folders.setdefault(folder, [])
            if len(some) < FIRST:
                some.append(name)
    for folder, names in folders.items():
        if any(_TELLING.search(archive.head(name, 4096)) for name in names):
            yield folder


def _is_html(archive: Archive) -> bool:
    """Whether posts are there as pages, as Takeout gave them until 2018. The product's name is in every language."""
    pages = [name for name in archive.anywhere("*.html") if "google+" in name.lower()]
    return any(b"plus.google.com/" in archive.head(name) for name in pages[:PAGES])


def _object(archive: Archive, name: str) -> dict[str, Any] | Rejected:
    """The file's object. One damaged file of thousands is left out, and named."""
    try:
        value = archive.read_json(name)
    except BadArchive as error:
        if archive.exhausted:
            raise
        return Rejected(name, str(error).rpartition(f"{name}: ")[2])
    return value if isinstance(value, dict) else Rejected(name, "does not hold a post")


def _is_post(value: dict[str, Any]) -> bool:
    return isinstance(value.get("author"), dict) and ("creationTime" in value or "resourceName" in value)


def _owner(archive: Archive, files: list[str]) -> Owner:
    """Who wrote most of the posts: a stream may hold what others wrote on it."""
    authors: Multiset[str] = Multiset()
    names: dict[str, str] = {}
    for name in files:
        post = _object(archive, name)
        author = mapping(post.get("author")) if isinstance(post, dict) and _is_post(post) else {}
        try:
            user = _user(author)
        except ValueError:
            continue
        authors[user] += 1
        names[user] = checked_text(author.get("displayName"), limit=100)
    if not authors:
        raise BadArchive(f"{archive.label}: {files[0]}: does not say who wrote it, nor does another post")
    ((owner, most),) = authors.most_common(1)
    if most * 2 <= authors.total():
        raise BadArchive(
            f"{archive.label}: nobody wrote most of the posts of Google+ in it, so nobody knows whose it is"
        )
    return Owner(owner, name=names[owner])


def _user(value: object) -> str:
    person = mapping(value)
    for pattern, field in ((_USER, "resourceName"), (_PAGE, "profilePageUrl")):
        text = person.get(field)
        if isinstance(text, str) and (match := pattern.fullmatch(text)):
            return match[1]
    raise ValueError(f"the person is {shown(person.get('resourceName'))}, not a user of Google+")


def _identity(post: dict[str, Any]) -> tuple[str, str, datetime]:
    resource = post.get("resourceName")
    match = _POST.fullmatch(resource) if isinstance(resource, str) else None
    if match is None:
        raise ValueError(f"resourceName is {shown(resource)}, not a post of Google+")
    return match[2], _user(post.get("author")), time(post.get("creationTime"))


def _reactions(name: str, post: dict[str, Any], number: str, posted_at: datetime, owner: str) -> Iterator[Record]:
    """Who reacted. A +1 and a reshare have no time of their own; they are dated on the post."""
    for field, verb, who in (
        ("plusOnes", "like", "plusOner"),
        ("comments", "reply", "author"),
        ("reshares", "share", "resharer"),
    ):
        for nth, item in enumerate(sequence(post.get(field)), start=1):
            reaction = mapping(item)
            try:
                actor = _user(reaction.get(who))
                occurred_at = time(reaction.get("creationTime")) if verb == "reply" else posted_at
                key = _key(verb, number, actor, reaction)
            except ValueError as error:
                yield Rejected(f"{name}, {field} {nth}", str(error))
                continue
            if actor != owner:
                handle = checked_text(mapping(reaction.get(who)).get("displayName"), limit=100)
                yield Interaction(verb, actor, occurred_at, post=number, key=key, actor_handle=handle)


def _key(verb: str, number: str, actor: str, reaction: dict[str, Any]) -> str:
    if verb != "reply":
        return f"{verb}:{number}:{actor}"
    resource = reaction.get("resourceName")
    match = _COMMENT.fullmatch(resource) if isinstance(resource, str) else None
    return f"comment:{match[1]}" if match else ""


def time(value: object) -> datetime:
    """ "2018-11-04 15:17:03+0000", as Google+ writes it. Raises ValueError."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 40 else None
    try:
        found = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3]}:{match[4]}") if match else None
    except ValueError:
        found = None
    return checked_time(found or value, "creationTime")
