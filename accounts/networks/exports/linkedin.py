"""LinkedIn's data export, as people download it: a table for each subject, told apart by their columns.

Nothing in it gives LinkedIn's own id of its owner: the primary e-mail address stands in for it, hashed, since other
ways to read LinkedIn have it too. Others are known by the vanity name of their address ("in/alice-example"), and where
a table has no addresses by their name ("name:alice example").
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import unquote

from accounts.networks.archive import Archive
from accounts.networks.base import (
    Attached,
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    Record,
    Rejected,
    Tally,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports.tables import Row, columns, records
from accounts.networks.exports.values import dated, in_utc, named
from accounts.networks.words import in_text

# Tables that are looked at; the whole export has about sixty.
MOST = 400
# LinkedIn lets nobody name more than a hundred.
MOST_SKILLS = 200
# What a table is, by columns that no other table has all of.
_KINDS = {
    "connections": ("First Name", "Last Name", "Connected On"),
    "emails": ("Email Address", "Primary"),
    "profile": ("First Name", "Last Name", "Headline"),
    "registration": ("Registered At",),
    "recommendations": ("First Name", "Last Name", "Text", "Creation Date"),
    "endorsements": ("Endorser First Name", "Endorser Last Name"),
    "invitations": ("From", "To", "Direction"),
    "shares": ("Date", "ShareLink"),
    "comments": ("Date", "Link", "Message"),
    "reactions": ("Date", "Type", "Link"),
}
# What an export may hold of these alone shows nothing: other tables of the world have such columns too.
_TELLING = {"connections", "endorsements", "invitations", "shares", "profile"}
_VANITY = re.compile(r"https?://(?:[a-z]{2,3}\.)?linkedin\.com/(in|pub)/([^/?#\s]{1,150})/?(?:[?#].*)?", re.IGNORECASE)
_URN = re.compile(r"urn:li:[a-zA-Z]{2,30}:[0-9]{5,25}")
_ACTIVITY = re.compile(r"[-_](activity|share|ugcPost)-([0-9]{5,25})(?:[-/?]|$)")
_DAY = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]{2})[a-z]*\.? ([0-9]{4})")
_US = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{2}|[0-9]{4})(?:,? ([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})? ?([AP]M)?)?"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def recognises(archive: Archive) -> bool:
    return bool(_TELLING & _tables(archive).keys())


@dated
def read(archive: Archive) -> Iterator[Record]:
    tables = _tables(archive)
    if not _TELLING & tables.keys():
        raise BadArchive(
            f"{archive.label}: is not an export of LinkedIn: no table of it, such as Connections.csv, is in it"
        )
    owner = _owner(archive, tables)
    yield owner
    own = named(owner.name) if owner.name else ""
    if "connections" not in tables:
        # Those of another language are not passed over in silence.
        yield from (
            Rejected(name, "has no columns First Name, Last Name and Connected On; ask for the export in English")
            for name in archive.anywhere("connections.csv")[:1]
        )
    yield from _people(archive, tables, "connections", "connect", "Connected On", own)
    yield from _people(archive, tables, "recommendations", "recommend", "Creation Date", own)
    yield from _people(archive, tables, "endorsements", "endorse", "Endorsement Date", own)
    yield from _own_skills(archive)
    yield from _shares(archive, tables)
    for name in tables.get("invitations", []):
        sent = [row.get("Direction").upper() == "OUTGOING" for row in records(archive, name, "Direction")]
        yield Tally("invitations received", len(sent) - sum(sent))
        yield Tally("invitations sent", sum(sent))
    for kind in ("comments", "reactions"):
        for name in tables.get(kind, []):
            yield Tally(f"own {kind}", sum(1 for _ in records(archive, name, *_KINDS[kind])))


def _tables(archive: Archive) -> dict[str, list[str]]:
    """The tables of the export by kind; of a table that is there twice, the one nearest to the top."""
    found: dict[str, list[str]] = {}
    for name in archive.anywhere("*.csv")[:MOST]:
        have = columns(archive, name)
        for kind, needed in _KINDS.items():
            if all("".join(c for c in column.lower() if c.isalnum()) in have for column in needed):
                # What its owner recommended to others has the same columns as what was received.
                if not (kind == "recommendations" and "given" in name.rpartition("/")[2].lower()):
                    found.setdefault(kind, [name])
                break
    return found


def _owner(archive: Archive, tables: dict[str, list[str]]) -> Owner:
    profile = next((row for row in _all(archive, tables, "profile") if not row.reason), None)
    name = checked_text(f"{profile.get('First Name')} {profile.get('Last Name')}", limit=100) if profile else ""
    about = checked_text(profile.get("Headline"), limit=280) if profile else ""
    registered = next((row.get("Registered At") for row in _all(archive, tables, "registration")), "")
    try:
        registered_at = time_of(registered) if registered else None
    except ValueError:
        registered_at = None
    emails = [row for row in _all(archive, tables, "emails") if row.get("Primary").lower() in ("yes", "true")]
    mail = next((row.get("Email Address").lower() for row in emails), "")
    if re.fullmatch(r"[^@\s]{1,64}@[^@\s]{3,190}", mail):
        owner_id = f"mail:{hashlib.sha256(mail.encode()).hexdigest()[:32]}"
    else:
        try:
            owner_id = named(name)
        except ValueError:
            raise BadArchive(
                f"{archive.label}: does not say whose export it is: neither 'Email Addresses.csv' nor 'Profile.csv' is "
                f"in it; ask LinkedIn for the larger data archive, and upload it as it comes"
            ) from None
        if registered_at:
            owner_id = f"{owner_id} {registered_at:%Y-%m-%dT%H:%M:%SZ}"
    return Owner(owner_id, handle=name, name=name, created_at=registered_at, about=about)


def _people(
    archive: Archive, tables: dict[str, list[str]], kind: str, verb: str, date: str, own: str
) -> Iterator[Record]:
    """Standing relations: each row is somebody who is connected, recommends or endorses, with its date if it is one."""
    for name in tables.get(kind, []):
        read = good = hidden = undated = 0
        actors: set[str] = set()
        for row in records(archive, name, *_KINDS[kind]):
            read += 1
            try:
                if row.reason:
                    raise ValueError(row.reason)  # noqa: TRY301
                actor = actor_of(row)
            except ValueError as error:
                yield Rejected(f"{name}, row {row.number}", str(error))
                continue
            if actor == own:
                yield Rejected(f"{name}, row {row.number}", "names the owner")
                continue
            if not is_shown(row):
                hidden += 1
                continue
            try:
                seen_at = time_of(row.get(date))
            except ValueError:
                seen_at = None
                undated += 1
            good += 1
            actors.add(actor)
            yield Interaction(
                verb, actor, None, actor_handle=actor.removeprefix("name:").removeprefix("in/"), observed_at=seen_at
            )
            if said := words_of(row, kind):
                yield Attached(*said, actor, observed_at=seen_at)
        plural = kind if kind == "connections" else f"{kind} received"
        yield Tally(plural, read)
        if hidden:
            yield Tally(f"{kind} that are not shown", hidden)
        if undated:
            yield Tally(f"{kind} without a usable date", undated)
        # Two connections of one name are two people; one who endorses five skills is one.
        yield Counter(kind, good if kind == "connections" else len(actors))


def words_of(row: Row, kind: str) -> tuple[str, str] | None:
    """(source, words) that a row of endorsements or recommendations puts on its receiver; None where it has none."""
    column, source = {"endorsements": ("Skill Name", "skill"), "recommendations": ("Text", "recommendation")}.get(
        kind, ("", "")
    )
    words = checked_text(row.get(column), limit=20_000 if kind == "recommendations" else 100) if column else ""
    return (source, words) if words else None


def _own_skills(archive: Archive) -> Iterator[Record]:
    """What the owner says that they can: a table of names and nothing else, told by what it is called."""
    for name in archive.anywhere("skills.csv")[:1]:
        names = (checked_text(row.get("Name"), limit=100) for row in records(archive, name, "Name") if not row.reason)
        yield from (Attached("skill", skill, own=True) for skill in islice(filter(None, names), MOST_SKILLS))


def is_shown(row: Row) -> bool:
    """Whether its receiver shows it: what is hidden, pending or refused is not taken for a recommendation."""
    status = (row.get("Status") or row.get("Endorsement Status")).upper()
    return status in ("", "VISIBLE", "ACCEPTED", "SHOWN", "PUBLIC")


def actor_of(row: Row) -> str:
    """Who a row is about: "in/<vanity name>", or "name:<full name>" where it has no address. Raises ValueError."""
    url = row.get("URL") or row.get("Endorser Public Url") or row.get("Recommender Public Url")
    if match := _VANITY.fullmatch(url if re.match("https?://", url, re.IGNORECASE) else f"https://{url}"):
        vanity = unquote(match[2]).lower()
        if vanity.isprintable() and "\ufffd" not in vanity and not re.search(r"[\s/]", vanity):
            return f"{match[1].lower()}/{vanity}"
    first = row.get("First Name") or row.get("Endorser First Name")
    last = row.get("Last Name") or row.get("Endorser Last Name")
    return named(f"{first} {last}")


def _shares(archive: Archive, tables: dict[str, list[str]]) -> Iterator[Record]:
    for name in tables.get("shares", []):
        read = 0
        for row in records(archive, name, *_KINDS["shares"]):
            read += 1
            try:
                if row.reason:
                    raise ValueError(row.reason)  # noqa: TRY301
                post, posted_at = post_id(row.get("ShareLink")), time_of(row.get("Date"))
            except ValueError as error:
                yield Rejected(f"{name}, row {row.number}", str(error))
                continue
            url = row.get("ShareLink")
            words = in_text(row.get("ShareCommentary"), links=[row.get("SharedUrl")])
            yield Post(post, posted_at, url if url.startswith("https://") and len(url) <= 500 else "", *words)
        yield Tally("shares", read)
        yield Counter("posts", read)


def post_id(link: str) -> str:
    """The urn of the post that a link leads to ("urn:li:share:6774"), however it is written. Raises ValueError."""
    text = unquote(link)
    if match := _URN.search(text):
        return match[0]
    if match := _ACTIVITY.search(text):
        return f"urn:li:{match[1]}:{match[2]}"
    raise ValueError(f"ShareLink is {shown(link)}, which names no post")


def time_of(text: str) -> datetime:
    """A date as LinkedIn writes it in one table or another. Raises ValueError."""
    text = text.strip()
    day, american = _DAY.fullmatch(text), _US.fullmatch(text)
    if not day and not american:
        return in_utc(text, "the date")
    try:
        if day:
            time = datetime(int(day[3]), _MONTHS.index(day[2]) + 1, int(day[1]), tzinfo=UTC)
        else:
            time = _american(*(american.groups("") if american else ()))
    except (ValueError, OverflowError):
        raise ValueError(f"the date is {shown(text)}, which is none") from None
    return checked_time(time, "the date")


def _american(month: str, day: str, year: str, hour: str, minute: str, half: str) -> datetime:
    """ "3/15/21, 6:32 PM", as older exports write it."""
    whole_year = int(year) + (2000 if len(year) == 2 else 0)
    of_day = int(hour or 0) % 12 + 12 * (half == "PM") if half else int(hour or 0)
    return datetime(whole_year, int(month), int(day), of_day, int(minute or 0), tzinfo=UTC)


def _all(archive: Archive, tables: dict[str, list[str]], kind: str) -> Iterator[Row]:
    rows: Callable[[str], Iterator[Row]] = lambda name: records(archive, name, *_KINDS[kind])  # noqa: E731
    return (row for name in tables.get(kind, []) for row in rows(name))
