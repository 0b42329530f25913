"""From a latent value to the scale of 1 to 100: a smooth, ever rising curve through a table of anchors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scoring.formula.base import Float64

# (latent value, score), from (0, 1) to (infinity, 100), both rising.
Anchors = Sequence[tuple[float, float]]
FEWEST = 4
LAST = 100.0


class Curve:
    """Monotone cubic interpolation (Fritsch and Butland 1984) between the finite anchors.

    Past the last of them the rest of the way to the top is an exponential with the slope that the cubic ends with.

    Where the anchors are concave (each stretch flatter than the one before), so is the curve. Raises ValueError for
    anchors that do not rise, that do not begin at (0, 1) and end at (infinity, 100 at most), or are fewer than FEWEST.
    """

    def __init__(self, anchors: Anchors) -> None:
        if len(anchors) < FEWEST:
            raise ValueError(f"a curve goes through {FEWEST} anchors at least, not {len(anchors)}")
        (*finite, (end, self.top)) = anchors
        self.x, self.y = (np.array(column, dtype=np.float64) for column in zip(*finite, strict=True))
        if end != math.inf or self.x[0] != 0 or self.y[0] != 1 or not np.isfinite(self.x).all():
            raise ValueError("anchors begin at the latent value 0, which is read as 1, and end at infinity")
        if not ((np.diff(self.x) > 0).all() and (np.diff([*self.y, self.top]) > 0).all() and self.top <= LAST):
            raise ValueError(f"each anchor lies above the one before it, and none above {LAST:g}")
        self.slopes = slopes(self.x, self.y)

    def __call__(self, latent: Float64) -> Float64:
        """Scores of `latent` (from 0 up), the same for a value whatever the others are."""
        place = np.clip(np.searchsorted(self.x, latent, side="right") - 1, 0, len(self.x) - 2)
        width = np.diff(self.x)[place]
        t = np.minimum((latent - self.x[place]) / width, 1.0)
        # Hermite's form, arranged so that it is exact at both ends.
        rise = (self.y[place + 1] - self.y[place]) * t * t * (3 - 2 * t)
        bend = width * t * (1 - t) * (self.slopes[place] * (1 - t) - self.slopes[place + 1] * t)
        below = self.y[place] + rise + bend
        left = self.top - self.y[-1]
        above = self.y[-1] - left * np.expm1(-np.maximum(latent - self.x[-1], 0.0) * self.slopes[-1] / left)
        return np.asarray(np.where(latent > self.x[-1], above, below))

    def latent_at(self, score: float) -> float:
        """The latent value that is read as `score`, which lies from the lowest anchor up to below the highest."""
        if not self.y[0] <= score < self.top:
            raise ValueError(f"no latent value is read as {score:g}: the scale goes from {self.y[0]:g} to {self.top:g}")
        low, high = 0.0, float(self.x[-1])
        while self(np.array([high]))[0] < score:
            high *= 2.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if self(np.array([middle]))[0] < score else (low, middle)
        return high

    def slope(self, latent: Float64) -> Float64:
        """Points for each unit of latent value at `latent`, by central differences."""
        step = 1e-5
        low = np.maximum(latent - step, 0.0)
        return np.asarray((self(latent + step) - self(low)) / (latent + step - low))


def slopes(x: Float64, y: Float64) -> Float64:
    """Slopes at the anchors: weighted harmonic means inside, three-point formulas at the ends, kept rising."""
    width = np.diff(x)
    secant = np.diff(y) / width
    inside = (
        3
        * (width[1:] + width[:-1])
        / ((2 * width[1:] + width[:-1]) / secant[:-1] + (width[1:] + 2 * width[:-1]) / secant[1:])
    )
    first = ((2 * width[0] + width[1]) * secant[0] - width[0] * secant[1]) / (width[0] + width[1])
    last = ((2 * width[-1] + width[-2]) * secant[-1] - width[-1] * secant[-2]) / (width[-1] + width[-2])
    ends = (float(np.clip(first, 0.0, 3 * secant[0])), float(np.clip(last, secant[-1] / 4, 3 * secant[-1])))
    return np.array([ends[0], *inside, ends[1]])
