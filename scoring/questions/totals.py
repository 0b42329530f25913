"""How often the staff, or a rule, did what, for everybody to read: numbers, no names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scoring.models import ModerationEntry

LOOKING_BACK = timedelta(days=365)
# In the order of the page; what is not named here stands under its own words.
SAID: dict[str, str | Promise] = {
    "hold": _("Held until our staff has looked at it"),
    "show": _("Shown after it was held"),
    "dismiss": _("Reported, and let stand"),
    "remove": _("Removed"),
    "restore": _("Put back after an objection or a second look"),
    "refuse objection": _("Objections turned down"),
    "silence": _("People who may not write for some days"),
    "end silence": _("People who may write again before the time"),
    "revoke": _("Achievements or +K taken back for fraud"),
    "uphold dispute": _("Disputed topics: the words mislead"),
    "close dispute": _("Disputed topics: the words are right in general"),
}


@dataclass(frozen=True, slots=True)
class Total:
    """How often something was done by the staff, and by a rule; action: as the log has it."""

    action: str
    staff: int
    rules: int


def of_a_year(at: datetime) -> list[Total]:
    """The last 365 days by what was done; one query."""
    rows = ModerationEntry.objects.filter(at__gt=at - LOOKING_BACK, at__lte=at).order_by().values("action")
    by_rule = Q(user__isnull=True, action="hold")
    counted = rows.annotate(number=Count("pk"), rules=Count("pk", filter=by_rule))
    found = {row["action"]: (row["number"] - row["rules"], row["rules"]) for row in counted}
    known = [action for action in SAID if action in found]
    return [Total(action, *found[action]) for action in [*known, *sorted(found.keys() - SAID.keys())]]


def words_of(action: str) -> str | Promise:
    """What an action is called on pages; its own words where nobody named it."""
    return SAID.get(action, action.capitalize())
