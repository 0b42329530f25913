"""How much there is to give: more, less, and whether the counts are what the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from perks import audit, states
from perks.claims.hooks import tell
from perks.errors import NotNow
from perks.models import Variant
from perks.states import State


@dataclass(frozen=True, slots=True)
class Difference:
    """A count of a variant that is not what the rows say."""

    variant: int
    campaign: str
    what: str
    counted: int
    found: int

    def __str__(self) -> str:
        return f"variant {self.variant} of {self.campaign}: {self.what} is {self.counted}, rows say {self.found}"


def add_stock(
    *, variant: Variant, number: int, user: User | None, reason: str = "", at: datetime | None = None
) -> Variant:
    """`number` more, written down. Raises NotNow where the campaign's state forbids it, or codes make its stock."""
    return _change(variant, number, user=user, reason=reason, at=at)


def remove_stock(
    *, variant: Variant, number: int, user: User | None, reason: str = "", at: datetime | None = None
) -> Variant:
    """`number` fewer, never below what is claimed, held and kept back. Raises NotNow."""
    return _change(variant, -number, user=user, reason=reason, at=at)


def _change(variant: Variant, number: int, *, user: User | None, reason: str, at: datetime | None) -> Variant:
    with transaction.atomic():
        row = Variant.objects.select_related("campaign__brand").get(pk=variant.pk)
        campaign = row.campaign
        if not states.may_change(states.STOCK, State(campaign.state), claimed=False):
            raise NotNow(_("The stock of this campaign can no longer be changed."))
        if row.codes.exists():
            raise NotNow(_("Its stock is its codes: add some, or take some out."))
        enough = Variant.objects.filter(pk=row.pk, quantity__gte=F("claimed") + F("held") + F("reserve") - number)
        if not enough.update(quantity=F("quantity") + number):
            raise NotNow(_("So many are not free: some are claimed, held or kept back."))
        variant.refresh_from_db()
        audit.record(
            brand=campaign.brand,
            campaign=campaign,
            user=user,
            action="stock",
            about=str(variant),
            reason=reason,
            changes={"quantity": (str(variant.quantity - number), str(variant.quantity))},
            at=at,
        )
        if number > 0:
            tell("freed", variant.pk)
    return variant


# Counts beside the rows that they count. Codes that were given and whose claim was cancelled are given still.
COUNTS = """
SELECT v.id, c.title, v.quantity, v.held, v.claimed, v.waiting,
       (SELECT count(*) FROM perks_claim k WHERE k.variant_id = v.id AND k.state = 'held'),
       (SELECT count(*) FROM perks_claim k WHERE k.variant_id = v.id AND k.state IN ('claimed', 'redeemed')),
       (SELECT count(*) FROM perks_waitingplace p WHERE p.variant_id = v.id AND p.state = 'waiting'),
       (SELECT count(*) FROM perks_code o JOIN perks_claim k ON k.id = o.claim_id
        WHERE o.variant_id = v.id AND k.variant_id = v.id AND k.state IN ('claimed', 'redeemed')),
       c.kind = 'code' OR EXISTS (SELECT FROM perks_code o WHERE o.variant_id = v.id)
FROM perks_variant v JOIN perks_campaign c ON c.id = v.campaign_id
WHERE %(variant)s::bigint IS NULL OR v.id = %(variant)s
ORDER BY v.id
"""


def differences(variant: Variant | None = None) -> Iterator[Difference]:
    """Where counts and rows differ, of one variant or of all: nowhere, unless somebody wrote past perks.claims.

    One statement, so that all its numbers are of one moment. It only reads.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"variant": variant.pk if variant is not None else None})
        rows = cursor.fetchall()
    for number, title, quantity, held, claimed, waiting, holds, claims, places, given, by_codes in rows:
        pairs = [("held", held, holds), ("claimed", claimed, claims), ("waiting", waiting, places)]
        if by_codes:
            pairs.append(("claimed (codes given)", claimed, given))
        for what, counted, found in pairs:
            if counted != found:
                yield Difference(number, title, what, counted, found)
        if holds + claims > quantity:
            yield Difference(number, title, "quantity", quantity, holds + claims)
