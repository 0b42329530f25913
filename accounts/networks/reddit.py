"""Reddit's API: karma, how posts and comments were voted on (never by whom), and who answered and mentioned.

An account is its lower-cased user name, the one thing that the API and the export share. Lists are newest first and end
after a thousand. Of the inbox only its lists of answers and mentions are asked for, never private messages. Things have
full names (t3_... a post, t1_... a comment); what was written by `[deleted]` is nobody's.
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
from accounts.networks.http import Http, Rejected4xx
from accounts.networks.words import Words, in_text

PAGE = 100
# Posts older than this are left as they are.
TOTALS = timedelta(days=90)
_INBOX = {"replies": "comments", "answers": "selfreply", "mentions": "mentions"}
_USER = re.compile(r"[A-Za-z0-9_-]{2,30}")
_FULL_NAME = re.compile(r"t[13]_[a-z0-9]{1,16}")
# Programs that answer everywhere.
_PROGRAMS = {"automoderator"}


class Declined(Rejected4xx):
    """Our token is not allowed this: its person left a permission out."""


class Reddit(Network):
    spec = Spec(
        slug="reddit",
        code=13,
        label="Reddit",
        verbs=("like", "reply", "mention", "share", "follow"),
        counters=(
            CounterSpec("karma", "points that posts and comments have received", "like"),
            CounterSpec("followers", "followers", "follow"),
        ),
        base_url="https://oauth.reddit.com",
        streams=("profile", "submitted", "comments", "replies", "answers", "mentions"),
        needs={
            "submitted": ("history",),
            "comments": ("history",),
            "replies": ("privatemessages",),
            "answers": ("privatemessages",),
            "mentions": ("privatemessages",),
        },
        proof="oauth",
        oauth=OAuth(
            provider="reddit",
            authorize_url="https://www.reddit.com/api/v1/authorize",
            token_url="https://www.reddit.com/api/v1/access_token",
            identity=("identity",),
            collect=("history", "read", "privatemessages"),
            refresh="refresh_token",
            revoke_url="https://www.reddit.com/api/v1/revoke_token",
            client_auth="basic",
        ),
        needs_keys=True,
        reads=(
            "your karma",
            "how your posts and comments were voted on",
            "the hashtags and links in them",
            "who answers and mentions you",
        ),
        never=(
            "what somebody wrote to you in private: Reddit keeps answers and mentions in the same inbox, and we ask"
            " for those alone",
            "how you vote",
            "what you have saved or hidden",
        ),
        profile_url="https://www.reddit.com/user/{handle}",
    )

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        if status == 429 and re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,9})?", headers.get("x-ratelimit-reset", "")):
            # It counts all calls of an app together.
            return RateLimited(now + timedelta(seconds=float(headers["x-ratelimit-reset"])), everybody=True)
        if status == 403:
            # Else it is our app or address that Reddit turns away, which says nothing about the token.
            return Declined if "insufficient_scope" in headers.get("www-authenticate", "") else Unreachable
        return None

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield _profile(http, subject)
            return
        if stream not in self.spec.streams:
            raise ValueError(f"Reddit has no stream {stream!r}")
        pages = _totals(http, subject, stream, cursor)
        if stream in _INBOX:
            pages = _inbox(http, subject, _INBOX[stream], cursor)
        try:
            yield from pages
        except Declined:
            reason = "Reddit was not allowed to show this; connect it again and leave every permission in"
            yield Page([Rejected(stream, reason)], cursor, done=True)


def _profile(http: Http, subject: Subject) -> Page:
    said = http.get("/api/v1/me", [("raw_json", "1")]).data
    user: dict[str, Any] = said if isinstance(said, dict) else {}
    name = user.get("name")
    if not isinstance(name, str) or not _USER.fullmatch(name):
        raise Unreachable(f"{http.host} does not name an account ({shown(name)})")
    if subject.external_id and subject.external_id != name.lower():
        raise Revoked(f"the token is of {name}, not of {subject.external_id}")
    try:
        created_at = checked_epoch(user.get("created_utc"), "created_utc")
    except ValueError:
        created_at = None
    subreddit = user.get("subreddit")
    page: dict[str, Any] = subreddit if isinstance(subreddit, dict) else {}
    about = checked_text(page.get("public_description"), limit=1000)
    records: list[Record] = [Owner(name.lower(), name, checked_text(page.get("title"), limit=100), created_at, about)]
    karma = user.get("total_karma")
    if karma is None and all(type(user.get(part)) is int for part in ("link_karma", "comment_karma")):
        karma = user["link_karma"] + user["comment_karma"]
    if type(karma) is int and karma < 0:
        karma = 0
    for ours, value, what in (("karma", karma, "total_karma"), ("followers", page.get("subscribers"), "subscribers")):
        # Whoever never opened their own page has no followers to count.
        if value is None and ours == "followers":
            continue
        try:
            records.append(Counter(ours, checked_count(value, what)))
        except ValueError as error:
            records.append(Rejected("me", str(error)))
    return Page(records, {}, done=True)


def _totals(http: Http, subject: Subject, what: str, cursor: dict[str, Any]) -> Iterator[Page]:
    """Own posts or comments of the last months, newest first; the cursor is the one after which to go on."""
    oldest, after = (subject.now or http.now()) - TOTALS, cursor.get("after", "")
    while True:
        params = [("sort", "new"), ("limit", str(PAGE)), ("raw_json", "1"), *([("after", after)] if after else [])]
        items, after = _listing(http, f"/user/{subject.external_id}/{what}", params, after)
        records: list[Record] = []
        for item in items:
            try:
                thing = _mapping(_mapping(item, "it").get("data"), "data")
                post, at = _full_name(thing.get("name"), "name"), checked_epoch(thing.get("created_utc"), "created_utc")
                # One that its author pinned comes first, whenever it was written.
                if at < oldest and not thing.get("pinned"):
                    after = ""
                    break
                if at >= oldest and str(thing.get("author")).lower() == subject.external_id:
                    records += _post(thing, post, at)
            except ValueError as error:
                records.append(Rejected(f"{what}, {_named(item)}", str(error)))
        yield Page(records, {"after": after} if after else {}, done=not after)
        if not after:
            return


def _post(thing: dict[str, Any], post: str, at: datetime) -> list[Record]:
    link = thing.get("permalink")
    records: list[Record] = [Post(post, at, f"https://www.reddit.com{link}" if _is_path(link) else "", *_words(thing))]
    score = thing.get("score")
    # Reddit lets everybody begin with their own vote, and shows fewer than none.
    votes = checked_count(max(score - 1, 0) if type(score) is int else score, "score")
    totals = [("like", votes)]
    if post.startswith("t3_"):
        totals.append(("reply", checked_count(thing.get("num_comments", 0), "num_comments")))
        totals.append(("share", checked_count(thing.get("num_crossposts", 0), "num_crossposts")))
    return [*records, *(PostTotal(post, verb, total, at) for verb, total in totals if total)]


def _words(thing: dict[str, Any]) -> Words:
    """The address that was submitted, and hashtags and links of what was written."""
    said = "\n".join(text for name in ("title", "selftext", "body") if isinstance(text := thing.get(name), str))
    # Of a post without one, Reddit gives its own address here.
    return in_text(said, links=[] if thing.get("is_self") else [thing.get("url")])


def _inbox(http: Http, subject: Subject, where: str, cursor: dict[str, Any]) -> Iterator[Page]:
    """Answers or mentions, newest first, back to what is known.

    Cursor: the newest time read to the end (to, in seconds); while reading also where to go on (after) and the newest
    time of this reading (top).
    """
    to, top, after = cursor.get("to", 0.0), cursor.get("top", 0.0), cursor.get("after", "")
    while True:
        params = [("limit", str(PAGE)), ("raw_json", "1"), ("mark", "false"), *([("after", after)] if after else [])]
        items, after = _listing(http, f"/message/{where}", params, after)
        records: list[Record] = []
        for item in items:
            try:
                thing = _mapping(_mapping(item, "it").get("data"), "data")
                # Private messages are t4 and not asked for; should one be here, it is not looked at.
                if item.get("kind") != "t1":
                    continue
                key, at = _full_name(thing.get("name"), "name"), checked_epoch(thing.get("created_utc"), "created_utc")
                top = max(top, at.timestamp())
                if at.timestamp() < to:
                    after = ""
                    break
                records += _answer(thing, key, at, subject.external_id)
            except ValueError as error:
                records.append(Rejected(f"{where}, {_named(item)}", str(error)))
        yield Page(records, {"to": to, "top": top, "after": after} if after else {"to": max(top, to)}, done=not after)
        if not after:
            return


def _answer(thing: dict[str, Any], key: str, at: datetime, owner: str) -> list[Record]:
    author = thing.get("author")
    if author in (None, "", "[deleted]"):
        return []
    if not isinstance(author, str) or not _USER.fullmatch(author):
        raise ValueError(f"author is {shown(author)}, not a user name")
    if author.lower() in _PROGRAMS or author.lower() == owner:
        return []
    mention = thing.get("type") == "username_mention"
    post = "" if mention else _full_name(thing.get("parent_id"), "parent_id")
    verb = "mention" if mention else "reply"
    return [Interaction(verb, author.lower(), at, post=post, key=key, actor_handle=author)]


def _listing(http: Http, path: str, params: list[tuple[str, str]], last: str) -> tuple[list[Any], str]:
    """The things of one page, and the full name after which the next one begins ("" at the end)."""
    listing = http.get(path, params).data
    data = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("children"), list):
        raise Unreachable(f"{http.host}{path} is {shown(listing)}, not a listing")
    after = data.get("after")
    if after is None or not data["children"]:
        return data["children"], ""
    if not isinstance(after, str) or not re.fullmatch(r"t[0-9]_[a-z0-9]{1,16}", after) or after == last:
        raise Unreachable(f"{http.host}{path} after {last or 'its beginning'} does not go on")
    return data["children"], after


def _mapping(value: object, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an object")


def _full_name(value: object, what: str) -> str:
    name = checked_id(value, what, limit=40)
    if not _FULL_NAME.fullmatch(name):
        raise ValueError(f"{what} is {shown(value)}, not the full name of a post or comment")
    return name


def _named(item: object) -> str:
    data = item.get("data") if isinstance(item, dict) else None
    return shown(data.get("name")) if isinstance(data, dict) else "?"


def _is_path(link: object) -> bool:
    return isinstance(link, str) and re.fullmatch(r"/[!-~]{1,400}", link) is not None
