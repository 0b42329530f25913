"""Bing's Webmaster API on 127.0.0.1, for one key.

Written by hand after learn.microsoft.com/bingwebmaster (getting started, JSON protocol; GetUserSites, GetLinkCounts,
ApiErrorCode); nothing here was recorded from a live server.
"""

from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

KEY = "0123456789abcdef0123456789abcdef"
PREFIX = "/webmaster/api.svc/json/"


class FakeBing(Loopback):
    """The key has two verified sites and one that is not. Links are told by pages of three."""

    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.sites: list[Any] = [
            self.site("https://www.Alice.example/"),
            self.site("https://zebra.example/blog/"),
            self.site("https://bob.example/", verified=False),
        ]
        self.links: dict[str, list[Any]] = {"https://www.Alice.example/": [], "https://zebra.example/blog/": []}
        self.error: tuple[int, str] | None = None

    def site(self, url: str, *, verified: bool = True) -> dict[str, Any]:
        return {
            "__type": "Site:#Microsoft.Bing.Webmaster.Api",
            "AuthenticationCode": "A-CODE-THAT-IS-NOBODYS-BUSINESS",
            "DnsVerificationCode": "x.verify.bing.com",
            "IsVerified": verified,
            "Url": url,
        }

    def count(self, number: Any, url: str = "https://www.Alice.example/") -> None:
        row = {
            "__type": "LinkCount:#Microsoft.Bing.Webmaster.Api",
            "Count": number,
            "Url": f"{url}{len(self.links[url])}",
        }
        self.links[url].append(row)

    def route(self, asked: Asked) -> Reply:
        if asked.param("apikey") != self.key:
            return self._error(3, "ERROR!!! InvalidApiKey")
        if self.error:
            return self._error(*self.error)
        if asked.path == f"{PREFIX}GetUserSites":
            return Reply(data={"d": self.sites})
        if asked.path == f"{PREFIX}GetLinkCounts":
            rows = self.links.get(asked.param("siteUrl"))
            if rows is None:
                return self._error(14, "ERROR!!! NotAuthorized")
            start = 3 * int(asked.param("page", "0"))
            total = max(1, -(-len(rows) // 3))
            return Reply(data={"d": {"__type": "LinkCounts", "Links": rows[start : start + 3], "TotalPages": total}})
        return Reply(404, body=b"")

    def _error(self, code: int, message: str) -> Reply:
        return Reply(400, {"ErrorCode": code, "Message": message})
