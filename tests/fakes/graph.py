"""What the Graph APIs of Meta have in common, on 127.0.0.1: tokens, proofs, permissions, fields, pages and errors.

Written by hand after developers.facebook.com (Graph API: overview, field expansion, paginated results, handling errors,
secure requests, rate limits); nothing here was recorded from a live server.
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.fakes.loopback import Asked, Loopback, Reply

SECRET = "a-secret-of-our-app"


def proof_of(token: str) -> str:
    return hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


def stamp(at: datetime) -> str:
    """A time as Meta writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


class FakeGraph(Loopback):
    """`tokens`: whose each is; `granted`: permissions; `version`: how paths begin. `secret`: proofs are demanded.

    `gone`: objects that were taken down. `by_time`: lists are paged by time, as old ones are.
    """

    version = "v25.0"

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, str] = {}
        self.granted: set[str] = set()
        self.objects: dict[str, dict[str, Any]] = {}
        self.secret = False
        self.calls_left = 10_000
        self.regain_minutes = 19
        self.gone: set[str] = set()
        self.most = 100
        self.by_time = False
        # Times in requests are not heeded.
        self.deaf = False
        # Places in lists that were given out before are no longer known.
        self.forgetful = False

    def route(self, asked: Asked) -> Reply:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ") or asked.param("access_token")
        me = self.tokens.get(token)
        if me is None:
            return self.error(190, "Error validating access token: it has been invalidated.", 460)
        if self.secret and asked.param("appsecret_proof") != proof_of(token):
            return self.error(100, "API calls from the server require an appsecret_proof argument")
        self.calls_left -= 1
        if self.calls_left < 0:
            usage = {me: [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": self.regain_minutes}]}
            headers = {"X-App-Usage": '{"call_count":100}', "X-Business-Use-Case-Usage": json.dumps(usage)}
            return self.error(32, "Page request limit reached", headers=headers)
        path = asked.path.removeprefix(f"/{self.version}/")
        if path == asked.path:
            return self.error(2500, "Unknown path components")
        name, _, edge = path.partition("/")
        name = me if name == "me" else name
        if name not in self.objects or name in self.gone:
            return self.error(100, f"Unsupported get request. Object with ID '{name}' does not exist", 33)
        return self.answer(me, name, edge, asked)

    def answer(self, me: str, name: str, edge: str, asked: Asked) -> Reply:
        raise NotImplementedError

    def needs(self, permission: str) -> Reply | None:
        if permission in self.granted:
            return None
        return self.error(10, f"(#10) This endpoint requires the '{permission}' permission")

    def error(
        self, code: int, message: str, subcode: int = 0, status: int = 400, headers: dict[str, str] | None = None
    ) -> Reply:
        error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Abc"}
        if subcode:
            error["error_subcode"] = subcode
        return Reply(status, {"error": error}, headers or {})

    def page(self, items: list[dict[str, Any]], asked: Asked, when: str = "") -> Reply:
        """A page of `items` with the fields asked for; addresses of the next lead elsewhere and hold a token."""
        if when and asked.param("since") and not self.deaf:
            start = datetime.fromtimestamp(int(asked.param("since")), UTC)
            items = [item for item in items if not _is_before(item.get(when), start)]
        size = min(int(asked.param("limit", "25")), self.most)
        place = asked.param("__paging_token" if self.by_time else "after")
        if place and (self.forgetful or not place.startswith("p")):
            return self.error(100, "(#100) Invalid cursor")
        start_at = int(place[1:] or "0") if place else 0
        rows = [self.fields(item, asked.param("fields")) for item in items[start_at : start_at + size]]
        paging: dict[str, Any] = {}
        if rows and not self.by_time:
            paging["cursors"] = {"before": f"p{start_at}", "after": f"p{start_at + size}"}
        if start_at + size < len(items):
            place = f"p{start_at + size}"
            way = {"until": "1700000000", "__paging_token": place} if self.by_time else {"after": place}
            query = urlencode({"access_token": "a-token-that-leads-elsewhere", **way})
            paging["next"] = f"https://graph.evil.example/next?{query}"
        return Reply(data={"data": rows, "paging": paging} if paging else {"data": rows})

    def fields(self, item: dict[str, Any], fields: str) -> dict[str, Any]:
        """`item` with the fields asked for alone, as far as it has them, and its id."""
        names = {re.split(r"[.{]", name)[0] for name in re.split(r",(?![^{]*\})", fields)} | {"id"}
        return {name: value for name, value in item.items() if name in names}


def _is_before(value: object, start: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(value)) < start
    except ValueError:
        return False
