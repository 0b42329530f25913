"""What a campaign's page tells machines: schema.org's Offer as JSON-LD."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from perks.models import Campaign
from perks.openings import Opening, Phase, last_close, next_window, window_now
from scoring.views.profile_words import in_a_script

AVAILABILITY = {
    Phase.OPEN: "LimitedAvailability",
    Phase.ENTER: "LimitedAvailability",
    Phase.SOON: "PreOrder",
    Phase.SOLD_OUT: "SoldOut",
    Phase.PAUSED: "OutOfStock",
    Phase.ENDED: "Discontinued",
}


def structured(campaign: Campaign, opening: Opening, at: datetime) -> SafeString:
    """The page as JSON for a script element that nobody executes; the campaign with windows and `pictured`."""
    address = f"{settings.SITE_URL}{campaign.get_absolute_url()}"
    window = window_now(campaign, at) or next_window(campaign, at)
    closes = window.closes_at if window else last_close(campaign)
    offered: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Offer",
        "@id": f"{address}#offer",
        "url": address,
        "name": campaign.title,
        "description": campaign.headline or campaign.text[:300],
        # What it costs who gets it; what it is worth stands on the page.
        "price": "0",
        "priceCurrency": campaign.currency,
        "availability": f"https://schema.org/{AVAILABILITY.get(opening.phase, 'Discontinued')}",
        "offeredBy": {
            "@type": "Organization",
            "name": campaign.brand.name,
            "url": f"{settings.SITE_URL}{campaign.brand.get_absolute_url()}",
        },
    }
    if window:
        offered["availabilityStarts"] = window.opens_at.isoformat()
    if closes:
        offered["availabilityEnds"] = closes.isoformat()
    if campaign.countries:
        offered["eligibleRegion"] = list(campaign.countries)
    found: list[dict[str, Any]] = campaign.pictured  # type: ignore[attr-defined]
    if found:
        offered["image"] = [
            f"{settings.SITE_URL}{reverse('perk_picture', args=[campaign.pk, one['id']])}" for one in found
        ]
    return in_a_script(offered)
