"""A hold becomes a claim, and a claim is used."""

from __future__ import annotations

import json
from datetime import datetime

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from perks import codes, timeline
from perks.claims import statements
from perks.claims.holding import over
from perks.claims.hooks import tell
from perks.claims.running import TRIES, run, was_faster
from perks.errors import NotNow
from perks.models import Claim, Counter, Redemption


def confirm(*, claim: Claim, at: datetime | None = None) -> Claim:
    """Make a hold a claim, and give it its code where the stock is codes; again, it returns the claim as it is.

    Paused or not, closed or not: a hold is good until its end, by the database's clock. Raises HoldOver; NotNow where
    the terms were not accepted or it was given back; SoldOut where the brand has fewer codes than it said. Brings
    `claim` up to date.
    """
    for attempt in range(TRIES):
        try:
            _confirm(claim, at)
            break
        except DatabaseError as error:
            if attempt + 1 == TRIES or not was_faster(error):
                raise
    claim.refresh_from_db()
    return claim


def _confirm(claim: Claim, at: datetime | None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.CLAIM, {"claim": claim.pk, "at": at})
        row = cursor.fetchone()
        if row is None:
            error = over(claim)
            if claim.state in (Claim.State.CLAIMED, Claim.State.REDEEMED):
                return
            if claim.state == Claim.State.HELD and claim.terms_id is None:
                error = NotNow(_("Please accept the terms first."))
            raise error
        variant, claimed_at, by_codes = row
        if by_codes:
            codes.give(claim.pk, variant, claimed_at)
        timeline.note(claim.pk, "claimed", claimed_at)
        # Last: the row that everybody wants.
        cursor.execute(statements.COUNT_CLAIMED, {"variant": variant})
        tell("claimed", claim.pk)


def redeem(*, claim: Claim, counter: Counter | None, at: datetime | None = None) -> Redemption:
    """A claim is used, once and for all; at a counter of its brand, or None where the brand writes it down itself.

    Raises NotNow where it was used already, is not claimed, is past its use_until, or the counter is another brand's
    or out of use. Brings `claim` up to date.
    """
    campaign = claim.campaign
    if counter is not None and (counter.brand_id != campaign.brand_id or not counter.active):
        raise NotNow(_("This counter does not take it."))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.MOMENT, {"at": at})
        now: datetime = cursor.fetchone()[0]
        if campaign.use_until is not None and now >= campaign.use_until:
            until = date_format(timezone.localtime(campaign.use_until), "DATETIME_FORMAT")
            raise NotNow(_("It could be used until %(date)s.") % {"date": until})
        details = {"counter": counter.name} if counter is not None else {}
        values = {"claim": claim.pk, "counter": counter.pk if counter else None, "details": json.dumps(details)}
        row = run(statements.REDEEM, values | {"at": at})
        claim.refresh_from_db()
        if row is None:
            used = claim.state == Claim.State.REDEEMED
            raise NotNow(_("It was used already.") if used else _("It is not claimed."))
        tell("redeemed", claim.pk)
    return Redemption.objects.select_related("counter").get(pk=row[0])
