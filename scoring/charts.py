"""Pictures of scores as SVG: numbers in, markup out. No style and no script: colours come from classes in the CSS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a picture, cut into runs without a gap. name: the class that gives it its colour and its dashes.

    tag: what is written at its end, where several lines are to be told apart.
    """

    name: str
    label: str
    runs: Sequence[Sequence[Reading]]
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A time to be shaded, from its first day to its last. name: the class that says how."""

    first: date
    last: date
    name: str = "resting"


@dataclass(frozen=True, slots=True)
class Pin:
    """A place on a line that leads somewhere. sign: one or two letters; label: what it is, in words."""

    day: date
    score: float
    sign: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Lines over days from `first` to `last`, with what else is to be seen; the description is to tell of all of it.

    name: begins the ids of the picture, so that a page may have several.
    """

    first: date
    last: date
    lines: Sequence[Line]
    title: str
    description: str
    day_label: Callable[[date], str]
    score_label: Callable[[float], str]
    bands: Sequence[Band] = ()
    marks: Sequence[Mark] = ()
    pins: Sequence[Pin] = ()
    name: str = "chart"

    @property
    def readings(self) -> list[Reading]:
        return [reading for line in self.lines for run in line.runs for reading in run]

    def scale(self) -> tuple[float, float, float]:
        """The least and the greatest score of the picture, and the step of its rules."""
        return bounds([reading.score for reading in self.readings])

    def across(self, day: date) -> float:
        """The place of a day in hundredths of the width."""
        return 100 * (day - self.first).days / (self.last - self.first).days


def draw(picture: Picture) -> str:
    """The picture as SVG; "" where it has no score, or no two days. Pins come as a second SVG, to lie upon the first.

    Places are percentages, so that the picture is as wide as its column while letters and lines keep their size.
    """
    if not picture.readings or picture.last <= picture.first:
        return ""
    bottom, top, step = picture.scale()

    def down(score: float) -> float:
        return 100 * (top - score) / (top - bottom)

    bands = "".join(band(picture, shaded) for shaded in picture.bands)
    rules: list[str] = []
    labels: list[str] = []
    curves: list[str] = []
    dots: list[str] = []
    for tick in ticks(bottom, top, step):
        y = f"{down(tick):.2f}%"
        rules.append(f'<line class="rule" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        labels.append(f'<text class="tick" x="0" y="{y}" dy="-5">{escape(picture.score_label(tick))}</text>')
    for line in picture.lines:
        curves += paths(picture, line, down, filled=len(picture.lines) == 1)
        dots += ends(picture, line, down)
    for mark in picture.marks:
        if picture.first <= mark.day <= picture.last:
            place = picture.across(mark.day)
            anchor = "start" if place < 50 else "end"
            rules.append(f'<line class="turn" x1="{place:.2f}%" x2="{place:.2f}%" y1="0" y2="100%"/>')
            labels.append(
                f'<text class="turn-label" x="{place:.2f}%" y="0" dx="{6 if place < 50 else -6}" dy="12" '
                f'text-anchor="{anchor}">{escape(mark.label)}</text>'
            )
    for day, anchor in day_ticks(picture.first, picture.last):
        x, words = f"{picture.across(day):.2f}%", escape(picture.day_label(day))
        name = "tick between" if anchor == "middle" else "tick"
        labels.append(f'<text class="{name}" x="{x}" y="100%" dy="20" text-anchor="{anchor}">{words}</text>')
    labels += end_labels(picture, down)
    name = escape(picture.name)
    hatching = HATCHING.format(name=name) if any(shaded.name == "broken" for shaded in picture.bands) else ""
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{escape(picture.title)}</title>'
        f'<desc id="{name}-description">{escape(picture.description)}</desc>{hatching}'
        f"{bands}{''.join(rules)}"
        '<svg class="curves" viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">'
        f"{''.join(curves)}</svg>{''.join(dots)}{''.join(labels)}</svg>{pins(picture, down)}"
    )


# Slanting lines, so that a broken link is told from a rest without any colour.
HATCHING = (
    '<defs><pattern id="{name}-hatching" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="8"/></pattern></defs>'
)


