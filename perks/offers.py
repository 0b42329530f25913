"""An item that is kept for somebody who waited for it or was drawn: who can have one, and what they are told."""

from __future__ import annotations

from datetime import datetime

from accounts import notify
from accounts.models import Person
from perks.models import Campaign, Claim


def may_have(person: Person, campaign: Campaign, at: datetime) -> bool:
    """Whether an offer can be made at all; the score is no longer asked."""
    known = Person.objects.staying().joined().filter(pk=person.pk).exists()
    return not has_all(person, campaign) and known and person.old_enough(at.date())


def has_all(person: Person, campaign: Campaign) -> bool:
    """Whether somebody has as many as one person may have."""
    return Claim.objects.filter(campaign=campaign, person=person, state__in=Claim.ACTIVE).count() >= campaign.per_person


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
