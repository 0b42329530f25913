"""Moves campaigns along with the clock: scheduled ones are live once a window opens, and end when the last has closed.

Only what lists say depends on it: claims and pages look at the windows themselves, so that being late harms nobody.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import Exists, OuterRef

from perks import campaigns
from perks.errors import PerkError
from perks.models import Campaign, Window
from perks.states import State

log = logging.getLogger(__name__)


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