def paths(picture: Picture, line: Line, down: Callable[[float], float], *, filled: bool) -> Iterator[str]:
    """The pieces of a line as paths of a box of 100 x 100, the area below them too if it is `filled`."""
    for run in line.runs:
        if len(run) < 2:
            continue
        points = "L".join(f"{picture.across(reading.day):.2f} {down(reading.score):.2f}" for reading in run)
        if filled:
            first, last = picture.across(run[0].day), picture.across(run[-1].day)
            yield f'<path class="area" d="M{first:.2f} 100L{points}L{last:.2f} 100Z"/>'
        yield (
            f'<path class="curve {escape(line.name)}" d="M{points}" fill="none" vector-effect="non-scaling-stroke"/>'
        )


def ends(picture: Picture, line: Line, down: Callable[[float], float]) -> Iterator[str]:
    """Days that stand alone, which no path shows, and the line's last day."""
    name = escape(line.name)
    for run in line.runs:
        if len(run) == 1:
            yield dot(picture.across(run[0].day), down(run[0].score), f"lone {name}", 3)
    last = [run[-1] for run in line.runs if run][-1:]
    for reading in last:
        yield dot(picture.across(reading.day), down(reading.score), f"end {name}", 5)


def end_labels(picture: Picture, down: Callable[[float], float]) -> Iterator[str]:
    """The tags of the lines right of the picture, as high as their last days, moved apart where they would overlap."""
    tagged = [(down(run[-1].score), line) for line in picture.lines for run in line.runs[-1:] if line.tag]
    height = -TAG_HEIGHT
    for wanted, line in sorted(tagged, key=lambda row: row[0]):
        height = max(wanted, height + TAG_HEIGHT)
        yield (
            f'<text class="tag-label {escape(line.name)}" x="100%" y="{height:.2f}%" dx="12" dy="4">'
            f"{escape(line.tag)}</text>"
        )


# A line of letters in hundredths of the picture's height.
TAG_HEIGHT = 6.5


def pins(picture: Picture, down: Callable[[float], float]) -> str:
    """The pins as links upon the picture, in an SVG of their own: what is within an image is no link to everybody."""
    drawn = []
    for pin in picture.pins:
        x, y = f"{picture.across(pin.day):.2f}%", f"{down(pin.score):.2f}%"
        drawn.append(
            f'<a href="{escape(pin.href)}" aria-label="{escape(pin.label)}"><title>{escape(pin.label)}</title>'
            f'<circle class="hit" cx="{x}" cy="{y}" r="14"/><circle class="pin" cx="{x}" cy="{y}" r="9"/>'
            f'<text x="{x}" y="{y}" dy="4" text-anchor="middle" aria-hidden="true">{escape(pin.sign)}</text></a>'
        )
    return f'<svg class="pins">{"".join(drawn)}</svg>' if drawn else ""


def key(name: str) -> str:
    """A piece of a line as a legend shows it, with its colour and its dashes."""
    return (
        f'<svg class="key-line" viewBox="0 0 30 10" aria-hidden="true" focusable="false">'
        f'<line class="curve {escape(name)}" x1="1" x2="29" y1="5" y2="5"/></svg>'
    )


def data(picture: Picture) -> dict[str, Any]:
    """The lines as numbers, for a script that draws them where `draw` does; {} where `draw` gives nothing.

    Days are counted from `first`. Each line has its own days; a value of None breaks it.
    """
    if not picture.readings or picture.last <= picture.first:
        return {}
    bottom, top, _step = picture.scale()
    lines = []
    for line in picture.lines:
        days: list[int] = []
        values: list[float | None] = []
        for run in line.runs:
            if days and run:
                days.append(days[-1] + 1)
                values.append(None)
            days += [(reading.day - picture.first).days for reading in run]
            values += [round(reading.score, 4) for reading in run]
        lines.append({"name": line.name, "label": line.label, "days": days, "values": values})
    return {
        "first": picture.first.isoformat(),
        "span": (picture.last - picture.first).days,
        "bottom": bottom,
        "top": top,
        "lines": lines,
    }


def dot(x: float, y: float, name: str, radius: int) -> str:
    return f'<circle class="{name}" cx="{x:.2f}%" cy="{y:.2f}%" r="{radius}"/>'


def band(picture: Picture, shaded: Band) -> str:
    """A shaded time; "" where it lies outside."""
    begin = max(picture.across(shaded.first), 0.0)
    end = min(picture.across(shaded.last + timedelta(days=1)), 100.0)
    if end <= begin:
        return ""
    fill = f' fill="url(#{escape(picture.name)}-hatching)"' if shaded.name == "broken" else ""
    return (
        f'<rect class="{escape(shaded.name)}" x="{begin:.2f}%" y="0" width="{end - begin:.2f}%" height="100%"{fill}/>'
    )


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
