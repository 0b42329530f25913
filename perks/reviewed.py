"""That somebody reviewed a perk, told to the log of what members do here: once for each claim, whatever it says.

Neither stars nor words go there, so that nothing can hang on them. What was written counts as written even when it is
withdrawn later. The hook after the commit only makes it quick: the timeline keeps that a review was written, and the
daily sweep makes up for what was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import QuerySet

from perks.models import ClaimEvent
from scoring import deeds
from scoring.deeds import Deed

# How far back the sweep looks.
LOOKED_BACK = timedelta(days=30)
BATCH = 5000


def follow(claim_id: int) -> None:
    """Have a worker tell the log once this transaction commits; only the claim's number goes through the broker."""
    # By its name: tasks import this.
    transaction.on_commit(lambda: current_app.send_task("perks.tasks.record_review", [claim_id]), robust=True)


def record(*, claim_id: int, at: datetime) -> int:
    """Tell the log of the claim's review; 0 where it knows, where there was none, or its person was erased."""
    return _tell(_written(ClaimEvent.objects.filter(claim=claim_id)), at)


def sweep(*, at: datetime) -> int:
    """Tell the log of all reviews of the last LOOKED_BACK that it does not know; how many."""
    waiting = ClaimEvent.objects.filter(at__gt=at - LOOKED_BACK, at__lte=at)
    return _tell(_written(waiting), at)


def _written(events: QuerySet[ClaimEvent]) -> Iterable[tuple[int, int, int, int, datetime]]:
    """claim, person, campaign, brand and time of each review that `events` tell of, the first of a claim first."""
    rows = events.filter(kind="reviewed", claim__person__isnull=False)
    named = ("claim_id", "claim__person_id", "claim__campaign_id", "claim__campaign__brand_id", "at")
    return rows.order_by("at", "pk").values_list(*named).iterator(BATCH)


def _tell(written: Iterable[tuple[int, int, int, int, datetime]], at: datetime) -> int:
    # The key is the claim's: of one that was withdrawn and written anew the first stands.
    found = [
        Deed("review", person, None, f"campaign:{campaign}", f"review:{claim}", when, brand=brand)
        for claim, person, campaign, brand, when in written
    ]
    return deeds.record(found, at) if found else 0
