"""Moves campaigns along with the clock: scheduled ones are live once a window opens, and end when the last has closed.

Only what lists say depends on it: claims and pages look at the windows themselves, so that being late harms nobody.
A team is told when little is left of what it gives.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Sum
from django.urls import reverse
from django.utils.translation import gettext_noop

from perks import audit, campaigns
from perks.errors import PerkError
from perks.models import AuditEntry, Campaign, Window
from perks.states import CLAIMABLE, State
from perks.team_mail import tell_team

log = logging.getLogger(__name__)

# Fewer than so many of a hundred are left: time to add some.
LOW = 10


def follow(at: datetime) -> dict[str, int]:
    """Do what is due at `at`; in numbers. Safe to be run twice, and by two at once."""
    return {**move_due(at), "low": tell_of_low_stock(at)}


def move_due(at: datetime) -> dict[str, int]:
    """Move what is due at `at`; how many went live and how many ended. Safe to be run twice, and by two at once.

    A paused one stays so after its last window: the brand may be about to add another one.
    """
    windows = Window.objects.filter(campaign=OuterRef("pk"))
    running = Campaign.objects.filter(state__in=[State.SCHEDULED, State.LIVE], is_template=False)
    over = running.filter(Exists(windows), ~Exists(windows.filter(closes_at__gt=at)))
    ended = sum(_move(campaign, State.ENDED, at) for campaign in over.order_by("pk"))
    opened = running.filter(Exists(windows.filter(opens_at__lte=at, closes_at__gt=at)), state=State.SCHEDULED)
    return {"live": sum(_move(campaign, State.LIVE, at) for campaign in opened.order_by("pk")), "ended": ended}


def _move(campaign: Campaign, to: State, at: datetime) -> bool:
    try:
        campaigns.move(campaign=campaign, to=to, user=None, at=at)
    except PerkError as error:
        # Somebody was faster: paused, ended or moved by another worker.
        log.info("campaign %s was not moved to %s: %s", campaign.pk, to, error.code)
        return False
    return True


def is_low(left: int, quantity: int) -> bool:
    return quantity > 0 and left * 100 < quantity * LOW


def tell_of_low_stock(at: datetime) -> int:
    """Mail the teams of running campaigns of which little is unclaimed, once for each size of the stock; how many."""
    running = Campaign.objects.filter(state__in=CLAIMABLE, is_template=False, brand__suspended=False)
    counted = (
        running.filter(Exists(Window.objects.filter(campaign=OuterRef("pk"), opens_at__lte=at, closes_at__gt=at)))
        .annotate(quantity=Sum("variants__quantity"), left=Sum(F("variants__quantity") - F("variants__claimed")))
        .filter(quantity__gt=0, left__lte=F("quantity") / LOW)
    )
    rows = counted.order_by("pk").values_list("pk", "left", "quantity")
    return sum(_tell_low(number, left, quantity, at) for number, left, quantity in rows if is_low(left, quantity))


@transaction.atomic
def _tell_low(number: int, left: int, quantity: int, at: datetime) -> bool:
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("brand")
    campaign, said = rows.get(pk=number), "low stock"
    if AuditEntry.objects.filter(campaign=campaign, action=said, changes__quantity__0=str(quantity)).exists():
        return False
    changes = {"quantity": (str(quantity), str(quantity)), "left": ("", str(left))}
    audit.record(
        brand=campaign.brand, campaign=campaign, user=None, action=said, about=campaign.title, changes=changes, at=at
    )
    tell_team(
        brand=campaign.brand,
        template="campaign_low",
        subject=gettext_noop("Little is left of “%(title)s”"),
        path=f"{reverse('brands:perks_campaign_change', args=[campaign.pk])}?step=stock",
        context={"title": campaign.title, "brand": campaign.brand.name, "left": left, "quantity": quantity},
    )
    return True
