"""How small points and weights read: most posts bring a hundredth of a point or less."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from scoring.templatetags.scores import points, signed

register = template.Library()

# What is seen of a change, and the least that is written as a number.
LEAST = 0.0005
TINY = 0.00005


def decimals_of(value: float) -> int:
    """So many that two digits are left of a small number: +0.35, +0.041, +0.0012."""
    size = abs(value)
    return 4 if size < 0.0095 else 3 if size < 0.095 else 2


@register.filter
def fine(value: float) -> str:
    """Points with their sign, to two digits where they are few, and in words where nothing would be left."""
    if 0 < abs(value) < TINY:
        return _("less than %(points)s") % {"points": signed(0.0001 if value > 0 else -0.0001, 4)}
    return signed(value, decimals_of(value)) if value else signed(0.0, 2)


@register.filter
def seen(value: float) -> bool:
    """Whether a change is large enough to be told."""
    return abs(value) >= LEAST


@register.filter
def weighed(value: float) -> str:
    """A weight to the hundredth, in words where nothing would be left."""
    if 0 < value < 0.005:
        return _("less than %(number)s") % {"number": points(0.01, 2)}
    return points(value, 2)
