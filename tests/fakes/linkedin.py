"""LinkedIn's API on 127.0.0.1: OpenID Connect's userinfo, and the member data portability of one member.

Written by hand after learn.microsoft.com/linkedin: consumer/integrations/self-serve/sign-in-with-linkedin-v2, and
dma/member-data-portability (member-snapshot-api, member-changelog-api). Nothing here was recorded from a live server.
"""

from datetime import datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "AQX-token-of-alice-that-nobody-may-see"
OWNER = "urn:li:person:alice00001"
SCOPES = {"openid", "profile", "email", "r_dma_portability_3rd_party"}


class FakeLinkedIn(Loopback):
    """Alice's data; `domains` by name, each a list of rows, of which a page holds `page_size`."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: set(SCOPES)}
        self.userinfo: dict[str, Any] = {
            "sub": "782bbtaQ",
            "name": "Alice Archer",
            "given_name": "Alice",
            "family_name": "Archer",
            "locale": {"country": "DE", "language": "en"},
            "email": "Alice@Example.org",
            "email_verified": True,
        }
        self.domains: dict[str, list[Any]] = {}
        self.page_size = 50
        self.changes: list[Any] = []
        self.remaining = 500

    def connect(self, number: int, day: str = "28 Nov 2024", **changes: Any) -> dict[str, Any]:
        row = {
            "First Name": f"Person{number}",
            "Last Name": "Pine",
            "URL": f"https://www.linkedin.com/in/Person-{number}",
            "Email Address": "",
            "Company": "Kites Ltd",
            "Position": "Builder",
            "Connected On": day,
            **changes,
        }
        self.domains.setdefault("CONNECTIONS", []).append(row)
        return row

    def change(self, kind: str, person: int, at: datetime, **changes: Any) -> dict[str, Any]:
        """Add a change of Alice's log, written down a second later."""
        moment = int(at.timestamp() * 1000)
        item = {
            "id": 5000 + len(self.changes),
            "capturedAt": moment,
            "processedAt": moment + 1000,
            "configVersion": 24,
            "owner": OWNER,
            "actor": f"urn:li:person:p{person}",
            "resourceName": kind,
            "resourceId": "6318971194909560123",
            "method": "CREATE",
            "activity": {"actor": f"urn:li:person:p{person}", "object": "urn:li:activity:6318969988023746123"},
            "activityStatus": "SUCCESS",
            **changes,
        }
        self.changes.append(item)
        return item

    def denied(self, what: str) -> Reply:
        said = f"Not enough permissions to access: {what}"
        return Reply(403, {"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": said})

    def route(self, asked: Asked) -> Reply:
        scopes = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            said = "The token used in the request has been revoked by the user"
            return Reply(
                401, {"status": 401, "serviceErrorCode": 65601, "code": "REVOKED_ACCESS_TOKEN", "message": said}
            )
        self.remaining -= 1
        if self.remaining < 0:
            said = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
            return Reply(429, {"status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS", "message": said})
        if asked.path == "/v2/userinfo":
            return Reply(data=self.userinfo) if "openid" in scopes else self.denied("GET /userinfo")
        if asked.headers.get("linkedin-version") != "202312":
            return Reply(
                426, {"status": 426, "code": "NONEXISTENT_VERSION", "message": "Requested version is not active"}
            )
        if not any(scope.startswith("r_dma_portability") for scope in scopes):
            return self.denied("partnerApiMemberSnapshotData.FINDER-criteria")
        if asked.path == "/rest/memberSnapshotData" and asked.param("q") == "criteria":
            return self._snapshot(asked)
        if asked.path == "/rest/memberChangeLogs" and asked.param("q") == "memberAndApplication":
            return self._log(asked)
        return Reply(404, {"status": 404, "message": "No virtual resource found"})

    def _snapshot(self, asked: Asked) -> Reply:
        domain, start = asked.param("domain"), int(asked.param("start", "0"))
        rows = self.domains.get(domain, [])
        if not rows:
            return Reply(404, {"status": 404, "message": "No data found for this domain and memberId."})
        pages = [rows[at : at + self.page_size] for at in range(0, len(rows), self.page_size)]
        if start >= len(pages):
            return Reply(404, {"status": 404, "message": "No data found for this memberId."})
        # It says that there are fewer pages than there are.
        paging = {"start": start, "count": 10, "links": [], "total": 1}
        return Reply(data={"paging": paging, "elements": [{"snapshotDomain": domain, "snapshotData": pages[start]}]})

    def _log(self, asked: Asked) -> Reply:
        since, start = int(asked.param("startTime", "0")), int(asked.param("start", "0"))
        count = min(int(asked.param("count", "10")), 50)
        items = [item for item in self.changes if not self._before(item, since)]
        paging = {"start": start, "count": count, "links": []}
        return Reply(data={"paging": paging, "elements": items[start : start + count]})

    def _before(self, item: Any, since: int) -> bool:
        return isinstance(item, dict) and isinstance(item.get("processedAt"), int) and item["processedAt"] < since
