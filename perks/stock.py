"""What a brand says of its stock: written by conditional statements, since people claim meanwhile."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.utils.translation import gettext as _

from perks.claims.hooks import tell
from perks.errors import PerkError
from perks.models import Variant


class TooLittle(PerkError):
    code = "too_little"


def set_stock(*, variant: Variant, quantity: int | None, reserve: int) -> None:
    """Set how many there are (None: as many as now; codes are counted by themselves) and how many are for who waits.

    People may claim meanwhile. Raises TooLittle where more is given out already.
    """
    goal = F("quantity") if quantity is None else Value(quantity)
    with transaction.atomic():
        row = Variant.objects.filter(pk=variant.pk).annotate(goal=goal)
        free = row.filter(goal__gte=F("claimed") + F("held") + reserve)
        if not free.update(quantity=goal, reserve=reserve):
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
