"""A Mastodon server on 127.0.0.1, for one account and its notifications.

Written by hand after docs.joinmastodon.org (methods/accounts, methods/notifications, methods/instance, entities, api
guidelines: pagination and rate limits). Nothing here was recorded from a live server.
"""

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "a-token-of-alice-that-nobody-may-see"


class FakeMastodon(Loopback):
    """Alice's server. `scopes` are what her token may do; `domain` is what her address ends with."""

    def __init__(self, username: str = "alice", domain: str = "", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.username = username
        self.domain = domain or self.host
        self.tokens = {TOKEN: {"profile", "read:accounts", "read:notifications"}}
        self.profile: dict[str, Any] = {"followers_count": 12, "following_count": 34, "statuses_count": 56}
        self.notifications: list[dict[str, Any]] = []
        self.remaining = 300
        self.resets_at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
        # Domains whose WebFinger says that they belong to this server.
        self.webfinger_of: set[str] = set()

    def account(self, acct: str, number: int = 0) -> dict[str, Any]:
        user, _, host = acct.partition("@")
        return {
            "id": str(110_000_000_000_000_000 + number),
            "username": user,
            "acct": acct,
            "display_name": user.title(),
            "locked": False,
            "bot": False,
            "created_at": "2023-01-02T00:00:00.000Z",
            "url": f"https://{host or self.domain}/@{user}",
            "uri": f"https://{host or self.domain}/users/{user}",
            "followers_count": 3,
            "following_count": 4,
            "statuses_count": 5,
        }

    def status(self, number: int, acct: str = "", **more: Any) -> dict[str, Any]:
        account = self.account(acct or self.username)
        return {
            "id": str(number),
            "created_at": "2026-11-01T10:00:00.000Z",
            "uri": f"{account['uri']}/statuses/{number}",
            "url": f"{account['url']}/{number}",
            "content": "<p>Good morning</p>",
            "account": account,
            **more,
        }

    def notify(self, kind: str, acct: str, at: datetime, post: int = 1) -> dict[str, Any]:
        """Add a notification, newer than all before, and return it (so that a test may spoil it)."""
        number = len(self.notifications) + 1
        item: dict[str, Any] = {
            "id": str(number),
            "type": kind,
            "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "group_key": f"ungrouped-{number}",
            "account": self.account(acct, number),
        }
        if kind in ("favourite", "reblog", "poll", "update"):
            item["status"] = self.status(post)
        elif kind == "mention":
            item["status"] = self.status(9000 + number, acct)
        elif kind == "quote":
            quote = {"state": "accepted", "quoted_status": self.status(post)}
            item["status"] = self.status(9000 + number, acct, quote=quote)
        self.notifications.append(item)
        return item

    def notify_many(self, number: int, start: datetime) -> None:
        """`number` notifications, a minute apart, from 50 people of two servers, of all the kinds that we read."""
        kinds = ("favourite", "reblog", "mention", "follow", "quote")
        for index in range(number):
            person = f"person{index % 50}" + ("@other.example" if index % 3 else "")
            self.notify(kinds[index % 5], person, start + timedelta(minutes=index), post=index % 7 + 1)

    def route(self, asked: Asked) -> Reply:
        if asked.path == "/api/v2/instance":
            return Reply(data={"domain": self.domain, "title": "A town square", "version": "4.5.0"})
        if asked.path == "/.well-known/webfinger":
            return self._webfinger(asked.param("resource"))
        scopes = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return Reply(401, {"error": "The access token is invalid"})
        if asked.path == "/api/v1/accounts/verify_credentials":
            return self._allowed(scopes, {"profile", "read", "read:accounts"}, self._profile())
        if asked.path == "/api/v1/notifications":
            return self._allowed(scopes, {"read", "read:notifications"}, self._page(asked))
        return Reply(404, {"error": "Record not found"})

    def _allowed(self, scopes: set[str], any_of: set[str], reply: Reply) -> Reply:
        if not scopes & any_of:
            return Reply(403, {"error": "This action is outside the authorized scopes"})
        self.remaining -= 1
        reset = self.resets_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Reset": reset}
        if self.remaining < 0:
            return Reply(429, {"error": "Too many requests"}, {**limits, "X-RateLimit-Remaining": "0"})
        reply.headers |= {**limits, "X-RateLimit-Remaining": str(self.remaining)}
        return reply

    def _profile(self) -> Reply:
        source = {"privacy": "public", "note": "", "fields": []}
        return Reply(data={**self.account(self.username), **self.profile, "source": source})

    def _page(self, asked: Asked) -> Reply:
        """Newest first, as the API always answers; min_id takes the oldest after it, max_id and since_id the newest."""
        limit = min(int(asked.param("limit", "40")), 80)
        kinds = set(asked.all("types[]"))
        items = [item for item in self.notifications if not kinds or item["type"] in kinds]
        if asked.param("max_id"):
            items = [item for item in items if int(item["id"]) < int(asked.param("max_id"))]
        if asked.param("since_id"):
            items = [item for item in items if int(item["id"]) > int(asked.param("since_id"))]
        if asked.param("min_id"):
            items = [item for item in items if int(item["id"]) > int(asked.param("min_id"))][:limit]
        items = items[-limit:][::-1]
        if not items:
            return Reply(data=[])
        rest = [(name, value) for name, value in asked.params if name not in ("min_id", "max_id", "since_id")]

        def link(name: str, number: str, relation: str) -> str:
            return f'<{self.url}{asked.path}?{urlencode([*rest, (name, number)])}>; rel="{relation}"'

        links = f"{link('max_id', items[-1]['id'], 'next')}, {link('min_id', items[0]['id'], 'prev')}"
        return Reply(data=items, headers={"Link": links})

    def _webfinger(self, resource: str) -> Reply:
        user, _, domain = resource.removeprefix("acct:").partition("@")
        if domain not in self.webfinger_of or user != self.username:
            return Reply(404, body=b"")
        link = {"rel": "self", "type": "application/activity+json", "href": f"{self.url}/users/{user}"}
        return Reply(data={"subject": resource, "links": [link]})
