"""What happened to a claim, line by line, in sentences to its person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from perks.models import ClaimEvent

NAMES = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of line: its sentence with what it names, and the one for where a name lacks ("": there is none)."""

    text: str | Promise
    plain: str | Promise = ""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(NAMES.findall(str(self.text)))


# What a line names is no secret: no code, no address, nothing of the person's own.
EVENTS: Mapping[str, Event] = {
    "held": Event(_("Held for you until %(until)s."), _("Held for you.")),
    "offered": Event(_("Your turn on the waiting list: kept for you until %(until)s."), _("Kept for you.")),
    "drawn": Event(_("You were drawn: kept for you until %(until)s."), _("You were drawn.")),
    "accepted": Event(_("You accepted version %(version)s of the terms."), _("You accepted the terms.")),
    "extended": Event(_("You took more time, until %(until)s."), _("You took more time.")),
    "claimed": Event(_("You claimed it.")),
    "address_given": Event(_("You said where it should go.")),
    "address_changed": Event(_("You changed where it should go.")),
    "address_purged": Event(_("Your address was deleted here.")),
    "shared": Event(_("You let the brand have %(field)s."), _("You let the brand have something of yours.")),
    "withdrawn": Event(_("You took back %(field)s."), _("You took back something of yours.")),
    "shipped": Event(_("It is on its way, with %(carrier)s."), _("It is on its way.")),
    "delivered": Event(_("It was delivered.")),
    "returned": Event(_("It came back to the sender.")),
    "redeemed": Event(_("Used: %(counter)s."), _("Used.")),
    "reviewed": Event(_("You wrote a review.")),
    "posted": Event(_("You noted a post about it.")),
    "problem": Event(_("You reported a problem: %(problem)s."), _("You reported a problem.")),
    "answered": Event(_("Your problem was answered.")),
    "released": Event(_("You gave it back.")),
    "expired": Event(_("It was not confirmed in time, and went back.")),
    "cancelled": Event(_("The brand cancelled it: %(reason)s"), _("The brand cancelled it.")),
}
# Names whose values are times.
TIMES = frozenset({"until"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline as it is shown."""

    kind: str
    text: str
    at: datetime


def note(claim_id: int, kind: str, at: datetime, **details: Any) -> ClaimEvent:
    """Write a line, in the caller's transaction. Times in `details` are datetimes with a zone.

    Raises KeyError for an unknown kind, ValueError for details that its sentence does not name.
    """
    strange = details.keys() - EVENTS[kind].names
    if strange:
        raise ValueError(f"a line of kind {kind!r} does not name {', '.join(sorted(strange))}")
    kept = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in details.items()}
    return ClaimEvent.objects.create(claim_id=claim_id, kind=kind, details=kept, at=at)


def sentences(events: Iterable[ClaimEvent]) -> list[Line]:
    """`events` in words, in the active language and zone; kinds that are no longer known are passed over."""
    return [Line(event.kind, _sentence(event), event.at) for event in events if event.kind in EVENTS]


def _sentence(event: ClaimEvent) -> str:
    kind = EVENTS[event.kind]
    known = {name: _written(name, event.details.get(name)) for name in kind.names}
    return str(kind.text) % known if all(known.values()) else str(kind.plain or kind.text)


def _written(name: str, value: Any) -> str:
    if not value:
        return ""
    if name in TIMES:
        return date_format(timezone.localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")
    if name == "field":
        # By its slug in the row; in words in the reader's language.
        return str(FIELD_NAMES.get(value, ""))
    return str(value)


# As perks.consent names them.
FIELD_NAMES: Mapping[str, str | Promise] = {
    "name": _("your name"),
    "email": _("your e-mail address"),
    "handle": _("your profile here"),
    "networks": _("the accounts that you have linked"),
}
