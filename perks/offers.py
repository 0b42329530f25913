"""What members are told about an item that is kept for them, whether they waited for it or were drawn."""

from __future__ import annotations

from accounts import notify
from perks.models import Claim


def tell_offer(offer: Claim) -> None:
    """Tell the person of `offer` that something is kept for them, and until when; in the transaction that makes it."""
    _tell(offer, "perk_offered", {"variant": offer.variant.name, "url": offer.get_absolute_url()})


def tell_offer_over(offer: Claim) -> None:
    """Tell the person of `offer` that it is no longer kept for them."""
    _tell(offer, "perk_offer_over", {"url": offer.campaign.get_absolute_url()})


def _tell(offer: Claim, kind: str, more: dict[str, str]) -> None:
    # Whoever was erased meanwhile is told nothing.
    if offer.person is None:
        return
    known = {
        "title": offer.campaign.title,
        "brand": offer.campaign.brand.name,
        "until": offer.expires_at,
        "drawn": offer.source == Claim.Source.LOTTERY,
    }
    notify.notify(person=offer.person, kind=kind, context=known | more)
