"""A hold becomes a claim: its address, what was ticked, and the claim itself, all of them or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from perks import addresses, claims, consent
from perks.errors import NotNow
from perks.models import Address, Campaign, Claim


@transaction.atomic
def confirm(
    *,
    claim: Claim,
    user: User,
    address: Mapping[str, str] | None,
    keep: bool,
    ticked: Collection[str],
    at: datetime,
) -> Claim:
    """Confirm a hold; one that was confirmed already is returned as it is.

    address: as postal.cleaned returns it, for what is sent by post; ticked: of consent.FIELDS. Raises HoldOver,
    SoldOut, TermsChanged, NotNow; nothing of what was sent is kept then.
    """
    # One at a time: a second click waits here, and then finds it confirmed.
    claims_now = Claim.objects.select_for_update(of=("self",), no_key=True)
    locked = claims_now.select_related("campaign__brand", "person").get(pk=claim.pk)
    if locked.state in (Claim.State.CLAIMED, Claim.State.REDEEMED):
        return locked
    if locked.campaign.kind == Campaign.Kind.SHIPPED:
        if address is not None:
            addresses.give(claim=locked, address=address, keep=keep, at=at)
        elif not Address.objects.filter(claim=locked).exists():
            raise NotNow(_("Please say where it should be sent."))
    consent.share(claim=locked, user=user, ticked=ticked, at=at)
    return claims.confirm(claim=locked)
