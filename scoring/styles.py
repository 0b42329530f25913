"""How somebody moves people: a place among sixteen styles, from what the points of the current score come from.

Two questions, each a number from 0 to 1. Do people answer, or do they pass things on? And do they come for a post, or
have they come to stay, as followers, on lists, as connections? Each is cut into four, which makes sixteen styles.
Points fade slowly and both numbers are shares of them, so that nobody's style jumps about from day to day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.networks.base import STANDING_VERBS

# Points of every verb that say nothing of how people react ("any") count for the second question alone.
ANSWERS = frozenset({"reply", "mention", "tip"})
PASSES_ON = frozenset({"share", "quote", "link"})
# So many points stand half on each side before there are any, so that the first ones do not decide it all.
EVEN = 1.0
# Points below which nothing is said: of answering or passing on, and of all together.
LEAST_OF_REACTIONS = 1.5
LEAST = 5.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A question: what its two ends are called, and the three places where the four steps meet."""

    low: Promise | str
    high: Promise | str
    cuts: tuple[float, float, float]

    def place(self, share: float) -> float:
        """Where `share` (0 to 1) lies on the four steps, from 0 to 4."""
        return float(np.interp(share, (0.0, *self.cuts, 1.0), (0.0, 1.0, 2.0, 3.0, 4.0)))


# Left to right, and from below to above. The middle cut of the first is where both weigh the same; those of the second
# are where a quarter, half and three quarters of the people in our demonstration town lie, rounded.
ACROSS = Axis(gettext_lazy("They answer"), gettext_lazy("They pass it on"), (0.38, 0.5, 0.62))
UP = Axis(gettext_lazy("They come for the post"), gettext_lazy("They came to stay"), (0.2, 0.27, 0.42))


@dataclass(frozen=True, slots=True)
class Style:
    """One of the sixteen."""

    name: Promise | str
    text: Promise | str


# Rows from below to above (people came to stay), each from left (they answer) to right (they pass on).
GRID: tuple[tuple[Style, ...], ...] = (
    (
        Style(gettext_lazy("Door opener"), gettext_lazy("Gets people talking who have not met before.")),
        Style(gettext_lazy("Ice breaker"), gettext_lazy("Newcomers answer, and take something with them.")),
        Style(gettext_lazy("Spark"), gettext_lazy("A post catches, with people who had never heard of its author.")),
        Style(gettext_lazy("Wildfire"), gettext_lazy("The posts travel further than the name.")),
    ),
    (
        Style(gettext_lazy("Interviewer"), gettext_lazy("Asks, is answered, and some come back.")),
        Style(gettext_lazy("Storyteller"), gettext_lazy("People answer the stories and tell them again.")),
        Style(gettext_lazy("Courier"), gettext_lazy("What comes is handed on, a little more than it is discussed.")),
        Style(gettext_lazy("Trail marker"), gettext_lazy("Where this one points, others point too.")),
    ),
    (
        Style(gettext_lazy("Host"), gettext_lazy("Regulars sit at the table, and they talk.")),
        Style(gettext_lazy("Columnist"), gettext_lazy("The readers stay, and most of them have an answer.")),
        Style(gettext_lazy("Herald"), gettext_lazy("The readers stay, and they spread the news.")),
        Style(gettext_lazy("Torchbearer"), gettext_lazy("Followers carry it to followers of their own.")),
    ),
    (
        Style(gettext_lazy("Confidant"), gettext_lazy("A faithful circle that would rather talk with than about.")),
        Style(gettext_lazy("Village square"), gettext_lazy("Many have come to stay, and meet here.")),
        Style(gettext_lazy("Lighthouse"), gettext_lazy("Many steer by it, and show others the way.")),
        Style(gettext_lazy("Bell tower"), gettext_lazy("Many have come to stay, and the ringing is heard far off.")),
    ),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's style, and where they stand in the grid: `across` and `up` from 0 to 4, the shares from 0 to 1."""

    style: Style
    across: float
    up: float
    passed_on: float
    staying: float

    @property
    def cell(self) -> tuple[int, int]:
        """Row (from below) and column, from 0."""
        return min(int(self.up), 3), min(int(self.across), 3)

    @property
    def sentence(self) -> str:
        """The grid in words."""
        return _(
            "Of the points for answers and for passing on, %(passed)s%% are for passing on; of all points, "
            "%(staying)s%% are from people who came to stay, as followers, on lists or as connections."
        ) % {"passed": round(100 * self.passed_on), "staying": round(100 * self.staying)}


def verb_of(feature: str) -> str:
    """The verb that a column of features is about: "share" for share_actors_recent; "any" for all of them together."""
    return feature.partition("~")[0].partition("_")[0]


def standing_of(points: Mapping[str, float]) -> Standing | None:
    """The style of somebody whose score has these points by feature; None where there is too little to tell.

    Points that everybody starts with, and those of people's own counters without a verb, are left out.
    """
    by_verb: dict[str, float] = {}
    for feature, brought in points.items():
        verb = verb_of(feature)
        if verb != "start" and brought > 0:
            by_verb[verb] = by_verb.get(verb, 0.0) + brought
    answers = sum(by_verb.get(verb, 0.0) for verb in ANSWERS)
    passed = sum(by_verb.get(verb, 0.0) for verb in PASSES_ON)
    staying = sum(by_verb.get(verb, 0.0) for verb in STANDING_VERBS)
    whole = sum(by_verb.values())
    if answers + passed < LEAST_OF_REACTIONS or whole < LEAST:
        return None
    stay = staying / whole
    across, up = ACROSS.place((passed + EVEN / 2) / (answers + passed + EVEN)), UP.place(stay)
    style = GRID[min(int(up), 3)][min(int(across), 3)]
    return Standing(style, across, up, passed / (answers + passed), stay)


# Of the picture: a cell, and the frame around all of them.
CELL, EDGE = 50, 6


def picture(standing: Standing) -> str:
    """The grid with the place of `standing` in it, as SVG; the words beside it say the same."""
    row, column = standing.cell
    side = 4 * CELL + 2 * EDGE

    def corner(of_row: int, of_column: int) -> str:
        return f'x="{EDGE + of_column * CELL + 2}" y="{EDGE + (3 - of_row) * CELL + 2}"'

    cells = chain.from_iterable(
        (
            f'<rect class="cell{" here" if (nth, place) == (row, column) else ""}" {corner(nth, place)}'
            f' width="{CELL - 4}" height="{CELL - 4}" rx="9"/>'
            for place in range(4)
        )
        for nth in range(4)
    )
    x = EDGE + CELL * min(max(standing.across, 0.12), 3.88)
    y = EDGE + CELL * (4 - min(max(standing.up, 0.12), 3.88))
    label = _("%(style)s: column %(column)s of 4 from left, row %(row)s of 4 from below.") % {
        "style": standing.style.name,
        "column": column + 1,
        "row": row + 1,
    }
    return (
        f'<svg class="style-grid" viewBox="0 0 {side} {side}" role="img" aria-label="{escape(label)}">'
        f'{"".join(cells)}<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="7.5"/></svg>'
    )
