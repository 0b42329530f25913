"""A wiki on 127.0.0.1, with Wikimedia's page views beside it.

Written by hand after mediawiki.org (API: Query, Backlinks, Links, Extlinks, Pageprops, Search, Logevents, Userinfo,
Continue, Errors and warnings, Maxlag) and wikitech.wikimedia.org (Analytics/AQS/Pageviews); nothing here was recorded
from a live server.
"""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "a-token-of-alice-that-nobody-may-see"
VIEWS = "/api/rest_v1/metrics/pageviews/per-article/en.wikipedia/all-access/user/"


class FakeWikipedia(Loopback):
    """A wiki with one article, of which Ada is another name, and one editor, Alice Example."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.user: dict[str, Any] = {"id": 7, "name": "Alice Example", "registrationdate": "2010-05-06T07:08:09Z"}
        self.title = "Ada Lovelace"
        self.redirects = {"Ada": "Ada Lovelace"}
        self.page: dict[str, Any] = {
            "pageid": 974,
            "ns": 0,
            "title": self.title,
            "pageprops": {"wikibase_item": "Q7259"},
        }
        self.backlinks: list[str] = []
        self.links: list[str] = []
        self.extlinks = ["https://alice.example/", "https://archive.example/x"]
        self.totalhits = 0
        self.thanks: list[dict[str, Any]] = []
        self.views: dict[date, int] = {}
        # Errors to answer with, one for each question, as (code, headers).
        self.errors: list[tuple[str, dict[str, str]]] = []

    def thank(self, user: str, at: datetime, **changes: Any) -> dict[str, Any]:
        """Add thanks, newer than all before, and return them (so that a test may spoil them)."""
        event = {"logid": 1000 + len(self.thanks), "user": user, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.thanks.append(event | changes)
        return self.thanks[-1]

    def route(self, asked: Asked) -> Reply:
        if asked.path.startswith(VIEWS):
            return self._views(asked)
        if asked.path != "/w/api.php":
            return Reply(404, body=b"<html>Not found</html>")
        if self.errors:
            code, headers = self.errors.pop(0)
            return self._error(code, headers)
        if asked.headers.get("authorization") not in (None, f"Bearer {self.token}"):
            return self._error("mwoauth-invalid-authorization", {})
        if asked.param("action") != "query" or asked.param("formatversion") != "2" or not asked.param("maxlag"):
            return self._error("missingparam", {})
        if asked.param("meta") == "userinfo":
            known = "authorization" in asked.headers
            return self._query({"userinfo": self.user if known else {"id": 0, "name": "192.0.2.1", "anon": True}})
        if asked.param("list") == "backlinks":
            rows = [{"pageid": number, "ns": 0, "title": title} for number, title in enumerate(self.backlinks)]
            return self._listed(asked, "backlinks", rows, "bl", known=asked.param("bltitle") == self.title)
        if asked.param("list") == "search":
            known = asked.param("srsearch") == f'linksto:"{self.title}"'
            return self._query({"searchinfo": {"totalhits": self.totalhits if known else 0}, "search": []})
        if asked.param("list") == "logevents":
            return self._thanks(asked)
        return self._page(asked)

    def _page(self, asked: Asked) -> Reply:
        query: dict[str, Any] = {}
        pages = []
        for title in asked.param("titles").split("|"):
            end = title
            if title in self.redirects and asked.param("redirects"):
                end = self.redirects[title]
                query.setdefault("redirects", []).append({"from": title, "to": end})
            pages.append(dict(self.page) if end == self.title else {"ns": 0, "title": end, "missing": True})
        if asked.param("prop") == "links":
            return self._listed(asked, "links", [{"ns": 0, "title": title} for title in self.links], "pl", pages=pages)
        if asked.param("prop") == "extlinks":
            return self._listed(asked, "extlinks", [{"url": url} for url in self.extlinks], "el", pages=pages)
        return self._query({**query, "pages": pages})

    def _listed(
        self,
        asked: Asked,
        name: str,
        rows: list[Any],
        prefix: str,
        *,
        known: bool = True,
        pages: list[Any] | None = None,
    ) -> Reply:
        limit, start = (
            int(asked.param(f"{prefix}limit", "10")),
            int(asked.param(f"{prefix}continue", "0|0").split("|")[1]),
        )
        if limit > 500:
            return self._error("toohigh", {})
        part = rows[start : start + limit] if known else []
        further = {"continue": {f"{prefix}continue": f"0|{start + limit}", "continue": "-||"}}
        further = further if known and start + limit < len(rows) else {}
        if pages is None:
            return self._query({name: part}, further)
        return self._query({"pages": [{**pages[0], **({name: part} if part else {})}]}, further)

    def _thanks(self, asked: Asked) -> Reply:
        if asked.param("letitle") != f"User:{self.user['name']}" or asked.param("ledir") != "newer":
            return self._query({"logevents": []})
        rows = [event for event in self.thanks if str(event["timestamp"]) >= asked.param("lestart")]
        start, limit = int(asked.param("lecontinue", "x|0").split("|")[1]), int(asked.param("lelimit", "10"))
        more = (
            {"continue": {"lecontinue": f"x|{start + limit}", "continue": "-||"}} if start + limit < len(rows) else {}
        )
        return self._query({"logevents": rows[start : start + limit]}, more)

    def _views(self, asked: Asked) -> Reply:
        article, _, first, last = asked.path.removeprefix(VIEWS).split("/")
        day, end = (datetime.strptime(text, "%Y%m%d").date() for text in (first, last))
        rows = []
        while day <= end:
            if unquote(article) == self.title.replace(" ", "_") and day in self.views:
                stamp = f"{day:%Y%m%d}00"
                rows.append({"article": article, "timestamp": stamp, "agent": "user", "views": self.views[day]})
            day += timedelta(days=1)
        return Reply(data={"items": rows}) if rows else Reply(404, {"title": "Not found.", "detail": "no data"})

    def _query(self, query: dict[str, Any], more: dict[str, Any] | None = None) -> Reply:
        return Reply(data={**({"batchcomplete": True} if not more else {}), **(more or {}), "query": query})

    def _error(self, code: str, headers: dict[str, str]) -> Reply:
        error = {"code": code, "info": f"{code} happened", "docref": "See /w/api.php"}
        return Reply(data={"error": error}, headers={"MediaWiki-API-Error": code, **headers})
