"""X's API on 127.0.0.1, for the accounts, posts, followers and lists of one town.

Written by hand after docs.x.com (X API: authenticated user lookup, timelines, mentions, quoted posts, reposts, liking
users, followers, list memberships, pagination, rate limits, response codes, usage and billing); nothing here was
recorded from a live server.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "an-x-token-of-alice-that-nobody-may-see"
ALICE = "2244994945"
_EPOCH_MS = 1_288_834_974_657
_PRICES = {"post": 5, "user": 10, "list": 5}


class FakeTwitter(Loopback):
    """Alice's X. `bill` is what the answers cost, in tenths of a US cent; `limits` are requests left, by path's end."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: ALICE}
        self.users: dict[str, dict[str, Any]] = {}
        self.alice = self.user(ALICE, "Alice_Example", "Alice")
        self.posts: list[dict[str, Any]] = []
        self.likes: dict[str, list[str]] = {}
        self.followers: list[str] = []
        self.lists: list[dict[str, Any]] = []
        self.limits: dict[str, int] = {}
        self.resets_at = datetime(2026, 11, 22, 12, 15, tzinfo=UTC)
        self.forbidden: set[str] = set()
        # Tokens of pages given out before are no longer known.
        self.forgetful = False
        self.bill = 0
        self._number = 0

    # ------------------------------------------------------------ what there is

    def user(self, number: str, username: str, name: str = "") -> dict[str, Any]:
        metrics = {"followers_count": 12, "following_count": 34, "listed_count": 5, "tweet_count": 678}
        self.users[number] = {
            "id": number,
            "username": username,
            "name": name or username,
            "created_at": "2013-12-14T04:35:55.000Z",
            "description": "I post about bread.",
            "public_metrics": {**metrics, "like_count": 90, "media_count": 3},
        }
        return self.users[number]

    def person(self, index: int) -> str:
        number = str(7_000_000 + index)
        if number not in self.users:
            self.user(number, f"person_{index}")
        return number

    def post(self, author: str, at: datetime, **more: Any) -> dict[str, Any]:
        """A post of `author`, whose id says the time, as X's do."""
        self._number += 1
        number = ((int(at.timestamp() * 1000) - _EPOCH_MS) << 22) + self._number
        metrics = dict.fromkeys(("retweet_count", "reply_count", "like_count", "quote_count"), 0)
        item = {
            "id": str(number),
            "text": "Good morning 🥐",
            "author_id": author,
            "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "public_metrics": {**metrics, "bookmark_count": 0, "impression_count": 900},
            **more,
        }
        self.posts.append(item)
        return item

    def mention(self, author: str, at: datetime, **more: Any) -> dict[str, Any]:
        return self.post(author, at, entities={"mentions": [{"id": ALICE, "username": "Alice_Example"}]}, **more)

    def reply(self, author: str, at: datetime, to: dict[str, Any]) -> dict[str, Any]:
        to["public_metrics"]["reply_count"] += 1
        about = [{"type": "replied_to", "id": to["id"]}]
        return self.mention(author, at, referenced_tweets=about, in_reply_to_user_id=to["author_id"])

    def quote(self, author: str, at: datetime, of: dict[str, Any], mentions: bool = False) -> dict[str, Any]:
        of["public_metrics"]["quote_count"] += 1
        address = f"https://twitter.com/{self.users[of['author_id']]['username']}/status/{of['id']}"
        entities: dict[str, Any] = {"urls": [{"url": "https://t.co/abc", "expanded_url": address}]}
        if mentions:
            entities["mentions"] = [{"id": ALICE, "username": "Alice_Example"}]
        return self.post(author, at, referenced_tweets=[{"type": "quoted", "id": of["id"]}], entities=entities)

    def repost(self, author: str, at: datetime, of: dict[str, Any]) -> dict[str, Any]:
        of["public_metrics"]["retweet_count"] += 1
        return self.post(author, at, referenced_tweets=[{"type": "retweeted", "id": of["id"]}])

    def like(self, author: str, of: dict[str, Any]) -> None:
        of["public_metrics"]["like_count"] += 1
        self.likes.setdefault(of["id"], []).append(author)

    def listed(self, owner: str) -> dict[str, Any]:
        self.lists.append({"id": str(1_450_000_000 + len(self.lists)), "name": "Bakers", "owner_id": owner})
        return self.lists[-1]

    # ------------------------------------------------------------ what X answers

    def route(self, asked: Asked) -> Reply:
        me = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if me is None:
            problem = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
            return Reply(401, problem)
        parts = asked.path.removeprefix("/2/").split("/")
        if parts == ["users", "me"]:
            self._charge("user", 1)
            return Reply(data={"data": _only(self.users[me], asked.all("user.fields"))})
        routes: dict[tuple[str, str], Callable[[str, Asked], Reply]] = {
            ("users", "mentions"): self._mentions,
            ("users", "tweets"): self._tweets,
            ("users", "followers"): self._followers,
            ("users", "list_memberships"): self._memberships,
            ("tweets", "retweets"): lambda of, asked: self._about("retweeted", of, asked, 1),
            ("tweets", "quote_tweets"): lambda of, asked: self._about("quoted", of, asked, 10),
            ("tweets", "liking_users"): self._likers,
        }
        if len(parts) != 3 or (parts[0], parts[2]) not in routes:
            return Reply(404, {"title": "Not Found", "status": 404, "detail": "Not Found"})
        if parts[2] in self.forbidden:
            detail = "You are not permitted to perform this action."
            problem = {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": detail}
            return Reply(403, problem)
        left = self.limits.get(parts[2], 75)
        reset = {"x-rate-limit-limit": "75", "x-rate-limit-reset": str(int(self.resets_at.timestamp()))}
        if left < 1:
            return Reply(429, {"title": "Too Many Requests", "status": 429}, {**reset, "x-rate-limit-remaining": "0"})
        self.limits[parts[2]] = left - 1
        reply = routes[(parts[0], parts[2])](parts[1], asked)
        reply.headers |= {**reset, "x-rate-limit-remaining": str(left - 1)}
        return reply

    def _charge(self, kind: str, number: int) -> None:
        self.bill += _PRICES[kind] * number

    def _mentions(self, of: str, asked: Asked) -> Reply:
        def of_me(item: dict[str, Any]) -> bool:
            mentions = (item.get("entities") or {}).get("mentions") or []
            return any(mention["id"] == of for mention in mentions)

        return self._timeline([item for item in self.posts if of_me(item)][-800:], asked, 5)

    def _tweets(self, of: str, asked: Asked) -> Reply:
        kinds = {"retweets": "retweeted", "replies": "replied_to"}
        left_out = {kinds[name] for names in asked.all("exclude") for name in names.split(",")}

        def shown(item: dict[str, Any]) -> bool:
            about = {reference["type"] for reference in item.get("referenced_tweets", [])}
            return bool(item.get("author_id") == of) and not about & left_out

        return self._timeline([item for item in self.posts if shown(item)], asked, 5)

    def _about(self, kind: str, of: str, asked: Asked, least: int) -> Reply:
        if not any(item["id"] == of for item in self.posts):
            return Reply(404, {"title": "Not Found Error", "status": 404, "detail": f"Could not find {of}."})
        found = [item for item in self.posts if {"type": kind, "id": of} in item.get("referenced_tweets", [])]
        return self._timeline(found, asked, least)

    def _timeline(self, items: list[dict[str, Any]], asked: Asked, least: int) -> Reply:
        """Newest first, between the ids and after the time that were given."""

        def number(item: dict[str, Any]) -> int:
            return int(item["id"]) if str(item["id"]).isdigit() else 2**62

        if asked.param("since_id"):
            items = [item for item in items if number(item) > int(asked.param("since_id"))]
        if asked.param("until_id"):
            items = [item for item in items if number(item) < int(asked.param("until_id"))]
        if asked.param("start_time"):
            start = datetime.strptime(asked.param("start_time"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            ms = int(start.timestamp() * 1000) - _EPOCH_MS
            items = [item for item in items if number(item) >> 22 >= ms]
        items = sorted(items, key=number, reverse=True)
        reply = self._page(items, asked, "post", least, 100)
        if "author_id" in asked.param("expansions").split(",") and reply.status == 200:
            authors = dict.fromkeys(item.get("author_id") for item in reply.data.get("data", []))
            users = [_only(self.users[author], asked.all("user.fields")) for author in authors if author in self.users]
            if users:
                reply.data["includes"] = {"users": users}
            self._charge("user", len(users))
        return reply

    def _followers(self, of: str, asked: Asked) -> Reply:
        users = [_only(self.users[number], asked.all("user.fields")) for number in reversed(self.followers)]
        return self._page(users, asked, "user", 1, 1000)

    def _likers(self, of: str, asked: Asked) -> Reply:
        users = [_only(self.users[number], asked.all("user.fields")) for number in reversed(self.likes.get(of, []))]
        return self._page(users, asked, "user", 1, 100)

    def _memberships(self, of: str, asked: Asked) -> Reply:
        return self._page(self.lists[::-1], asked, "list", 1, 100)

    def _page(self, items: list[dict[str, Any]], asked: Asked, kind: str, least: int, most: int) -> Reply:
        size = asked.param("max_results", "100")
        if not size.isdigit() or not least <= int(size) <= most:
            errors = [{"parameters": {"max_results": [size]}, "message": "The `max_results` query parameter is wrong"}]
            return Reply(400, {"errors": errors, "title": "Invalid Request", "detail": "One or more parameters"})
        token = asked.param("pagination_token", "p0")
        if not token.startswith("p") or (self.forgetful and token != "p0"):
            return Reply(400, {"title": "Invalid Request", "detail": "pagination_token is not valid"})
        start = int(token[1:])
        page = items[start : start + int(size)]
        self._charge(kind, len(page))
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + int(size) < len(items):
            meta["next_token"] = f"p{start + int(size)}"
        return Reply(data={**({"data": page} if page else {}), "meta": meta})


def _only(user: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    names = {"id", "name", "username", *(name for value in fields for name in value.split(","))}
    return {name: value for name, value in user.items() if name in names}
