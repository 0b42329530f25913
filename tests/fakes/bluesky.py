"""Bluesky's public AppView on 127.0.0.1: one account, its posts, and who reacted to them.

Written by hand after the lexicons app.bsky.actor.getProfile, feed.getAuthorFeed, getLikes, getRepostedBy, getQuotes,
getPostThread and graph.getFollowers, and docs.bsky.app on rate limits; nothing here was recorded from a live server.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply


def did(name: str) -> str:
    """A DID for a name: did:plc: and 24 characters of base32."""
    return "did:plc:" + (name.lower() + "a" * 24)[:24]


def spelt(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FakeBluesky(Loopback):
    """Alice's account. Lists are kept oldest first and answered newest first, as the AppView does."""

    def __init__(self) -> None:
        super().__init__()
        self.did = did("alice")
        self.profile: dict[str, Any] = {
            "did": self.did,
            "handle": "alice.example.org",
            "displayName": "Alice",
            "description": "Gardens and trains.\nklout-7f3k9-q2m4x",
            "createdAt": "2023-05-06T07:08:09.000Z",
            "followersCount": 12,
            "followsCount": 34,
            "postsCount": 56,
        }
        self.followers: list[dict[str, Any]] = []
        self.feed: list[dict[str, Any]] = []
        self.likes: dict[str, list[dict[str, Any]]] = {}
        self.reposts: dict[str, list[dict[str, Any]]] = {}
        self.quotes: dict[str, list[dict[str, Any]]] = {}
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.remaining = 3000
        self.resets_at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
        self.gone = False

    def actor(self, name: str) -> dict[str, Any]:
        return {"did": did(name), "handle": f"{name.lower()}.example.org", "displayName": name, "labels": []}

    def follow(self, *names: str) -> None:
        self.followers += [self.actor(name) for name in names]

    def post(self, key: str, at: datetime, author: str = "alice", **record: Any) -> str:
        """Add a post to the feed, newer than all before; its address."""
        view = self.view(key, at, author, **record)
        self.feed.append({"post": view})
        return str(view["uri"])

    def view(self, key: str, at: datetime, author: str, **record: Any) -> dict[str, Any]:
        return {
            "uri": f"at://{did(author)}/app.bsky.feed.post/{key}",
            "cid": f"bafy{key}",
            "author": self.actor(author),
            "record": {"$type": "app.bsky.feed.post", "text": "Good morning", "createdAt": spelt(at), **record},
            "replyCount": 0,
            "repostCount": 0,
            "likeCount": 0,
            "quoteCount": 0,
            "indexedAt": spelt(at + timedelta(seconds=1)),
        }

    def like(self, uri: str, name: str, at: datetime, **changes: Any) -> None:
        like = {"actor": self.actor(name), "createdAt": spelt(at), "indexedAt": spelt(at + timedelta(seconds=1))}
        self.likes.setdefault(uri, []).append(like | changes)

    def repost(self, uri: str, name: str) -> None:
        self.reposts.setdefault(uri, []).append(self.actor(name))

    def quote(self, uri: str, name: str, at: datetime) -> None:
        self.quotes.setdefault(uri, []).append(self.view(f"quote{len(self.quotes)}{name}", at, name))

    def reply(self, uri: str, name: str, at: datetime) -> None:
        kept = self.replies.setdefault(uri, [])
        kept.append({"$type": "app.bsky.feed.defs#threadViewPost", "post": self.view(f"re{len(kept)}{name}", at, name)})

    def route(self, asked: Asked) -> Reply:
        self.remaining -= 1
        limits = {"ratelimit-limit": "3000", "ratelimit-reset": str(int(self.resets_at.timestamp()))}
        if self.remaining < 0:
            return Reply(429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, limits)
        if self.gone:
            return Reply(400, {"error": "AccountDeactivated", "message": "Account is deactivated"}, limits)
        method = asked.path.removeprefix("/xrpc/app.bsky.")
        uri, actor = asked.param("uri"), asked.param("actor")
        if actor and actor not in (self.profile["handle"], self.did):
            return Reply(400, {"error": "InvalidRequest", "message": "Profile not found"}, limits)
        if method == "actor.getProfile":
            return Reply(200, self.profile, limits)
        if method == "graph.getFollowers":
            return self._page(asked, "followers", self.followers, {"subject": self.profile})
        if method == "feed.getAuthorFeed":
            return self._page(asked, "feed", [self._counted(item) for item in self.feed], {})
        if method == "feed.getLikes":
            return self._page(asked, "likes", self.likes.get(uri, []), {"uri": uri})
        if method == "feed.getRepostedBy":
            return self._page(asked, "repostedBy", self.reposts.get(uri, []), {"uri": uri})
        if method == "feed.getQuotes":
            return self._page(asked, "posts", self.quotes.get(uri, []), {"uri": uri})
        if method == "feed.getPostThread":
            thread = {"$type": "app.bsky.feed.defs#threadViewPost", "replies": self.replies.get(uri, [])}
            return Reply(200, {"thread": thread}, limits)
        return Reply(501, {"error": "MethodNotImplemented", "message": "Method Not Implemented"})

    def _counted(self, item: dict[str, Any]) -> dict[str, Any]:
        view = item["post"]
        if not isinstance(view, dict) or "uri" not in view:
            return item
        uri = view["uri"]
        counts = {
            "likeCount": len(self.likes.get(uri, [])),
            "repostCount": len(self.reposts.get(uri, [])),
            "quoteCount": len(self.quotes.get(uri, [])),
            "replyCount": len(self.replies.get(uri, [])),
        }
        return {**item, "post": {**view, **{name: view[name] or number for name, number in counts.items()}}}

    def _page(self, asked: Asked, name: str, items: list[Any], more: dict[str, Any]) -> Reply:
        """Newest first. A cursor counts from the oldest on, so that what is added meanwhile moves nothing."""
        limit = int(asked.param("limit", "50"))
        if not 1 <= limit <= 100:
            return Reply(400, {"error": "InvalidRequest", "message": "limit must be from 1 to 100"})
        end = len(items)
        if asked.param("cursor"):
            if not asked.param("cursor").isdigit():
                return Reply(400, {"error": "InvalidRequest", "message": "Malformed cursor"})
            end = int(asked.param("cursor"))
        start = max(0, end - limit)
        return Reply(data={**more, name: items[start:end][::-1], **({"cursor": str(start)} if start else {})})
