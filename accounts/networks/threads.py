"""Threads: what it declares, and its API. What its export holds comes with Instagram's.

An account is known by its user name in lower case, as on Instagram, whose names it shares.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from accounts.networks import meta
from accounts.networks.base import (
    Counter,
    CounterSpec,
    Interaction,
    OAuth,
    Owner,
    Page,
    Post,
    Record,
    Rejected,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_text,
    checked_time,
    stays,
)
from accounts.networks.http import Http
from accounts.networks.words import in_text

# The numbers of each post cost a call: of posts this young at every reading, of all once in FULL.
RECENT = timedelta(days=14)
FULL = timedelta(days=7)
_METRICS = (("like", "likes"), ("reply", "replies"), ("share", "reposts"), ("quote", "quotes"))
# What is asked of each post; what is written in it is looked through for hashtags and links alone.
_FIELDS = "id,timestamp,permalink,media_type,text,topic_tag,link_attachment_url"
_REPOST = "REPOST_FACADE"
# What each stream needs, to be named where it was not given.
_PERMISSIONS = {
    "threads": "threads_basic",
    "insights": "threads_manage_insights",
    "replies": "threads_read_replies",
    "mentions": "threads_manage_mentions",
}


class Threads(meta.GraphNetwork):
    spec = Spec(
        slug="threads",
        code=16,
        label="Threads",
        verbs=("like", "reply", "share", "quote", "mention", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("posts", "posts in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="threads",
            authorize_url="https://threads.net/oauth/authorize",
            token_url="https://graph.threads.net/oauth/access_token",
            identity=("threads_basic",),
            collect=("threads_manage_insights", "threads_read_replies", "threads_manage_mentions"),
            refresh="exchange",
            refresh_url="https://graph.threads.net/refresh_access_token",
            exchange_url="https://graph.threads.net/access_token",
            dialect="th",
            lives=60,
        ),
        needs_keys=True,
        needs={stream: (permission,) for stream, permission in _PERMISSIONS.items()},
        reads=(
            "how many follow you",
            "how your posts were liked, reposted and quoted",
            "the hashtags and links in your posts",
            "who replies to you and mentions you",
        ),
        never=("your messages", "who likes you by name: Threads tells nobody"),
        streams=("profile", "threads", "insights", "replies", "mentions"),
        base_url="https://graph.threads.net/v1.0",
        profile_url="https://www.threads.net/@{handle}",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        reading = _Reading.of(http, subject)
        streams = {
            "threads": reading.threads,
            "insights": reading.insights,
            "replies": reading.replies,
            "mentions": reading.mentions,
        }
        if stream == "profile":
            yield reading.profile(cursor)
        else:
            yield from self.streamed(streams, stream, cursor, _PERMISSIONS)


class _Reading(meta.Graph):
    """One reading of one account."""

    def profile(self, cursor: dict[str, Any]) -> Page:
        me = self.get("me", [("fields", "id,username,name,threads_biography")])
        try:
            username = meta.username(me)
        except ValueError as error:
            raise Unreachable(f"{self.http.host} does not say whose token this is: {error}") from None
        numbers = meta.numbers(me)
        owner = stays(self.subject, username, cursor.get("user_ids", ()), numbers["user_ids"])
        name, about = checked_text(me.get("name"), limit=100), checked_text(me.get("threads_biography"), limit=280)
        records: list[Record] = [Owner(owner, username, name, about=about)]
        try:
            values = meta.insight(self.get("me/threads_insights", [("metric", "followers_count")]))
            records.append(Counter("followers", checked_count(values.get("followers_count"), "followers_count")))
        except meta.NotPermitted as error:
            reason = f"how many follow is not told: it needs the permission threads_manage_insights ({error})"
            records.append(Rejected("me", reason))
        except ValueError as error:
            records.append(Rejected("me", str(error)))
        return Page(records, numbers, done=True)

    def threads(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", _FIELDS), ("limit", "100")]
        return meta.posts(self, cursor, path="me/threads", params=params, when="timestamp", read=_thread)

    def insights(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """How each post was received. cursor: as of meta.under_posts, and full, when all were last read."""
        full = cursor.get("full", "")
        whole = "begun" not in cursor and (not full or checked_time(full, "full") + FULL <= self.now)
        full = self.now.isoformat() if whole else full
        pages = meta.under_posts(
            self,
            cursor,
            path="me/threads",
            params=[("fields", "id,timestamp,media_type"), ("limit", "100")],
            when="timestamp",
            number=lambda row: int(row.get("media_type") != _REPOST),
            read=self._insights_of,
            always=True,
            reach_back=meta.REACH_BACK if whole else RECENT,
        )
        for page in pages:
            yield Page(page.records, {**page.cursor, "full": full}, done=page.done)

    def replies(self, cursor: dict[str, Any]) -> Iterator[Page]:
        return meta.under_posts(
            self,
            cursor,
            path="me/threads",
            params=[("fields", "id,timestamp,media_type,has_replies"), ("limit", "100")],
            when="timestamp",
            number=lambda row: int(row.get("has_replies") is True and row.get("media_type") != _REPOST),
            read=self._replies_to,
            always=True,
        )

    def mentions(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", "id,timestamp,username"), ("limit", "100")]
        return meta.posts(self, cursor, path="me/mentions", params=params, when="timestamp", read=self._mention)

    def _insights_of(
        self, post: meta.Under, step: dict[str, str], since: datetime
    ) -> tuple[list[Record], dict[str, str]]:
        metrics = ",".join(metric for _, metric in _METRICS)
        values = meta.insight(self.get(f"{post.post}/insights", [("metric", metrics)]))
        told = [(verb, metric, values.get(metric)) for verb, metric in _METRICS]
        return list(meta.totals(post.post, post.posted_at, f"post {post.post}", told)), {}

    def _replies_to(
        self, post: meta.Under, step: dict[str, str], since: datetime
    ) -> tuple[list[Record], dict[str, str]]:
        """Replies at any depth, newest first, down to the last reading."""
        params = [("fields", "id,timestamp,username"), ("reverse", "true"), ("limit", "100")]
        rows, step = self.rows(f"{post.post}/conversation", params, step)
        fresh = [row for row in rows if not meta.older(row, "timestamp", since)]
        records = [record for row in fresh for record in self._by(row, "reply", post.post)]
        return records, step if len(fresh) == len(rows) else {}

    def _mention(self, row: Any) -> Iterator[Record]:
        yield from self._by(row, "mention", "")

    def _by(self, row: Any, verb: str, post: str) -> Iterator[Record]:
        try:
            key, actor = meta.id_of(row), meta.username(row)
            occurred_at = checked_time(row.get("timestamp"), "timestamp")
        except ValueError as error:
            yield Rejected(f"{verb} {meta.named(row)}", str(error))
            return
        if actor not in (self.subject.external_id, self.subject.handle.lower()):
            yield Interaction(verb, actor, occurred_at, post, key, actor)


def _thread(row: Any) -> Iterator[Record]:
    try:
        post = meta.id_of(row)
        posted_at = checked_time(row.get("timestamp"), "timestamp")
    except ValueError as error:
        yield Rejected(f"post {meta.named(row)}", str(error))
        return
    # What somebody else wrote and the owner passed on is not the owner's.
    if row.get("media_type") != _REPOST:
        words = in_text(row.get("text"), tags=[row.get("topic_tag")], links=[row.get("link_attachment_url")])
        yield Post(post, posted_at, meta.link_of(row, "permalink"), *words)
