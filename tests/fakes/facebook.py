"""Facebook's Graph API on 127.0.0.1, for Alice and the page of her bakery.

Written by hand after developers.facebook.com (Graph API reference: user, page, post, comment, feed, tagged, accounts,
friends); nothing here was recorded from a live server.
"""

from datetime import datetime
from typing import Any

from tests.fakes.graph import FakeGraph, stamp
from tests.fakes.loopback import Asked, Reply

TOKEN = "a-facebook-token-of-alice-that-nobody-may-see"
PAGE_TOKEN = "a-facebook-token-of-the-bakery-that-nobody-may-see"
ALICE, BAKERY = "10158407654328553", "19292868552"


class FakeFacebook(FakeGraph):
    """Alice's Facebook."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: ALICE, PAGE_TOKEN: BAKERY}
        self.granted = {"user_friends", "user_posts", "pages_show_list", "pages_read_engagement"}
        self.granted |= {"pages_read_user_content"}
        self.alice = {"id": ALICE, "name": "Alice Beispiel", "friends": {"data": [], "summary": {"total_count": 321}}}
        self.bakery = {"id": BAKERY, "name": "Bäckerei Ä 🥐", "username": "bakery", "followers_count": 4321}
        self.objects = {ALICE: self.alice, BAKERY: self.bakery}
        self.accounts: list[dict[str, Any]] = [{**self.bakery, "access_token": PAGE_TOKEN, "tasks": ["ANALYZE"]}]
        self.friends: list[dict[str, Any]] = []
        self.feeds: dict[str, list[dict[str, Any]]] = {ALICE: [], BAKERY: []}
        self.tagged: list[dict[str, Any]] = []
        self.comments: dict[str, list[dict[str, Any]]] = {}

    def post(self, of: str, at: datetime, author: str = "", **more: Any) -> dict[str, Any]:
        """A post in the feed of `of`, newest last."""
        number = f"{of}_{1000 + len(self.objects)}"
        item = {
            "id": number,
            "created_time": stamp(at),
            "permalink_url": f"https://www.facebook.com/{of}/posts/{number}",
            "from": {"id": author or of, "name": f"Name of {author or of}"},
            "reactions": {"data": [], "summary": {"total_count": 0}},
            "comments": {"data": [], "summary": {"total_count": 0}},
            **more,
        }
        self.objects[number] = item
        self.feeds[of].append(item)
        return item

    def comment(self, on: dict[str, Any], at: datetime, author: str = "", **more: Any) -> dict[str, Any]:
        """A comment by `author`; by nobody whom Facebook names where that is empty."""
        item: dict[str, Any] = {"id": f"{on['id']}_{len(self.objects)}", "created_time": stamp(at), **more}
        if author:
            item["from"] = {"id": author, "name": f"Name of {author}"}
        self.objects[item["id"]] = item
        self.comments.setdefault(on["id"], []).append(item)
        on["comments"]["summary"]["total_count"] += 1
        return item

    def answer(self, me: str, name: str, edge: str, asked: Asked) -> Reply:
        if not edge:
            left_out = set() if "user_friends" in self.granted else {"friends"}
            found = self.fields(self.objects[name], asked.param("fields"))
            return Reply(data={key: value for key, value in found.items() if key not in left_out})
        if edge == "accounts":
            return self.page(self.accounts if "pages_show_list" in self.granted else [], asked)
        if edge == "friends":
            return self.needs("user_friends") or self.page(self.friends, asked)
        if edge == "posts":
            return self.needs("user_posts") or self.page(self.feeds[name][::-1], asked, "created_time")
        if edge == "feed":
            return self.needs("pages_read_engagement") or self.page(self.feeds[name][::-1], asked, "created_time")
        if edge == "tagged":
            return self.needs("pages_read_user_content") or self.page(self.tagged[::-1], asked, "created_time")
        if edge == "comments":
            items = self.comments.get(name, [])
            ordered = items[::-1] if asked.param("order") == "reverse_chronological" else items
            return self.needs("pages_read_user_content") or self.page(ordered, asked)
        return self.error(100, f"(#100) Tried accessing nonexisting field ({edge})")
