"""How much there is to give: more, less, and whether the counts are what the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Value
from django.utils.translation import gettext as _

from perks.claims.hooks import tell
from perks.errors import NotNow, PerkError
from perks.models import Variant


class TooLittle(PerkError):
    """More is claimed, held and kept back."""

    code = "too_little"


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


def set_stock(*, variant: Variant, quantity: int | None, reserve: int) -> None:
    """Set how many there are (None: as many as now) and how many of them are for who waits, while people claim.

    Raises TooLittle where more is given out already, NotNow where codes make the stock. Brings `variant` up to date.
    """
    goal = F("quantity") if quantity is None else Value(quantity)
    with transaction.atomic():
        if quantity is not None and variant.codes.exists():
            raise NotNow(_("Its stock is its codes: add some, or take some out."))
        row = Variant.objects.filter(pk=variant.pk).annotate(goal=goal)
        # Looked at again when the row is had: people claim meanwhile.
        enough = row.filter(goal__gte=F("claimed") + F("held") + reserve)
        if not enough.update(quantity=goal, reserve=reserve):
            raise TooLittle(little(Variant.objects.get(pk=variant.pk), reserve))
        before = variant.left
        variant.refresh_from_db(fields=["quantity", "reserve", "claimed", "held"])
        if variant.quantity - variant.claimed - variant.held > 0 and variant.left >= before:
            tell("freed", variant.pk)


def little(variant: Variant, reserve: int) -> str:
    """The sentence that says how much there must be at least."""
    least: dict[str, Any] = {
        "claimed": variant.claimed,
        "held": variant.held,
        "reserve": reserve,
        "least": variant.claimed + variant.held + reserve,
    }
    return (
        _(
            "%(claimed)s are claimed, %(held)s are held and %(reserve)s are kept for who waits: there must be at least "
            "%(least)s."
        )
        % least
    )


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
