"""Mastodon: any server's API, and the data export.

An account is known by its address, `user@host` in lower case. Of all its names this is the one that every source gives:
the API names others by it (`acct`), the export its owner (`webfinger`), and the tables of followers and of accounts
followed hold nothing else. Numbers differ from server to server; addresses of actors are missing from older answers.
A post is known by its `uri`, which the API and the export share.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    CounterSpec,
    Interaction,
    Network,
    OAuth,
    Owner,
    Page,
    Post,
    PostTotal,
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Tally,
    Unreachable,
    checked_count,
    checked_id,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.http import Http, NotFound

PAGE = 80
# What others do, by the name that notifications give it.
_VERBS = {"favourite": "like", "reblog": "share", "mention": "mention", "follow": "follow", "quote": "quote"}
_COUNTERS = (("followers_count", "followers"), ("following_count", "following"), ("statuses_count", "posts"))
_USER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
_MIN_ID = re.compile(r"[?&]min_id=([A-Za-z0-9_-]{1,64})(?:&|$)")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?")


class Mastodon(Network):
    spec = Spec(
        slug="mastodon",
        code=3,
        label="Mastodon",
        verbs=("share", "quote", "mention", "like", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("posts", "posts in all"),
        ),
        streams=("profile", "notifications"),
        proof="oauth",
        oauth=OAuth(
            provider="mastodon",
            authorize_url="/oauth/authorize",
            token_url="/oauth/token",
            # Not the newer "profile": servers before 4.3 refuse an app that names it.
            identity=("read:accounts",),
            collect=("read:notifications",),
            revoke_url="/oauth/revoke",
        ),
        reads=(
            "how many follow you",
            "who boosts, favourites, quotes, mentions and follows you",
        ),
        never=(
            "your private mentions' text",
            "your bookmarks, lists and filters",
            "whom you block or mute",
        ),
        archive_note="Mastodon's export holds what you posted, not who reacted: link the account to have that counted.",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield self._profile(http, subject)
        elif stream == "notifications":
            yield from self._notifications(http, subject, cursor)
        else:
            raise ValueError(f"Mastodon has no stream {stream!r}")

    def _profile(self, http: Http, subject: Subject) -> Page:
        account = _object(http.get("/api/v1/accounts/verify_credentials").data, "verify_credentials")
        user, known = account.get("username"), subject.external_id
        if not isinstance(user, str) or not _USER.fullmatch(user) or account.get("acct", user) != user:
            raise Unreachable(f"{http.host} does not name an account of its own: {shown(account.get('acct'))}")
        if known and known.rpartition("@")[0] != user.lower():
            raise Revoked(f"the token is of {user}@{http.host}, not of {known}")
        owner = known or address(f"{user}@{_domain(http, user)}")
        try:
            created_at = checked_time(account.get("created_at"), "created_at")
        except ValueError:
            created_at = None
        name = checked_text(account.get("display_name"), limit=100)
        records: list[Record] = [Owner(owner, handle=owner, name=name, created_at=created_at)]
        for theirs, ours in _COUNTERS:
            try:
                records.append(Counter(ours, checked_count(account.get(theirs), theirs)))
            except ValueError as error:
                records.append(Rejected("verify_credentials", str(error)))
        return Page(records, {}, done=True)

    def _notifications(self, http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
        """Pages from the oldest unread notification on; the cursor is the newest id read."""
        home = subject.external_id.rpartition("@")[2] or http.host
        newest = cursor.get("min_id", "0")
        types = [("types[]", name) for name in _VERBS]
        while True:
            answer = http.get("/api/v1/notifications", [("min_id", newest), ("limit", str(PAGE)), *types])
            if not isinstance(answer.data, list):
                raise Unreachable(f"{http.host}: notifications are {shown(answer.data)}, not a list")
            if not answer.data:
                yield Page([], {"min_id": newest}, done=True)
                return
            records = [record for item in reversed(answer.data) for record in _reaction(item, home)]
            last, newest = newest, _newest(answer.links.get("prev", ""), answer.data)
            if _order(newest) <= _order(last):
                raise Unreachable(f"{http.host}: notifications after {last} do not go on")
            yield Page(records, {"min_id": newest})

    def recognises(self, archive: Archive) -> bool:
        folder = archive.folder_of("actor.json")
        return folder is not None and bool(archive.find("outbox.json", "likes.json", "bookmarks.json", folder=folder))

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        folder = archive.folder_of("actor.json")
        if folder is None:
            raise BadArchive(f"{archive.label}: not an export of Mastodon: no actor.json is in it to name its owner")
        name = archive.find("actor.json", folder=folder)[0]
        found = archive.read_json(name)
        try:
            actor = _mapping(found, "it")
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


def address(value: str) -> str:
    """`user@host` in the form accounts are known by. Raises ValueError."""
    user, _, host = value.strip().removeprefix("acct:").removeprefix("@").partition("@")
    try:
        # Names of hosts in other alphabets are written in two ways; this is the one of DNS.
        host = host.lower() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if not _USER.fullmatch(user) or not _HOST.fullmatch(host.lower()):
        raise ValueError(f"{shown(value)} is not an address such as user@host")
    return f"{user}@{host}".lower()


def _domain(http: Http, user: str) -> str:
    """The host in the addresses of this server's users, which may differ from the server's own (social.example.org).

    What a server says of itself is believed only where the domain's own WebFinger points back to that server: anybody
    can run a server, and name accounts of other people.
    """
    try:
        instance = _object(http.get("/api/v2/instance").data, "instance")
    except NotFound:
        return http.host
    domain = str(instance.get("domain")).lower()
    if not _HOST.fullmatch(domain) or domain == http.host:
        return http.host
    path, resource = "/.well-known/webfinger", f"acct:{user}@{domain}"
    try:
        with http.elsewhere(f"https://{domain}") as other:
            found = _object(other.get(path, [("resource", resource)]).data, "webfinger")
    except (Unreachable, Revoked):
        return http.host
    links = found.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "self" and _host_of(link.get("href")) == http.host:
            return domain
    return http.host


def _host_of(url: object) -> str:
    try:
        return urlsplit(url).netloc.lower() if isinstance(url, str) else ""
    except ValueError:
        return ""


def _object(data: object, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Unreachable(f"{what} is {shown(data)}, not an object")
    return data


def _reaction(item: object, home: str) -> Iterator[Record]:
    """One notification as records; `home` completes the addresses of the server's own users."""
    try:
        item = _mapping(item, "it")
        verb = _VERBS.get(str(item.get("type")))
        if verb is None:
            return
        key = checked_id(item.get("id"), "id", limit=64)
        occurred_at = checked_time(item.get("created_at"), "created_at")
        acct = checked_id(_mapping(item.get("account"), "account").get("acct"), "acct")
        actor = address(acct if "@" in acct else f"{acct}@{home}")
        post = _own_post(verb, item.get("status"))
    except ValueError as error:
        yield Rejected(f"notification {shown(item.get('id')) if isinstance(item, dict) else '?'}", str(error))
        return
    if post:
        yield post
    yield Interaction(verb, actor, occurred_at, post=post.post if post else "", key=key, actor_handle=actor)


