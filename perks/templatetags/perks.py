"""How pages write perks: money, times from now, and the perks within reach on the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_timedelta
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts.models import Person
from perks import marketplace, money
from perks.eligibility.words import language_name as language_name
from perks.eligibility.words import network_name as network_name
from perks.eligibility.words import place_name as place_name

register = template.Library()

WITHIN_REACH = 3

for named in (language_name, network_name, place_name):
    register.filter(named)


@register.filter
def of(counts: Mapping[str, int], name: str) -> int:
    """{{ counts|of:"for-me" }}: names with a hyphen are no attributes."""
    return counts.get(name, 0)


@register.filter
def money_in(amount: Decimal, currency: str) -> str:
    """{{ campaign.value|money_in:campaign.currency }}"""
    return money.written(amount, currency)


@register.filter
def from_now(at: datetime) -> str:
    """How far a time is from now, roughly: in 2 days, 3 hours ago."""
    locale = Locale.parse(get_language() or settings.LANGUAGE_CODE, sep="-")
    return format_timedelta(at - timezone.now(), add_direction=True, threshold=1.2, locale=locale)


@register.simple_tag
def share_line(share: float) -> SafeString:
    """A bar as long as `share` (0 to 100), which stands in words beside it."""
    return format_html(
        '<svg class="share-line" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ground" width="100" height="8"/><rect class="full" width="{}" height="8"/></svg>',
        f"{share:.1f}",
    )


@register.inclusion_tag("perks/_within_reach.html")
def perks_within_reach(person: Person) -> dict[str, Any]:
    """A few perks that `person` qualifies for, open now or soon; where there are none, those that are nearest."""
    at = timezone.now()
    offers, qualifies = marketplace.within_reach(person, at, WITHIN_REACH)
    return {"offers": offers, "qualifies": qualifies, "person": person}
