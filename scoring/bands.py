"""What a number from 1 to 100 means in words. The words are of the scale, which does not move with who joins; the
percentile among the people here always stands beside them (scoring.formula.calibration says how the scale was set).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# With fewer people and accounts scored than these, a percentile says little.
FEW = 20


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `least` up to the next band's: a word or two, and a sentence that says what that takes."""

    least: float
    name: Promise | str
    text: Promise | str


BANDS: tuple[Band, ...] = (
    Band(1, _("Starting"), _("Everybody starts at 1; the first reactions move it fastest.")),
    Band(10, _("Heard"), _("Some people react to what you post.")),
    Band(20, _("Growing"), _("People come back to react, and new ones with them.")),
    Band(30, _("Established"), _("A circle of people reacts as a matter of course.")),
    Band(40, _("Average"), _("40 is the middle of the scale: half of the people it was set on stand higher.")),
    Band(50, _("Considerable"), _("50 is considerable: three in ten of the people the scale was set on get there.")),
    Band(63, _("Top 5%"), _("63 is where the top 5% of the people the scale was set on begin.")),
    Band(75, _("Rare"), _("One or two in a thousand of the people the scale was set on get there.")),
    Band(90, _("Extraordinary"), _("It takes an audience of millions that answers.")),
)


def band_of(score: float) -> Band:
    """The band of a score as it is shown: rounded to a tenth, so that a 40.0 is average however it came about."""
    shown = round(score, 1)
    return next(band for band in reversed(BANDS) if shown >= band.least or band is BANDS[0])


def along(last: float = 100.0) -> list[tuple[Band, float, float]]:
    """Every band with where it begins on a line from 1 to `last`, and how long it is there, in hundredths."""
    ends = [*(band.least for band in BANDS), last]
    length = (last - BANDS[0].least) / 100
    return [
        (band, (low - BANDS[0].least) / length, (high - low) / length)
        for band, (low, high) in zip(BANDS, pairwise(ends), strict=True)
    ]


if [band.least for band in BANDS] != sorted({band.least for band in BANDS}) or BANDS[0].least != 1:
    raise ValueError("bands begin at 1 and rise")
