"""Twitch, through its Helix API, with the broadcaster's own token.

An account is known by its numeric id. A subscription that was given is its giver's doing; one that is given without a
name is nobody's. Cheers are told as sums of a week, so that each person has one tip for each week in which they
cheered, dated on its beginning. What the person did not allow us to read, or the channel has not (subscriptions are for
affiliates), is named as left out and costs nothing else.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

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
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_object,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.http import Http, Rejected4xx
from accounts.networks.newest_first import Listed, newest_first

PAGE = 100
# Videos of so many days are looked at, and cheers of so many weeks at first.
DAYS, WEEKS = 90, 13
# Pages of followers in one reading, newest first; the counter tells of the others.
MOST_FOLLOWERS = 1000
_ID, _LOGIN = re.compile(r"[0-9]{1,20}"), re.compile(r"[a-z0-9_]{1,25}")


class NotAllowed(Rejected4xx):
    """The token is good, but not for this: the person did not allow it, or the channel has none of it."""


class Twitch(Network):
    spec = Spec(
        slug="twitch",
        code=14,
        label="Twitch",
        verbs=("follow", "endorse", "tip", "visit"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("subscribers", "paying subscribers", "endorse"),
            CounterSpec("videos", "videos in all"),
        ),
        streams=("profile", "followers", "subscriptions", "cheers", "videos"),
        proof="oauth",
        oauth=OAuth(
            provider="twitch",
            authorize_url="https://id.twitch.tv/oauth2/authorize",
            token_url="https://id.twitch.tv/oauth2/token",
            identity=(),
            collect=("moderator:read:followers", "channel:read:subscriptions", "bits:read"),
            refresh="refresh_token",
            revoke_url="https://id.twitch.tv/oauth2/revoke",
        ),
        needs_keys=True,
        needs={"subscriptions": ("channel:read:subscriptions",), "cheers": ("bits:read",)},
        reads=(
            "who follows your channel",
            "who subscribes to it",
            "who cheered with Bits",
            "how often your videos of the last 90 days were watched",
        ),
        never=("your whispers", "your chat", "what you earn", "your stream key"),
        base_url="https://api.twitch.tv/helix",
        profile_url="https://www.twitch.tv/{handle}",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        readers = {"subscriptions": _subscriptions, "cheers": _cheers, "videos": _videos}
        if stream == "profile":
            yield Page(_profile(http, subject), {}, done=True)
        elif stream == "followers":
            yield from newest_first(lambda place: _followers(http, subject, place), cursor, most=MOST_FOLLOWERS)
        elif stream in readers:
            try:
                yield from readers[stream](http, subject, cursor)
            except NotAllowed as error:
                yield Page([Rejected(stream, str(error))], {}, done=True)
        else:
            raise ValueError(f"Twitch has no stream {stream!r}")

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        said = str(data.get("message", "")) if isinstance(data, dict) else ""
        return NotAllowed if status == 403 or (status == 401 and "missing scope" in said.lower()) else None


def _ask(http: Http, subject: Subject, path: str, *params: tuple[str, str]) -> dict[str, Any]:
    if not subject.client_id:
        raise Unreachable("Twitch wants to know which app calls: its client id is not set here")
    data = http.get(path, params, headers={"Client-Id": subject.client_id}).data
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise Unreachable(f"{path} is {shown(data)}, not an object with a list")
    return data


def _following(answer: Mapping[str, Any]) -> str:
    pagination = answer.get("pagination")
    found = pagination.get("cursor") if isinstance(pagination, dict) else None
    return found if isinstance(found, str) and len(found) <= 1000 else ""


def _pages(
    http: Http, subject: Subject, path: str, params: list[tuple[str, str]], after: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """Each answer with the place after it ("": the end), from the place `after` on."""
    resumed = bool(after)
    while True:
        try:
            answer = _ask(http, subject, path, *params, *([("after", after)] if after else []))
        except Rejected4xx:
            if not resumed:
                raise
            # Places are forgotten after a while.
            after, resumed = "", False
            continue
        following = _following(answer)
        following = "" if following == after or not answer["data"] else following
        yield answer, following
        if not following:
            return
        after, resumed = following, False


def _profile(http: Http, subject: Subject) -> list[Record]:
    users = _ask(http, subject, "/users")["data"]
    try:
        user = checked_object(users[0] if users else None, "the user")
        number, login = _person(user, "id", "login")
    except ValueError as error:
        raise Unreachable(f"/users names no account: {error}") from None
    if subject.external_id and subject.external_id != number:
        raise Revoked(f"the token is of {login or number}, not of {subject.handle or subject.external_id}")
    try:
        created_at = checked_time(user.get("created_at"), "created_at")
    except ValueError:
        created_at = None
    name, about = checked_text(user.get("display_name"), limit=100), checked_text(user.get("description"), limit=1000)
    records: list[Record] = [Owner(number, login, name, created_at, about)]
    try:
        answer = _ask(http, subject, "/channels/followers", ("broadcaster_id", number), ("first", "1"))
        records.append(Counter("followers", checked_count(answer.get("total"), "total")))
    except (NotAllowed, ValueError) as error:
        records.append(Rejected("followers", str(error)))
    return records


def _person(item: dict[str, Any], id_name: str, login_name: str) -> tuple[str, str]:
    """Id and login ("" where it is none) of somebody. Raises ValueError."""
    number, login = item.get(id_name), item.get(login_name)
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise ValueError(f"{id_name} is {shown(number)}, not an id")
    login = login.lower() if isinstance(login, str) else ""
    return number, login if _LOGIN.fullmatch(login) else ""


def _followers(http: Http, subject: Subject, place: str) -> Listed:
    params = [("broadcaster_id", subject.external_id), ("first", str(PAGE)), *([("after", place)] if place else [])]
    try:
        answer = _ask(http, subject, "/channels/followers", *params)
    except NotAllowed as error:
        return Listed([Rejected("followers", str(error))], [], "")
    records: list[Record] = []
    ids: list[str] = []
    for row, value in enumerate(answer["data"], start=1):
        try:
            item = checked_object(value, "it")
            number, login = _person(item, "user_id", "user_login")
            since = checked_time(item.get("followed_at"), "followed_at")
        except ValueError as error:
            records.append(Rejected(f"followers, record {row}", str(error)))
            continue
        ids.append(number)
        records.append(Interaction("follow", number, None, actor_handle=login, observed_at=since))
    return Listed(records, ids, _following(answer))


def _subscriptions(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Everybody who pays, each time anew: the list is in no order. The channel itself is on it too."""
    own = cursor.get("own", 0)
    params = [("broadcaster_id", subject.external_id), ("first", str(PAGE))]
    for answer, following in _pages(http, subject, "/subscriptions", params, cursor.get("after", "")):
        records: list[Record] = []
        for row, value in enumerate(answer["data"], start=1):
            try:
                item = checked_object(value, "it")
                if item.get("user_id") == subject.external_id:
                    own = 1
                    continue
                if item.get("is_gift") is True and not item.get("gifter_id"):
                    continue
                who = "gifter" if item.get("is_gift") is True else "user"
                number, login = _person(item, f"{who}_id", f"{who}_login")
            except ValueError as error:
                records.append(Rejected(f"subscriptions, record {row}", str(error)))
                continue
            if number != subject.external_id:
                records.append(Interaction("endorse", number, None, actor_handle=login))
        if following:
            yield Page(records, {"after": following, "own": own})
            continue
        try:
            records.append(Counter("subscribers", max(0, checked_count(answer.get("total"), "total") - own)))
        except ValueError as error:
            records.append(Rejected("subscriptions", str(error)))
        yield Page(records, {}, done=True)


