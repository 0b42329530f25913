"""Reddit's OAuth API on 127.0.0.1, for one account, what it wrote and who answered.

Written by hand after reddit.com/dev/api (account, listings, private messages, users), the OAuth2 page of Reddit's
archived wiki and its API rules. Nothing here was recorded from a live server.
"""

from datetime import datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "reddit-token-of-alice-that-nobody-may-see"
SCOPES = {"identity", "history", "read", "privatemessages"}


class FakeReddit(Loopback):
    """Alice's account; all lists newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: set(SCOPES)}
        self.me: dict[str, Any] = {
            "id": "a1b2",
            "name": "Alice_A",
            "created_utc": 1_400_000_000.0,
            "link_karma": 100,
            "comment_karma": 230,
            "total_karma": 345,
            "subreddit": {"subscribers": 6, "title": "Alice", "public_description": "Kites and boats", "name": "t5_x"},
        }
        self.lists: dict[str, list[Any]] = {}
        self.remaining = 100.0
        self.resets_in = 240

    def post(self, number: int, at: datetime, **changes: Any) -> dict[str, Any]:
        data = {
            "name": f"t3_{number:x}",
            "author": "Alice_A",
            "created_utc": at.timestamp(),
            "score": 11,
            "num_comments": 4,
            "num_crossposts": 1,
            "permalink": f"/r/kites/comments/{number:x}/a_kite/",
            **changes,
        }
        return self._add("submitted", "t3", data)

    def comment(self, number: int, at: datetime, **changes: Any) -> dict[str, Any]:
        data = {"name": f"t1_{number:x}", "author": "Alice_A", "created_utc": at.timestamp(), "score": 3}
        return self._add("comments", "t1", {**data, "num_comments": 900, "permalink": "/r/kites/x/", **changes})

    def message(self, where: str, number: int, author: Any, at: datetime, **changes: Any) -> dict[str, Any]:
        """where: comments (answers to a comment), selfreply (to a post), mentions."""
        kind = {"comments": "comment_reply", "selfreply": "post_reply", "mentions": "username_mention"}[where]
        parent = {"comments": "t1_c0", "selfreply": "t3_a0", "mentions": "t3_elsewhere"}[where]
        data = {
            "name": f"t1_{number:x}",
            "author": author,
            "created_utc": at.timestamp(),
            "type": kind,
            "was_comment": True,
            "parent_id": parent,
            "body": "Nice kite",
            **changes,
        }
        return self._add(f"message/{where}", "t1", data)

    def _add(self, where: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        self.lists.setdefault(where, []).insert(0, {"kind": kind, "data": data})
        return data

    def route(self, asked: Asked) -> Reply:
        if not asked.headers.get("user-agent", "").startswith("Klout"):
            return Reply(429, {"message": "Too Many Requests", "error": 429})
        scopes = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return Reply(401, {"message": "Unauthorized", "error": 401})
        self.remaining -= 1
        limits = {"x-ratelimit-remaining": str(max(self.remaining, 0.0)), "x-ratelimit-reset": str(self.resets_in)}
        if self.remaining < 0:
            return Reply(429, {"message": "Too Many Requests", "error": 429}, limits)
        reply = self._answer(asked, scopes)
        reply.headers |= limits
        return reply

    def _answer(self, asked: Asked, scopes: set[str]) -> Reply:
        path = asked.path.strip("/")
        if path == "api/v1/me":
            return self._allowed(scopes, "identity", Reply(data=self.me))
        if path.startswith("message/"):
            return self._allowed(scopes, "privatemessages", self._listing(asked, self.lists.get(path, [])))
        parts = path.split("/")
        if parts[0] == "user" and len(parts) == 3 and parts[1] == str(self.me.get("name")).lower():
            return self._allowed(scopes, "history", self._listing(asked, self.lists.get(parts[2], [])))
        return Reply(404, {"message": "Not Found", "error": 404})

    def _allowed(self, scopes: set[str], scope: str, reply: Reply) -> Reply:
        if scope in scopes:
            return reply
        said = f'Bearer realm="reddit", error="insufficient_scope", error_description="{scope} is missing"'
        return Reply(403, {"message": "Forbidden", "error": 403}, {"www-authenticate": said})

    def _listing(self, asked: Asked, items: list[Any]) -> Reply:
        # Reddit keeps a thousand.
        items, size, start = items[:1000], min(int(asked.param("limit", "25")), 100), 0
        names = [self._name(item) for item in items]
        if asked.param("after") in names:
            start = names.index(asked.param("after")) + 1
        part = items[start : start + size]
        after = self._name(part[-1]) if part and start + size < len(items) else None
        data = {"after": after, "before": None, "dist": len(part), "modhash": None, "children": part}
        return Reply(data={"kind": "Listing", "data": data})

    def _name(self, item: Any) -> Any:
        return item["data"].get("name") if isinstance(item, dict) and isinstance(item.get("data"), dict) else None
