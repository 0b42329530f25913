"""TikTok's Display API (version 2) on 127.0.0.1, for one account.

Written by hand after developers.tiktok.com (Get User Info, List Videos, Error handling, Rate limits); nothing here was
recorded from a live server.
"""

import json
from datetime import datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "act.a-token-of-alice-that-nobody-may-see"
# What each scope opens.
FIELDS = {
    "user.info.basic": {"open_id", "union_id", "avatar_url", "display_name"},
    "user.info.profile": {"bio_description", "profile_deep_link", "is_verified", "username"},
    "user.info.stats": {"follower_count", "following_count", "likes_count", "video_count"},
}


class FakeTikTok(Loopback):
    """Alice's account. Videos are kept oldest first and answered newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.user: dict[str, Any] = {
            "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
            "display_name": "Alice",
            "username": "Alice.Makes",
            "bio_description": "Gardens and trains.",
            "follower_count": 12,
            "following_count": 34,
            "likes_count": 567,
            "video_count": 8,
        }
        self.token = TOKEN
        self.scopes = {*FIELDS, "video.list"}
        self.videos: list[dict[str, Any]] = []
        self.remaining = 600

    def video(self, number: int, at: datetime, **totals: int) -> dict[str, Any]:
        url = (
            f"https://www.tiktok.com/@alice.makes/video/{7_000_000_000_000_000_000 + number}?utm_campaign=tt4d_open_api"
        )
        counts = {"like_count": 0, "comment_count": 0, "share_count": 0, "view_count": 0}
        video = {"id": str(7_000_000_000_000_000_000 + number), "create_time": int(at.timestamp()), "share_url": url}
        self.videos.append({**video, **counts, **totals})
        return self.videos[-1]

    def route(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return self._error(401, "access_token_invalid", "The access token is invalid or not found in the request.")
        self.remaining -= 1
        if self.remaining < 0:
            return self._error(429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.")
        fields = set(filter(None, asked.param("fields").split(",")))
        if (asked.method, asked.path) == ("GET", "/v2/user/info/"):
            allowed = set().union(*(FIELDS[scope] for scope in self.scopes & FIELDS.keys()))
            if fields - allowed:
                return self._error(401, "scope_not_authorized", "The user did not authorize the scope required.")
            return self._ok({"user": {name: value for name, value in self.user.items() if name in fields}})
        if (asked.method, asked.path) == ("POST", "/v2/video/list/"):
            if "video.list" not in self.scopes:
                return self._error(401, "scope_not_authorized", "The user did not authorize the scope required.")
            return self._page(fields, json.loads(asked.body or b"{}"))
        return self._error(404, "not_found", "")

    def _page(self, fields: set[str], body: dict[str, Any]) -> Reply:
        """Up to 20, older than the cursor (milliseconds since 1970)."""
        most = body.get("max_count", 10)
        if not 1 <= most <= 20:
            return self._error(400, "invalid_params", "max_count")
        older = [video for video in self.videos if video["create_time"] * 1000 < body.get("cursor", 10**15)][::-1]
        rows = [{name: value for name, value in video.items() if name in fields} for video in older[:most]]
        cursor = older[:most][-1]["create_time"] * 1000 if rows else 0
        return self._ok({"videos": rows, "cursor": cursor, "has_more": len(older) > most})

    def _ok(self, data: dict[str, Any]) -> Reply:
        return Reply(data={"data": data, "error": {"code": "ok", "message": "", "log_id": "20221116"}})

    def _error(self, status: int, code: str, message: str) -> Reply:
        return Reply(status, {"data": {}, "error": {"code": code, "message": message, "log_id": "20221116"}})
