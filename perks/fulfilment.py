"""What follows a claim once it has committed: its parcel, and the brand's own programs that want to know.

Everything goes by the state of the rows. The hook after a commit only makes it quick: what it lost (a process killed,
the broker away) is found by `resume`, which the beat calls, and doing it twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import webhooks
from accounts.models import User, WebhookDelivery, WebhookEndpoint
from accounts.notify import notify
from perks import audit, claims, timeline
from perks.errors import NotNow
from perks.models import Brand, Campaign, Claim, Shipment

log = logging.getLogger(__name__)

State = Shipment.State

# From each state of a parcel to those that may follow.
FOLLOWING: Mapping[str, frozenset[str]] = {
    State.WAITING: frozenset({State.SHIPPED, State.DELIVERED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.RETURNED}),
    State.DELIVERED: frozenset({State.RETURNED}),
    State.RETURNED: frozenset({State.SHIPPED, State.DELIVERED}),
}
# What a brand's programs may be told, with the time of it on the claim.
EVENTS: Mapping[str, tuple[str | Promise, str]] = {
    "perk.claimed": (_("somebody claimed a perk"), "claimed_at"),
    "perk.redeemed": (_("a perk was used"), "redeemed_at"),
    "perk.cancelled": (_("a claim was cancelled"), "ended_at"),
}
# How far back it is looked for what a program was not told.
LOOKED_BACK = timedelta(days=2)
BATCH = 500
LONGEST = 60


def register() -> None:
    """Follow what happens to claims (AppConfig.ready)."""
    for event, (label, _time) in EVENTS.items():
        webhooks.register_event(event, label)
    webhooks.register_owner("brand", webhooks.Owner(users=_owners, page=_page))
    for kind in ("claimed", "redeemed", "cancelled"):
        claims.after(kind, follow)


def owner_of(brand: Brand | int) -> str:
    """As WebhookEndpoint.owner names a brand."""
    return f"brand:{brand.pk if isinstance(brand, Brand) else brand}"


def brand_number(owner: str) -> int | None:
    """The brand that an owner is; None for another kind."""
    kind, _colon, number = owner.partition(":")
    return int(number) if kind == "brand" and number.isascii() and number.isdigit() else None


def _owners(owner: str) -> Iterable[User]:
    number = brand_number(owner)
    return User.objects.filter(is_active=True, brand_memberships__brand=number, brand_memberships__role="owner")


def _page(endpoint: WebhookEndpoint) -> str:
    return reverse("brands:accounts_webhookendpoint_change", args=[endpoint.pk])


# ---------------------------------------------------------------- after a commit, and again


def follow(claim_id: int) -> None:
    """Have a worker do what follows; the claim's number is all that goes through the broker."""
    # By its name: tasks import this.
    current_app.send_task("perks.tasks.fulfil_claim", [claim_id])


def carry_out(*, claim_id: int, at: datetime) -> None:
    """Make the parcel of a claim and tell the brand's programs, as its state has it; harmless to call again."""
    rows = Claim.objects.select_related("campaign", "variant", "tier").filter(pk=claim_id)
    with transaction.atomic():
        # A cancellation waits, or has happened: no parcel is made for what was cancelled meanwhile.
        claim = rows.select_for_update(of=("self",), no_key=True).first()
        if claim is None:
            return
        if claim.state == Claim.State.CLAIMED and claim.campaign.kind == Campaign.Kind.SHIPPED:
            Shipment.objects.get_or_create(claim=claim)
        for event in _events_of(claim):
            tell(claim, event, at)


def _events_of(claim: Claim) -> list[str]:
    """What has happened to a claim; one that was cancelled before anybody confirmed it tells nobody anything."""
    if claim.claimed_at is None:
        return []
    had = ["perk.claimed"]
    if claim.redeemed_at is not None:
        had.append("perk.redeemed")
    if claim.state == Claim.State.CANCELLED:
        had.append("perk.cancelled")
    return had


def tell(claim: Claim, event: str, at: datetime) -> int:
    """Put `event` of a claim into the queue of the brand's webhooks, once for each; how many are new."""
    owner = owner_of(claim.campaign.brand_id)
    about = f"claim:{claim.reference}"
    return webhooks.enqueue(owner=owner, event=event, about=about, payload=payload_of(claim, event), at=at)


def payload_of(claim: Claim, event: str) -> dict[str, Any]:
    """What a program learns: the claim by its reference, and of its person nothing.

    Not even what they ticked: a payload stays in logs on both sides, and they may take it back. The brand's people look
    it up on the claim's page while it stands.
    """
    states = {"perk.claimed": "claimed", "perk.redeemed": "redeemed", "perk.cancelled": "cancelled"}
    happened = getattr(claim, EVENTS[event][1])
    return {
        "claim": str(claim.reference),
        "state": states[event],
        "at": happened.isoformat() if happened else None,
        "campaign": {"id": claim.campaign_id, "title": claim.campaign.title, "kind": claim.campaign.kind},
        "variant": {"id": claim.variant_id, "name": claim.variant.name},
        "tier": claim.tier.name if claim.tier else None,
    }


