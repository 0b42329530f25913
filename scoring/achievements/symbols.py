"""The symbols of achievements: one set, drawn for this project as lines on a grid of 24, of one width with round ends.

A symbol is the data of an SVG path and nothing else: what it stands in, and in which colours, is for medals.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The side of the grid, the width of every line on it, and how far ink stays from the edge.
GRID, STROKE, MARGIN = 24, 2, 1


@dataclass(frozen=True, slots=True)
class Symbol:
    """A drawing, and what it shows in a word or two (for the staff who choose among them)."""

    label: Promise | str
    path: str


def dot(x: float, y: float) -> str:
    """A point: with round ends a line of no length is a dot as wide as all lines."""
    return f"M{x:g} {y:g}h.01"


def circle(x: float, y: float, r: float) -> str:
    return f"M{x - r:g} {y:g}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0z"


SYMBOLS: dict[str, Symbol] = {
    "lists": Symbol(_("a list"), f"M10 6h10M10 12h10M10 18h10{dot(5, 6)}{dot(5, 12)}{dot(5, 18)}"),
    "share": Symbol(
        _("two arrows in a circle"),
        "M4 11.5V10a4 4 0 0 1 4-4h11M16 3l3 3-3 3M20 12.5V14a4 4 0 0 1-4 4H5M8 15l-3 3 3 3",
    ),
    "plane": Symbol(_("a paper plane"), "M21 3L3 10.5l7.5 3L13.5 21zM10.5 13.5L15 9"),
    "speech": Symbol(
        _("an at sign"),
        f"{circle(12, 12, 3.5)}M15.5 8.5V13a2.75 2.75 0 0 0 5.5 0V12a9 9 0 1 0-4 7.48",
    ),
    "comment": Symbol(
        _("a speech bubble with lines"),
        "M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-5.5L8 21v-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 8.5h8M8 12.5h5",
    ),
    "heart": Symbol(
        _("a heart"),
        "M12 20.5C8 17.5 3 14 3 9a4.75 4.75 0 0 1 9-2 4.75 4.75 0 0 1 9 2c0 5-5 8.5-9 11.5z",
    ),
    "handshake": Symbol(_("two rings"), f"{circle(8.5, 12, 5.5)}{circle(15.5, 12, 5.5)}"),
    "thumb": Symbol(
        _("a thumb that points up"),
        "M7.5 11L11 3.5A2.5 2.5 0 0 1 13.5 6v3.5H18a2.5 2.5 0 0 1 2.46 2.94l-1 5.5A2.5 2.5 0 0 1 17 20H7.5z"
        "M7.5 11v9H3.5v-9z",
    ),
    "pin": Symbol(
        _("a pin on a map"), f"M12 21.5c4.5-4.5 7-8 7-11.5a7 7 0 0 0-14 0c0 3.5 2.5 7 7 11.5z{circle(12, 10, 2.25)}"
    ),
    "crown": Symbol(_("a crown"), "M4.5 15.5L3 7l5 4 4-6.5 4 6.5 5-4-1.5 8.5zM5 19.5h14"),
    "chain": Symbol(
        _("two links of a chain"),
        "M10 13.5a4.25 4.25 0 0 0 6.4.45l3-3a4.25 4.25 0 0 0-6-6l-1.4 1.4"
        "M14 10.5a4.25 4.25 0 0 0-6.4-.45l-3 3a4.25 4.25 0 0 0 6 6l1.4-1.4",
    ),
    "plus-out": Symbol(
        _("a hand that gives a plus"),
        "M12 2.5v7M8.5 6h7"
        "M3 14.5c2.5-1.5 5-1.5 7 .5h3.5a1.75 1.75 0 0 1 0 3.5H10M13.5 18l5.25-2.8a1.6 1.6 0 0 1 1.6"
        " 2.77L15.5 21a4 4 0 0 1-3.5.3L8.5 20H3",
    ),
    "plus-in": Symbol(_("a plus and a K"), "M2.5 12h6M5.5 9v6M13 5v14M20.5 5L13 13M15.7 10.5L21 19"),
    "number": Symbol(_("a number sign"), "M9.5 3.5l-2 17M16.5 3.5l-2 17M4 9h16.5M3.5 15H20"),
    "score": Symbol(_("a gauge"), f"M5.6 19a9 9 0 1 1 12.8 0M12 13l4-4.5{dot(12, 13)}"),
    "steady": Symbol(
        _("an anchor"),
        f"{circle(12, 5, 2.25)}M12 7.5v13M8.5 11h7M4 13.5a8 7.5 0 0 0 16 0M2.5 15.5l1.5-2 2 1.5M21.5 15.5l-1.5-2-2 1.5",
    ),
    "comeback": Symbol(_("a line that falls and rises"), "M3 7l5.5 8.5 4-3.5L21 4.5M15.5 4H21v5.5M3 20.5h18"),
    "networks": Symbol(
        _("three points that are joined"),
        f"{circle(12, 5, 2.25)}{circle(5, 18, 2.25)}{circle(19, 18, 2.25)}M10.9 7L6.1 16M13.1 7l4.8 9M7.5 18h9",
    ),
    "gift": Symbol(
        _("a gift"),
        "M3.5 8.5h17V12h-17zM5 12v8.5h14V12M12 8.5v12M12 8.5C9 8.5 7 7.5 7 5.5S9.5 2.5 12 8.5c2.5-6 5-5 5-3s-2 3-5 3z",
    ),
    "followers": Symbol(
        _("three people"),
        f"{circle(12, 8, 3)}M6.5 20a5.5 5.5 0 0 1 11 0M5.5 6a2.5 2.5 0 0 0 .5 5M2 17.5a4 4 0 0 1 2.5-3.4"
        "M18.5 6a2.5 2.5 0 0 1-.5 5M22 17.5a4 4 0 0 0-2.5-3.4",
    ),
    "people": Symbol(
        _("waves from a point"),
        f"{circle(12, 12, 2)}M7.75 16.25a6 6 0 0 1 0-8.5M16.25 7.75a6 6 0 0 1 0 8.5"
        "M4.6 19.4a10.5 10.5 0 0 1 0-14.8M19.4 4.6a10.5 10.5 0 0 1 0 14.8",
    ),
    "answers": Symbol(
        _("a speech bubble with a tick"),
        "M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-2v4l-4.5-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 10.5l3 2.75 5-5",
    ),
    "question": Symbol(
        _("a speech bubble with a question mark"),
        "M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-5.5L8 21v-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3z"
        f"M9.75 8.25a2.25 2.25 0 1 1 3.25 2c-.7.4-1 .75-1 1.25{dot(12, 14)}",
    ),
    "quote": Symbol(
        _("quotation marks"),
        "M10 6c-4 1-6 4-6 8v4h6v-6H5M20 6c-4 1-6 4-6 8v4h6v-6h-5",
    ),
    "bookmark": Symbol(_("a bookmark"), "M7.5 3.5h9A1.5 1.5 0 0 1 18 5v15.5L12 16l-6 4.5V5a1.5 1.5 0 0 1 1.5-1.5z"),
    "eye": Symbol(
        _("an eye"), f"M2 12c2.5-4.5 6-7 10-7s7.5 2.5 10 7c-2.5 4.5-6 7-10 7s-7.5-2.5-10-7z{circle(12, 12, 3)}"
    ),
    "coin": Symbol(
        _("a coin"), f"{circle(12, 12, 9)}M12 7l1.5 3.4 3.5.4-2.6 2.4.7 3.6-3.1-1.8-3.1 1.8.7-3.6L7 10.8l3.5-.4z"
    ),
    "megaphone": Symbol(
        _("a megaphone"), "M4 9.5v5h3.5L17 19V5L7.5 9.5zM7.5 14.5l1 5.5h3l-1-4M20 9.5a3.5 3.5 0 0 1 0 5"
    ),
    "team": Symbol(
        _("hands that meet"),
        f"{circle(8, 7, 3)}{circle(16, 7, 3)}M2.5 19.5a5.5 5.5 0 0 1 9.5-3.75 5.5 5.5 0 0 1 9.5 3.75",
    ),
    "book": Symbol(
        _("a book"),
        "M12 6c-2.5-1.7-5.5-2-9-1.5V19c3.5-.5 6.5-.2 9 1.5 2.5-1.7 5.5-2 9-1.5V4.5c-3.5-.5-6.5-.2-9 1.5zM12 6v14.5",
    ),
    "ribbon": Symbol(_("a ribbon"), f"{circle(12, 8.5, 5.5)}M8.5 13L7 21l5-2.5 5 2.5-1.5-8"),
    "rocket": Symbol(
        _("a rocket"),
        f"M12 2.5c3.5 2.5 5 6 5 10L15.5 16h-7L7 12.5c0-4 1.5-7.5 5-10z{circle(12, 9.5, 1.5)}"
        "M7 12.5l-3 3.5V19l4.5-3M17 12.5l3 3.5V19l-4.5-3M12 19v2.5",
    ),
    "wing": Symbol(
        _("a butterfly"),
        "M12 9C10.5 5.5 7.5 3.5 5 3.5c-2 0-3 1.5-3 3.5 0 3.5 2.5 6 6 6.5-2 .3-3.5 1.5-3.5 3.5 0 4 6 4.5 7.5-2"
        "M12 9c1.5-3.5 4.5-5.5 7-5.5 2 0 3 1.5 3 3.5 0 3.5-2.5 6-6 6.5 2 .3 3.5 1.5 3.5 3.5 0 4-6 4.5-7.5-2M12 9v9",
    ),
    "spark": Symbol(
        _("a flame"),
        "M12.5 2.5c.5 4 5.5 6 5.5 11.5a6 6 0 0 1-12 0c0-2.5 1.2-4.5 2.5-6 .3 1.5 1 2.5 2 3C10.5 8 11 5 12.5 2.5z",
    ),
    "talk": Symbol(
        _("two speech bubbles"),
        "M5 3.5h8a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2H9.5l-3.5 3v-3H5a2 2 0 0 1-2-2v-4a2 2 0 0 1 2-2z"
        "M18.5 9.5H19a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2v3.5L15 17.5h-3a2 2 0 0 1-2-2",
    ),
    "play": Symbol(
        _("a screen that plays"),
        "M5 4.5h14a2.5 2.5 0 0 1 2.5 2.5v10a2.5 2.5 0 0 1-2.5 2.5H5A2.5 2.5 0 0 1 2.5 17V7A2.5 2.5 0 0 1 5 4.5z"
        "M10 8.5v7l5.5-3.5z",
    ),
    "compass": Symbol(_("a compass"), f"{circle(12, 12, 9.5)}M16 8l-2.5 5.5L8 16l2.5-5.5z"),
    "quill": Symbol(_("a quill"), "M20.5 3.5C12 3.5 6.5 8 6 16.5c7-.5 13-3.5 14.5-13zM3 21L14 10M11 16h4.5"),
    "years": Symbol(
        _("a tree"),
        "M12 21.5V10M12 14l3.5-3M12 16.5l-3-2.5M8.5 21.5h7M8 17.5a4.5 4.5 0 0 1-2.8-7.5 4 4 0 0 1 3-5.3 4.5 4.5 0 0 1"
        " 7.6 0a4 4 0 0 1 3 5.3 4.5 4.5 0 0 1-2.8 7.5",
    ),
    "star": Symbol(_("a star"), "M12 3l2.7 5.8 6.3.8-4.6 4.4 1.2 6.3L12 17.2l-5.6 3.1 1.2-6.3L3 9.6l6.3-.8z"),
}
# What is drawn where a symbol is asked for that the set does not have (any more).
PLAIN = "star"


def path_of(name: str) -> str:
    """The lines of the symbol `name`; a star's for one that is unknown."""
    return SYMBOLS.get(name, SYMBOLS[PLAIN]).path
