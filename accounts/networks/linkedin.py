"""LinkedIn's member data portability, for the EEA and Switzerland: who is connected, recommends, endorses and reacts.

Elsewhere its OpenID Connect says who somebody is, and the rest comes from the data export. An account is its primary
e-mail address, hashed ("mail:..."), the one thing that all three know. Others are "in/<vanity>", "name:<full name>"
where no address is given, and "urn:li:..." in the log of changes, which has nothing else. A snapshot has the tables of
the export and is read whole: connections and posts, but endorsements only as they were given, and recommendations of
both directions mixed. Of the changes those are left out that the member made themselves.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    Attached,
    Counter,
    CounterSpec,
    Interaction,
    Network,
    NetworkError,
    OAuth,
    Owner,
    Page,
    Post,
    RateLimited,
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_epoch,
    checked_text,
    shown,
)
from accounts.networks.exports import linkedin as export
from accounts.networks.exports.tables import Row, folded
from accounts.networks.http import Http, NotFound, Rejected4xx
from accounts.networks.words import in_text

# Tables of one page of a snapshot, and changes of one page: LinkedIn gives no more.
TABLES, CHANGES = 10, 50
MOST_PAGES = 1000
# Streams by the domain of the snapshot that they read, the verb and the date of its rows.
_DOMAINS = {
    "connections": ("CONNECTIONS", "connect", "Connected On"),
    "recommendations": ("RECOMMENDATIONS", "recommend", "Creation Date"),
    "endorsements": ("ENDORSEMENTS", "endorse", "Endorsement Date"),
    "posts": ("MEMBER_SHARE_INFO", "", "Date"),
}
_VERBS = {
    "socialActions/likes": "like",
    "socialActions/comments": "reply",
    "instantReposts": "share",
    "endorsement": "endorse",
    "endorsements": "endorse",
    "recommendation": "recommend",
    "recommendations": "recommend",
}
_ACTOR = re.compile(r"urn:li:(?:person|organization):[A-Za-z0-9_-]{1,60}")
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{3,190}")
_DENIED = (
    "LinkedIn gives this only to members in the EEA and Switzerland who allow it; elsewhere, ask LinkedIn for a copy of"
    " your data, and upload it here"
)
_NOT_YET = (
    "LinkedIn has not gathered the data yet, which takes it some minutes after it was allowed to: try again later"
)
_UNCLEAR = (
    "LinkedIn does not say which of {number} recommendations were received and which were given, so that none is"
    " counted; its export keeps them apart: upload that"
)


class Denied(Rejected4xx):
    """The token may not read this: no portability where the member lives, or they did not allow it."""


class LinkedIn(Network):
    spec = Spec(
        slug="linkedin",
        code=4,
        label="LinkedIn",
        verbs=("like", "reply", "share", "mention", "connect", "follow", "recommend", "endorse"),
        counters=(
            CounterSpec("connections", "connections", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("recommendations", "recommendations received", "recommend"),
            CounterSpec("endorsements", "endorsements received", "endorse"),
            CounterSpec("posts", "posts in all"),
        ),
        base_url="https://api.linkedin.com",
        streams=("profile", "connections", "recommendations", "endorsements", "posts", "changes"),
        # The one version of member data portability, whatever other versions LinkedIn has; another is an error.
        headers={"LinkedIn-Version": "202312"},
        api_ids="urn:li:",
        every=24,
        proof="oauth",
        oauth=OAuth(
            provider="openid_connect",
            authorize_url="https://www.linkedin.com/oauth/v2/authorization",
            token_url="https://www.linkedin.com/oauth/v2/accessToken",
            identity=("openid", "profile", "email"),
            collect=("r_dma_portability_3rd_party",),
            login=True,
            revoke_url="https://www.linkedin.com/oauth/v2/revoke",
            lives=60,
        ),
        needs_keys=True,
        reads=(
            "your name and your address at LinkedIn, to know that the account is yours",
            "in the EEA and Switzerland: how many connections you have, who recommended and endorsed you,"
            " and how your posts were received",
            "there also the hashtags and links in your posts, and the skills that others endorsed you for",
        ),
        never=("your messages", "your job applications", "your salary and what recruiters see of you"),
        archive_note=(
            "LinkedIn's export names your connections and who recommended or endorsed you, but not who viewed, "
            "liked or shared your posts. Recommendations that are not shown do not count."
        ),
    )

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        if status == 403:
            return Denied
        if status == 429 and "retry-after" not in headers:
            # Its limits are for a day, which ends at midnight UTC.
            midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
            said = str(data.get("message")) if isinstance(data, dict) else ""
            return RateLimited(midnight, everybody="APPLICATION DAY" in said)
        return None

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield _profile(http, subject)
            return
        if stream not in self.spec.streams:
            raise ValueError(f"LinkedIn has no stream {stream!r}")
        pages = _changes(http, subject, cursor) if stream == "changes" else _snapshot(http, stream, cursor)
        try:
            yield from pages
        except Denied:
            yield Page([Rejected(stream, _DENIED)], cursor, done=True)

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


def _profile(http: Http, subject: Subject) -> Page:
    try:
        said = http.get("/v2/userinfo").data
        user: dict[str, Any] = said if isinstance(said, dict) else {}
    except Denied:
        # A token for the portability alone.
        user = {}
    name, mail = checked_text(user.get("name"), limit=100), user.get("email")
    verified = str(user.get("email_verified")).lower() == "true"
    found = _mail_id(mail) if verified else ""
    if not found or (subject.external_id and found != subject.external_id):
        # The primary address may have changed since; an older one of theirs is as good.
        addresses = _addresses(http)
        known = subject.external_id in [address for address, _ in addresses]
        primary = next((address for address, first in addresses if first), "")
        found = subject.external_id if known else found or primary
    name = name or ("" if user else _name(http))
    if not found:
        raise Unreachable(f"{http.host} does not say which confirmed e-mail address the account has")
    if subject.external_id and found != subject.external_id:
        raise Revoked("the token is of another member of LinkedIn")
    return Page([Owner(found, handle=name, name=name)], {}, done=True)


def _addresses(http: Http) -> list[tuple[str, bool]]:
    """Ids of the member's confirmed addresses, and whether one is the primary; none where portability is denied."""
    found: list[tuple[str, bool]] = []
    try:
        for row in (row for rows, _ in _pages(http, "EMAIL_ADDRESSES", 0) for row in rows if isinstance(row, Row)):
            address = _mail_id(row.get("Email Address"))
            if address and row.get("Confirmed").lower() in ("yes", "true"):
                found.append((address, row.get("Primary").lower() in ("yes", "true")))
    except Denied:
        return []
    except NotFound:
        raise Unreachable(_NOT_YET) from None
    return found


