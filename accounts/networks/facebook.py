"""Facebook: what it declares, its Graph API for people and for the pages that they run, and its data export.

Of a person the API tells how many friends there are, which of them use our app too, and how posts were received, never
by whom. Of a page it tells who
commented and who wrote about it. Ids of people are those that Facebook made up for our app (or for the page): the same
person has others elsewhere. A page is an account of its own, read with its own token (`pages`).
"""

from collections.abc import Iterator, Mapping
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
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_text,
    checked_time,
)
from accounts.networks.exports import facebook as export
from accounts.networks.http import Http
from accounts.networks.words import in_text

_SUMMARIES = "reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count),shares"
_POST = f"id,created_time,permalink_url,message,{_SUMMARIES}"
# What each stream needs, to be named where it was not given.
_PERMISSIONS = {"posts": "user_posts", "friends": "user_friends", "feed": "pages_read_engagement"}
_PAGE_PERMISSION = "pages_read_user_content"


class Facebook(meta.GraphNetwork):
    spec = Spec(
        slug="facebook",
        code=2,
        label="Facebook",
        verbs=("like", "reply", "share", "mention", "connect", "follow"),
        counters=(
            CounterSpec("friends", "friends", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("posts", "posts in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="facebook",
            authorize_url="https://www.facebook.com/v25.0/dialog/oauth",
            token_url="https://graph.facebook.com/v25.0/oauth/access_token",
            identity=("public_profile", "email"),
            collect=("user_friends", "user_posts"),
            page_scopes=("pages_show_list", "pages_read_engagement", "pages_read_user_content"),
            login=True,
            exchange_url="https://graph.facebook.com/v25.0/oauth/access_token",
            dialect="fb",
            revoke_url="https://graph.facebook.com/v25.0/me/permissions",
            revoke_by="delete",
            granted_url="https://graph.facebook.com/v25.0/me/permissions",
            lives=60,
        ),
        needs_keys=True,
        needs={"posts": ("user_posts",), "friends": ("user_friends",)},
        reads=(
            "how many friends you have",
            "how many reactions, comments and shares your posts received",
            "the hashtags and links in your posts",
            "of pages that you run and choose: their followers, and who comments",
        ),
        never=("your messages", "your photos", "who your friends are, unless they use Klout too"),
        streams=("profile", "posts", "friends"),
        page_streams=("profile", "feed", "comments", "tagged"),
        base_url="https://graph.facebook.com/v25.0",
        archive_note=(
            "Facebook's export names your friends and followers, but not who liked or shared your posts. "
            "Comments and tags are found in your notifications where these are in English; what is not surely "
            "about you is left out."
        ),
        profile_url="https://www.facebook.com/{handle}",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        reading = _Reading.of(http, subject)
        streams = {"posts": reading.posts, "friends": reading.friends}
        if subject.kind == "page":
            streams = {"feed": reading.feed, "comments": reading.comments, "tagged": reading.tagged}
        if stream == "profile":
            yield reading.page() if subject.kind == "page" else reading.profile()
        elif stream in streams:
            permission = _PERMISSIONS.get(stream, _PAGE_PERMISSION)
            pages = streams[stream](cursor)
            yield from meta.permitted(pages, cursor=cursor, label="Facebook", stream=stream, permission=permission)
        else:
            raise ValueError(f"Facebook has no stream {stream!r} of a {subject.kind}")

    def pages(self, http: Http, subject: Subject) -> list[tuple[Owner, str]]:
        graph = meta.Graph.of(http, subject)
        params, step = [("fields", "id,name,username,access_token"), ("limit", "100")], dict[str, str]()
        found: list[tuple[Owner, str]] = []
        while True:
            try:
                rows, step = graph.rows("me/accounts", params, step)
            except meta.NotPermitted:
                return []
            for row in rows:
                token = row.get("access_token") if isinstance(row, dict) else None
                try:
                    owner = Owner(meta.id_of(row), _handle(row), checked_text(row.get("name"), limit=100))
                except ValueError:
                    continue
                # A page without a token is one that the person may look at, not read.
                if isinstance(token, str) and token:
                    found.append((owner, token))
            if not step:
                return found

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


class _Reading(meta.Graph):
    """One reading of a person or a page."""

    def _owner(self, fields: str) -> tuple[dict[str, Any], list[Record]]:
        me = self.get("me", [("fields", fields)])
        try:
            owner = Owner(meta.id_of(me), _handle(me), checked_text(me.get("name"), limit=100))
        except ValueError as error:
            raise Unreachable(f"{self.http.host} does not say whose token this is: {error}") from None
        if self.subject.external_id and self.subject.external_id != owner.external_id:
            raise Revoked(f"the token is of the account {owner.external_id}, not of {self.subject.external_id}")
        return me, [owner]

    def profile(self) -> Page:
        me, records = self._owner("id,name,friends.limit(0).summary(total_count)")
        friends = meta.summed(me, "friends")
        if friends is None:
            # Fields that were not permitted are left out without a word.
            records.append(
                Rejected("me", "Facebook does not tell how many friends: it needs the permission user_friends")
            )
        else:
            records.extend(_counted("friends", friends, "friends"))
        return Page(records, {}, done=True)

    def page(self) -> Page:
        me, records = self._owner("id,name,username,followers_count")
        records.extend(_counted("followers", me.get("followers_count"), "followers_count"))
        return Page(records, {}, done=True)

    def posts(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", _POST), ("limit", "50")]
        return meta.posts(self, cursor, path="me/posts", params=params, when="created_time", read=_post)

    def friends(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """Friends who have connected Facebook here too; of no others are there names."""
        params, step = [("fields", "id,name"), ("limit", "100")], cursor.get("next") or {}
        rows, step = self.resumed("me/friends", params, step)
        while True:
            records = [record for row in rows for record in _friend(row)]
            yield Page(records, {"next": step} if step else {}, done=not step)
            if not step:
                return
            rows, step = self.rows("me/friends", params, step)

    def feed(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """The page's own posts with their totals, and what others wrote on it."""
        params = [("fields", f"from,{_POST}"), ("limit", "50")]
        return meta.posts(self, cursor, path="me/feed", params=params, when="created_time", read=self._on_the_page)

    def tagged(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", "id,from,created_time"), ("limit", "100")]
        return meta.posts(self, cursor, path="me/tagged", params=params, when="created_time", read=self._mention)

    def comments(self, cursor: dict[str, Any]) -> Iterator[Page]:
        params = [("fields", "id,from,created_time,comments.limit(0).summary(total_count)"), ("limit", "100")]
        return meta.under_posts(
            self,
            cursor,
            path="me/feed",
            params=params,
            when="created_time",
            number=lambda row: checked_count(meta.summed(row, "comments") or 0, "comments"),
            read=self._comments_on,
        )

    def _on_the_page(self, row: Any) -> Iterator[Record]:
        author = _from(row)
        yield from self._mention(row) if author and author != self.subject.external_id else _post(row)

    def _mention(self, row: Any) -> Iterator[Record]:
        yield from self._by(row, "mention", "")

    def _comments_on(
        self, post: meta.Under, step: dict[str, str], since: datetime
    ) -> tuple[list[Record], dict[str, str]]:
        params = [("fields", "id,from,created_time"), ("filter", "stream"), ("order", "reverse_chronological")]
        rows, step = self.rows(f"{post.post}/comments", [*params, ("limit", "100")], step)
        fresh = [row for row in rows if not meta.older(row, "created_time", since)]
        records = [record for row in fresh for record in self._by(row, "reply", post.post)]
        return records, step if len(fresh) == len(rows) else {}

    def _by(self, row: Any, verb: str, post: str) -> Iterator[Record]:
        """What somebody wrote; left out where Facebook does not say who, which the totals count."""
        actor = _from(row)
        if not actor or actor == self.subject.external_id:
            return
        try:
            occurred_at = checked_time(row.get("created_time"), "created_time")
            key = meta.id_of(row)
        except ValueError as error:
            yield Rejected(f"{verb} {meta.named(row)}", str(error))
            return
        yield Interaction(verb, actor, occurred_at, post, key, checked_text(row["from"].get("name"), limit=100))


def _post(row: Any) -> Iterator[Record]:
    try:
        post, posted_at = meta.id_of(row), checked_time(row.get("created_time"), "created_time")
    except (ValueError, AttributeError) as error:
        yield Rejected(f"post {meta.named(row)}", str(error))
        return
    yield Post(post, posted_at, meta.link_of(row, "permalink_url"), *in_text(row.get("message")))
    shares = row.get("shares")
    values = [
        ("like", "reactions", meta.summed(row, "reactions")),
        ("reply", "comments", meta.summed(row, "comments")),
        ("share", "shares", shares.get("count") if isinstance(shares, dict) else shares),
    ]
    yield from meta.totals(post, posted_at, f"post {post}", values)


def _friend(row: Any) -> Iterator[Record]:
    try:
        yield Interaction("connect", meta.id_of(row), None, actor_handle=checked_text(row.get("name"), limit=100))
    except ValueError as error:
        yield Rejected(f"friend {meta.named(row)}", str(error))


def _from(row: Any) -> str:
    author = row.get("from") if isinstance(row, dict) else None
    try:
        return meta.id_of(author)
    except ValueError:
        return ""


def _handle(row: Mapping[str, Any]) -> str:
    return checked_text(row.get("username"), limit=100)


def _counted(name: str, value: Any, field: str) -> Iterator[Record]:
    try:
        yield Counter(name, checked_count(value, field))
    except ValueError as error:
        yield Rejected("me", str(error))
