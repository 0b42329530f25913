"""What people say of a perk, on its page: {% load reviews %}{% reviews_of campaign %}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils import timezone

from perks import reviews
from perks.models import Campaign

register = template.Library()

A_PAGE = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """So many gave so many stars; share: of all who gave stars, 0 to 100."""

    stars: int
    number: int
    share: int


@register.inclusion_tag("perks/_reviews.html", takes_context=True)
def reviews_of(context: dict[str, Any], campaign: Campaign) -> dict[str, Any]:
    """The reviews of `campaign`, newest first, a page of A_PAGE at a time (?reviews=2); two queries."""
    request = context["request"]
    asked = request.GET.get("reviews", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 6 else 1
    counts = reviews.distribution(campaign)
    rated = sum(amount for stars, amount in counts.items() if stars is not None)
    total = sum(counts.values())
    last = max(1, -(-total // A_PAGE))
    number = min(number, last)
    start = (number - 1) * A_PAGE
    shown = reviews.shown(campaign, request.user, timezone.now().date())
    rows: list[Any] = list(shown[start : start + A_PAGE]) if total else []
    for row in rows:
        row.first_name = row.known_as.split()[0] if row.known_as.split() else ""
    bars = [Bar(stars, amount, round(100 * amount / rated)) for stars, amount in counts.items() if stars and rated]
    return {
        "campaign": campaign,
        "user": request.user,
        "rows": rows,
        "total": total,
        "rated": rated,
        "average": reviews.average(counts),
        "bars": bars if rated >= reviews.ENOUGH else [],
        "enough": reviews.ENOUGH,
        "page": number,
        "newer": number - 1 if number > 1 else None,
        "older": number + 1 if number < last else None,
    }
