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
        # Oldest first, and answered newest first.
        self.followers: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        # Servers may show posts to their members alone.
        self.members_only = False
        self.remaining = 300
        self.resets_at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
        self.note = "<p>Gardens and trains.<br />klout-7f3k9-q2m4x</p>"
        self.fields: list[dict[str, Any]] = []
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

    def follow(self, *accts: str) -> None:
        self.followers += [self.account(acct, number) for number, acct in enumerate(accts, start=1000)]

    def post(self, number: int, at: datetime, **counts: Any) -> dict[str, Any]:
        """Add a public post of Alice's, newer than all before, and return it (so that a test may spoil it)."""
        said = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        totals = {"replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "quotes_count": 0}
        self.statuses.append(self.status(number, created_at=said, **(totals | counts)))
        return self.statuses[-1]

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
        if asked.path == "/api/v1/accounts/lookup" or asked.path.endswith("/statuses"):
            return self._public(asked)
        scopes = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return Reply(401, {"error": "The access token is invalid"})
        if asked.path == "/api/v1/accounts/verify_credentials":
            return self._allowed(scopes, {"profile", "read", "read:accounts"}, self._profile())
        if asked.path == f"/api/v1/accounts/{self.account(self.username)['id']}/followers":
            return self._allowed(scopes, {"read", "read:accounts"}, self._before(asked, self.followers, 80))
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

    def _public(self, asked: Asked) -> Reply:
        """What visitors see. With a token it would have to be one that reads posts; ours is not."""
        if "authorization" in asked.headers:
            return Reply(403, {"error": "This action is outside the authorized scopes"})
        if asked.path.endswith("/statuses"):
            if self.members_only:
                return Reply(401, {"error": "This method requires an authenticated user"})
            return self._before(asked, self.statuses, 40)
        if asked.param("acct") not in (self.username, f"{self.username}@{self.domain}"):
            return Reply(404, {"error": "Record not found"})
        return Reply(data={**self.account(self.username), "note": self.note, "fields": self.fields})

    def _before(self, asked: Asked, items: list[Any], most: int) -> Reply:
        """Newest first; the max_id of followers is one of the server's own, that only its link tells."""
        end = int(asked.param("max_id") or 10**18)
        own = [
            (str(item["id"]) if "content" in item else str(number), item) for number, item in enumerate(items, start=1)
        ]
        rows = [(key, item) for key, item in own if int(key) < end][::-1][: min(int(asked.param("limit", "40")), most)]
        if not rows:
            return Reply(data=[])
        link = f'<{self.url}{asked.path}?limit={most}&max_id={rows[-1][0]}>; rel="next"'
        return Reply(data=[item for _, item in rows], headers={"Link": link} if rows[-1][0] != own[0][0] else {})

    def _webfinger(self, resource: str) -> Reply:
        user, _, domain = resource.removeprefix("acct:").partition("@")
        if domain not in self.webfinger_of or user != self.username:
            return Reply(404, body=b"")
        link = {"rel": "self", "type": "application/activity+json", "href": f"{self.url}/users/{user}"}
        return Reply(data={"subject": resource, "links": [link]})
