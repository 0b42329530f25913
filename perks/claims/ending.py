"""Items go back: a hold that is over or given up, a claim that the brand cancels."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from perks import audit, timeline
from perks.claims import statements
from perks.claims.hooks import tell
from perks.claims.running import run, run_all
from perks.errors import NotNow
from perks.models import Claim, Code, Variant


def release(*, claim: Claim, at: datetime | None = None) -> Claim:
    """Give a hold or an offer back; again, it does nothing more. Raises NotNow for what is claimed or used.

    Brings `claim` up to date.
    """
    row = run(statements.RELEASE, {"claim": claim.pk, "state": Claim.State.RELEASED, "at": at})
    if row is not None:
        tell("released", claim.pk)
        tell("freed", row[1])
    claim.refresh_from_db()
    if row is None and claim.state in (Claim.State.CLAIMED, Claim.State.REDEEMED):
        raise NotNow(_("It is claimed already."))
    return claim


def expire_due(*, at: datetime | None = None, limit: int = 1000) -> int:
    """End the holds that are over, the variants one after the other; returns how many (at most `limit`)."""
    ended = 0
    for (variant,) in sorted(run_all(statements.VARIANTS_DUE, {"at": at})):
        if ended >= limit:
            break
        ended += sweep(variant=variant, at=at, limit=limit - ended)
    return ended


def sweep(*, variant: int, at: datetime | None = None, limit: int = 1000) -> int:
    """End the holds of one variant that are over, and free their stock; returns how many."""
    values = {"variant": variant, "state": Claim.State.EXPIRED, "limit": limit, "at": at}
    statement = statements.SWEEP_PAST_OTHERS if connection.in_atomic_block else statements.SWEEP
    ended = run_all(statement, values)
    for number, _variant in ended:
        tell("expired", number)
    if ended:
        tell("freed", variant)
    return len(ended)


def cancel(*, claim: Claim, user: User | None, reason: str, at: datetime | None = None) -> Claim:
    """The brand or the staff takes a hold or a claim back, and says why; its item goes back into stock.

    A code that was given is never given again: with it the quantity falls by one instead. Written down in the audit;
    the person sees `reason`. Raises NotNow without a reason, and for what is over or used. Brings `claim` up to date.
    """
    if not (reason := reason.strip()):
        raise NotNow(_("Please say why: the person sees it."))
    with transaction.atomic(), connection.cursor() as cursor:
        row = Claim.objects.select_for_update(of=("self",), no_key=True).get(pk=claim.pk)
        if row.state not in (Claim.State.HELD, Claim.State.CLAIMED):
            raise NotNow(_("Only what is held or claimed can be cancelled."))
        cursor.execute(statements.MOMENT, {"at": at})
        ended_at: datetime = cursor.fetchone()[0]
        counted = "held" if row.state == Claim.State.HELD else "claimed"
        Claim.objects.filter(pk=row.pk).update(state=Claim.State.CANCELLED, ended_at=ended_at)
        used_up = Code.objects.filter(claim=row).exists()
        timeline.note(row.pk, "cancelled", ended_at, reason=reason)
        audit.record(
            brand=row.campaign.brand,
            campaign=row.campaign,
            user=user,
            action="cancel claim",
            about=str(row.reference),
            reason=reason,
            changes={"state": (row.state, Claim.State.CANCELLED), "stock": ("", "0" if used_up else "+1")},
            at=ended_at,
        )
        fewer = {"quantity": F("quantity") - 1} if used_up else {}
        Variant.objects.filter(pk=row.variant_id).update(**{counted: F(counted) - 1}, **fewer)
        tell("cancelled", row.pk)
        if not used_up:
            tell("freed", row.variant_id)
    claim.refresh_from_db()
    return claim
