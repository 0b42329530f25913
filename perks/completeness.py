"""What a campaign lacks before people may see it: sentences for its brand, each with the step that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from perks.models import Campaign
from perks.models.windows import SHORTEST, Window

Kind = Campaign.Kind
# Steps of the brands' pages, in their order.
OFFER, AUDIENCE, STOCK, WINDOWS = "offer", "audience", "stock", "windows"
# Of which each item is a code that the brand uploads; of which the time and the place matter; of which the tiers do.
WITH_CODES = frozenset({Kind.CODE})
WITH_A_PLACE = frozenset({Kind.EVENT, Kind.LOUNGE, Kind.VOUCHER})
WITH_TIERS = frozenset({Kind.DISCOUNT, Kind.LOUNGE})


@dataclass(frozen=True, slots=True)
class Lack:
    """step: where it is mended (OFFER ...); text: a sentence in the active language; lasting: no matter of the hour."""

    step: str
    text: str
    lasting: bool = True


def lacks(campaign: Campaign, at: datetime) -> list[Lack]:
    """Everything that `campaign` lacks at `at`, in the order of the steps; [] where nothing does."""
    return [*_of_offer(campaign, at), *_of_stock(campaign), *_of_windows(campaign, at)]


def _of_offer(campaign: Campaign, at: datetime) -> Iterator[Lack]:
    if not campaign.title.strip():
        yield Lack(OFFER, _("It has no title."))
    if not campaign.text.strip():
        yield Lack(OFFER, _("There is no text that says what people get."))
    if any(not picture.alternative.strip() for picture in campaign.pictures.all()):
        yield Lack(OFFER, _("A picture has no words for those who cannot see it."))
    if campaign.kind in WITH_A_PLACE and not campaign.place.strip():
        yield Lack(OFFER, _("It does not say where it can be used or takes place."))
    if campaign.kind == Kind.EVENT:
        if campaign.takes_place_at is None:
            yield Lack(OFFER, _("It does not say when the event takes place."))
        elif campaign.takes_place_at <= at:
            yield Lack(OFFER, _("The event is over already."), lasting=False)
    if campaign.use_until is not None and campaign.use_until <= at:
        yield Lack(OFFER, _("The time in which it can be used is over already."), lasting=False)
    if campaign.kind in WITH_TIERS and not campaign.tiers.all():
        yield Lack(OFFER, _("It has no tiers that say what somebody gets from which score on."))


def _of_stock(campaign: Campaign) -> Iterator[Lack]:
    variants = list(
        campaign.variants.annotate(unused=Count("codes", filter=Q(codes__given_at__isnull=True))).order_by("place")
    )
    if sum(variant.quantity for variant in variants) == 0:
        yield Lack(STOCK, _("There is nothing to give: the stock is empty."), lasting=False)
    if campaign.kind in WITH_CODES:
        wanting = sum(max(0, variant.quantity - variant.claimed - variant.unused) for variant in variants)
        if wanting:
            yield Lack(
                STOCK,
                ngettext(
                    "%(number)s code is missing: there are more items than codes.",
                    "%(number)s codes are missing: there are more items than codes.",
                    wanting,
                )
                % {"number": wanting},
            )


def _of_windows(campaign: Campaign, at: datetime) -> Iterator[Lack]:
    terms = campaign.terms
    if terms is None or not terms.text.strip():
        yield Lack(WINDOWS, _("It has no terms."))
    if terms is None or not terms.disclosure.strip():
        yield Lack(WINDOWS, _("It does not say how people tell others that they got it for nothing."))
    windows = list(campaign.windows.all())
    if not any(window.closes_at > at for window in windows):
        yield Lack(WINDOWS, _("It has no window that is still to come."), lasting=False)
    for number, window in enumerate(windows, 1):
        if window.closes_at - window.opens_at < SHORTEST and not window.short_reason.strip():
            yield Lack(
                WINDOWS, _("Window %(number)s is open for less than 24 hours and says no reason.") % {"number": number}
            )
        if window.kind == Window.Kind.STAGGERED and not window.stages:
            yield Lack(WINDOWS, _("Window %(number)s is staggered and has no stages.") % {"number": number})
    last = max((window.closes_at for window in windows), default=None)
    if last is not None and campaign.use_until is not None and campaign.use_until < last:
        yield Lack(WINDOWS, _("A window closes after the perk can no longer be used."))
    if last is not None and campaign.kind == Kind.EVENT and campaign.takes_place_at and campaign.takes_place_at < last:
        yield Lack(WINDOWS, _("A window closes after the event has begun."))
