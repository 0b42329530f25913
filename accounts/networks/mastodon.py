"""Mastodon: any server's API; its data export is exports/mastodon.py.

An account is known by its address, `user@host` in lower case. Of all its names this is the one that every source gives:
the API names others by it (`acct`), the export its owner (`webfinger`), and the tables of followers and of accounts
followed hold nothing else. Numbers differ from server to server; addresses of actors are missing from older answers.
A post is known by its `uri`, which the API and the export share. Answers come as mentions, and are not counted again
as the post's replies. Collections that an account was added to are not read: only the newest servers tell of them.
"""

import html
import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from accounts.networks.addresses import HOST, USER, address, host_of
from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadRecord,
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
    Unreachable,
    checked_count,
    checked_id,
    checked_object,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports import mastodon as export
from accounts.networks.http import Http, NotFound
from accounts.networks.newest_first import Listed, newest_first
from accounts.networks.words import Words, in_html

PAGE, POSTS = 80, 40
# Posts of so many days are looked at.
DAYS = 90
# Pages of followers in one reading, newest first; the counter tells of the others.
MOST_FOLLOWERS = 1000
# What others do, by the name that notifications give it.
_VERBS = {"favourite": "like", "reblog": "share", "mention": "mention", "follow": "follow", "quote": "quote"}
_COUNTERS = (("followers_count", "followers"), ("following_count", "following"), ("statuses_count", "posts"))
_TOTALS = (("favourites_count", "like"), ("reblogs_count", "share"), ("quotes_count", "quote"))
_MIN_ID = re.compile(r"[?&]min_id=([A-Za-z0-9_-]{1,64})(?:&|$)")
_MAX_ID = re.compile(r"[?&]max_id=([A-Za-z0-9_-]{1,64})(?:&|$)")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PROFILE = re.compile(r"https://([^/@?#]+)/(?:@|users/)([A-Za-z0-9_.-]+)/?")
_TAG, _LINE = re.compile(r"<[^<>]*>"), re.compile(r"</p>|<br ?/?>", re.IGNORECASE)
_HREF = re.compile(r'href="(https?://[^"<>\s]{1,500})"')


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
        streams=("profile", "notifications", "followers", "posts"),
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
        needs={"notifications": ("read:notifications",)},
        reads=(
            "how many follow you",
            "who boosts, favourites, quotes, mentions and follows you",
            "how often your public posts of the last 90 days were favourited, boosted and quoted",
            "the hashtags and links in these posts",
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
        elif stream == "followers":
            path = f"/api/v1/accounts/{_number(_credentials(http, subject)[0])}/followers"
            yield from newest_first(lambda place: _followers(http, subject, path, place), cursor, most=MOST_FOLLOWERS)
        elif stream == "posts":
            yield from _posts(http, subject, cursor)
        else:
            raise ValueError(f"Mastodon has no stream {stream!r}")

    def _profile(self, http: Http, subject: Subject) -> Page:
        account, user = _credentials(http, subject)
        owner = subject.external_id or address(f"{user}@{_domain(http, user)}")
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
            last, newest = newest, _newest(answer.links.get("prev", ""), answer.data, newest)
            if _order(newest) <= _order(last):
                raise Unreachable(f"{http.host}: notifications after {last} do not go on")
            yield Page(records, {"min_id": newest})

    def find(self, http: Http, address: str) -> Owner:
        """The account at `address` (user@host, or its profile's address), asked at its own server.

        The host of the address says by WebFinger which server that is. `about`: the note and the fields, a line each,
        and the links in the fields, which are the owner's own.
        """
        wanted = _wanted(address)
        user, _, domain = wanted.partition("@")
        resource = [("resource", f"acct:{wanted}")]
        with nullcontext(http) if http.host == domain else http.elsewhere(f"https://{domain}") as door:
            server = _server(_object(door.get("/.well-known/webfinger", resource).data, "webfinger"))
        with nullcontext(http) if http.host == server else http.elsewhere(f"https://{server}") as door:
            account = _object(door.get("/api/v1/accounts/lookup", [("acct", user)]).data, "lookup")
        if str(account.get("acct")).lower() != user:
            raise Unreachable(f"{server} answers with {shown(account.get('acct'))}, asked for {user}")
        return Owner(wanted, wanted, checked_text(account.get("display_name"), limit=100), about=_about(account))

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


def _wanted(typed: str) -> str:
    found = _PROFILE.fullmatch(typed.strip())
    try:
        return address(f"{found[2]}@{found[1]}" if found else typed)
    except ValueError as error:
        raise BadRecord(typed[:100], str(error)) from None


def _server(found: dict[str, Any]) -> str:
    """The server that a WebFinger answer sends us to."""
    links = found.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "self" and HOST.fullmatch(host_of(link.get("href"))):
            return host_of(link["href"])
    raise NotFound("webfinger names no server of the account")


def _about(account: dict[str, Any]) -> str:
    """The note and the fields as text, a line each."""
    lines = _LINE.sub("\n", str(account.get("note", ""))).split("\n")
    fields = account.get("fields")
    for field in fields[:20] if isinstance(fields, list) else []:
        if isinstance(field, dict):
            value = str(field.get("value", ""))
            lines += [f"{field.get('name', '')} {value}", *_HREF.findall(value)]
    return "\n".join(checked_text(html.unescape(_TAG.sub("", line)), limit=600) for line in lines[:100])


def _credentials(http: Http, subject: Subject) -> tuple[dict[str, Any], str]:
    """The account that the token is of, and its user name. Raises Revoked where it is another than the subject."""
    account = _object(http.get("/api/v1/accounts/verify_credentials").data, "verify_credentials")
    user, known = account.get("username"), subject.external_id
    if not isinstance(user, str) or not USER.fullmatch(user) or account.get("acct", user) != user:
        raise Unreachable(f"{http.host} does not name an account of its own: {shown(account.get('acct'))}")
    if known and known.rpartition("@")[0] != user.lower():
        raise Revoked(f"the token is of {user}@{http.host}, not of {known}")
    return account, user


def _number(account: dict[str, Any]) -> str:
    """The server's own id of an account, which goes into addresses."""
    number = str(account.get("id"))
    if not _ID.fullmatch(number):
        raise Unreachable(f"the account's id is {shown(account.get('id'))}")
    return number


def _followers(http: Http, subject: Subject, path: str, place: str) -> Listed:
    answer = http.get(path, [("limit", str(PAGE)), *([("max_id", place)] if place else [])])
    home = subject.external_id.rpartition("@")[2] or http.host
    records: list[Record] = []
    ids: list[str] = []
    for number, item in enumerate(_list(answer.data, "followers"), start=1):
        try:
            acct = checked_id(checked_object(item, "the account").get("acct"), "acct")
            actor = address(acct if "@" in acct else f"{acct}@{home}")
        except ValueError as error:
            records.append(Rejected(f"followers, record {number}", str(error)))
            continue
        ids.append(actor)
        records.append(Interaction("follow", actor, None, actor_handle=actor))
    said = _MAX_ID.search(answer.links.get("next", ""))
    return Listed(records, ids, said[1] if said else "")


def _posts(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Totals of own public posts, newest first: as any visitor may see them, since our token does not read posts."""
    oldest = (subject.now or http.now()) - timedelta(days=DAYS)
    user, place = subject.external_id.rpartition("@")[0], cursor.get("max_id", "")
    with http.elsewhere(http.base_url) as visitor:
        try:
            account = _object(visitor.get("/api/v1/accounts/lookup", [("acct", user)]).data, "lookup")
            path = f"/api/v1/accounts/{_number(account)}/statuses"
            while True:
                params = [("limit", str(POSTS)), ("exclude_reblogs", "true"), *([("max_id", place)] if place else [])]
                answer = visitor.get(path, params)
                records = [record for item in _list(answer.data, "statuses") for record in _totals(item)]
                times = [record.posted_at for record in records if isinstance(record, Post)]
                kept = [
                    record
                    for record in records
                    if not isinstance(record, Post | PostTotal) or record.posted_at >= oldest
                ]
                following = _MAX_ID.search(answer.links.get("next", ""))
                if not following or following[1] == place or (times and min(times) < oldest):
                    yield Page(kept, {}, done=True)
                    return
                place = following[1]
                yield Page(kept, {"max_id": place})
        except Revoked:
            # The server is for members alone; this says nothing about the person's token.
            yield Page([Rejected("statuses", f"{http.host} shows no posts to visitors")], {}, done=True)


def _totals(item: object) -> Iterator[Record]:
    where = f"status {shown(item.get('id'))}" if isinstance(item, dict) else "status ?"
    try:
        status = checked_object(item, "it")
        post = _post_of(status)
    except ValueError as error:
        yield Rejected(where, str(error))
        return
    yield post
    for name, verb in _TOTALS:
        try:
            # Older servers know no quotes.
            total = checked_count(status.get(name, 0), name)
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        if total:
            yield PostTotal(post.post, verb, total, post.posted_at)


def _post_of(status: dict[str, Any]) -> Post:
    url = status.get("url")
    return Post(
        checked_id(status.get("uri"), "the post's uri"),
        checked_time(status.get("created_at"), "the post's created_at"),
        url if isinstance(url, str) and url.startswith("https://") and len(url) <= 500 else "",
        *_words(status),
    )


def _words(status: dict[str, Any]) -> Words:
    """The hashtags that the server knows of, the links of the text, and the one that it shows a card of."""
    tags, card = status.get("tags"), status.get("card")
    named = [tag.get("name") for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return in_html(status.get("content"), tags=named, links=[card.get("url")] if isinstance(card, dict) else [])


def _list(data: object, what: str) -> list[Any]:
    if not isinstance(data, list):
        raise Unreachable(f"{what} is {shown(data)}, not a list")
    return data


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
    if not HOST.fullmatch(domain) or domain == http.host:
        return http.host
    path, resource = "/.well-known/webfinger", f"acct:{user}@{domain}"
    try:
        with http.elsewhere(f"https://{domain}") as other:
            found = _object(other.get(path, [("resource", resource)]).data, "webfinger")
    except (Unreachable, Revoked):
        return http.host
    links = found.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "self" and host_of(link.get("href")) == http.host:
            return domain
    return http.host


def _object(data: object, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Unreachable(f"{what} is {shown(data)}, not an object")
    return data


def _reaction(item: object, home: str) -> Iterator[Record]:
    """One notification as records; `home` completes the addresses of the server's own users."""
    try:
        item = checked_object(item, "it")
        verb = _VERBS.get(str(item.get("type")))
        if verb is None:
            return
        key = checked_id(item.get("id"), "id", limit=64)
        occurred_at = checked_time(item.get("created_at"), "created_at")
        acct = checked_id(checked_object(item.get("account"), "account").get("acct"), "acct")
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
    return _post_of(status)


def _newest(link: str, items: list[Any], last: str) -> str:
    """Where to go on: what the server's link to newer ones says, else the largest id of the page."""
    said = _MIN_ID.search(link)
    if said and _order(said[1]) > _order(last):
        return said[1]
    ids = [item.get("id") for item in items if isinstance(item, dict)]
    # An odd one must not lead us astray.
    return max((number for number in ids if isinstance(number, str) and _ID.fullmatch(number)), key=_order, default="")


def _order(key: str) -> tuple[int, str]:
    """Ids are numbers that grow by a digit now and then, and are compared as text else."""
    return len(key.lstrip("0")), key.lstrip("0")
