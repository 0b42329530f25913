"""People are told what became of their claims: with a link, never with a code, an address or anybody's reason."""

from __future__ import annotations

from celery import current_app
from django.db import transaction

from accounts.models import Notification
from accounts.notify import notify
from perks import claims
from perks.models import Claim

# By the hook of perks.claims: the kind of message, and the states in which it is (still) true.
TOLD = {
    "claimed": ("perk_claimed", frozenset({Claim.State.CLAIMED, Claim.State.REDEEMED})),
    "redeemed": ("perk_redeemed", frozenset({Claim.State.REDEEMED})),
    "cancelled": ("perk_cancelled", frozenset({Claim.State.CANCELLED})),
}


def register() -> None:
    """Follow what happens to claims (AppConfig.ready)."""
    for kind, follow in (("claimed", _claimed), ("redeemed", _redeemed), ("cancelled", _cancelled)):
        claims.after(kind, follow)


# No partials: Django wants the name of what failed, which a partial has not.
def _claimed(claim_id: int) -> None:
    _have_told(claim_id, "claimed")


def _redeemed(claim_id: int) -> None:
    _have_told(claim_id, "redeemed")


def _cancelled(claim_id: int) -> None:
    _have_told(claim_id, "cancelled")


def _have_told(claim_id: int, happened: str) -> None:
    # By its name: tasks import this. Nobody waits for a mail server to have a claim.
    current_app.send_task("perks.tasks.tell_of_claim", [claim_id, happened])


@transaction.atomic
def tell(*, claim_id: int, happened: str) -> bool:
    """Tell who speaks for the claim's person what `happened` (of TOLD), once; whether they were told now.

    Raises KeyError for anything else. Nobody is told what is no longer so, nor of an offer that was never accepted.
    """
    kind, states = TOLD[happened]
    claim = Claim.objects.select_for_update(of=("self",), no_key=True).filter(pk=claim_id).first()
    if claim is None or claim.person is None or claim.state not in states:
        return False
    url = claim.get_absolute_url()
    if Notification.objects.filter(person=claim.person, kind=kind, url=url).exists():
        return False
    context = {"title": claim.campaign.title, "brand": claim.campaign.brand.name, "url": url}
    notify(person=claim.person, kind=kind, context=context)
    return True
