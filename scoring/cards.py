"""The picture that other sites show beside a link to a profile (Open Graph): 1200 x 630, drawn as a badge is."""

from __future__ import annotations

import hashlib
from html import escape

from django.conf import settings
from django.core.cache import cache
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from scoring.badges import THEMES, Picture, bubble, in_words, mark, name_of
from scoring.bands import FEW, band_of
from scoring.measured import PART_WORDS
from scoring.models import Score
from scoring.numbers import points, share
from scoring.typefaces import BOLD, MEDIUM, fitted, png

WIDTH, HEIGHT = 1200, 630
LEFT = 590
ROOM = WIDTH - LEFT - 70
# Nobody passes on that they are average: lower bands are on the profile alone.
PRAISED_FROM = 50
# For how long a picture is kept once it was drawn, in seconds: as long as other caches keep it.
KEPT = 3600
# Counted up when pictures of the same markup come out otherwise: another renderer, say.
EDITION = 1


def digest(picture: Picture) -> str:
    """What tells one picture from another: a hash of all it is made from."""
    made_from = "\n".join([str(EDITION), str(picture.width), *picture.files, picture.svg])
    return hashlib.sha256(made_from.encode()).hexdigest()[:32]


def rendered(picture: Picture, *, width: int) -> bytes:
    """`picture` as PNG, `width` pixels wide; drawn once, and then kept in the cache."""
    key = f"picture-{width}-{digest(picture)}"
    found: bytes | None = cache.get(key)
    if found is None:
        found = png(picture.svg, width=width, files=picture.files)
        cache.set(key, found, KEPT)
    return found


def card(score: Score | None) -> Picture:
    """The card of `score`, or the neutral one, which is the same for everybody."""
    theme = THEMES["light"]
    lines = [
        '<rect width="1200" height="630" fill="#f6f3ec"/>',
        f'<circle cx="290" cy="300" r="255" fill="{theme.tint}"/>',
        bubble(score, 70, 78, 440, theme),
    ]
    site, size = fitted(settings.SITE_NAME, size=36, least=20, room=ROOM - 240)
    lines += [mark(LEFT, 526, 52, theme.brand, theme.on_brand), site.svg(size, LEFT + 66, 564, theme.ink)]
    files = set(site.files)
    if score is None:
        title, size = fitted(_("No public score"), size=72, least=40, room=ROOM)
        lines.append(title.svg(size, LEFT, 280, theme.ink))
    else:
        title, size = name_of(score, size=76, least=40, room=ROOM)
        lines.append(title.svg(size, LEFT, 140, theme.ink))
        if (handle := f"@{score.person.handle}") != title.text:
            lines.append(_text(handle, 34, LEFT, 194, theme.soft))
        band = band_of(score.score)
        if band.least >= PRAISED_FROM:
            name, size = fitted(str(band.name), size=38, least=20, room=ROOM)
            files |= set(name.files)
            lines.append(name.svg(size, LEFT, 268, theme.brand))
        if words := _standing(score):
            lines.append(_text(words, 32, LEFT, 314 if band.least >= PRAISED_FROM else 290, theme.ink))
        for place, (field, colour) in enumerate(theme.parts):
            y = 378 + 50 * place
            part = "network" if field == "network_part" else field
            number = points(getattr(score, field))
            lines += [
                f'<circle cx="{LEFT + 12}" cy="{y - 11}" r="12" fill="{colour}"/>',
                _text(str(PART_WORDS[part]), 32, LEFT + 42, y, theme.ink),
                BOLD.outline(number, 32, WIDTH - 70 - BOLD.width(number, 32), y, theme.ink),
            ]
        day = date_format(score.as_of, "SHORT_DATE_FORMAT")
        lines.append(_text(day, 30, WIDTH - 70 - MEDIUM.width(day, 30), 564, theme.soft))
        files |= set(title.files)
    said = escape(in_words(score))
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{said}"><title>{said}</title>{"".join(lines)}</svg>\n',
        WIDTH,
        HEIGHT,
        tuple(sorted(files | set(title.files))),
    )


def _standing(score: Score) -> str:
    if score.score <= 1 or score.run.population < FEW:
        return ""
    return _("Higher than %(share)s%% of everybody scored") % {"share": share(score.percentile)}


def _text(text: str, size: float, x: float, y: float, colour: str) -> str:
    if MEDIUM.has(text):
        size = min(size, size * ROOM / max(MEDIUM.width(text, size), 1))
        return MEDIUM.outline(text, size, x, y, colour)
    written, size = fitted(text, size=size, least=size / 2, room=ROOM)
    return written.svg(size, x, y, colour)
