"""Pictures of scores as SVG: numbers in, markup out. No style and no script: colours come from classes in the CSS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

# The score's own shape, drawn from the tip of its tail; the rim below fills along it. It fits a box of 200 x 200.
BUBBLE = "M26 179.5C37 165 41 150 35.6 135A78 78 0 1 1 83.5 171C68 184 50 189.5 32 187.5C25 186.7 22.5 184 26 179.5Z"
# The thinnest piece of the rim that can still be seen, in hundredths of its length.
SLIVER = 0.4


@dataclass(frozen=True, slots=True)
class Reading:
    """A score of a day."""

    day: date
    score: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that begins on a day and that the line does not show by itself: another formula."""

    day: date
    label: str


def bubble(whole: str, rest: str, label: str, *, parts: Mapping[str, float] | None = None) -> str:
    """The score in its bubble; the rim is filled by `parts` (class name -> points of 100), one after the other.

    whole, rest: the number as it is to be read, cut before its decimal mark. label: the picture in words.
    """
    pieces = []
    start = 0.0
    for name, points in (parts or {}).items():
        length = max(points, 0.0)
        if length >= SLIVER:
            pieces.append(
                f'<path class="rim {escape(name)}" d="{BUBBLE}" pathLength="100" fill="none" '
                f'stroke-dasharray="{length:.2f} {100 - length:.2f}" stroke-dashoffset="{-start:.2f}"/>'
            )
        start += length
    small = f'<tspan class="rest">{escape(rest)}</tspan>' if rest else ""
    return (
        f'<svg class="bubble" viewBox="0 0 200 200" role="img" aria-label="{escape(label)}">'
        f'<path class="body" d="{BUBBLE}"/><path class="rim empty" d="{BUBBLE}" fill="none"/>{"".join(pieces)}'
        f'<text x="103" y="121" text-anchor="middle" aria-hidden="true">'
        f'<tspan class="whole">{escape(whole)}</tspan>{small}</text></svg>'
    )


def bar(share: float, name: str) -> str:
    """A bar filled to `share` (0 to 1) in the colour of class `name`; only ever beside the number it shows."""
    width = 100 * min(max(share, 0.0), 1.0)
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="empty" width="100" height="6"/>'
        f'<rect class="{escape(name)}" width="{width:.2f}" height="6"/></svg>'
    )


def line(
    readings: Sequence[Reading],
    *,
    first: date,
    last: date,
    title: str,
    description: str,
    day_label: Callable[[date], str],
    score_label: Callable[[float], str],
    rests: Sequence[tuple[date, date]] = (),
    marks: Sequence[Mark] = (),
) -> str:
    """The scores from `first` to `last`, a day without one being a gap; "" where there is none at all.

    rests: first and last day of the times to shade, because the score rested; marks: days to put an upright line on,
    with its label at the top. The description is to tell of them too.
    Places are percentages, so that the picture is as wide as its column while letters and lines keep their size.
    """
    shown = sorted((reading for reading in readings if first <= reading.day <= last), key=lambda reading: reading.day)
    if not shown or last <= first:
        return ""
    bottom, top, step = bounds([reading.score for reading in shown])
    span = (last - first).days

    def across(day: date) -> float:
        return 100 * (day - first).days / span

    def down(score: float) -> float:
        return 100 * (top - score) / (top - bottom)

    bands = [band(max(across(begin), 0.0), min(across(end + timedelta(days=1)), 100.0)) for begin, end in rests]
    rules, labels, curves, dots = [], [], [], []
    for tick in ticks(bottom, top, step):
        y = f"{down(tick):.2f}%"
        rules.append(f'<line class="rule" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        labels.append(f'<text class="tick" x="0" y="{y}" dy="-5">{escape(score_label(tick))}</text>')
    for run in unbroken(shown):
        points = [f"{across(reading.day):.2f} {down(reading.score):.2f}" for reading in run]
        if len(run) == 1:
            dots.append(dot(across(run[0].day), down(run[0].score), "lone", 3))
            continue
        path = "L".join(points)
        area = f"M{across(run[0].day):.2f} 100L{path}L{across(run[-1].day):.2f} 100Z"
        curves.append(f'<path class="area" d="{area}"/>')
        curves.append(f'<path class="curve" d="M{path}" fill="none" vector-effect="non-scaling-stroke"/>')
    for mark in marks:
        if first <= mark.day <= last:
            place = across(mark.day)
            anchor = "start" if place < 50 else "end"
            rules.append(f'<line class="turn" x1="{place:.2f}%" x2="{place:.2f}%" y1="0" y2="100%"/>')
            labels.append(
                f'<text class="turn-label" x="{place:.2f}%" y="0" dx="{6 if place < 50 else -6}" dy="12" '
                f'text-anchor="{anchor}">{escape(mark.label)}</text>'
            )
    end = shown[-1]
    dots.append(dot(across(end.day), down(end.score), "end", 5))
    for day, anchor in day_ticks(first, last):
        x = f"{across(day):.2f}%"
        labels.append(
            f'<text class="tick" x="{x}" y="100%" dy="20" text-anchor="{anchor}">{escape(day_label(day))}</text>'
        )
    return (
        f'<svg class="chart" role="img" aria-labelledby="chart-title chart-description">'
        f'<title id="chart-title">{escape(title)}</title><desc id="chart-description">{escape(description)}</desc>'
        f"{''.join(bands)}{''.join(rules)}"
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">'
        f"{''.join(curves)}</svg>{''.join(labels)}{''.join(dots)}</svg>"
    )


def dot(x: float, y: float, name: str, radius: int) -> str:
    return f'<circle class="{name}" cx="{x:.2f}%" cy="{y:.2f}%" r="{radius}"/>'


def band(begin: float, end: float) -> str:
    """A shaded time, in hundredths of the width; "" where it lies outside."""
    if end <= begin:
        return ""
    return f'<rect class="resting" x="{begin:.2f}%" y="0" width="{end - begin:.2f}%" height="100%"/>'


def unbroken(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Cut where a day is missing; `readings` are sorted by day."""
    run: list[Reading] = []
    for reading in readings:
        if run and (reading.day - run[-1].day).days > 1:
            yield run
            run = []
        run.append(reading)
    if run:
        yield run


def bounds(scores: Sequence[float]) -> tuple[float, float, float]:
    """The least and the greatest score of the scale and the step of its rules: round numbers, never a tight crop."""
    low, high = min(scores), max(scores)
    # A change of a tenth of a point must not look like a leap.
    spread = max(high - low, 8.0)
    step = next(step for step in (2.0, 5.0, 10.0, 25.0, 50.0) if spread / step <= 5)
    middle = (low + high) / 2
    bottom = max(0.0, step * ((min(low, middle - spread / 2)) // step))
    top = -step * (-max(high, middle + spread / 2) // step)
    return bottom, min(max(top, bottom + 2 * step), 100.0), step


def ticks(bottom: float, top: float, step: float) -> Iterator[float]:
    value = bottom
    while value < top + step / 2:
        yield min(value, top)
        value += step


def day_ticks(first: date, last: date) -> Iterator[tuple[date, str]]:
    """Four days, evenly, and how each label is anchored so that it stays within the picture."""
    span = (last - first).days
    marks = sorted({round(span * part / 3) for part in range(4)})
    for mark in marks:
        anchor = "start" if mark == 0 else "end" if mark == span else "middle"
        yield first + timedelta(days=mark), anchor
