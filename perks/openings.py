"""When a campaign is open, and for whom: read from its windows alone, never from whether a worker was in time.

Every function takes `at` and reads `campaign.windows.all()` and `campaign.variants.all()`, so that a list which
prefetches both asks nothing more. Claims look at the database's clock themselves (perks.claims).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from perks.models import Campaign, Variant, Window
from perks.models.windows import SHORTEST
from perks.states import State
from scoring.bands import BANDS

# Bands in which a staggered window opens by default, the highest first; whoever is below the last one waits longest.
EARLY = (63.0, 50.0, 40.0)


class Phase(StrEnum):
    """What stands in the way at the moment, or that nothing does."""

    # A draft, in review, or put away: nobody sees it.
    NONE = "none"
    # A window will open (for this score).
    SOON = "soon"
    OPEN = "open"
    # A lottery takes entries.
    ENTER = "enter"
    # A window is open, but nothing is left, or others wait for what is freed.
    SOLD_OUT = "sold_out"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a campaign stands at a time, for one score. `opens_at` is this score's own time in a staggered window."""

    phase: Phase
    window: Window | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    # Whether there is a queue that can be joined.
    can_wait: bool = False

    @property
    def words(self) -> str:
        """A sentence in the active language and zone."""
        opens, closes = _written(self.opens_at), _written(self.closes_at)
        match self.phase:
            case Phase.SOON if self.window is not None and self.window.kind == Window.Kind.LOTTERY:
                return _("Entries for the draw open on %(time)s.") % {"time": opens}
            case Phase.SOON:
                return _("Opens on %(time)s.") % {"time": opens}
            case Phase.OPEN:
                return _("Open until %(time)s.") % {"time": closes}
            case Phase.ENTER:
                return _("Enter until %(time)s; it is drawn after that.") % {"time": closes}
            case Phase.SOLD_OUT if self.can_wait:
                return _("All taken at the moment. You can wait for one until %(time)s.") % {"time": closes}
            case Phase.SOLD_OUT:
                return _("All taken.")
            case Phase.PAUSED:
                return _("Paused by the brand. What you hold or have claimed stays yours.")
            case _:
                return _("Over.")


