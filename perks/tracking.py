"""Tracking in: a file in which a brand's fulfilment, or its carrier, says where parcels are."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from accounts.models import User
from perks import audit, fulfilment
from perks.code_files import BadFile, texts_of
from perks.errors import NotNow
from perks.models import Brand, Shipment

State = Shipment.State

MOST_ROWS = 5_000
BATCH = 500
REFUSED_SHOWN = 200

# The columns, by what people and programs call them.
COLUMNS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "reference": r"(claim[ _-]*)?ref(erence|erenz)?|claim|order([ _-]*(id|number|reference))?|bestellnummer",
        "carrier": r"carrier|courier|shipper|versender|paketdienst",
        "tracking": r"tracking([ _-]*(number|no|code|id))?|sendungsnummer",
        "tracking_url": r"tracking[ _-]*(link|url)|link|url",
        "state": r"state|status|zustand",
    }.items()
}
# What a state is called in such a file. "waiting" is how a pick list came out: a number beside it says more.
WORDS: Mapping[str, Sequence[str]] = {
    State.SHIPPED: ("shipped", "sent", "dispatched", "in transit", "on its way", "versendet", "unterwegs"),
    State.DELIVERED: ("delivered", "arrived", "zugestellt"),
    State.RETURNED: ("returned", "came back", "undeliverable", "zurück", "retoure"),
    "": ("", "waiting", "to be sent"),
}
STATES: Mapping[str, str] = {word: str(state) for state, words in WORDS.items() for word in words}


class WrongRow(Exception):
    """Nothing is taken of a row; `str(error)` says why, in the active language."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row of which nothing was taken: its number as people count it, and why, as a sentence."""

    row: int
    reason: str


@dataclass(slots=True)
class Report:
    """What became of a file: rows that changed a parcel, that said nothing new, and (the first of) those refused."""

    file_name: str
    changed: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    refused_number: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file that can be right."""

    number: int
    reference: uuid.UUID
    state: str
    carrier: str
    tracking: str
    tracking_url: str


def take_in(*, file: IO[bytes], name: str, size: int, brands: Iterable[Brand], user: User, at: datetime) -> Report:
    """Take in carriers, tracking numbers, links and states of the parcels of `brands`, by their claims' references.

    Each row stands alone: one that is wrong is reported and keeps no other from being taken. The same file again, or
    an older one, takes nothing back. A number without a state says that the parcel is on its way. Raises BadFile.
    """
    brands = list(brands)
    report = Report(name[:255])
    rows = iter(_rows(file, name, size, report))
    while batch := list(islice(rows, BATCH)):
        parcels = Shipment.objects.filter(
            claim__reference__in=[row.reference for row in batch], claim__campaign__brand__in=brands
        )
        found = {parcel.claim.reference: parcel for parcel in parcels.select_related("claim")}
        for row in batch:
            try:
                changed = _take(row, found.get(row.reference), user, at)
            except (WrongRow, NotNow) as error:
                _refuse(report, row.number, str(error))
            else:
                report.changed += changed
                report.unchanged += not changed
    report.refused.sort(key=lambda refused: refused.row)
    _write_down(report, brands, user, at)
    return report


def _rows(file: IO[bytes], name: str, size: int, report: Report) -> Iterable[Row]:
    heading: dict[str, int] | None = None
    seen: dict[uuid.UUID, int] = {}
    taken = 0
    for number, texts in enumerate(texts_of(file, name=name, size=size), 1):
        if not any(texts):
            continue
        if heading is None:
            heading = _heading(texts)
            continue
        taken += 1
        if taken > MOST_ROWS:
            # What came before is taken: the same file, cut, may come again.
            _refuse(report, number, _("The file has more than 5,000 rows: from here on nothing was read."))
            return
        try:
            row = _row(number, {key: texts[place] for key, place in heading.items() if place < len(texts)})
        except WrongRow as error:
            _refuse(report, number, str(error))
            continue
        if row.reference in seen:
            said = _("The same claim stands in row %(row)s already.") % {"row": seen[row.reference]}
            _refuse(report, number, said)
            continue
        seen[row.reference] = number
        yield row
    if heading is None:
        raise BadFile(_("The file is empty."))


def _refuse(report: Report, number: int, reason: str) -> None:
    report.refused_number += 1
    if len(report.refused) < REFUSED_SHOWN:
        report.refused.append(Refused(number, reason))


def _heading(texts: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, text in enumerate(texts):
        name = next((name for name, pattern in COLUMNS.items() if pattern.fullmatch(text)), "")
        if name:
            found.setdefault(name, place)
    if "reference" not in found or len(found) < 2:
        raise BadFile(
            _("The first row must name the columns: reference, and carrier, tracking number, tracking link or state.")
        )
    return found


def _row(number: int, texts: Mapping[str, str]) -> Row:
    """Raises WrongRow."""
    # Our own lists put an apostrophe before what a spreadsheet would run.
    texts = {name: text[1:] if text[:1] == "'" else text for name, text in texts.items()}
    try:
        reference = uuid.UUID(texts.get("reference", ""))
    except ValueError:
        raise WrongRow(_("This is no reference of a claim.")) from None
    word = " ".join(texts.get("state", "").casefold().split())
    if word not in STATES:
        raise WrongRow(_("This state is not known. Use shipped, delivered or returned."))
    link = texts.get("tracking_url", "")
    if link and not _is_link(link):
        raise WrongRow(_("A tracking link begins with https://."))
    carrier, tracking = texts.get("carrier", ""), texts.get("tracking", "")
    if max(len(carrier), len(tracking)) > fulfilment.LONGEST:
        raise WrongRow(_("The carrier or the tracking number is too long."))
    if not carrier.isprintable() or not tracking.isprintable():
        raise WrongRow(_("There are characters in it that nobody can see."))
    return Row(number, reference, STATES[word], carrier, tracking, link)


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and len(text) <= 200


def _take(row: Row, parcel: Shipment | None, user: User, at: datetime) -> bool:
    """Whether it changed anything. Raises WrongRow, NotNow."""
    if parcel is None:
        # Of another brand is as good as not there.
        raise WrongRow(_("There is no parcel for this claim."))
    return fulfilment.move(
        shipment=parcel,
        to=_next_state(row, parcel),
        user=user,
        at=at,
        carrier=row.carrier,
        tracking=row.tracking,
        tracking_url=row.tracking_url,
        later=True,
    )


def _next_state(row: Row, parcel: Shipment) -> str:
    has_number = bool(row.tracking or row.tracking_url)
    if not row.state:
        return State.SHIPPED if has_number and parcel.state == State.WAITING else parcel.state
    if row.state == State.SHIPPED:
        # What an older file says of a parcel that is there, or back, with the number it had, is no news.
        same = row.tracking in ("", parcel.tracking)
        if parcel.state == State.DELIVERED or (parcel.state == State.RETURNED and same):
            return parcel.state
    return row.state


def _write_down(report: Report, brands: list[Brand], user: User, at: datetime) -> None:
    for brand in brands if report.changed else ():
        audit.record(
            brand=brand,
            user=user,
            action="import tracking",
            about=f"{report.changed} parcels changed, {report.refused_number} rows refused",
            at=at,
        )
