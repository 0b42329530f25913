"""Instagram: what it declares, the API for professional accounts, and the data export.

An account is known by its user name in lower case: comments, tags and the export name people by nothing else. Followers
and those who like, save and share are numbers here, never names.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.networks import meta
from accounts.networks.archive import Archive
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
from accounts.networks.exports import instagram as export
from accounts.networks.http import Http
from accounts.networks.words import in_text

_COUNTERS = (("followers_count", "followers"), ("follows_count", "following"), ("media_count", "posts"))
_COMMENT = "id,timestamp,username,from"
# What each stream needs, to be named where it was not given.
_PERMISSIONS = {
    "media": "instagram_business_basic",
    "comments": "instagram_business_manage_comments",
    "tags": "instagram_business_manage_comments",
    "insights": "instagram_business_manage_insights",
}


class Instagram(meta.GraphNetwork):
    spec = Spec(
        slug="instagram",
        code=7,
        label="Instagram",
        verbs=("like", "reply", "mention", "share", "save", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("posts", "posts in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="instagram",
            authorize_url="https://www.instagram.com/oauth/authorize",
            token_url="https://api.instagram.com/oauth/access_token",
            identity=("instagram_business_basic",),
            collect=("instagram_business_manage_comments", "instagram_business_manage_insights"),
            refresh="exchange",
            refresh_url="https://graph.instagram.com/refresh_access_token",
            exchange_url="https://graph.instagram.com/access_token",
            dialect="ig",
            lives=60,
        ),
        needs_keys=True,
        needs={stream: (permission,) for stream, permission in _PERMISSIONS.items()},
        reads=(
            "how many follow you (professional accounts only)",
            "how many liked, saved and shared your posts, and who comments on them",
            "the hashtags and links in your posts",
        ),
        never=("your messages", "your stories' viewers", "who follows you by name: Instagram tells nobody"),
        archive_note=(
            "Instagram's export names your followers, but not who liked, commented on or saved your posts: link "
            "a professional account to have these counted."
        ),
        streams=("profile", "media", "comments", "tags", "insights"),
        base_url="https://graph.instagram.com/v25.0",
        profile_url="https://www.instagram.com/{handle}/",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        reading = _Reading.of(http, subject)
        streams = {
            "media": reading.media,
            "comments": reading.comments,
            "tags": reading.tags,
            "insights": reading.insights,
        }
        if stream == "profile":
            yield reading.profile(cursor)
        else:
            yield from self.streamed(streams, stream, cursor, _PERMISSIONS)

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


class _Reading(meta.Graph):
    """One reading of one account."""

    def profile(self, cursor: dict[str, Any]) -> Page:
        fields = "id,user_id,username,name,biography,followers_count,follows_count,media_count"
        me = self.get("me", [("fields", fields)])
        try:
            username = meta.username(me)
        except ValueError as error:
            raise Unreachable(f"{self.http.host} does not say whose token this is: {error}") from None
        numbers = meta.numbers(me)
        owner = stays(self.subject, username, cursor.get("user_ids", ()), numbers["user_ids"])
        name, about = checked_text(me.get("name"), limit=100), checked_text(me.get("biography"), limit=280)
        records: list[Record] = [Owner(owner, username, name, about=about)]
        for theirs, ours in _COUNTERS:
            try:
                records.append(Counter(ours, checked_count(me.get(theirs), theirs)))
            except ValueError as error:
                records.append(Rejected("me", str(error)))
        return Page(records, numbers, done=True)

    def media(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", "id,timestamp,permalink,caption,like_count,comments_count"), ("limit", "50")]
        return meta.posts(self, cursor, path="me/media", params=params, when="timestamp", read=_media)

    def comments(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", "id,timestamp,comments_count"), ("limit", "100")]
        return meta.under_posts(
            self,
            cursor,
            path="me/media",
            params=params,
            when="timestamp",
            number=lambda row: checked_count(row.get("comments_count") or 0, "comments_count"),
            read=self._comments_on,
        )

    def insights(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """Shares and saves, of media that were liked or commented on since the last reading: each costs a call."""
        params = [("fields", "id,timestamp,like_count,comments_count"), ("limit", "100")]
        return meta.under_posts(
            self, cursor, path="me/media", params=params, when="timestamp", number=_reactions, read=self._insights_of
        )

    def tags(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """Media of others in which the account is tagged."""
        params = [("fields", "id,timestamp,username"), ("limit", "50")]
        return meta.posts(self, cursor, path="me/tags", params=params, when="timestamp", read=self._tag)

    def _comments_on(
        self, post: meta.Under, step: dict[str, str], since: datetime
    ) -> tuple[list[Record], dict[str, str]]:
        """All comments: an answer to an old one stands below it."""
        params = [("fields", f"{_COMMENT},replies{{{_COMMENT}}}"), ("limit", "50")]
        rows, step = self.rows(f"{post.post}/comments", params, step)
        records: list[Record] = []
        for row in rows:
            answers = meta.rows_of(row.get("replies")) if isinstance(row, dict) else None
            for comment in [row, *(answers or [])]:
                records.extend(self._by(comment, "reply", post.post))
        return records, step

    def _tag(self, row: Any) -> Iterator[Record]:
        yield from self._by(row, "mention", "")

    def _by(self, row: Any, verb: str, post: str) -> Iterator[Record]:
        try:
            key, actor = meta.id_of(row), meta.username(row)
            occurred_at = checked_time(row.get("timestamp"), "timestamp")
        except ValueError as error:
            yield Rejected(f"{'comment' if post else 'tag'} {meta.named(row)}", str(error))
            return
        # What the owner answers themselves is no reaction to them.
        if actor not in (self.subject.external_id, self.subject.handle.lower()):
            yield Interaction(verb, actor, occurred_at, post, key, actor)

    def _insights_of(
        self, post: meta.Under, step: dict[str, str], since: datetime
    ) -> tuple[list[Record], dict[str, str]]:
        values = meta.insight(self.get(f"{post.post}/insights", [("metric", "shares,saved")]))
        told = [("share", "shares", values.get("shares")), ("save", "saved", values.get("saved"))]
        return list(meta.totals(post.post, post.posted_at, f"post {post.post}", told)), {}


def _media(row: Any) -> Iterator[Record]:
    try:
        post = meta.id_of(row)
        posted_at = checked_time(row.get("timestamp"), "timestamp")
    except ValueError as error:
        yield Rejected(f"post {meta.named(row)}", str(error))
        return
    yield Post(post, posted_at, meta.link_of(row, "permalink"), *in_text(row.get("caption")))
    # Likes are left out where the owner hides them.
    told = [
        ("like", "like_count", row.get("like_count")),
        ("reply", "comments_count", row.get("comments_count")),
    ]
    yield from meta.totals(post, posted_at, f"post {post}", told)


def _reactions(row: dict[str, Any]) -> int:
    return sum(checked_count(row.get(name) or 0, name) for name in ("like_count", "comments_count"))
