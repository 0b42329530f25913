"""Instagram's API for professional accounts on 127.0.0.1, for Alice's bakery.

Written by hand after developers.facebook.com (Instagram Platform, API with Instagram Login: me, media, comments,
insights, tags); nothing here was recorded from a live server.
"""

from datetime import datetime
from typing import Any

from tests.fakes.graph import FakeGraph, stamp
from tests.fakes.loopback import Asked, Reply

TOKEN = "an-instagram-token-of-alice-that-nobody-may-see"
ALICE = "17841400008460056"


class FakeInstagram(FakeGraph):
    """Alice's Instagram."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: ALICE}
        self.granted = {f"instagram_business_{name}" for name in ("basic", "manage_comments", "manage_insights")}
        self.alice: dict[str, Any] = {
            "id": ALICE,
            "user_id": "24000000000000001",
            "username": "Alice.Bakes_",
            "name": "Alice's Bäckerei 🥐",
            "biography": "Bread.",
            "account_type": "BUSINESS",
            "followers_count": 1200,
            "follows_count": 34,
            "media_count": 56,
        }
        self.objects = {ALICE: self.alice}
        self.media: list[dict[str, Any]] = []
        self.tags: list[dict[str, Any]] = []
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.insights: dict[str, dict[str, Any]] = {}
        self.most = 50

    def post(self, at: datetime, **more: Any) -> dict[str, Any]:
        number = str(17_900_000_000_000_000 + len(self.objects))
        item = {
            "id": number,
            "timestamp": stamp(at),
            "permalink": f"https://www.instagram.com/p/{number}/",
            "media_type": "IMAGE",
            "like_count": 0,
            "comments_count": 0,
            **more,
        }
        self.objects[number] = item
        self.media.append(item)
        return item

    def comment(
        self, on: dict[str, Any], at: datetime, username: str, to: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """A comment on a medium; an answer stands below the comment that it is `to`."""
        number = str(18_000_000_000_000_000 + len(self.objects))
        author = {"id": "9" + number, "username": username}
        item: dict[str, Any] = {"id": number, "timestamp": stamp(at), "username": username, "from": author}
        self.objects[number] = item
        on["comments_count"] += 1
        if to is None:
            self.comments.setdefault(on["id"], []).append(item)
        else:
            to.setdefault("replies", {"data": []})["data"].append(item)
        return item

    def answer(self, me: str, name: str, edge: str, asked: Asked) -> Reply:
        if not edge:
            return Reply(data=self.fields(self.objects[name], asked.param("fields")))
        if edge == "media":
            return self.needs("instagram_business_basic") or self.page(self.media[::-1], asked, "timestamp")
        if edge == "tags":
            return self.needs("instagram_business_manage_comments") or self.page(self.tags[::-1], asked)
        if edge == "comments":
            comments = self.comments.get(name, [])[::-1]
            return self.needs("instagram_business_manage_comments") or self.page(comments, asked)
        if edge == "insights":
            return self.needs("instagram_business_manage_insights") or self._insights(name, asked)
        return self.error(100, f"(#100) Tried accessing nonexisting field ({edge})")

    def _insights(self, name: str, asked: Asked) -> Reply:
        if name not in self.insights:
            return self.error(100, "The media was posted before the account became a professional one", 2108006)
        values = self.insights[name]
        data = [
            {"name": metric, "period": "lifetime", "values": [{"value": values[metric]}], "id": f"{name}/{metric}"}
            for metric in asked.param("metric").split(",")
            if metric in values
        ]
        return Reply(data={"data": data})
