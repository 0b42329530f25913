"""Google's YouTube Data API: what a channel's videos brought, who comments, and who subscribes in public.

An account is a channel ("UC..."); a Google account without one has nothing to read. Likers are never named. A list
costs one unit of the 10,000 that an app has for a day, which ends at midnight in California; a search would cost 100.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.networks.archive import Archive
from accounts.networks.base import (
    MAX_COUNT,
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
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports import google as export
from accounts.networks.http import Http, NotFound, Rejected4xx
from accounts.networks.words import Words, in_text

VIDEOS, COMMENTS = 50, 100
# Videos older than this are left as they are; the channel's own counters go on counting them.
TOTALS = timedelta(days=90)
# Pages of subscribers in one reading: YouTube names a thousand or so at most.
SUBSCRIBERS = 40
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_ID = re.compile(r"[A-Za-z0-9_.-]{5,100}")
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAY_IS_SPENT = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_NO_PERMISSION = {"insufficientPermissions", "insufficientScopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
_NO_CHANNEL = "this Google account has no YouTube channel: it can be used to sign in, and there is nothing to collect"


class SwitchedOff(Rejected4xx):
    """The channel does not take comments."""


class Google(Network):
    spec = Spec(
        slug="google",
        code=5,
        label="Google (YouTube)",
        verbs=("like", "reply", "follow", "visit"),
        counters=(
            CounterSpec("subscribers", "subscribers", "follow"),
            CounterSpec("views", "views of all videos", "visit"),
            CounterSpec("videos", "videos in all"),
        ),
        base_url="https://www.googleapis.com/youtube/v3",
        streams=("profile", "videos", "comments", "subscribers"),
        # Some units of the app's day for each channel: twice as many channels where each is read once.
        every=24,
        # A channel that nobody reads anew for a month must be forgotten: YouTube's developer policies, III.E.4.
        retain_days=30,
        proof="oauth",
        oauth=OAuth(
            provider="google",
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",
            identity=("openid", "email", "profile"),
            collect=("https://www.googleapis.com/auth/youtube.readonly",),
            login=True,
            refresh="refresh_token",
            revoke_url="https://oauth2.googleapis.com/revoke",
        ),
        needs_keys=True,
        needs=dict.fromkeys(
            ("profile", "videos", "comments", "subscribers"), ("https://www.googleapis.com/auth/youtube.readonly",)
        ),
        reads=(
            "how many subscribers, views and videos your YouTube channel has",
            "how your videos were liked, and who comments on them",
            "the hashtags and links in their titles and descriptions",
            "which subscribers have made their subscriptions public",
        ),
        never=("your mail, files and calendar", "what you search for and watch", "your private videos"),
        archive_note=(
            "Google's export of YouTube lists your videos and what you did yourself, but not who subscribed, "
            "watched, liked or commented: link the channel to have these counted."
        ),
        profile_url="https://www.youtube.com/@{handle}",
    )

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        reasons = _reasons(data)
        if "youtubeSignupRequired" in reasons:
            return Unreachable(_NO_CHANNEL)
        if reasons & _DAY_IS_SPENT:
            tomorrow = datetime.combine(now.astimezone(_PACIFIC).date() + timedelta(days=1), time(), _PACIFIC)
            return RateLimited(tomorrow.astimezone(UTC), everybody=True)
        if reasons & _TOO_FAST or (status == 429 and "retry-after" not in headers):
            return RateLimited(now + timedelta(minutes=5), everybody="rateLimitExceeded" in reasons)
        if reasons & _NO_PERMISSION:
            return Revoked("Google was not allowed to show YouTube to us: connect it again, and leave that box ticked")
        if "commentsDisabled" in reasons:
            return SwitchedOff
        # Our app may lack the API, or a channel be closed: that says nothing about the token.
        return Rejected4xx if status == 403 else None

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield _profile(http, subject)
        elif stream == "videos":
            yield from _videos(http, subject, cursor)
        elif stream == "comments":
            yield from _comments(http, subject, cursor)
        elif stream == "subscribers":
            yield from _subscribers(http, subject, cursor)
        else:
            raise ValueError(f"YouTube has no stream {stream!r}")

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


def _profile(http: Http, subject: Subject) -> Page:
    channel = _channel(http, subject, "snippet,statistics")
    snippet, statistics = _given(channel, "snippet"), _given(channel, "statistics")
    try:
        created_at = checked_time(snippet.get("publishedAt"), "publishedAt")
    except ValueError:
        created_at = None
    handle = str(snippet.get("customUrl"))
    handle = handle[1:] if re.fullmatch(r"@[\w.·-]{1,60}", handle) else ""
    about, title = checked_text(snippet.get("description"), limit=1000), checked_text(snippet.get("title"), limit=100)
    records: list[Record] = [Owner(channel["id"], handle, title, created_at, about)]
    counters = [("viewCount", "views"), ("videoCount", "videos")]
    if statistics.get("hiddenSubscriberCount") is not True:
        counters.insert(0, ("subscriberCount", "subscribers"))
    for theirs, ours in counters:
        try:
            records.append(Counter(ours, _count(statistics.get(theirs), theirs)))
        except ValueError as error:
            records.append(Rejected("channel", str(error)))
    return Page(records, {}, done=True)


def _channel(http: Http, subject: Subject, parts: str) -> dict[str, Any]:
    """The channel of the subject, or the only one that the token opens. Raises Revoked, Unreachable."""
    items = _items(http, "/channels", [("part", f"id,{parts}"), ("mine", "true")])[0]
    channels = [item for item in items if isinstance(item, dict) and _CHANNEL.fullmatch(str(item.get("id")))]
    if not channels:
        raise Unreachable(_NO_CHANNEL if not items else f"{http.host} does not name a channel ({shown(items[0])})")
    found = next((item for item in channels if item["id"] == (subject.external_id or item["id"])), None)
    if found is None:
        raise Revoked(f"the token is of {channels[0]['id']}, not of {subject.external_id}")
    return found


def _videos(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """What was uploaded in the last months, newest first; the cursor is the page to go on from."""
    related = _given(_given(_channel(http, subject, "contentDetails"), "contentDetails"), "relatedPlaylists")
    uploads, token = related.get("uploads"), cursor.get("token", "")
    oldest = (subject.now or http.now()) - TOTALS
    if not isinstance(uploads, str) or not _ID.fullmatch(uploads):
        yield Page([], {}, done=True)
        return
    while True:
        params = [("part", "contentDetails"), ("playlistId", uploads), ("maxResults", str(VIDEOS))]
        try:
            items, token = _items(http, "/playlistItems", params, token)
        except NotFound:
            # Nothing was ever uploaded.
            items, token = [], ""
        except Rejected4xx:
            if not token:
                raise
            # The page to go on from has lapsed: the next reading begins anew.
            items, token = [], ""
        records: list[Record] = []
        videos: dict[str, datetime] = {}
        for item in items:
            try:
                details = _part(item, "contentDetails")
                video = _id(details.get("videoId"), _VIDEO, "videoId")
                # Without a time it is not published yet.
                at = details.get("videoPublishedAt")
                videos |= {video: checked_time(at, "videoPublishedAt")} if at is not None else {}
            except ValueError as error:
                records.append(Rejected("uploads", str(error)))
        # In the order in which they were added, which is not quite that of publishing.
        if videos and max(videos.values()) < oldest:
            token = ""
        recent = {video: at for video, at in videos.items() if at >= oldest}
        records += _statistics(http, recent) if recent else []
        yield Page(records, {"token": token} if token else {}, done=not token)
        if not token:
            return


def _statistics(http: Http, videos: dict[str, datetime]) -> Iterator[Record]:
    for item in _items(http, "/videos", [("part", "snippet,statistics"), ("id", ",".join(videos))])[0]:
        try:
            video = _id(_mapping(item, "the video").get("id"), _VIDEO, "id")
            if video not in videos:
                continue
            statistics, totals = _part(item, "statistics"), []
            # What its owner has switched off is not there.
            for theirs, verb in (("likeCount", "like"), ("commentCount", "reply"), ("viewCount", "visit")):
                total = min(_count(statistics.get(theirs, 0), theirs), MAX_COUNT)
                totals += [PostTotal(video, verb, total, videos[video])] if total else []
        except ValueError as error:
            yield Rejected(f"video {shown(item.get('id')) if isinstance(item, dict) else '?'}", str(error))
            continue
        yield Post(video, videos[video], f"https://www.youtube.com/watch?v={video}", *_words(item.get("snippet")))
        yield from totals


def _words(snippet: object) -> Words:
    """Hashtags and links of a video's title and description; its keywords are shown to nobody and are left out."""
    said = snippet if isinstance(snippet, dict) else {}
    return in_text("\n".join(text for name in ("title", "description") if isinstance(text := said.get(name), str)))


