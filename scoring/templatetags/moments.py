"""How small points read: most posts bring a hundredth of a point or less."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from scoring.templatetags.scores import points, signed

register = template.Library()

# What is 0.00 once it is rounded.
LEAST = 0.005


@register.filter
def fine(value: float) -> str:
    """Points to the hundredth with their sign, and in words where nothing would be left: less than +0.01."""
    if 0 < abs(value) < LEAST:
        return _("less than %(points)s") % {"points": signed(0.01 if value > 0 else -0.01, 2)}
    return signed(value, 2)


@register.filter
def seen(value: float) -> bool:
    """Whether anything of it is left after rounding to the hundredth."""
    return abs(value) >= LEAST


@register.filter
def weighed(value: float) -> str:
    """A weight to the hundredth, in words where nothing would be left."""
    if 0 < value < LEAST:
        return _("less than %(number)s") % {"number": points(0.01, 2)}
    return points(value, 2)
