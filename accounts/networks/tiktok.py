"""TikTok: its Display API (version 2), which counts and names nobody; its data export is exports/tiktok.py.

An account is known by its user name in lower case, which the API and the export share. Whoever changes it
stays known by the first, which TikTok's own id of them tells. A video is known by its numeric id.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    Counter,
    CounterSpec,
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
    checked_object,
    checked_text,
    shown,
    stays,
)
from accounts.networks.exports import tiktok as export
from accounts.networks.http import Answer, Http, Rejected4xx
from accounts.networks.words import in_text

PAGE = 20
# Videos of so many days are looked at.
DAYS = 90
# Its limits are by the minute, and it does not say when one is over.
_PAUSE = timedelta(minutes=1)
_USER, _ID = re.compile(r"[a-z0-9_.]{1,30}"), re.compile(r"[0-9]{1,25}")
_COUNTERS = (
    ("follower_count", "followers"),
    ("following_count", "following"),
    ("likes_count", "likes"),
    ("video_count", "videos"),
)
_TOTALS = (("like_count", "like"), ("comment_count", "reply"), ("share_count", "share"), ("view_count", "visit"))
_FIELDS = ("id", "create_time", "share_url", "title", "video_description", *(name for name, _ in _TOTALS))


class NotAllowed(Rejected4xx):
    """The token is good, but the person did not allow this."""


class TikTok(Network):
    spec = Spec(
        slug="tiktok",
        code=15,
        label="TikTok",
        verbs=("like", "reply", "share", "follow", "visit"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("likes", "likes of all videos", "like"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("videos", "videos in all"),
        ),
        streams=("profile", "videos"),
        proof="oauth",
        oauth=OAuth(
            provider="tiktok",
            authorize_url="https://www.tiktok.com/v2/auth/authorize/",
            token_url="https://open.tiktokapis.com/v2/oauth/token/",
            identity=("user.info.basic", "user.info.profile"),
            collect=("user.info.stats", "video.list"),
            refresh="refresh_token",
            revoke_url="https://open.tiktokapis.com/v2/oauth/revoke/",
            client_id_name="client_key",
        ),
        needs_keys=True,
        needs={"videos": ("video.list",)},
        reads=(
            "how many follow you, and how many likes you have",
            "how your videos were viewed, liked, commented on and shared",
            "the hashtags and links in their descriptions",
        ),
        never=("your messages", "what you watch", "who likes you by name: TikTok tells nobody"),
        base_url="https://open.tiktokapis.com",
        archive_note=(
            "TikTok's export names your followers and counts likes on each video, but not who liked, shared or "
            "watched. Comments in it are those that you wrote."
        ),
        profile_url="https://www.tiktok.com/@{handle}",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield _profile(http, subject, cursor)
        elif stream == "videos":
            try:
                yield from _videos(http, subject, cursor)
            except NotAllowed as error:
                yield Page([Rejected("video/list", str(error))], {}, done=True)
        else:
            raise ValueError(f"TikTok has no stream {stream!r}")

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        error = data.get("error") if isinstance(data, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return _verdict(str(code), now)

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


def _verdict(code: str, now: datetime) -> NetworkError | type[NetworkError] | None:
    """What an error code means, whatever status it comes with."""
    if code in ("access_token_invalid", "access_token_expired", "user_has_no_authorization"):
        return Revoked
    if code == "rate_limit_exceeded":
        return RateLimited(now + _PAUSE)
    return NotAllowed if code in ("scope_not_authorized", "scope_permission_missed") else None


def _data(http: Http, answer: Answer, what: str) -> dict[str, Any]:
    """What an answer carries beside its error. Raises what that error means; "ok" is none."""
    try:
        data = checked_object(answer.data, what)
        error = checked_object(data.get("error", {"code": "ok"}), "error")
        if error.get("code") == "ok":
            return checked_object(data.get("data"), "data")
    except ValueError as odd:
        raise Unreachable(f"{what}: {odd}") from None
    verdict = _verdict(str(error.get("code")), http.now()) or Unreachable
    said = (
        f"{what}: {checked_text(error.get('code'), limit=100)} {checked_text(error.get('message'), limit=200)}".strip()
    )
    raise verdict if isinstance(verdict, NetworkError) else verdict(said)


def _user(http: Http, *fields: str) -> dict[str, Any]:
    data = _data(http, http.get("/v2/user/info/", [("fields", ",".join(fields))]), "user/info")
    user = data.get("user")
    if not isinstance(user, dict):
        raise Unreachable(f"user/info is about {shown(user)}, not about an account")
    return user


def _profile(http: Http, subject: Subject, cursor: dict[str, Any]) -> Page:
    try:
        user = _user(http, "open_id", "display_name", "username", "bio_description")
    except NotAllowed:
        raise Revoked("TikTok does not tell the user name: connect again, and allow the profile to be read") from None
    said = user.get("username")
    name = said.lower() if isinstance(said, str) else ""
    if not _USER.fullmatch(name):
        raise Unreachable(f"user/info: username is {shown(said)}")
    number = user.get("open_id")
    numbers = [number] if isinstance(number, str) and 0 < len(number) <= 200 else []
    owner, after = stays(subject, name, cursor.get("user_ids", ()), numbers), {"user_ids": numbers}
    about = checked_text(user.get("bio_description"), limit=1000)
    records: list[Record] = [Owner(owner, name, checked_text(user.get("display_name"), limit=100), about=about)]
    try:
        user = _user(http, *(theirs for theirs, _ in _COUNTERS))
    except NotAllowed as error:
        return Page([*records, Rejected("user/info", str(error))], after, done=True)
    for theirs, ours in _COUNTERS:
        try:
            records.append(Counter(ours, checked_count(user.get(theirs), theirs)))
        except ValueError as error:
            records.append(Rejected("user/info", str(error)))
    return Page(records, after, done=True)


def _videos(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Totals of videos, newest first; the cursor is TikTok's own place in the list while it is being read."""
    oldest = (subject.now or http.now()) - timedelta(days=DAYS)
    place = cursor.get("cursor", 0)
    while True:
        body = {"max_count": PAGE, **({"cursor": place} if place else {})}
        answer = http.post("/v2/video/list/", data=body, params=[("fields", ",".join(_FIELDS))])
        data = _data(http, answer, "video/list")
        videos = data.get("videos")
        if not isinstance(videos, list):
            raise Unreachable(f"video/list is {shown(videos)}, not a list")
        records: list[Record] = []
        reached = False
        for row, value in enumerate(videos, start=1):
            for record in _video(value, f"video/list from {place}, record {row}"):
                if isinstance(record, Post | PostTotal) and record.posted_at < oldest:
                    reached = True
                else:
                    records.append(record)
        following = data.get("cursor")
        if reached or data.get("has_more") is not True or type(following) is not int or following == place:
            yield Page(records, {}, done=True)
            return
        place = following
        yield Page(records, {"cursor": place})


def _video(value: object, where: str) -> Iterator[Record]:
    try:
        item = checked_object(value, "it")
        number = str(item.get("id"))
        if not _ID.fullmatch(number):
            raise ValueError(f"id is {shown(item.get('id'))}, not an id")  # noqa: TRY301 (said as all odd values are)
        posted_at = checked_epoch(item.get("create_time"), "create_time").astimezone(UTC)
    except ValueError as error:
        yield Rejected(where, str(error))
        return
    url = item.get("share_url")
    fit = isinstance(url, str) and url.startswith("https://") and len(url) <= 500
    # What it is shared by carries who shares it; the page itself is the part before.
    words = in_text(f"{item.get('title') or ''}\n{item.get('video_description') or ''}")
    yield Post(number, posted_at, str(url).partition("?")[0] if fit else "", *words)
    for name, verb in _TOTALS:
        try:
            total = checked_count(item.get(name, 0), name)
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        if total:
            yield PostTotal(number, verb, total, posted_at)
