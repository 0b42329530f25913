"""A number of some days as a small line without axes: markup for beside the figure that it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

# The drawing's own measures; the page stretches it.
WIDTH, HEIGHT, MARGIN = 120.0, 32.0, 3.0
# A line that hardly moves must not look like mountains: the least span of values that fills the height.
LEAST_SPAN = 2.0


def sparkline(days: Sequence[tuple[date, float]], name: str, *, label: str = "") -> str:
    """An SVG of `days` (day, value), sorted, in the colour of class `name`; "" where fewer than two are there.

    A day without a value is a gap. `label` says the picture in words; without one it is hidden from screen readers,
    for where the same is said beside it.
    """
    if len(days) < 2:
        return ""
    first, last = days[0][0].toordinal(), days[-1][0].toordinal()
    low, high = min(value for _, value in days), max(value for _, value in days)
    middle, span = (low + high) / 2, max(high - low, LEAST_SPAN)
    across, down = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    pieces: list[str] = []
    before = None
    for day, value in days:
        x = MARGIN + across * (day.toordinal() - first) / (last - first)
        y = MARGIN + down * (0.5 - (value - middle) / span)
        joined = before is not None and day.toordinal() - before == 1
        pieces.append(f"{'L' if joined else 'M'}{x:.1f} {y:.1f}")
        before = day.toordinal()
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true" focusable="false"'
    return (
        f'<svg class="sparkline {escape(name)}" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'preserveAspectRatio="xMinYMid" {said}>'
        f'<path d="{"".join(pieces)}" fill="none"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/></svg>'
    )