def _name(http: Http) -> str:
    """The member's name, where only the portability gives it."""
    try:
        rows = next(_pages(http, "PROFILE", 0))[0]
    except (NotFound, Denied):
        return ""
    parts = [row.get(part) for row in rows[:1] if isinstance(row, Row) for part in ("First Name", "Last Name")]
    return checked_text(" ".join(parts), limit=100)


def _mail_id(mail: object) -> str:
    """The id of the account with this primary address; "" where it is none."""
    if not isinstance(mail, str) or not _MAIL.fullmatch(mail.strip()):
        return ""
    return f"mail:{hashlib.sha256(mail.strip().lower().encode()).hexdigest()[:32]}"


def _snapshot(http: Http, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
    """One table of the member's data, whole; the cursor is the page to go on from and how many rows were good.

    people: who was named so far, shortened; who endorses five skills is one, as in the export.
    """
    domain, verb, date = _DOMAINS[stream]
    good, unclear = int(cursor.get("good", 0)), int(cursor.get("unclear", 0))
    people = set(cursor.get("people", []))
    try:
        for rows, start in _pages(http, domain, int(cursor.get("start", 0))):
            records: list[Record] = []
            for number, row in enumerate(rows, start=1):
                where = f"{domain}, page {start}, row {number}"
                if not isinstance(row, Row):
                    records.append(Rejected(where, f"{shown(row)} is not a row"))
                    continue
                try:
                    if verb == "recommend" and not _received(row):
                        unclear += 1
                        continue
                    found = _person(row, verb, date) if verb else _share(row, date)
                except ValueError as error:
                    records.append(Rejected(where, str(error)))
                    continue
                if found:
                    good += 1
                    records.append(found)
                if isinstance(found, Interaction) and (said := export.words_of(row, stream)):
                    records.append(Attached(*said, found.actor, observed_at=found.observed_at))
                if isinstance(found, Interaction) and verb != "connect":
                    people.add(hashlib.sha256(found.actor.encode()).hexdigest()[:12])
                    good = len(people)
            yield Page(records, {"start": start + 1, "good": good, "unclear": unclear, "people": sorted(people)})
    except NotFound:
        # There is nothing of it, or LinkedIn has not gathered it yet.
        yield Page([], {}, done=True)
        return
    last: list[Record] = [Rejected(domain, _UNCLEAR.format(number=unclear))] if unclear else []
    # What is not told from what was given is not none.
    last += [Counter(stream, good)] if good or verb in ("", "connect") else []
    yield Page(last, {}, done=True)


def _received(row: Row) -> bool:
    """Whether a recommendation says that it was received: LinkedIn lists those that were given with them."""
    return any(name.startswith("recommender") for name in row.values)


def _person(row: Row, verb: str, date: str) -> Record | None:
    """Who is connected, recommends or endorses; None for whom the member endorsed, and what they do not show."""
    if any(name.startswith("endorsee") for name in row.values) or not export.is_shown(row):
        return None
    actor = export.actor_of(row)
    try:
        seen_at = export.time_of(row.get(date))
    except ValueError:
        seen_at = None
    handle = actor.removeprefix("name:").removeprefix("in/")
    return Interaction(verb, actor, None, actor_handle=handle, observed_at=seen_at)


def _share(row: Row, date: str) -> Record:
    link = row.get("ShareLink")
    fit = link.startswith("https://") and len(link) <= 500
    words = in_text(row.get("ShareCommentary"), links=[row.get("SharedUrl")])
    return Post(export.post_id(link), export.time_of(row.get(date)), link if fit else "", *words)


def _pages(http: Http, domain: str, start: int) -> Iterator[tuple[list[Row | object], int]]:
    """Pages of a snapshot from `start` on, as rows (as they came where they are none) and the page's number.

    LinkedIn counts no pages that can be relied on: after the last one it says that there is no data. Raises NotFound
    where it says so at once.
    """
    for page in range(start, MOST_PAGES):
        params = [("q", "criteria"), ("domain", domain), ("start", str(page)), ("count", str(TABLES))]
        try:
            data = http.get("/rest/memberSnapshotData", params).data
        except NotFound:
            if page:
                return
            raise
        elements = data.get("elements") if isinstance(data, dict) else None
        if not isinstance(elements, list):
            raise Unreachable(f"{http.host}: the snapshot of {domain} is {shown(data)}, without elements")
        if not elements:
            return
        rows: list[Row | object] = []
        for element in elements:
            found = element.get("snapshotData") if isinstance(element, dict) else element
            rows += [_row(item) for item in (found if isinstance(found, list) else [found])]
        yield rows, page
    raise Unreachable(f"{http.host}: the snapshot of {domain} has no end")


def _row(item: object) -> Row | object:
    if not isinstance(item, dict):
        return item
    return Row(0, [], {folded(str(name)): value for name, value in item.items() if isinstance(value, str)})


def _changes(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """What others did, of the last 28 days at first.

    Cursor: the newest time at which LinkedIn wrote a change down that was read (to, milliseconds); while reading also
    where to go on (start) and the newest time of this reading (top).
    """
    to, top, start = (int(cursor.get(name, 0)) for name in ("to", "top", "start"))
    while True:
        params = [("q", "memberAndApplication"), ("count", str(CHANGES)), ("start", str(start))]
        data = http.get("/rest/memberChangeLogs", [*params, *([("startTime", str(to))] if to else [])]).data
        elements = data.get("elements") if isinstance(data, dict) else None
        if not isinstance(elements, list):
            raise Unreachable(f"{http.host}: the changes are {shown(data)}, without elements")
        records: list[Record] = []
        for item in elements:
            if not isinstance(item, dict):
                records.append(Rejected("changes", f"{shown(item)} is not a change"))
                continue
            try:
                top = max(top, int(_time(item.get("processedAt"), "processedAt").timestamp() * 1000))
                records += _change(item)
            except ValueError as error:
                records.append(Rejected(f"change {shown(item.get('id'))}", str(error)))
        start += len(elements)
        if len(elements) < CHANGES:
            yield Page(records, {"to": max(top, to)}, done=True)
            return
        yield Page(records, {"to": to, "top": top, "start": start})


def _change(item: dict[str, Any]) -> list[Record]:
    verb, actor, owner = _VERBS.get(str(item.get("resourceName"))), item.get("actor"), item.get("owner")
    if not verb or item.get("method") not in ("CREATE", "ACTION") or actor == owner:
        return []
    if not isinstance(actor, str) or not _ACTOR.fullmatch(actor):
        raise ValueError(f"actor is {shown(actor)}, not a member of LinkedIn")
    if type(item.get("id")) is not int:
        raise ValueError(f"id is {shown(item.get('id'))}, not the number of a change")
    at = _time(item.get("capturedAt"), "capturedAt")
    if verb in ("endorse", "recommend"):
        return [Interaction(verb, actor, None, observed_at=at)]
    activity = item.get("activity")
    target = activity.get("object") if isinstance(activity, dict) else ""
    try:
        post = export.post_id(target) if isinstance(target, str) and target else ""
    except ValueError:
        post = ""
    return [Interaction(verb, actor, at, post=post, key=f"change:{item['id']}")]


def _time(value: object, what: str) -> datetime:
    """Milliseconds since 1970. Raises ValueError."""
    if type(value) is not int:
        raise ValueError(f"{what} is {shown(value)}, not milliseconds since 1970")
    return checked_epoch(value / 1000, what)
