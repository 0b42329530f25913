"""A campaign's days as SVG: claims, uses and posts, one above the other. Colours come from classes in the CSS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from perks.results import Day

WIDTH, ROW, TOP, GAP = 720, 92, 20, 12
# Up to so many bars are drawn: of a longer time one bar stands for several days.
MOST = 120
# A day on which something happened is seen, however high the others are.
LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one kind: the class that colours them, what they are, and the number of a day.

    lasting: of several days the highest number counts, and not their sum.
    """

    name: str
    label: str
    of: Callable[[Day], int]
    lasting: bool = False


def bars(
    days: Sequence[Day], series: Sequence[Series], *, title: str, description: str, label: Callable[[date], str]
) -> str:
    """The picture; "" where there is no day. Every number of it stands in the table beside it."""
    if not days:
        return ""
    first, last = days[0].day, days[-1].day
    step = max(1, -(-((last - first).days + 1) // MOST))
    number = (last - first).days // step + 1
    wide = WIDTH / number
    height = TOP + len(series) * (ROW + GAP) + 16
    parts = [
        f'<svg class="days" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="days-title days-text">'
        f'<title id="days-title">{escape(title)}</title><desc id="days-text">{escape(description)}</desc>'
    ]
    for place, one in enumerate(series):
        counts = [0] * number
        for day in days:
            bar, number_of = (day.day - first).days // step, one.of(day)
            counts[bar] = max(counts[bar], number_of) if one.lasting else counts[bar] + number_of
        most = max(counts)
        base = TOP + place * (ROW + GAP) + ROW
        parts.append(
            f'<g class="{escape(one.name)}"><text x="0" y="{base - ROW + 12}">{escape(one.label)}</text>'
            f'<text class="most" x="{WIDTH}" y="{base - ROW + 12}" text-anchor="end">{most}</text>'
            f'<line class="base" x1="0" x2="{WIDTH}" y1="{base}" y2="{base}"/>'
        )
        for index, count in enumerate(counts):
            if count:
                tall = max(LEAST, count / most * (ROW - 22))
                parts.append(
                    f'<rect x="{index * wide + wide * 0.1:.2f}" y="{base - tall:.2f}" '
                    f'width="{max(1.0, wide * 0.8):.2f}" height="{tall:.2f}"/>'
                )
        parts.append("</g>")
    end = first + timedelta(days=number * step - 1)
    foot = height - 2
    parts.append(f'<text class="when" x="0" y="{foot}">{escape(label(first))}</text>')
    if last > first:
        parts.append(
            f'<text class="when" x="{WIDTH}" y="{foot}" text-anchor="end">{escape(label(min(end, last)))}</text>'
        )
    return "".join([*parts, "</svg>"])
