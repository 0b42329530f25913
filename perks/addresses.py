"""Where parcels go: encrypted, for the brand's fulfilment role alone, and deleted when nobody needs it any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import tokens
from accounts.models import Person, User
from perks import audit, postal, timeline
from perks.errors import NotNow
from perks.models import Address, BrandMembership, Campaign, Claim, Shipment
from perks.roles import roles_that

# How long an address is kept: after delivery, after a claim that came to nothing, and after the confirmation where
# nobody ever says that it was delivered.
AFTER_DELIVERY = timedelta(days=30)
AFTER_THE_END = timedelta(days=30)
AT_THE_LATEST = timedelta(days=180)
# Deleted in one transaction.
BATCH = 500


def seal(address: Mapping[str, str]) -> bytes:
    """As Address.sealed keeps it. Raises tokens.LostKey where there is no key."""
    return tokens.encrypt(json.dumps(dict(address), ensure_ascii=False, sort_keys=True))


def unseal(stored: bytes | memoryview) -> dict[str, str]:
    """The address again, of postal.PARTS. Raises tokens.LostKey."""
    address: dict[str, str] = json.loads(tokens.decrypt(stored))
    return address


def fingerprint(address: Mapping[str, str]) -> str:
    """64 hexadecimal digits that are alike for two parcels to one door, and say nothing without the server's key."""
    return salted_hmac("perks.addresses.door", postal.door(address), algorithm="sha256").hexdigest()


@transaction.atomic
def give(*, claim: Claim, address: Mapping[str, str], keep: bool, at: datetime) -> Address:
    """Say, or say anew, where the parcel of a hold or a claim goes; `address` as postal.cleaned returns it.

    Raises NotNow where nothing is sent, or it has been sent already.
    """
    if claim.campaign.kind != Campaign.Kind.SHIPPED or claim.state not in (Claim.State.HELD, Claim.State.CLAIMED):
        raise NotNow(_("Nothing is sent for this."))
    shipment = Shipment.objects.select_for_update().filter(claim=claim).first()
    if shipment is not None and shipment.state != Shipment.State.WAITING:
        raise NotNow(_("It has been sent already."))
    values = {
        "sealed": seal(address),
        "country": address["country_code"],
        "fingerprint": fingerprint(address),
        "given_at": at,
        "keep": keep,
    }
    given, new = Address.objects.update_or_create(claim=claim, defaults=values)
    timeline.note(claim.pk, "address_given" if new else "address_changed", at)
    return given


def own(claim: Claim) -> dict[str, str] | None:
    """The address, for the person whose claim it is; None where there is none, or its key is lost."""
    return _opened(getattr(claim, "address", None))


def kept(person: Person, user: User) -> dict[str, str] | None:
    """The address that `user` gave last for `person` and ticked to be offered again; None where there is none."""
    rows = Address.objects.filter(claim__person=person, claim__user=user, keep=True)
    return _opened(rows.order_by("-given_at", "-pk").first())


def _opened(row: Address | None) -> dict[str, str] | None:
    if row is None:
        return None
    try:
        return unseal(row.sealed)
    except tokens.LostKey:
        return None


@transaction.atomic
def read(claim: Claim, user: User, at: datetime) -> dict[str, str] | None:
    """The address of a confirmed claim, for who sends its parcel; written down with who looked. None: there is none.

    Raises PermissionDenied for anybody without the fulfilment role of the claim's brand, the staff included, and
    tokens.LostKey.
    """
    return read_many([claim], user, at).get(claim.pk)


@transaction.atomic
def read_many(claims: Iterable[Claim], user: User, at: datetime) -> dict[int, dict[str, str]]:
    """{claim's number: address} of confirmed claims (with their campaigns and brands), one line written for each brand.

    Raises PermissionDenied where one of them is of a brand whose parcels `user` does not send, tokens.LostKey.
    """
    claims = list(claims)
    brands = {claim.campaign.brand_id: claim.campaign.brand for claim in claims}
    mine = BrandMembership.objects.filter(user=user, brand__in=brands, role__in=roles_that("addresses"))
    if set(mine.values_list("brand_id", flat=True)) != set(brands):
        raise PermissionDenied
    wanted = [claim.pk for claim in claims if claim.state in (Claim.State.CLAIMED, Claim.State.REDEEMED)]
    found = {row.claim_id: unseal(row.sealed) for row in Address.objects.filter(claim__in=wanted)}
    for number, brand in brands.items():
        read_here = [claim for claim in claims if claim.campaign.brand_id == number and claim.pk in found]
        campaigns = {claim.campaign_id: claim.campaign for claim in read_here}
        if read_here:
            one = len(read_here) == 1
            audit.record(
                brand=brand,
                user=user,
                action="see address" if one else "see addresses",
                campaign=read_here[0].campaign if len(campaigns) == 1 else None,
                about=f"claim {read_here[0].reference}" if one else f"{len(read_here)} claims",
                at=at,
            )
    return found


def goes_at(claim: Claim) -> datetime | None:
    """When the address of a claim is deleted at the latest, as things stand now; None: before it is confirmed."""
    shipment: Shipment | None = getattr(claim, "shipment", None)
    if claim.ended_at is not None:
        return claim.ended_at + AFTER_THE_END
    if shipment is not None and shipment.delivered_at is not None:
        return shipment.delivered_at + AFTER_DELIVERY
    return claim.claimed_at + AT_THE_LATEST if claim.claimed_at is not None else None


def purge(at: datetime) -> int:
    """Delete the addresses whose time is over at `at`, and of whom is gone; how many. Each claim's timeline says so."""
    over = (
        Q(claim__person__isnull=True)
        | Q(claim__shipment__delivered_at__lte=at - AFTER_DELIVERY)
        | Q(claim__ended_at__lte=at - AFTER_THE_END)
        | Q(claim__shipment__delivered_at__isnull=True, claim__claimed_at__lte=at - AT_THE_LATEST)
    )
    deleted = 0
    while rows := list(Address.objects.filter(over).order_by("pk").values_list("pk", "claim_id")[:BATCH]):
        with transaction.atomic():
            for number, claim_id in rows:
                if Address.objects.filter(pk=number).delete()[0]:
                    timeline.note(claim_id, "address_purged", at)
                    deleted += 1
    return deleted
