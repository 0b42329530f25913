"""The page of what becomes of people's data: what is read of each network, who sees what, how to leave, and how often
that was done. Small numbers are not told: they would be about somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import offers
from accounts.models import AccountClaim, DeletionReceipt, OptOut, Person
from accounts.models.links import BROKEN_REST
from accounts.visibility import PARTS
from scoring.models import Suspicion, Tombstone, Trust

# A number below this one is told as "fewer than 5".
FEWEST = 5
KEY = "transparency:counts"
SECONDS = 6 * 60 * 60

COUNTS: Mapping[str, Promise | str] = {
    "left_out": gettext_lazy("fingerprints of accounts that are left out for good (one for an id, one for each name)"),
    "erased": gettext_lazy("accounts erased from everything that was ever counted"),
    "deletions": gettext_lazy("times that a network told us to delete somebody's data, and it was done"),
    "claims_granted": gettext_lazy("accounts moved to the person who proved that they are theirs"),
    "claims_refused": gettext_lazy("claims to somebody else's account refused after a look"),
    "claims_open": gettext_lazy("claims waiting for an answer"),
    "counts_less": gettext_lazy("people of whom some reactions count less, and who are told so"),
    "trusted": gettext_lazy("accounts whose reactions the staff looked at and counts in full"),
}


@require_safe
def data_use(request: HttpRequest) -> HttpResponse:
    """How data is used; the counts are made anew some times a day."""
    context: dict[str, Any] = {
        "here": "data",
        "networks": [
            (network.spec, offers.terms_of(network), kept(network.spec.retain_days)) for network in offers.offered()
        ],
        "counts": [(COUNTS[name], number) for name, number in told_counts()],
        "parts": PARTS.values(),
        "visibilities": Person.Visibility,
        "erase_days": settings.ERASE_AFTER_DAYS,
        "pause_days": BROKEN_REST.days,
        "minimum": FEWEST,
    }
    return render(request, "scoring/data_use.html", context)


def told_counts() -> list[tuple[str, str]]:
    """The names of COUNTS, each with its number as it is told."""
    counts: Mapping[str, int] = cache.get_or_set(KEY, counted, SECONDS) or {}
    return [(name, in_words(counts.get(name, 0))) for name in COUNTS]


def counted() -> dict[str, int]:
    """Every number of COUNTS."""
    states = AccountClaim.State
    claims = AccountClaim.objects.aggregate(
        granted=Count("pk", filter=Q(state=states.GRANTED)),
        refused=Count("pk", filter=Q(state=states.REFUSED)),
        waiting=Count("pk", filter=Q(state__in=[states.OPEN, states.DISPUTED])),
    )
    return {
        "left_out": OptOut.objects.count(),
        "erased": Tombstone.objects.count(),
        "deletions": DeletionReceipt.objects.filter(state=DeletionReceipt.State.DONE).count(),
        "claims_granted": claims["granted"],
        "claims_refused": claims["refused"],
        "claims_open": claims["waiting"],
        "counts_less": Suspicion.objects.values("person").distinct().count(),
        "trusted": Trust.objects.count(),
    }


def in_words(number: int) -> str:
    """A number, or that it is a small one."""
    if number < FEWEST:
        return _("fewer than %(number)s") % {"number": FEWEST}
    return number_format(number, force_grouping=True)


def kept(retain_days: int | None) -> str:
    """How long what was read of a network is kept."""
    if retain_days:
        return _("Read anew or deleted within %(days)s days, as the network asks of us.") % {"days": retain_days}
    return _("Until you remove the account or leave; then it is erased.")