def _comments(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Comments on all videos, and the answers shown with them, newest first, back to what is known.

    Cursor: the newest time that was read to the end (to); while reading also the page to go on from (token) and the
    newest time of this reading (top). Answers to older comments are seen in their number alone.
    """
    to, top, token = cursor.get("to", ""), cursor.get("top", ""), cursor.get("token", "")
    params = [("part", "snippet,replies"), ("allThreadsRelatedToChannelId", subject.external_id), ("order", "time")]
    params += [("maxResults", str(COMMENTS)), ("textFormat", "plainText")]
    while True:
        try:
            items, token = _items(http, "/commentThreads", params, token)
        except SwitchedOff:
            yield Page([], {}, done=True)
            return
        except Rejected4xx:
            if not token:
                raise
            # The page to go on from has lapsed: the next reading begins anew.
            yield Page([], {"to": to} if to else {}, done=True)
            return
        records: list[Record] = []
        times: list[str] = []
        for item in items:
            try:
                thread = _part(_mapping(item, "the thread"), "snippet")
                first = _part(thread, "topLevelComment")
                times.append(checked_time(_part(first, "snippet").get("publishedAt"), "publishedAt").isoformat())
                replies = _part(item, "replies").get("comments") if item.get("replies") else []
            except ValueError as error:
                records.append(Rejected(f"comments, {_named(item)}", str(error)))
                continue
            for comment in [first, *(replies if isinstance(replies, list) else [])]:
                try:
                    records += _comment(comment, thread, subject.external_id)
                except ValueError as error:
                    records.append(Rejected(f"comments, {_named(comment)}", str(error)))
        top = max([top, *times])
        if not token or (times and max(times) < to):
            yield Page(records, {"to": max(to, top)}, done=True)
            return
        yield Page(records, {"to": to, "top": top, "token": token})


def _comment(comment: object, thread: dict[str, Any], owner: str) -> list[Record]:
    comment = _mapping(comment, "the comment")
    snippet = _part(comment, "snippet")
    # People who left have no channel.
    author = snippet.get("authorChannelId") or {}
    actor = _mapping(author, "authorChannelId").get("value")
    if actor in (None, "", owner):
        return []
    actor, key = _id(actor, _CHANNEL, "authorChannelId"), _id(comment.get("id"), _ID, "id")
    at, video = checked_time(snippet.get("publishedAt"), "publishedAt"), thread.get("videoId") or ""
    # Comments on the channel itself have no video.
    post = _id(video, _VIDEO, "videoId") if video else ""
    handle = checked_text(snippet.get("authorDisplayName"), limit=100).removeprefix("@")
    return [Interaction("reply", actor, at, post=post, key=key, actor_handle=handle)]


def _subscribers(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Those who subscribe in public; the cursor is the page to go on from.

    Since when is left aside: what was seen today may be kept for a month, whatever it is about.
    """
    token = cursor.get("token", "")
    params = [("part", "subscriberSnippet"), ("mySubscribers", "true"), ("maxResults", str(VIDEOS))]
    for number in range(SUBSCRIBERS):
        try:
            items, token = _items(http, "/subscriptions", params, token)
        except Rejected4xx:
            if not token:
                raise
            # The page to go on from has lapsed: the next reading begins anew.
            yield Page([], {}, done=True)
            return
        records: list[Record] = []
        for item in items:
            try:
                subscriber = _part(_mapping(item, "the subscription"), "subscriberSnippet")
                actor = _id(subscriber.get("channelId"), _CHANNEL, "channelId")
            except ValueError as error:
                records.append(Rejected(f"subscribers, {_named(item)}", str(error)))
                continue
            if actor != subject.external_id:
                name = checked_text(subscriber.get("title"), limit=100)
                records.append(Interaction("follow", actor, None, actor_handle=name))
        last = not token or number == SUBSCRIBERS - 1
        yield Page(records, {} if last else {"token": token}, done=last)
        if last:
            return


def _items(http: Http, path: str, params: list[tuple[str, str]], token: str = "") -> tuple[list[Any], str]:
    """What is on one page, and the token of the next ("" at the end)."""
    data = http.get(path, [*params, *([("pageToken", token)] if token else [])]).data
    items = data.get("items", []) if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise Unreachable(f"{http.host}{path} is {shown(data)}, without items")
    following = data.get("nextPageToken")
    if following is None or not items:
        return items, ""
    if not isinstance(following, str) or not 0 < len(following) <= 500 or following == token:
        raise Unreachable(f"{http.host}{path} does not go on")
    return items, following


def _reasons(data: Any) -> set[str]:
    """Why Google refuses something, in its own short words."""
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict):
        return set()
    listed = [items for items in (error.get("errors"), error.get("details")) if isinstance(items, list)]
    return {str(item.get("reason")) for items in listed for item in items if isinstance(item, dict)}


def _mapping(value: object, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an object")


def _part(value: object, name: str) -> dict[str, Any]:
    return _mapping(_mapping(value, "it").get(name), name)


def _given(value: dict[str, Any], name: str) -> dict[str, Any]:
    """A part that may be missing."""
    part = value.get(name)
    return part if isinstance(part, dict) else {}


def _id(value: object, form: re.Pattern[str], what: str) -> str:
    if isinstance(value, str) and form.fullmatch(value):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an id of YouTube")


def _count(value: object, what: str) -> int:
    """A number or its digits; views outgrow what other counts can be."""
    number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value) else value
    if type(number) is not int or not 0 <= number < 10**15:
        raise ValueError(f"{what} is {shown(value)}, not a count")
    return number


def _named(item: object) -> str:
    return shown(item.get("id")) if isinstance(item, dict) else "?"
