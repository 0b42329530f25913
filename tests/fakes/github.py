"""GitHub's REST API on 127.0.0.1, for one account, its repositories and who reacts to them.

Written by hand after docs.github.com/rest (users, followers, repos, forks, activity/starring, issues/comments,
reactions; best practices and rate limits). Nothing here was recorded from a live server.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "gho_of-alice-that-nobody-may-see"
START = datetime(2026, 1, 1, 8, tzinfo=UTC)


def at(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeGitHub(Loopback):
    """Alice's account; `stars`, `forks` and `comments` by the name of a repository, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN}
        self.user: dict[str, Any] = {
            "login": "alice",
            "id": 1001,
            "type": "User",
            "name": "Alice Archer",
            "bio": "I write code",
            "blog": "https://alice.example",
            "created_at": "2015-03-04T05:06:07Z",
            "followers": 3,
            "public_repos": 2,
        }
        self.followers: list[Any] = []
        self.repositories: list[Any] = []
        self.stars: dict[str, list[Any]] = {}
        self.forks: dict[str, list[Any]] = {}
        self.comments: dict[str, list[Any]] = {}
        self.issues: list[Any] = []
        self.reactions: dict[str, list[Any]] = {}
        # Repositories that are blocked, by name, with their status.
        self.closed: dict[str, int] = {}
        self.remaining = 5000
        self.resets_at = datetime(2026, 11, 22, 12, 40, tzinfo=UTC)

    def person(self, number: int, **changes: Any) -> dict[str, Any]:
        return {"login": f"person{number}", "id": number, "type": "User", **changes}

    def repository(self, name: str, number: int, **changes: Any) -> dict[str, Any]:
        """Add one, pushed longer ago than those before it."""
        item = {"id": number, "name": name, "full_name": f"alice/{name}", "private": False, "fork": False, **changes}
        self.repositories.append(item)
        return item

    def star(self, name: str, number: int, time: datetime) -> dict[str, Any]:
        item = {"starred_at": at(time), "user": self.person(number)}
        self.stars.setdefault(name, []).append(item)
        return item

    def fork(self, name: str, number: int, time: datetime) -> dict[str, Any]:
        item = {"id": 900_000 + number, "created_at": at(time), "owner": self.person(number)}
        self.forks.setdefault(name, []).append(item)
        return item

    def comment(self, name: str, number: int, time: datetime, issue: int = 1) -> dict[str, Any]:
        items = self.comments.setdefault(name, [])
        item = {
            "id": 70_000 + len(items),
            "user": self.person(number),
            "created_at": at(time),
            "updated_at": at(time),
            "issue_url": f"https://api.github.com/repos/alice/{name}/issues/{issue}",
            "body": "Good idea",
        }
        items.append(item)
        return item

    def issue(self, name: str, number: int, time: datetime, **changes: Any) -> dict[str, Any]:
        """Add one of Alice's own, newer than those before it."""
        item = {
            "number": number,
            "url": f"https://api.github.com/repos/{name}/issues/{number}",
            "html_url": f"https://github.com/{name}/issues/{number}",
            "created_at": at(time),
            "comments": 0,
            "user": self.user,
            "repository": {"full_name": name, "private": False},
            "reactions": {"total_count": 0, "+1": 0, "-1": 0, "heart": 0},
            **changes,
        }
        self.issues.insert(0, item)
        return item

    def many(self, number: int) -> None:
        """`number` stars, forks, comments and followers each, an hour apart."""
        self.repository("kite", 1)
        for index in range(number):
            time = START + timedelta(hours=index)
            self.star("kite", 2000 + index, time)
            self.fork("kite", 2000 + index, time)
            self.comment("kite", 2000 + index % 7, time)
            self.followers.append(self.person(2000 + index))

    def route(self, asked: Asked) -> Reply:
        known = asked.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
        if "authorization" in asked.headers and not known:
            return Reply(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
        if asked.headers.get("x-github-api-version") != "2022-11-28" or "user-agent" not in asked.headers:
            return Reply(400, {"message": "Name the version and yourself"})
        limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Reset": str(int(self.resets_at.timestamp()))}
        if self.remaining <= 0:
            said = {"message": "API rate limit exceeded for user ID 1001."}
            return Reply(403, said, {**limits, "X-RateLimit-Remaining": "0"})
        reply = self._answer(asked, known)
        # What has not changed costs nothing.
        self.remaining -= reply.status != 304
        reply.headers |= {**limits, "X-RateLimit-Remaining": str(self.remaining)}
        return reply

    def _answer(self, asked: Asked, known: bool) -> Reply:
        parts = asked.path.strip("/").split("/")
        if parts[0] == "users" and len(parts) == 2:
            found = parts[1].lower() == self.user["login"]
            return Reply(data=self.user) if found else Reply(404, {"message": "Not Found"})
        if not known:
            return Reply(401, {"message": "Requires authentication"})
        if asked.path == "/user":
            return Reply(data=self.user)
        if asked.path == "/user/followers":
            return self._page(asked, self.followers)
        if asked.path == "/user/repos":
            return self._page(asked, [self._counted(item) for item in self.repositories])
        if asked.path == "/issues":
            return self._page(asked, self.issues)
        if parts[0] == "repos" and len(parts) > 3:
            name, what = parts[2], "/".join(parts[3:])
            if name in self.closed:
                return Reply(self.closed[name], {"message": "Repository access blocked"})
            if what == "stargazers":
                starred = "star+json" in asked.headers.get("accept", "")
                items = self.stars.get(name, [])
                return self._page(asked, items if starred else [item["user"] for item in items])
            if what == "forks":
                items = self.forks.get(name, [])
                return self._page(asked, items if asked.param("sort") == "oldest" else items[::-1])
            if what == "issues/comments":
                items = [item for item in self.comments.get(name, []) if self._since(item, asked.param("since"))]
                return self._page(asked, items)
            if what.endswith("/reactions"):
                return self._page(asked, self.reactions.get(asked.path.removeprefix("/repos/"), []))
        return Reply(404, {"message": "Not Found"})

    def _since(self, item: Any, since: str) -> bool:
        return not isinstance(item, dict) or not isinstance(item["updated_at"], str) or item["updated_at"] >= since

    def _counted(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        stars, forks = len(self.stars.get(item["name"], [])), len(self.forks.get(item["name"], []))
        return {"stargazers_count": stars, "forks_count": forks, **item}

    def _page(self, asked: Asked, items: list[Any]) -> Reply:
        size, page = min(int(asked.param("per_page", "30")), 100), int(asked.param("page", "1"))
        part = items[(page - 1) * size : page * size]
        tag = f'W/"{hashlib.sha256(json.dumps(part).encode()).hexdigest()}"'
        headers = {"ETag": tag}
        if asked.headers.get("if-none-match") == tag:
            return Reply(304, body=b"", headers=headers)
        if page * size < len(items):
            rest = [(name, value) for name, value in asked.params if name != "page"]
            headers["Link"] = f'<{self.url}{asked.path}?{urlencode([*rest, ("page", page + 1)])}>; rel="next"'
        return Reply(data=part, headers=headers)
