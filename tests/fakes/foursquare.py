"""Foursquare's API, version 2, on 127.0.0.1, for one account of Swarm.

Written by hand after docs.foursquare.com (users/self, users/checkins, users/friends, users/tips, checkins/details, the
pages on response and errors, versioning and rate limits). Nothing here was recorded from a live server.
"""

from datetime import UTC, datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "FSQ-TOKEN-OF-ALICE-THAT-NOBODY-MAY-SEE"


def thing(number: int) -> str:
    return f"{number:024x}"


class FakeFoursquare(Loopback):
    """Alice's account; friends and tips newest first, check-ins oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN}
        self.user: dict[str, Any] = {
            "id": "1001",
            "firstName": "Alice",
            "lastName": "Archer",
            "relationship": "self",
            "canonicalUrl": "https://foursquare.com/user/1001",
            "createdAt": 1_300_000_000,
            "bio": "Often at sea",
            "friends": {"count": 46, "groups": []},
            "tips": {"count": 12},
            "checkins": {"count": 669, "items": []},
            "mayorships": {"count": 4, "items": []},
        }
        self.friends: list[Any] = []
        self.checkins: list[Any] = []
        self.tips: list[Any] = []
        # What the page of a single check-in says, where it says more than the list.
        self.details: dict[str, dict[str, Any]] = {}
        self.remaining = 500
        self.resets_at = datetime(2026, 11, 22, 12, 50, tzinfo=UTC)

    def person(self, number: int, **changes: Any) -> dict[str, Any]:
        return {"id": str(number), "firstName": f"Person{number}", "lastName": "P.", "photo": {}, **changes}

    def checkin(self, number: int, at: datetime, likes: int = 0, comments: int = 0, **changes: Any) -> dict[str, Any]:
        """Add one, newer than those before it, liked and answered by persons 2000 and on."""
        item = {
            "id": thing(number),
            "createdAt": int(at.timestamp()),
            "type": "checkin",
            "timeZoneOffset": 60,
            "venue": {"id": thing(99), "name": "The harbour"},
            "likes": self.likes(likes, list(range(2000, 2000 + likes))),
            "like": False,
            "comments": {
                "count": comments,
                "items": [self.comment(number * 100 + index, 2000 + index, at) for index in range(comments)],
            },
            **changes,
        }
        self.checkins.append(item)
        return item

    def likes(self, count: int, named: list[int]) -> dict[str, Any]:
        items = [self.person(number) for number in named]
        return {"count": count, "groups": [{"type": "others", "count": count, "items": items}] if count else []}

    def comment(self, number: int, person: int, at: datetime) -> dict[str, Any]:
        return {"id": thing(number), "createdAt": int(at.timestamp()), "user": self.person(person), "text": "Ahoy"}

    def tip(self, number: int, at: datetime, likes: int, saves: int, **changes: Any) -> dict[str, Any]:
        item = {"id": thing(number), "createdAt": int(at.timestamp()), "text": "Try the soup", "type": "user"}
        item |= {"likes": self.likes(likes, []), "saves": {"count": saves, "groups": []}, **changes}
        self.tips.insert(0, item)
        return item

    def route(self, asked: Asked) -> Reply:
        if "authorization" in asked.headers or len(asked.param("v")) != 8:
            return self.error(400, "param_error", "The token and a version are parameters")
        if asked.param("oauth_token") not in self.tokens:
            return self.error(401, "invalid_auth", "OAuth token invalid or revoked.")
        self.remaining -= 1
        limits = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": str(max(self.remaining, 0))}
        if self.remaining < 0:
            limits["X-RateLimit-Reset"] = str(int(self.resets_at.timestamp()))
            return self.error(403, "rate_limit_exceeded", "Quota exceeded", limits)
        reply = self._answer(asked, asked.path.removeprefix("/v2/"))
        reply.headers |= limits
        return reply

    def error(self, code: int, kind: str, detail: str, headers: dict[str, str] | None = None) -> Reply:
        meta = {"code": code, "errorType": kind, "errorDetail": detail, "requestId": "59a45921"}
        return Reply(code, {"meta": meta, "response": {}}, headers or {})

    def _answer(self, asked: Asked, path: str) -> Reply:
        if path == "users/self":
            return self._response(user=self.user)
        if path == "users/self/friends":
            return self._page(asked, "friends", self.friends, 500)
        if path == "users/self/tips":
            return self._page(asked, "tips", self.tips, 500)
        if path == "users/self/checkins":
            after = int(asked.param("afterTimestamp", "0"))
            items = [item for item in self.checkins if not self._before(item, after)]
            return self._page(asked, "checkins", items if asked.param("sort") == "oldestfirst" else items[::-1], 250)
        found = [item for item in self.checkins if path == f"checkins/{item['id']}"]
        if not found:
            return self.error(404, "endpoint_error", "No such endpoint")
        return self._response(checkin={**found[0], **self.details.get(found[0]["id"], {})})

    def _before(self, item: Any, after: int) -> bool:
        return isinstance(item, dict) and isinstance(item.get("createdAt"), int) and item["createdAt"] < after

    def _page(self, asked: Asked, name: str, items: list[Any], most: int) -> Reply:
        start, size = int(asked.param("offset", "0")), min(int(asked.param("limit", "20")), most)
        return self._response(**{name: {"count": len(items), "items": items[start : start + size]}})

    def _response(self, **response: Any) -> Reply:
        notifications = [{"type": "notificationTray", "item": {"unreadCount": 0}}]
        meta = {"code": 200, "requestId": "59a45921351e3d43b07028b5"}
        return Reply(data={"meta": meta, "notifications": notifications, "response": response})
