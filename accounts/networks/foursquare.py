"""Foursquare's and Swarm's API, version 2: friends, and who liked and answered check-ins and tips; places are not kept.

An account is its number. A like has no time of its own, and is dated on the check-in or tip; likes come late, so that
each reading goes back over the last month. City Guide has closed: what tips still get is read where it is given.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    Counter,
    CounterSpec,
    Interaction,
    Network,
    NetworkError,
    OAuth,
    Owner,
    Page,
    Post,
    PostTotal,
    RateLimited,
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_epoch,
    checked_id,
    checked_text,
    shown,
)
from accounts.networks.exports import foursquare as export
from accounts.networks.http import Http, NotFound, Rejected4xx

# Answers are in the form of this day, whatever comes later.
VERSION = "20240601"
PAGE = 250
# How far back each reading goes for late likes, and for totals; check-ins of one reading that are asked for one by one.
LATE, TOTALS, DETAILS = timedelta(days=30), timedelta(days=90), 50
_USER = re.compile(r"[1-9][0-9]{0,19}")
_THING = re.compile(r"[0-9a-f]{24}")


class Foursquare(Network):
    spec = Spec(
        slug="foursquare",
        code=8,
        label="Foursquare/Swarm",
        verbs=("like", "reply", "save", "mention", "connect", "follow"),
        counters=(
            CounterSpec("friends", "friends", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("tips_saved", "times tips were saved", "save"),
            CounterSpec("tips_liked", "times tips were liked", "like"),
            CounterSpec("tips", "tips given"),
            CounterSpec("checkins", "check-ins in all"),
            CounterSpec("mayorships", "mayorships held"),
        ),
        base_url="https://api.foursquare.com/v2",
        streams=("profile", "friends", "checkins", "tips"),
        token_param="oauth_token",
        proof="oauth",
        oauth=OAuth(
            provider="foursquare",
            authorize_url="https://foursquare.com/oauth2/authenticate",
            token_url="https://foursquare.com/oauth2/access_token",
            identity=(),
            collect=(),
        ),
        needs_keys=True,
        reads=(
            "how many friends and followers you have",
            "who likes your check-ins and comments on them",
            "how often your tips were saved and liked",
        ),
        never=("where you have been: places are not kept, only that somebody reacted",),
        archive_note=(
            "Foursquare's export counts likes and comments on check-ins and tips, but seldom names who gave "
            "them. Where you have been is not kept."
        ),
        profile_url="https://foursquare.com/user/{handle}",
    )

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        meta = data.get("meta") if isinstance(data, dict) else None
        kind = meta.get("errorType") if isinstance(meta, dict) else ""
        if kind in ("rate_limit_exceeded", "quota_exceeded") or status == 429:
            reset = headers.get("x-ratelimit-reset", "")
            known = reset.isdigit() and len(reset) <= 11
            until = datetime.fromtimestamp(int(reset), UTC) if known else now + timedelta(hours=1)
            # A person's limit is for an hour; a quota is the app's.
            return RateLimited(until, everybody=kind == "quota_exceeded")
        if kind == "invalid_auth" or status == 401:
            return Revoked
        if status == 403:
            return Rejected4xx
        return Unreachable if kind == "server_error" and status < 500 else None

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield _profile(http, subject)
        elif stream == "friends":
            yield from _friends(http, subject, cursor)
        elif stream == "checkins":
            yield from _checkins(http, subject, cursor)
        elif stream == "tips":
            yield from _tips(http, subject, cursor)
        else:
            raise ValueError(f"Foursquare has no stream {stream!r}")

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


def _profile(http: Http, subject: Subject) -> Page:
    try:
        user = _mapping(_response(http, "/users/self").get("user"), "the user")
        owner = _user(user)
    except ValueError as error:
        raise Unreachable(f"{http.host} does not name an account ({error})") from None
    if subject.external_id and subject.external_id != owner:
        raise Revoked(f"the token is of {owner}, not of {subject.external_id}")
    try:
        created_at = checked_epoch(user.get("createdAt"), "createdAt")
    except ValueError:
        created_at = None
    about = checked_text(user.get("bio"), limit=1000)
    # Every profile has an address by its number; few have one by a name.
    records: list[Record] = [Owner(owner, owner, _name(user), created_at, about)]
    for name in ("friends", "followers", "tips", "checkins", "mayorships"):
        counted = user.get(name)
        # Only some have followers; tips and mayorships belong to parts that have closed or may close.
        if counted is None and name in ("followers", "tips", "mayorships"):
            continue
        try:
            records.append(Counter(name, checked_count(_mapping(counted, name).get("count"), f"{name}.count")))
        except ValueError as error:
            records.append(Rejected("users/self", str(error)))
    return Page(records, {}, done=True)


def _friends(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """All friends; the cursor is how many have been read."""
    offset = int(cursor.get("offset", 0))
    while True:
        items = _items(http, "/users/self/friends", "friends", [("limit", str(PAGE)), ("offset", str(offset))])
        records: list[Record] = []
        for number, item in enumerate(items, start=offset + 1):
            try:
                friend = _mapping(item, "the friend")
                if _user(friend) != subject.external_id:
                    records.append(Interaction("connect", _user(friend), None, actor_handle=_name(friend)))
            except ValueError as error:
                records.append(Rejected(f"friends, number {number}", str(error)))
        offset += len(items)
        if len(items) < PAGE:
            yield Page(records, {}, done=True)
            return
        yield Page(records, {"offset": offset})


def _checkins(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """From the oldest on. Cursor: the newest time that was read (to), while reading the one to go on from (at)."""
    oldest = (subject.now or http.now()) - TOTALS
    to = int(cursor.get("to", 0))
    at = int(cursor["at"]) if "at" in cursor else max(0, to - int(LATE.total_seconds()))
    offset, details = int(cursor.get("offset", 0)), DETAILS
    while True:
        params = [("afterTimestamp", str(at)), ("sort", "oldestfirst"), ("limit", str(PAGE)), ("offset", str(offset))]
        items = _items(http, "/users/self/checkins", "checkins", params)
        records: list[Record] = []
        newest = at
        for item in items:
            try:
                checkin = _mapping(item, "the check-in")
                posted_at = checked_epoch(checkin.get("createdAt"), "createdAt")
                newest = max(newest, int(posted_at.timestamp()))
                post = _thing(checkin.get("id"))
                if details and not _complete(checkin):
                    details -= 1
                    checkin = _detailed(http, post, checkin, records)
                records.append(Post(post, posted_at))
                records += _taken_along(checkin, post, posted_at, subject.external_id)
                records += _reactions(checkin, post, posted_at, subject.external_id, oldest)
            except ValueError as error:
                records.append(Rejected(f"check-ins, {_named(item)}", str(error)))
        to = max(to, newest)
        if len(items) < PAGE:
            yield Page(records, {"to": to}, done=True)
            return
        # A whole page of one second is gone through by its offset; else the time leads on.
        offset, at = (offset + PAGE, at) if newest == at else (0, newest)
        yield Page(records, {"to": to, "at": at, "offset": offset})


def _taken_along(checkin: dict[str, Any], post: str, posted_at: datetime, owner: str) -> Iterator[Record]:
    """Whoever checked the owner in together with themselves."""
    creator = checkin.get("createdBy")
    if creator is not None and (actor := _user(_mapping(creator, "createdBy"))) != owner:
        yield Interaction("mention", actor, posted_at, post=post, key=f"with:{post}", actor_handle=_name(creator))


def _complete(checkin: dict[str, Any]) -> bool:
    """Whether all who liked and answered are named; lists name some of them alone."""
    likes, comments = checkin.get("likes"), checkin.get("comments")
    liked = likes.get("count", 0) if isinstance(likes, dict) else 0
    answered = comments.get("count", 0) if isinstance(comments, dict) else 0
    many = not isinstance(liked, int) or liked > len(_likers(checkin))
    return not many and (not isinstance(answered, int) or answered <= len(_sequence(comments, "items")))


def _detailed(http: Http, post: str, checkin: dict[str, Any], records: list[Record]) -> dict[str, Any]:
    try:
        return _mapping(_response(http, f"/checkins/{post}").get("checkin"), "the check-in")
    except (NotFound, Rejected4xx) as error:
        records.append(Rejected(f"check-in {post}", str(error)))
        return checkin


def _tips(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """All tips, newest first, and how often they were saved and liked in all; the cursor is what was read so far."""
    oldest = (subject.now or http.now()) - TOTALS
    offset, sums = int(cursor.get("offset", 0)), {"save": 0, "like": 0, **cursor.get("sums", {})}
    given = set(cursor.get("given", []))
    while True:
        params = [("sort", "recent"), ("limit", str(PAGE)), ("offset", str(offset))]
        items = _items(http, "/users/self/tips", "tips", params)
        records: list[Record] = []
        for item in items:
            try:
                tip = _mapping(item, "the tip")
                post, posted_at = _thing(tip.get("id")), checked_epoch(tip.get("createdAt"), "createdAt")
                totals = _totals(tip)
            except ValueError as error:
                records.append(Rejected(f"tips, {_named(item)}", str(error)))
                continue
            records.append(Post(post, posted_at))
            records += _reactions(tip, post, posted_at, subject.external_id, oldest)
            for verb in sums.keys() & totals.keys():
                sums[verb] += totals[verb]
                given.add(verb)
        offset += len(items)
        if len(items) < PAGE:
            named = (("save", "tips_saved"), ("like", "tips_liked"))
            records += [Counter(name, sums[verb]) for verb, name in named if verb in given]
            yield Page(records, {}, done=True)
            return
        yield Page(records, {"offset": offset, "sums": dict(sums), "given": sorted(given)})


def _reactions(thing: dict[str, Any], post: str, posted_at: datetime, owner: str, oldest: datetime) -> Iterator[Record]:
    """Who liked and answered a check-in or tip, and how many did where it is not too old."""
    for user in _likers(thing):
        try:
            actor = _user(_mapping(user, "who likes it"))
        except ValueError as error:
            yield Rejected(f"{post}, likes", str(error))
            continue
        if actor != owner:
            yield Interaction("like", actor, posted_at, post=post, key=f"like:{post}:{actor}", actor_handle=_name(user))
    for item in _sequence(thing.get("comments"), "items"):
        try:
            comment = _mapping(item, "the comment")
            user = comment.get("user")
            # People who left.
            actor = _user(_mapping(user, "who wrote it")) if user is not None else owner
            key, at = _thing(comment.get("id")), checked_epoch(comment.get("createdAt"), "createdAt")
        except ValueError as error:
            yield Rejected(f"{post}, comments", str(error))
            continue
        if actor != owner:
            yield Interaction("reply", actor, at, post=post, key=f"comment:{key}", actor_handle=_name(user))
    if posted_at >= oldest:
        try:
            for verb, total in _totals(thing).items():
                if total:
                    yield PostTotal(post, verb, total, posted_at)
        except ValueError as error:
            yield Rejected(f"{post}, totals", str(error))


def _totals(thing: dict[str, Any]) -> dict[str, int]:
    """How often it was liked (by others), answered and saved, where that is given. Raises ValueError."""
    totals: dict[str, int] = {}
    # What is saved today was on a to-do list once.
    for verb, names in (("like", ("likes",)), ("reply", ("comments",)), ("save", ("saves", "todo"))):
        for name in names:
            counted = thing.get(name)
            if isinstance(counted, dict) and "count" in counted and verb not in totals:
                totals[verb] = checked_count(counted["count"], f"{name}.count")
    if thing.get("like") is True and totals.get("like"):
        totals["like"] -= 1
    return totals


def _likers(thing: dict[str, Any]) -> list[Any]:
    groups = _sequence(thing.get("likes"), "groups")
    return [user for group in groups for user in _sequence(group, "items")]


def _items(http: Http, path: str, name: str, params: list[tuple[str, str]]) -> list[Any]:
    found = _response(http, path, params).get(name)
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise Unreachable(f"{http.host}{path} is {shown(found)}, without {name}")
    return items


def _response(http: Http, path: str, params: list[tuple[str, str]] | None = None) -> dict[str, Any]:
    data = http.get(path, [("v", VERSION), ("m", "swarm"), *(params or [])]).data
    response = data.get("response") if isinstance(data, dict) else None
    meta = data.get("meta") if isinstance(data, dict) else None
    code = meta.get("code") if isinstance(meta, dict) else None
    if code != 200 or not isinstance(response, dict):
        raise Unreachable(f"{http.host}{path} answers with code {shown(code)}, without a response")
    return response


def _sequence(value: object, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _mapping(value: object, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an object")


def _user(user: dict[str, Any]) -> str:
    value = user.get("id")
    text = str(value) if type(value) in (int, str) else ""
    if not _USER.fullmatch(text):
        raise ValueError(f"id is {shown(value)}, not the number of a user")
    return text


def _thing(value: object) -> str:
    text = checked_id(value, "id", limit=24)
    if not _THING.fullmatch(text):
        raise ValueError(f"id is {shown(value)}, not an id of Foursquare")
    return text


def _name(user: object) -> str:
    parts = [user.get(part) for part in ("firstName", "lastName")] if isinstance(user, dict) else []
    return checked_text(" ".join(part for part in parts if isinstance(part, str)), limit=100)


def _named(item: object) -> str:
    return shown(item.get("id")) if isinstance(item, dict) else "?"
