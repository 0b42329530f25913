"""Mastodon's data export, as people download it: posts with their totals, and tables of who follows.

The export does not name who reacted. Own likes and boosts of own posts are taken off these posts' totals.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from accounts.networks.addresses import address, host_of
from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    PostTotal,
    Record,
    Rejected,
    Tally,
    checked_count,
    checked_id,
    checked_object,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports.values import dated
from accounts.networks.words import in_html


def recognises(archive: Archive) -> bool:
    folder = archive.folder_of("actor.json")
    return folder is not None and bool(archive.find("outbox.json", "likes.json", "bookmarks.json", folder=folder))


@dated
def read(archive: Archive) -> Iterator[Record]:
    folder = archive.folder_of("actor.json")
    if folder is None:
        raise BadArchive(f"{archive.label}: not an export of Mastodon: no actor.json is in it to name its owner")
    name = archive.find("actor.json", folder=folder)[0]
    found = archive.read_json(name)
    try:
        actor = checked_object(found, "it")
        owner = _actor_address(actor)
        uri = checked_id(actor.get("id"), "id")
    except ValueError as error:
        raise BadArchive(f"{archive.label}: {name}: does not name an account ({error})") from None
    try:
        created_at = checked_time(actor.get("published"), "published")
    except ValueError:
        created_at = None
    yield Owner(owner, handle=owner, name=checked_text(actor.get("name"), limit=100), created_at=created_at)
    yield from _outbox(archive, folder, uri)
    yield from _followers(archive, folder, owner)


def _actor_address(actor: dict[str, Any]) -> str:
    if isinstance(actor.get("webfinger"), str):
        return address(actor["webfinger"])
    return address(f"{checked_id(actor.get('preferredUsername'), 'preferredUsername')}@{host_of(actor.get('id'))}")


def _outbox(archive: Archive, folder: str, uri: str) -> Iterator[Record]:
    files = archive.find("outbox.json", folder=folder)
    if not files:
        return
    own = _own_reactions(archive, folder, files[0])
    read = posts = boosts = private = 0
    for number, activity in archive.records(files[0], key="orderedItems"):
        read += 1
        kind = activity.get("type") if isinstance(activity, dict) else None
        boosts += kind == "Announce"
        if kind == "Create" and _is_private(activity.get("object")):
            private += 1
        elif kind == "Create":
            records = list(_post(activity.get("object"), uri, own))
            posts += any(isinstance(record, Post) for record in records)
            yield from (
                Rejected(f"{files[0]}, record {number}", record.reason) if isinstance(record, Rejected) else record
                for record in records
            )
        elif kind != "Announce":
            yield Rejected(f"{files[0]}, record {number}", f"type is {shown(kind)}, neither Create nor Announce")
    yield Tally("activities", read)
    yield Tally("of them posts", posts)
    yield Tally("of them boosts", boosts)
    if private:
        yield Tally("of them private mentions, left out", private)
    yield Counter("posts", read - private)


def _own_reactions(archive: Archive, folder: str, outbox: str) -> dict[str, set[str]]:
    """Posts that the owner liked and boosted, by verb: the own ones among them are taken off the own posts' totals."""
    likes = {
        item
        for name in archive.find("likes.json", folder=folder)
        for _, item in archive.records(name, key="orderedItems")
        if isinstance(item, str)
    }
    boosts = {
        activity["object"]
        for _, activity in archive.records(outbox, key="orderedItems")
        if isinstance(activity, dict) and activity.get("type") == "Announce" and isinstance(activity.get("object"), str)
    }
    return {"like": likes, "share": boosts}


def _is_private(value: object) -> bool:
    """Whether the post was for those alone whom it mentions: neither the public nor followers may see it."""
    fields = [value[name] for name in ("to", "cc") if name in value] if isinstance(value, dict) else []
    to = [item for field in fields for item in (field if isinstance(field, list) else [field]) if isinstance(item, str)]
    open_to = ("#Public", "as:Public", "/followers")
    return bool(fields) and not any(item.endswith(open_to) or item == "Public" for item in to)


def _post(value: object, uri: str, own: dict[str, set[str]]) -> Iterator[Record]:
    try:
        post = checked_object(value, "the post")
        posted_at = checked_time(post.get("published"), "published")
        url = post.get("url")
        url = url if isinstance(url, str) and url.startswith("https://") and len(url) <= 500 else ""
        tags = post.get("tag")
        hashtags = [
            tag.get("name")
            for tag in (tags if isinstance(tags, list) else [])
            if isinstance(tag, dict) and tag.get("type") == "Hashtag"
        ]
        words = in_html(post.get("content"), tags=hashtags)
        found = Post(checked_id(post.get("id"), "id"), posted_at, url, *words)
    except ValueError as error:
        yield Rejected("", str(error))
        return
    if post.get("attributedTo", uri) != uri:
        yield Rejected("", f"the post is by {shown(post['attributedTo'])}, not by the owner")
        return
    yield found
    for name, verb in (("likes", "like"), ("shares", "share")):
        collection = post.get(name)
        if not isinstance(collection, dict) or "totalItems" not in collection:
            continue
        try:
            total = checked_count(collection["totalItems"], f"{name}.totalItems") - (found.post in own[verb])
        except ValueError as error:
            yield Rejected("", str(error))
            continue
        if total > 0:
            yield PostTotal(found.post, verb, total, posted_at)


def _followers(archive: Archive, folder: str, owner: str) -> Iterator[Record]:
    """Tables that Mastodon offers beside the export; their first column is the account's address."""
    for name in archive.find("followers.csv", "follower_accounts.csv", folder=folder)[:1]:
        read = good = 0
        for row, value in _addresses(archive, name):
            read += 1
            try:
                actor = address(value)
            except ValueError as error:
                yield Rejected(f"{name}, row {row}", str(error))
                continue
            if actor != owner:
                good += 1
                yield Interaction("follow", actor, None, actor_handle=actor)
        yield Tally("followers", read)
        yield Counter("followers", good)
    for name in archive.find("following.csv", "following_accounts.csv", folder=folder)[:1]:
        read = sum(1 for _ in _addresses(archive, name))
        yield Tally("following", read)
        yield Counter("following", read)


def _addresses(archive: Archive, name: str) -> Iterator[tuple[int, str]]:
    with archive.open(name) as file, io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="") as text:
        try:
            for row, line in enumerate(csv.reader(text), start=1):
                if line and not (row == 1 and "@" not in line[0]):
                    yield row, line[0]
        except csv.Error as error:
            raise BadArchive(f"{archive.label}: {name}: is not a table ({error})") from None
