"""The badge of a score for other sites: SVG by hand, in three sizes, light and dark. Letters are outlines where our own
typeface has them, so that a badge looks alike everywhere and asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from scoring import charts
from scoring.bands import FEW
from scoring.models import Score
from scoring.numbers import points, share
from scoring.typefaces import BOLD, MEDIUM, Lettering, fitted, png

# The length of charts.BUBBLE, for renderers that do not know pathLength.
RIM = 545.36
# How far over the score itself is drawn in its PNG, for screens with finer points.
FINER = 2


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as in static/css/tokens.css: an image cannot name those."""

    paper: str
    line: str
    ink: str
    soft: str
    sunken: str
    brand: str
    on_brand: str
    tint: str
    on_tint: str
    parts: tuple[tuple[str, str], ...]


THEMES = {
    "light": Theme(
        paper="#fffdf9",
        line="#ddd6c8",
        ink="#1c2733",
        soft="#4b5764",
        sunken="#ece7dc",
        brand="#0b5a5e",
        on_brand="#ffffff",
        tint="#dbebe6",
        on_tint="#083f43",
        parts=(("reach", "#1d6e8c"), ("amplification", "#b4770f"), ("network_part", "#8b4d7e")),
    ),
    "dark": Theme(
        paper="#192228",
        line="#2c3840",
        ink="#edeae2",
        soft="#aeb8bf",
        sunken="#0c1215",
        brand="#74cbc4",
        on_brand="#072426",
        tint="#16363a",
        on_tint="#a4e0da",
        parts=(("reach", "#6cbbd9"), ("amplification", "#e9b552"), ("network_part", "#d29bc5")),
    ),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, its measures in pixels, and files of this machine whose letters it needs."""

    svg: str
    width: int
    height: int
    files: tuple[str, ...] = ()

    def png(self) -> bytes:
        return png(self.svg, width=FINER * self.width, files=self.files)


def in_words(score: Score | None) -> str:
    """What a badge says to who cannot see it; also the alternative text of the codes to copy."""
    if score is None:
        return _("%(site)s: no public score") % {"site": settings.SITE_NAME}
    return _("%(name)s has a %(site)s score of %(score)s of 100") % {
        "name": score.person.display_name,
        "site": settings.SITE_NAME,
        "score": points(score.score),
    }


def draw(score: Score | None, *, size: str, theme: str) -> Picture:
    """The badge of `score`; without one the neutral badge, the same for everybody. Raises KeyError for others."""
    return SIZES[size](score, THEMES[theme])


def _framed(score: Score | None, width: int, height: int, inner: str, files: tuple[str, ...] = ()) -> Picture:
    said = escape(in_words(score))
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{said}"><title>{said}</title>{inner}</svg>\n',
        width,
        height,
        files,
    )


def _number(score: Score | None) -> str:
    return "\N{EN DASH}" if score is None else points(score.score)


def mark(x: float, y: float, side: float, body: str, waves: str) -> str:
    """Our mark (static/img/mark.svg) in a square of `side`."""
    return (
        f'<g transform="translate({x:g} {y:g}) scale({side / 64:.4f})"><path fill="{body}" '
        'd="M9 58C12 53 12.500 47 10.500 41.500A25 25 0 1 1 24.500 53C20 57 14 58.500 9 58Z"/>'
        f'<path fill="none" stroke="{waves}" stroke-linecap="round" stroke-width="4.5" '
        'd="M27.500 37.500a8 8 0 0 1 8-8M20.500 34.500A16 16 0 0 1 36.500 18.500"/>'
        f'<circle cx="37.5" cy="38" r="4.5" fill="{waves}"/></g>'
    )


def bubble(score: Score | None, x: float, y: float, side: float, theme: Theme) -> str:
    """The score in its bubble, the rim filled by the three parts, in a square of `side`."""
    rims, start = [f'<path fill="{theme.paper}" stroke="{theme.sunken}" stroke-width="11" d="{charts.BUBBLE}"/>'], 0.0
    for name, colour in theme.parts if score else ():
        length = max(getattr(score, name), 0.0) * RIM / 100
        if length >= charts.SLIVER * RIM / 100:
            rims.append(
                f'<path fill="none" stroke="{colour}" stroke-width="11" '
                f'stroke-dasharray="{length:.2f} {RIM - length:.2f}" stroke-dashoffset="{-start:.2f}" '
                f'd="{charts.BUBBLE}"/>'
            )
        start += length
    text = _number(score)
    end = next((place for place, sign in enumerate(text) if not sign.isdigit()), len(text)) if score else 1
    whole, rest = text[:end], text[end:]
    # Two digits and a decimal fill the bubble; three are drawn smaller.
    wide = BOLD.width(whole, 1) + BOLD.width(rest, 0.5)
    high = min(72.0, 116 / wide)
    left = 103 - wide * high / 2
    number = BOLD.outline(whole, high, left, 94 + 0.36 * high, theme.ink)
    decimals = (
        BOLD.outline(rest, high / 2, left + BOLD.width(whole, high), 94 + 0.36 * high, theme.soft) if rest else ""
    )
    return f'<g transform="translate({x:g} {y:g}) scale({side / 200:.4f})">{"".join(rims)}{number}{decimals}</g>'


def _small(score: Score | None, theme: Theme) -> Picture:
    """Flat, 20 pixels high, for a line of such badges."""
    name, name_size = fitted(settings.SITE_NAME, size=12, least=9, room=90)
    number = _number(score)
    middle = round(24 + name.width(name_size) + 7)
    width = round(middle + BOLD.width(number, 12) + 14)
    centre = middle + (width - middle - BOLD.width(number, 12)) / 2
    return _framed(
        score,
        width,
        20,
        f'<path fill="{theme.brand}" d="M4 0H{middle}V20H4A4 4 0 0 1 0 16V4A4 4 0 0 1 4 0Z"/>'
        f'<path fill="{theme.tint}" d="M{middle} 0H{width - 4}A4 4 0 0 1 {width} 4V16A4 4 0 0 1 {width - 4} 20'
        f'H{middle}Z"/>'
        f"{mark(5, 2.5, 15, theme.on_brand, theme.brand)}{name.svg(name_size, 23.5, 14.2, theme.on_brand)}"
        f"{BOLD.outline(number, 12, centre, 14.2, theme.on_tint)}",
        name.files,
    )


def _medium(score: Score | None, theme: Theme) -> Picture:
    """A square with the bubble in it."""
    name, size = fitted(settings.SITE_NAME, size=13, least=9, room=72)
    left = 60 - (name.width(size) + 19) / 2
    return _framed(
        score,
        120,
        132,
        f'<rect x="0.5" y="0.5" width="119" height="131" rx="14" fill="{theme.paper}" stroke="{theme.line}"/>'
        f"{bubble(score, 11, 5, 98, theme)}{mark(left, 106.5, 16, theme.brand, theme.on_brand)}"
        f"{name.svg(size, left + 19, 119, theme.ink)}",
        name.files,
    )


def _large(score: Score | None, theme: Theme) -> Picture:
    """A card: the bubble, and beside it whose score it is, how it stands and of which day."""
    width, height, left = 340, 132, 138
    room = width - left - 16
    lines = [
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="14" fill="{theme.paper}" '
        f'stroke="{theme.line}"/>',
        bubble(score, 14, 12, 108, theme),
    ]
    site, site_size = fitted(settings.SITE_NAME, size=13, least=9, room=room - 20)
    lines += [
        mark(left, 106, 16, theme.brand, theme.on_brand),
        site.svg(site_size, left + 20, 118.5, theme.ink),
    ]
    if score is None:
        title, size = fitted(_("No public score"), size=19, least=13, room=room)
        lines.append(title.svg(size, left, 50, theme.ink))
        lines.append(_line(_("This badge shows nobody's score."), left, 72, room, theme))
        return _framed(score, width, height, "".join(lines), (*site.files, *title.files))
    title, size = name_of(score, size=20, least=13, room=room)
    lines.append(title.svg(size, left, 38, theme.ink))
    below = [f"@{score.person.handle}" if title.text != f"@{score.person.handle}" else "", standing(score)]
    for place, text in enumerate(filter(None, below)):
        lines.append(_line(text, left, 60 + 20 * place, room, theme))
    day = date_format(score.as_of, "SHORT_DATE_FORMAT")
    lines.append(MEDIUM.outline(day, 12, width - 16 - MEDIUM.width(day, 12), 118.5, theme.soft))
    return _framed(score, width, height, "".join(lines), (*site.files, *title.files))


def name_of(score: Score, *, size: float, least: float, room: float) -> tuple[Lettering, float]:
    """The person's name as it can be drawn, and its size; the handle where no typeface has the name's letters."""
    written = fitted(score.person.display_name, size=size, least=least, room=room)
    if any(letter.isalnum() for letter in written[0].text):
        return written
    return fitted(f"@{score.person.handle}", size=size, least=least, room=room)


def standing(score: Score) -> str:
    """How a score stands among all, "" where that says nothing."""
    if score.score <= 1 or score.run.population < FEW:
        return ""
    return _("Higher than %(share)s%% of everybody") % {"share": share(score.percentile)}


def _line(text: str, x: float, y: float, room: float, theme: Theme) -> str:
    size = min(13.0, 13.0 * room / max(MEDIUM.width(text, 13), 1))
    if MEDIUM.has(text):
        return MEDIUM.outline(text, size, x, y, theme.soft)
    written, size = fitted(text, size=13, least=9, room=room)
    return written.svg(size, x, y, theme.soft)


SIZES = {"small": _small, "medium": _medium, "large": _large}