def _cheers(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """A page for each week from the last one read on, which may not have been over then; the cursor is a day of it."""
    now = subject.now or http.now()
    day = now - timedelta(weeks=WEEKS)
    if "since" in cursor:
        day = max(day, checked_time(cursor["since"], "since"))
    while True:
        day = min(day, now)
        params = [("count", str(PAGE)), ("period", "week"), ("started_at", day.strftime("%Y-%m-%dT%H:%M:%SZ"))]
        answer = _ask(http, subject, "/bits/leaderboard", *params)
        yield Page(_tips(answer, subject), {"since": day.isoformat()}, done=day == now)
        if day == now:
            return
        day += timedelta(weeks=1)


def _tips(answer: dict[str, Any], subject: Subject) -> list[Record]:
    records: list[Record] = []
    try:
        week = checked_time(checked_object(answer.get("date_range"), "date_range").get("started_at"), "started_at")
    except ValueError as error:
        return [Rejected("bits/leaderboard", str(error))] if answer["data"] else []
    for row, value in enumerate(answer["data"], start=1):
        try:
            number, login = _person(checked_object(value, "it"), "user_id", "user_login")
        except ValueError as error:
            records.append(Rejected(f"bits/leaderboard of {week:%Y-%m-%d}, record {row}", str(error)))
            continue
        if number != subject.external_id:
            key = f"bits:{week:%Y-%m-%d}:{number}"
            records.append(Interaction("tip", number, week, key=key, actor_handle=login))
    return records


def _videos(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """How often each newer video was watched, newest first, and how many videos there are."""
    oldest = (subject.now or http.now()) - timedelta(days=DAYS)
    counted = cursor.get("counted", 0)
    params = [("user_id", subject.external_id), ("first", str(PAGE)), ("sort", "time")]
    for answer, following in _pages(http, subject, "/videos", params, cursor.get("after", "")):
        records: list[Record] = []
        for row, value in enumerate(answer["data"], start=1):
            try:
                item = checked_object(value, "it")
                number, _ = _person(item, "id", "")
                posted_at = checked_time(item.get("published_at") or item.get("created_at"), "published_at")
                views = checked_count(item.get("view_count"), "view_count")
            except ValueError as error:
                records.append(Rejected(f"videos, record {row}", str(error)))
                continue
            if posted_at >= oldest:
                url = item.get("url")
                fit = isinstance(url, str) and url.startswith("https://") and len(url) <= 500
                records.append(Post(number, posted_at, str(url) if fit else ""))
                records += [PostTotal(number, "visit", views, posted_at)] if views else []
        counted += len(answer["data"])
        if following:
            yield Page(records, {"after": following, "counted": counted})
        else:
            yield Page([*records, Counter("videos", counted)], {}, done=True)
