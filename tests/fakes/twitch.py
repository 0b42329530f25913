"""Twitch's Helix API on 127.0.0.1, for one channel.

Written by hand after dev.twitch.tv/docs/api (reference: Get Users, Get Channel Followers, Get Broadcaster
Subscriptions, Get Bits Leaderboard, Get Videos; guide: pagination, rate limits, errors); nothing here was recorded from
a live server.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "a-token-of-alice-that-nobody-may-see"
CLIENT = "our-app-at-twitch"
SCOPES = {"moderator:read:followers", "channel:read:subscriptions", "bits:read"}


def spelt(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeTwitch(Loopback):
    """Alice's channel, number 141981764. Lists are answered newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.user: dict[str, Any] = {
            "id": "141981764",
            "login": "alice",
            "display_name": "Alice",
            "description": "Gardens and trains.",
            "created_at": "2016-12-14T20:32:28Z",
        }
        self.scopes = set(SCOPES)
        self.token = TOKEN
        # Only affiliates and partners have subscriptions.
        self.affiliate = True
        self.followers: list[dict[str, Any]] = []
        self.subscriptions: list[dict[str, Any]] = [self.subscriber("alice", "141981764")]
        self.cheers: list[tuple[datetime, str, int]] = []
        self.videos: list[dict[str, Any]] = []
        self.remaining = 800
        self.resets_at = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)

    def follow(self, number: int, at: datetime) -> dict[str, Any]:
        login = f"person{number}"
        self.followers.append(
            {"user_id": str(number), "user_login": login, "user_name": login.title(), "followed_at": spelt(at)}
        )
        return self.followers[-1]

    def subscriber(self, login: str, number: str, **more: Any) -> dict[str, Any]:
        user = {"user_id": number, "user_login": login, "user_name": login.title()}
        giver = {"gifter_id": "", "gifter_login": "", "gifter_name": "", "is_gift": False}
        return {"broadcaster_id": self.user["id"], "tier": "1000", "plan_name": "A friend", **user, **giver, **more}

    def video(self, number: int, at: datetime, views: int) -> dict[str, Any]:
        url = f"https://www.twitch.tv/videos/{number}"
        times = {"created_at": spelt(at), "published_at": spelt(at)}
        self.videos.append({"id": str(number), "url": url, "view_count": views, "type": "archive", **times})
        return self.videos[-1]

    def route(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return self._error(401, "Unauthorized", "Invalid OAuth token")
        if asked.headers.get("client-id") != CLIENT:
            return self._error(401, "Unauthorized", "Client ID and OAuth token do not match")
        self.remaining -= 1
        reset = {"Ratelimit-Limit": "800", "Ratelimit-Reset": str(int(self.resets_at.timestamp()))}
        if self.remaining < 0:
            return self._error(429, "Too Many Requests", "", {**reset, "Ratelimit-Remaining": "0"})
        own = (asked.param("broadcaster_id") or asked.param("user_id") or self.user["id"]) == self.user["id"]
        if asked.path == "/helix/users":
            return Reply(data={"data": [self.user]})
        if asked.path == "/helix/channels/followers":
            allowed = own and "moderator:read:followers" in self.scopes
            reply = self._page(asked, self.followers if allowed else [])
            reply.data["total"] = len(self.followers)
            return reply
        if asked.path == "/helix/subscriptions":
            if "channel:read:subscriptions" not in self.scopes:
                return self._error(401, "Unauthorized", "Missing scope: channel:read:subscriptions")
            if not self.affiliate:
                return self._error(403, "Forbidden", "channel_id 141981764 does not have a subscription program")
            reply = self._page(asked, self.subscriptions)
            reply.data |= {"total": len(self.subscriptions), "points": len(self.subscriptions)}
            return reply
        if asked.path == "/helix/bits/leaderboard":
            if "bits:read" not in self.scopes:
                return self._error(401, "Unauthorized", "Missing scope: bits:read")
            return self._leaderboard(asked)
        if asked.path == "/helix/videos":
            return self._page(asked, self.videos)
        return self._error(404, "Not Found", "")

    def _error(self, status: int, error: str, message: str, headers: dict[str, str] | None = None) -> Reply:
        return Reply(status, {"error": error, "status": status, "message": message}, headers or {})

    def _leaderboard(self, asked: Asked) -> Reply:
        """The week, from Monday at midnight in California (here UTC-8 all year), that holds started_at."""
        day = datetime.fromisoformat(asked.param("started_at")) - timedelta(hours=8)
        start = (day - timedelta(days=day.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
        end = start + timedelta(weeks=1)
        sums: dict[str, int] = {}
        for at, number, bits in self.cheers:
            if start <= at < end:
                sums[number] = sums.get(number, 0) + bits
        ranked = sorted(sums.items(), key=lambda pair: -pair[1])
        rows = [
            {
                "user_id": number,
                "user_login": f"person{number}",
                "user_name": f"Person{number}",
                "rank": rank,
                "score": bits,
            }
            for rank, (number, bits) in enumerate(ranked, start=1)
        ]
        dates = {"started_at": spelt(start), "ended_at": spelt(end)}
        return Reply(data={"data": rows[: int(asked.param("count", "10"))], "date_range": dates, "total": len(rows)})

    def _page(self, asked: Asked, items: list[Any]) -> Reply:
        first = int(asked.param("first", "20"))
        if not 1 <= first <= 100:
            return self._error(400, "Bad Request", 'The parameter "first" was malformed')
        end = len(items)
        if asked.param("after"):
            if not asked.param("after").startswith("eyJ"):
                return self._error(400, "Bad Request", 'The parameter "after" was malformed')
            end = int(asked.param("after")[3:])
        start = max(0, end - first)
        return Reply(data={"data": items[start:end][::-1], "pagination": {"cursor": f"eyJ{start}"} if start else {}})