def resume(*, at: datetime, limit: int = BATCH) -> int:
    """Carry out what was lost on the way: claims without their parcel, events that no program was told of. How many."""
    found = [*_without_parcel()[:limit]]
    for endpoint in WebhookEndpoint.objects.filter(active=True, owner__startswith="brand:"):
        for event in endpoint.events:
            if event in EVENTS:
                found += _untold(endpoint, event, at)[:limit]
    lost = list(dict.fromkeys(found))[:limit]
    for claim_id in lost:
        carry_out(claim_id=claim_id, at=at)
    if lost:
        log.info("fulfilment of %s claims taken up again", len(lost))
    return len(lost)


def _without_parcel() -> QuerySet[Claim, int]:
    shipped = Campaign.objects.filter(kind=Campaign.Kind.SHIPPED).exclude(state__in=["draft", "review", "archived"])
    rows = Claim.objects.filter(campaign__in=shipped, state=Claim.State.CLAIMED)
    return rows.filter(~Exists(Shipment.objects.filter(claim=OuterRef("pk")))).values_list("pk", flat=True)


def _untold(endpoint: WebhookEndpoint, event: str, at: datetime) -> QuerySet[Claim, int]:
    since = max(endpoint.created_at, at - LOOKED_BACK)
    about = Concat(Value("claim:"), Cast(OuterRef("reference"), CharField()), output_field=CharField())
    told = WebhookDelivery.objects.filter(endpoint=endpoint, event=event, about=about)
    rows = Claim.objects.filter(campaign__brand=brand_number(endpoint.owner), claimed_at__isnull=False)
    rows = rows.filter(**{f"{EVENTS[event][1]}__gte": since})
    if event == "perk.cancelled":
        rows = rows.filter(state=Claim.State.CANCELLED)
    return rows.filter(~Exists(told)).order_by("pk").values_list("pk", flat=True)


# ---------------------------------------------------------------- parcels


def to_send() -> QuerySet[Shipment]:
    """Parcels that are to be packed: of claims that stand, whose person is not gone."""
    return Shipment.objects.filter(state=State.WAITING, claim__state=Claim.State.CLAIMED, claim__person__isnull=False)


@transaction.atomic
def move(
    *,
    shipment: Shipment,
    to: str,
    user: User | None,
    at: datetime,
    carrier: str = "",
    tracking: str = "",
    tracking_url: str = "",
    reason: str = "",
    later: bool = False,
) -> bool:
    """Say where a parcel is; its person is told. False where all of it was known already.

    Empty texts leave what is there. later: a worker tells the person, where many are told at once. Raises NotNow where
    that cannot follow, or where the claim was cancelled.
    """
    row = Shipment.objects.select_for_update(of=("self",)).select_related("claim__campaign__brand", "claim__person")
    locked = row.get(pk=shipment.pk)
    claim = locked.claim
    before = {name: getattr(locked, name) for name in ("state", "carrier", "tracking", "tracking_url")}
    given = {"carrier": carrier[:LONGEST], "tracking": tracking[:LONGEST], "tracking_url": tracking_url}
    after = before | {name: text for name, text in given.items() if text} | {"state": to}
    if after == before:
        return False
    if claim.state not in (Claim.State.CLAIMED, Claim.State.REDEEMED):
        raise NotNow(_("The claim was cancelled: nothing is sent for it."))
    if to != before["state"] and to not in FOLLOWING[before["state"]]:
        labels = dict(State.choices)
        raise NotNow(
            _("It is “%(now)s”: it cannot be “%(then)s” next.") % {"now": labels[before["state"]], "then": labels[to]}
        )
    if after["tracking_url"] and urlsplit(after["tracking_url"]).scheme not in ("http", "https"):
        raise NotNow(_("A tracking link begins with https://."))
    for name, text in after.items():
        setattr(locked, name, text)
    if to != State.WAITING and (locked.shipped_at is None or (to == State.SHIPPED and to != before["state"])):
        locked.shipped_at = at
    locked.delivered_at = (locked.delivered_at or at) if to == State.DELIVERED else None
    locked.save()
    # The number of a parcel says nothing of its person, but leads to their door: the log has that it was given.
    changes = {"state": (str(before["state"]), str(to))} if to != before["state"] else {}
    changes |= {name: ("", "given") for name in given if before[name] != after[name]}
    audit.record(
        brand=claim.campaign.brand,
        campaign=claim.campaign,
        user=user,
        action="move parcel",
        about=f"claim {claim.reference}",
        reason=reason,
        changes=changes,
        at=at,
    )
    if to != before["state"]:
        details = {"carrier": locked.carrier} if to == State.SHIPPED and locked.carrier else {}
        timeline.note(claim.pk, to, at, **details)
        if later:
            transaction.on_commit(lambda: _tell_later(locked.pk, to), robust=True)
        else:
            tell_person(shipment=locked)
    return True


def _tell_later(shipment_id: int, state: str) -> None:
    current_app.send_task("perks.tasks.tell_of_parcel", [shipment_id, state])


def tell_person(*, shipment: Shipment) -> None:
    """Tell who claimed it where a parcel is."""
    claim = shipment.claim
    if claim.person is None or shipment.state == State.WAITING:
        return
    notify(
        person=claim.person,
        kind=f"perk_{shipment.state}",
        context={
            "title": claim.campaign.title,
            "brand": claim.campaign.brand.name,
            "carrier": shipment.carrier,
            "url": claim.get_absolute_url(),
        },
    )
