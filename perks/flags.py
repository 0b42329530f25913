"""Claims that look like one person's with several accounts, raised for the staff to look at.

A flag does nothing by itself: nothing is blocked, held up or counted less, and what is equal is more often a household,
a shared office or two phones alike than somebody who cheats. The staff looks at both claims, and decides; only then,
and only for the claims they choose, something is cancelled, with a reason that the person reads. Nobody is told of a
flag that was raised: it says nothing yet. That it is done at all stands on the page of how data is used.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks import audit, claims
from perks.errors import NotNow, PerkError
from perks.models import Address, Claim, Flag

log = logging.getLogger(__name__)

# How far back two claims of one device are looked for; to one door a brand's parcels of a year go.
DEVICE_DAYS = timedelta(days=30)
ADDRESS_DAYS = timedelta(days=365)
# More than this and the flag says no more: a dormitory, a proxy, a whole office.
MOST = 50
# After a claim's campaign ended, or the claim itself where it never does, its hints are forgotten.
HINTS_KEPT = timedelta(days=90)
BATCH = 1000


class NoReason(PerkError):
    code = "no_reason"
    text = _("Please say why: the person whose claim it is will read it.")


def register() -> None:
    """Look at each claim once it is confirmed (AppConfig.ready)."""
    claims.after("claimed", watch)


def watch(claim_id: int) -> None:
    """Have a worker look at a claim; what is missed here is seen with the next claim that is like it."""
    current_app.send_task("perks.tasks.raise_flags", [claim_id])


def look_at(*, claim_id: int, at: datetime) -> int:
    """Raise or add to the flags that a confirmed claim belongs to; how many. Harmless to call again."""
    claim = Claim.objects.select_related("campaign").filter(pk=claim_id, person__isnull=False).first()
    if claim is None or claim.state not in (Claim.State.CLAIMED, Claim.State.REDEEMED):
        return 0
    raised = 0
    address = Address.objects.filter(claim=claim).first()
    if address is not None:
        alike = _of_brand(claim, at - ADDRESS_DAYS).filter(address__fingerprint=address.fingerprint)
        raised += _raise(Flag.Kind.ADDRESS, address.fingerprint, claim, alike, at)
    # One range of addresses is a whole street, and one kind of browser a whole town: only both together say anything.
    if claim.network_hint and claim.device_hint:
        alike = _of_brand(claim, at - DEVICE_DAYS)
        alike = alike.filter(network_hint=claim.network_hint, device_hint=claim.device_hint)
        raised += _raise(Flag.Kind.DEVICE, claim.network_hint + claim.device_hint, claim, alike, at)
    return raised


def _of_brand(claim: Claim, since: datetime) -> QuerySet[Claim]:
    rows = Claim.objects.filter(campaign__brand=claim.campaign.brand_id, person__isnull=False, held_at__gte=since)
    return rows.filter(state__in=(Claim.State.CLAIMED, Claim.State.REDEEMED))


def _raise(kind: str, digest: str, claim: Claim, alike: QuerySet[Claim], at: datetime) -> int:
    if not alike.exclude(person=claim.person_id).exists():
        return 0
    with transaction.atomic():
        # Two workers at once: one makes it, the other adds to it.
        flag, _made = Flag.objects.get_or_create(
            brand_id=claim.campaign.brand_id, kind=kind, digest=digest, defaults={"raised_at": at}
        )
        flag = Flag.objects.select_for_update(no_key=True).get(pk=flag.pk)
        known = set(flag.claims.values_list("pk", flat=True))
        new = [row.pk for row in alike.order_by("-held_at")[:MOST] if row.pk not in known]
        if not new:
            return 0
        flag.claims.add(*new)
        people = Claim.objects.filter(pk__in=known).values("person")
        # What was found to be a household stays one, until somebody else joins it.
        strangers = Claim.objects.filter(pk__in=new).exclude(person__in=people).exists()
        if flag.state != Flag.State.OPEN and strangers:
            flag.state, flag.raised_at = Flag.State.OPEN, at
            flag.save(update_fields=["state", "raised_at"])
    log.info("flag %s: %s claims of a brand are alike", flag.pk, len(known) + len(new))
    return 1


@transaction.atomic
def decide(
    *, flag: Flag, state: str, note: str, cancel: Collection[int], reason: str, user: User, at: datetime
) -> list[Claim]:
    """What the staff found, written down; the claims of the flag with numbers in `cancel` are cancelled.

    `reason` is what the people whose claims these are read. Raises NoReason without it, NotNow for a claim that cannot
    be cancelled or is none of the flag's; nothing is changed then.
    """
    if state not in Flag.State.values:
        raise NotNow()
    locked = Flag.objects.select_for_update().select_related("brand").get(pk=flag.pk)
    chosen = list(locked.claims.select_related("campaign").filter(pk__in=cancel).order_by("pk"))
    if len(chosen) != len(set(cancel)):
        raise NotNow()
    if chosen and not reason.strip():
        raise NoReason()
    if chosen and state != Flag.State.CONFIRMED:
        raise NotNow(_("Claims are only cancelled where it is one person."))
    before = locked.get_state_display()
    locked.state, locked.note, locked.decided_by, locked.decided_at = state, note, user, at
    locked.save(update_fields=["state", "note", "decided_by", "decided_at"])
    audit.record(
        brand=locked.brand,
        user=user,
        action="decide flag",
        about=f"flag {locked.pk}: {len(chosen)} claims cancelled",
        reason=reason,
        changes={"state": (str(before), str(locked.get_state_display()))},
        at=at,
    )
    for claim in chosen:
        claims.cancel(claim=claim, user=user, reason=reason.strip(), at=at)
    return chosen


def forget_hints(*, at: datetime) -> int:
    """Empty the hints of claims that are long over; how many. What was flagged by them keeps its claims."""
    before = at - HINTS_KEPT
    over = Q(campaign__state__in=("ended", "archived"), campaign__changed_at__lt=before) | Q(
        held_at__lt=before - HINTS_KEPT
    )
    rows = Claim.objects.filter(over, held_at__lt=before).exclude(network_hint="", device_hint="")
    forgotten = 0
    while numbers := list(rows.values_list("pk", flat=True)[:BATCH]):
        forgotten += Claim.objects.filter(pk__in=numbers).update(network_hint="", device_hint="")
    return forgotten