def _own_post(verb: str, status: object) -> Post | None:
    """The post of the account that was reacted to. A mention and a quote come with somebody else's post."""
    if verb == "quote" and isinstance(status, dict):
        quote = status.get("quote")
        status = quote.get("quoted_status") if isinstance(quote, dict) else None
    if verb not in ("like", "share", "quote") or not isinstance(status, dict):
        return None
    url = status.get("url")
    return Post(
        checked_id(status.get("uri"), "the post's uri"),
        checked_time(status.get("created_at"), "the post's created_at"),
        url if isinstance(url, str) and url.startswith("https://") and len(url) <= 500 else "",
    )


def _newest(link: str, items: list[Any]) -> str:
    """Where to go on: what the server's link to newer ones says, else the largest id of the page."""
    said = _MIN_ID.search(link)
    ids = [str(item.get("id", "")) for item in items if isinstance(item, dict)]
    return max([said[1] if said else "", *ids], key=_order)[:64]


def _order(key: str) -> tuple[int, str]:
    """Ids are numbers that grow by a digit now and then, and are compared as text else."""
    return len(key.lstrip("0")), key.lstrip("0")


def _mapping(value: object, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an object")


def _actor_address(actor: dict[str, Any]) -> str:
    if isinstance(actor.get("webfinger"), str):
        return address(actor["webfinger"])
    return address(f"{checked_id(actor.get('preferredUsername'), 'preferredUsername')}@{_host_of(actor.get('id'))}")


def _outbox(archive: Archive, folder: str, uri: str) -> Iterator[Record]:
    files = archive.find("outbox.json", folder=folder)
    if not files:
        return
    own = _own_reactions(archive, folder, files[0])
    read = posts = boosts = 0
    for number, activity in archive.records(files[0], key="orderedItems"):
        read += 1
        kind = activity.get("type") if isinstance(activity, dict) else None
        boosts += kind == "Announce"
        if kind == "Create":
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
    yield Counter("posts", read)


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


def _post(value: object, uri: str, own: dict[str, set[str]]) -> Iterator[Record]:
    try:
        post = _mapping(value, "the post")
        posted_at = checked_time(post.get("published"), "published")
        url = post.get("url")
        url = url if isinstance(url, str) and url.startswith("https://") and len(url) <= 500 else ""
        found = Post(checked_id(post.get("id"), "id"), posted_at, url)
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