def _written(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""


# ---------------------------------------------------------------- stages


def stages_by_band(hours: int) -> list[list[float]]:
    """Stages for a staggered window: the top 5% first, then every lower band of EARLY, everybody `hours` later."""
    step = hours * 60 / len(EARLY)
    early = [[least, round(step * place)] for place, least in enumerate(EARLY)]
    return [*early, [BANDS[0].least, hours * 60]]


def stages_of(window: Window) -> list[tuple[float, timedelta]]:
    """(minimum score, time after the opening) of each stage, the earliest first; one of all where it has none."""
    if window.kind != Window.Kind.STAGGERED or not window.stages:
        return [(0.0, timedelta())]
    return [(float(least), timedelta(minutes=minutes)) for least, minutes in window.stages]


def validate_stages(window: Window) -> None:
    """Raises ValidationError where stages are not [[minimum score, minutes], ...], scores falling and minutes rising
    from 0, or where whoever comes last has less than a day (unless the window says why it is short)."""
    if window.kind != Window.Kind.STAGGERED:
        return
    stages: Any = window.stages
    pairs = isinstance(stages, list) and all(isinstance(one, list | tuple) and len(one) == 2 for one in stages)
    if not stages or not pairs or not all(_is_number(value) for one in stages for value in one):
        raise ValidationError({"stages": _("Write each stage as [minimum score, minutes after the opening].")})
    scores, minutes = [one[0] for one in stages], [one[1] for one in stages]
    if minutes[0] != 0 or not _rises(minutes) or not _rises([-score for score in scores]):
        raise ValidationError(
            {"stages": _("The first stage begins with the window (0 minutes); each later one has a lower score.")}
        )
    if not all(0 <= score <= 100 for score in scores):
        raise ValidationError({"stages": _("Scores go from 1 to 100.")})
    # Sane before it is added to a time: a number too large for a date is a mistake too.
    if minutes[-1] * 60 > (window.closes_at - window.opens_at).total_seconds():
        raise ValidationError({"stages": _("The last stage begins after the window has closed.")})
    left = window.closes_at - window.opens_at - timedelta(minutes=minutes[-1])
    if left < SHORTEST and not window.short_reason:
        raise ValidationError({"stages": _("Everybody who qualifies needs at least 24 hours, the last stage too.")})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _rises(values: Sequence[float]) -> bool:
    return all(before < after for before, after in pairwise(values))


# ---------------------------------------------------------------- windows


def opens_for(window: Window, score: float | None, at: datetime) -> datetime | None:
    """From when on somebody with `score` may claim in `window`; None where it has closed at `at`.

    The last stage is for everybody who qualifies. A score counts as it is shown, to a tenth.
    """
    if at >= window.closes_at:
        return None
    stages = stages_of(window)
    shown = 0.0 if score is None else round(score, 1)
    after = next((after for least, after in stages if shown >= least), stages[-1][1])
    return window.opens_at + after


def window_now(campaign: Campaign, at: datetime) -> Window | None:
    """The window that is open at `at` (of several the one that closes last), whatever the state says."""
    open_now = [window for window in campaign.windows.all() if window.opens_at <= at < window.closes_at]
    return max(open_now, key=lambda window: window.closes_at, default=None)


def next_window(campaign: Campaign, at: datetime) -> Window | None:
    """The window that opens next after `at`."""
    later = [window for window in campaign.windows.all() if window.opens_at > at]
    return min(later, key=lambda window: window.opens_at, default=None)


def last_close(campaign: Campaign) -> datetime | None:
    """When the last of its windows closes; None where it has none."""
    return max((window.closes_at for window in campaign.windows.all()), default=None)


def is_ended_early(campaign: Campaign) -> bool:
    """Whether somebody ended it before its last window had closed: then nothing more is drawn or offered."""
    closes = last_close(campaign)
    if closes is None or campaign.state not in (State.ENDED, State.ARCHIVED):
        return False
    return campaign.audit.filter(action="end", at__lt=closes).exists()


def free_at_once(variants: Iterable[Variant]) -> int:
    """Items that somebody who comes now can have: where people wait, what is left is theirs."""
    return sum(variant.left for variant in variants if not variant.waiting)


def state_at(campaign: Campaign, at: datetime, score: float | None = None) -> Opening:
    """What people are told of `campaign` at `at`; of staggered windows by `score` (scoring.rests.perk_score)."""
    if campaign.state in (State.DRAFT, State.REVIEW, State.ARCHIVED):
        return Opening(Phase.NONE)
    closes = last_close(campaign)
    if campaign.state == State.ENDED or closes is None or at >= closes:
        return Opening(Phase.ENDED, closes_at=closes)
    # Of those that have not closed the one that this score may use first.
    times = [(opens, window) for window in campaign.windows.all() if (opens := opens_for(window, score, at))]
    times.sort(key=lambda one: (one[0], one[1].pk or 0))
    open_now = [one for one in times if one[0] <= at]
    opens, window = max(open_now, key=lambda one: one[1].closes_at) if open_now else times[0]
    if campaign.state == State.PAUSED:
        return Opening(Phase.PAUSED, window, opens, window.closes_at)
    if opens > at:
        return Opening(Phase.SOON, window, opens, window.closes_at)
    if window.kind == Window.Kind.LOTTERY:
        return Opening(Phase.ENTER, window, opens, window.closes_at)
    if free_at_once(campaign.variants.all()):
        return Opening(Phase.OPEN, window, opens, window.closes_at)
    return Opening(Phase.SOLD_OUT, window, opens, window.closes_at, can_wait=campaign.waiting_list)
