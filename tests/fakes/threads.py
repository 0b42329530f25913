"""Threads' API on 127.0.0.1, for Alice.

Written by hand after developers.facebook.com (Threads API: profiles, retrieve posts, insights, reply management,
mentions, error codes); nothing here was recorded from a live server.
"""

from datetime import datetime
from typing import Any

from tests.fakes.graph import FakeGraph, stamp
from tests.fakes.loopback import Asked, Reply

TOKEN = "a-threads-token-of-alice-that-nobody-may-see"
ALICE = "31415926535"


class FakeThreads(FakeGraph):
    """Alice's Threads."""

    version = "v1.0"

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: ALICE}
        self.granted = {f"threads_{name}" for name in ("basic", "manage_insights", "read_replies", "manage_mentions")}
        biography = "Bread, in text."
        self.alice = {"id": ALICE, "username": "Alice.Bakes_", "name": "Alice", "threads_biography": biography}
        self.followers: Any = 789
        self.objects = {ALICE: self.alice}
        self.posts: list[dict[str, Any]] = []
        self.mentions: list[dict[str, Any]] = []
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.insights: dict[str, dict[str, Any]] = {}

    def post(self, at: datetime, media_type: str = "TEXT_POST", **insights: Any) -> dict[str, Any]:
        number = str(18_100_000_000_000_000 + len(self.objects))
        item = {
            "id": number,
            "timestamp": stamp(at),
            "permalink": f"https://www.threads.net/@alice.bakes_/post/{number}",
            "media_type": media_type,
            "username": "Alice.Bakes_",
            "has_replies": False,
        }
        self.objects[number] = item
        self.posts.append(item)
        self.insights[number] = {"likes": 0, "replies": 0, "reposts": 0, "quotes": 0, **insights}
        return item

    def reply(self, to: dict[str, Any], at: datetime, username: str) -> dict[str, Any]:
        number = str(18_200_000_000_000_000 + len(self.objects))
        item = {"id": number, "timestamp": stamp(at), "username": username, "replied_to": {"id": to["id"]}}
        self.objects[number] = item
        self.replies.setdefault(to["id"], []).append(item)
        to["has_replies"] = True
        return item

    def answer(self, me: str, name: str, edge: str, asked: Asked) -> Reply:
        if not edge:
            return Reply(data=self.fields(self.objects[name], asked.param("fields")))
        if edge == "threads":
            return self.needs("threads_basic") or self.page(self.posts[::-1], asked, "timestamp")
        if edge == "mentions":
            return self.needs("threads_manage_mentions") or self.page(self.mentions[::-1], asked, "timestamp")
        if edge == "conversation":
            items = self.replies.get(name, [])
            ordered = items[::-1] if asked.param("reverse", "true") == "true" else items
            return self.needs("threads_read_replies") or self.page(ordered, asked)
        if edge == "threads_insights":
            row = {"name": "followers_count", "period": "day", "total_value": {"value": self.followers}}
            return self.needs("threads_manage_insights") or Reply(data={"data": [row]})
        if edge == "insights":
            values = {} if self.objects[name]["media_type"] == "REPOST_FACADE" else self.insights[name]
            rows = [
                {"name": metric, "period": "lifetime", "values": [{"value": values[metric]}]}
                for metric in asked.param("metric").split(",")
                if metric in values
            ]
            return self.needs("threads_manage_insights") or Reply(data={"data": rows})
        return self.error(100, f"(#100) Tried accessing nonexisting field ({edge})")
