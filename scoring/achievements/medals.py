"""Medals: a symbol in a form that shows the level, as SVG without any style; on pages colours come from the CSS.

Whoever sees no colours sees the level too: by its outline, and by as many studs as it counts along the lower rim.
Circles, hexagons and rosettes come plain and then with something around them; the seventh has a laurel and a star.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import cos, pi, sin

from scoring.achievements.symbols import GRID, STROKE, path_of

# The side of the picture and its middle; how many levels have a form of their own (higher ones look like the last, with
# more studs), and between how many studs there is room.
SIDE, MIDDLE, FORMED, MOST_STUDS = 96, 48.0, 7, 9
# From stud to stud, and how far the symbol moves up to make room for them.
APART, LIFT = 6.6, 2.5
STAR = "M48 .5l2.4 4.9 5.3.8-3.9 3.7 1 5.3-4.8-2.5-4.8 2.5 1-5.3-3.9-3.7 5.3-.8z"
RIBBONS = "M46 72L37 95 30.5 88.5 19 91.5 29 66zM67 66L77 91.5 65.5 88.5 59 95 50 72z"


def at(radius: float, turn: float, y: float = MIDDLE) -> str:
    """The point at `radius` from the middle, which is at height `y`; `turn` in circles, clockwise from the top."""
    angle = 2 * pi * turn
    return f"{MIDDLE + radius * sin(angle):.1f} {y - radius * cos(angle):.1f}"


def ring(radius: float, y: float = MIDDLE) -> str:
    half = f"a{radius:g} {radius:g} 0 1 0"
    return f"M{MIDDLE - radius:g} {y:g}{half} {2 * radius:g} 0{half} {-2 * radius:g} 0z"


def hexagon(radius: float) -> str:
    return f"M{' '.join(at(radius, nth / 6) for nth in range(6))}z"


def rosette(lobes: int, radius: float, y: float = MIDDLE) -> str:
    """So many petals, with the valleys between them at `radius`."""
    petal = 2 * radius * sin(pi / lobes) / 1.8
    arcs = (f"A{petal:.1f} {petal:.1f} 0 0 1 {at(radius, (nth + 1.5) / lobes, y)}" for nth in range(lobes))
    return f"M{at(radius, 0.5 / lobes, y)}{''.join(arcs)}z"


def laurel(leaves: int, radius: float, y: float) -> str:
    """Two branches that begin below, left and right, with so many leaves each."""
    found = []
    for nth in range(leaves):
        turn = 0.44 - 0.075 * nth
        for side in (1, -1):
            foot, tip = at(radius, side * turn, y), at(radius + 6, side * (turn - 0.075), y)
            outside, inside = at(radius + 8, side * (turn - 0.02), y), at(radius + 0.5, side * (turn - 0.06), y)
            found.append(f"M{foot}Q{outside} {tip}Q{inside} {foot}z")
    return "".join(found)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a level: the plate, a line around it or an ornament behind it; how far from the middle the studs are,
    how much larger than its grid the symbol is, and how high its middle."""

    plate: str
    studs: float
    scale: float
    around: str = ""
    behind: str = ""
    y: float = MIDDLE


FORMS = (
    Form(ring(37), 29, 1.75),
    Form(ring(36), 28, 1.7, around=ring(44)),
    Form(hexagon(41), 28.5, 1.7),
    Form(hexagon(36.5), 26, 1.55, around=hexagon(45.5)),
    Form(ring(33.5), 26.5, 1.65, behind=rosette(12, 38.5)),
    Form(ring(31, 41), 24.5, 1.55, behind=RIBBONS + rosette(12, 35.5, 41), y=41),
    Form(ring(31, 50), 24.5, 1.55, behind=laurel(5, 36, 50) + STAR, y=50),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A path of a medal: what it is, its data, and the attribute that puts it in its place."""

    part: str
    path: str
    place: str = ""


def lines(symbol: str, level: int) -> list[Line]:
    """What a medal is made of, from behind to the front. level: from 1."""
    form = FORMS[min(level, FORMED) - 1]
    number = min(level, MOST_STUDS)
    apart = APART / (2 * pi * form.studs)
    studs = "".join(f"M{at(form.studs, 0.5 + apart * ((number - 1) / 2 - nth), form.y)}h.01" for nth in range(number))
    corner = GRID * form.scale / 2
    moved = f"translate({MIDDLE - corner:g} {form.y - corner - LIFT:g}) scale({form.scale:g})"
    found = [
        Line("behind", form.behind),
        Line("around", form.around),
        Line("plate", form.plate),
        Line("studs", studs),
        Line("symbol", path_of(symbol), f' transform="{moved}"'),
    ]
    return [line for line in found if line.path]


def inline(symbol: str, level: int, *, label: str = "", locked: bool = False, small: bool = False) -> str:
    """The medal as an element of a page. Without `label` it says nothing: the words beside it do."""
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true" focusable="false"'
    names = f"medal level-{min(level, FORMED)}{' locked' * locked}{' small' * small}"
    drawn = "".join(f'<path class="{line.part}"{line.place} d="{line.path}"/>' for line in lines(symbol, level))
    return f'<svg class="{names}" viewBox="0 0 {SIDE} {SIDE}" {said}>{drawn}</svg>'


@dataclass(frozen=True, slots=True)
class Colours:
    """Of a picture that stands alone and cannot name the tokens of the CSS."""

    paper: str
    brand: str
    on_brand: str
    tint: str
    on_tint: str
    gold: str


def pens(level: int, colours: Colours) -> Mapping[str, tuple[str, str, float]]:
    """part -> fill, stroke and the stroke's width, as static/css/achievements.css has them."""
    pale, golden = level <= 2, level >= 5
    mark = colours.on_tint if pale else colours.on_brand
    rim = colours.paper if golden else colours.brand
    return {
        "behind": (colours.gold, colours.gold, 2),
        "around": ("none", colours.brand, 2.5),
        "plate": (colours.tint if pale else colours.brand, rim, 2.5 if golden else 4),
        "studs": ("none", mark, 4),
        "symbol": ("none", mark, STROKE),
    }


def picture(symbol: str, level: int, *, label: str, colours: Colours, side: int = 2 * SIDE) -> str:
    """The medal as a file of its own, `side` pixels wide and high; it asks for nothing and knows no style."""
    pen = pens(min(level, FORMED), colours)
    drawn = "".join(
        f'<path fill="{pen[line.part][0]}" stroke="{pen[line.part][1]}" stroke-width="{pen[line.part][2]:g}"'
        f'{line.place} d="{line.path}"/>'
        for line in lines(symbol, level)
    )
    said = escape(label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {SIDE} {SIDE}"'
        f' role="img" aria-label="{said}"><title>{said}</title>'
        f'<g stroke-linecap="round" stroke-linejoin="round">{drawn}</g></svg>\n'
    )
