"""Points, changes and shares as they are read: rounded, with the reader's marks and a true minus."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

MINUS = "\N{MINUS SIGN}"


def points(value: float, decimals: int = 1) -> str:
    """A number of points, rounded for reading: 41.3."""
    # Rounded first: number_format cuts the digits off.
    rounded = Decimal(f"{value:.{decimals}f}")
    return number_format(rounded, decimal_pos=decimals, force_grouping=True).replace("-", MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """A change with its sign: +1.2 or minus 0.3, and 0.0 where nothing is left of it after rounding."""
    rounded = round(value, decimals) or 0.0
    return ("+" if rounded > 0 else "") + points(rounded, decimals)


def gained(now: float, before: float) -> float:
    """The change between two scores as they are read: 43.07 is 1.2 above 41.94, since 43.1 and 41.9 stand beside it."""
    return round(round(now, 1) - round(before, 1), 1)


def direction(value: float) -> str:
    """up, down or same, after rounding to a tenth."""
    rounded = round(value, 1)
    return "up" if rounded > 0 else "down" if rounded < 0 else "same"


def share(value: float) -> str:
    """A percentage for reading; nobody is higher than 100% of everybody, since everybody counts oneself half."""
    return points(min(value, 99.9))


def percent(value: float) -> str:
    """`share` with its sign, as the reader's language puts it."""
    return _("%(share)s%%") % {"share": share(value)}
