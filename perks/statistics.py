"""Shares and how sure they are: Wilson's interval of one, Newcombe's of the difference of two."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

# The quantile of the normal distribution for 95% on both sides.
Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, as shares (0.05: 5%)."""

    low: float
    high: float

    def __contains__(self, share: float) -> bool:
        return self.low <= share <= self.high


def wilson(hits: int, number: int) -> Interval:
    """The 95% interval of a share by Wilson's score method (1927), without correction. Raises ValueError.

    With nobody asked anything is possible.
    """
    if not 0 <= hits <= max(number, 0):
        raise ValueError(f"{hits} of {number} is no share")
    if number == 0:
        return Interval(0.0, 1.0)
    share, square = hits / number, Z * Z
    middle = share + square / (2 * number)
    half = Z * sqrt(share * (1 - share) / number + square / (4 * number * number))
    whole = 1 + square / number
    low = 0.0 if hits == 0 else (middle - half) / whole
    high = 1.0 if hits == number else (middle + half) / whole
    return Interval(low, high)


def difference(hits: int, number: int, other_hits: int, other_number: int) -> Interval:
    """The 95% interval of the first share less the second: Newcombe's hybrid score method (1998, method 10)."""
    first, second = wilson(hits, number), wilson(other_hits, other_number)
    if not number or not other_number:
        return Interval(-1.0, 1.0)
    share, other = hits / number, other_hits / other_number
    low = share - other - sqrt((share - first.low) ** 2 + (second.high - other) ** 2)
    high = share - other + sqrt((first.high - share) ** 2 + (other - second.low) ** 2)
    return Interval(max(low, -1.0), min(high, 1.0))
