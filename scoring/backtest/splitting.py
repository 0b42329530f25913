"""Cuts reactions into what was known and what came after: at a moment, or by hiding some of the actors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.edges import DAY, BadEdges, Edges
from scoring.features.catalogue import STANDING_VERBS, VERBS

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

# The day of the score where a file tells no times.
SOME_DAY = date(2020, 1, 1)
LASTING = np.array([VERBS[name].number for name in sorted(STANDING_VERBS)])


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at the split: k rows in the file's order, times moved so that the split is `as_of`, 0:00 UTC.

    actor, target, at, verb: int64 [k]. people: int64 [m], the accounts seen, sorted: those that are tested.
    """

    actor: Int64
    target: Int64
    at: Int64
    verb: Int64
    people: Int64
    as_of: date
    timed: bool


@dataclass(frozen=True, slots=True)
class Split:
    """`known`, and the truth: float64 [m], how many different accounts reacted to each of known.people after it."""

    known: Known
    truth: Float64
    # The UTC day at whose beginning, or during which, it is split; the score's day where that is a file without times.
    day: date
    # In words, and in numbers: the reactions on either side.
    label: str
    reactions_before: int
    reactions_after: int


def moment_of(day: date) -> int:
    """Microseconds since 1970 of a day's beginning, UTC."""
    return int((day - date(1970, 1, 1)).days) * DAY


def named(moment: int) -> str:
    """A moment as people write it; beyond the years that a date can have, as a number."""
    try:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment):%Y-%m-%d %H:%M}"
    except OverflowError:
        return f"{moment / 1e6:.0f} s"


def times_of(edges: Edges) -> Int64:
    """The times of `edges`. Raises BadEdges where there are none, or they span so little that they cannot be times."""
    if edges.at is None:
        raise BadEdges("without times there is no moment to split at")
    span = int(edges.at.max()) - int(edges.at.min())
    if span < DAY:
        raise BadEdges(
            f"the times span {span / 1e6:,.0f} seconds, less than a day. If that column is a weight, test without "
            "times, by hiding actors (--no-times); if another one is the time, name it (--map time=4)"
        )
    return edges.at


def moment_at_share_of_time(edges: Edges, share: float) -> int:
    """The moment at which `share` of the time from the first reaction to the last has passed."""
    at = times_of(edges)
    first, last = int(at.min()), int(at.max())
    return first + round((last - first) * share)


def moment_at_share_of_events(edges: Edges, share: float) -> int:
    """The moment before which `share` of the reactions happened."""
    at = np.sort(times_of(edges))
    return int(at[min(int(len(at) * share), len(at) - 1)])


def day_of(moment: int) -> date:
    """The UTC day of a moment; SOME_DAY beyond the years that a date can have."""
    try:
        return date(1970, 1, 1) + timedelta(days=moment // DAY)
    except OverflowError:
        return SOME_DAY


def beginning_of_day(moment: int) -> int:
    """The midnight (UTC) nearest to `moment`."""
    return (moment + DAY // 2) // DAY * DAY


def after(edges: Edges, moment: int, *, horizon: int | None = None) -> Split:
    """Split at `moment` (microseconds); horizon: how many days after it count, all of them if None. Raises BadEdges."""
    at = times_of(edges)
    before = at < moment
    later = ~before if horizon is None else ~before & (at < moment + horizon * DAY)
    if not before.any() or not later.any():
        raise BadEdges(
            f"nothing happened {'after' if before.any() else 'before'} {named(moment)}; the reactions are from "
            f"{named(int(at.min()))} to {named(int(at.max()))}"
        )
    shift = moment_of(SOME_DAY) - moment
    within = "" if horizon is None else f", {horizon} days from there"
    return made(edges, before, later, at + shift, day_of(moment), f"split at {named(moment)} UTC{within}")


def hidden_actors(edges: Edges, *, seed: int, share: float = 0.5) -> Split:
    """Hide a random `share` of the actors, with all they did: the truth is the hidden ones. Raises BadEdges."""
    random = np.random.default_rng(seed)
    hidden = (random.random(edges.people) < share)[edges.actor]
    if hidden.all() or not hidden.any():
        raise BadEdges("there are too few actors to hide some of them")
    at = np.full(len(edges), moment_of(SOME_DAY) - DAY // 2, dtype=np.int64)
    return made(edges, ~hidden, hidden, at, SOME_DAY, f"{share:.0%} of the actors hidden at random (seed {seed})")


def made(edges: Edges, before: NDArray[np.bool_], later: NDArray[np.bool_], at: Int64, day: date, label: str) -> Split:
    times = edges.repeats[before]
    known = Known(
        actor=np.repeat(edges.actor[before], times),
        target=np.repeat(edges.target[before], times),
        at=np.repeat(at[before], times),
        verb=np.repeat(edges.verb[before], times),
        people=np.unique(np.concatenate([edges.actor[before], edges.target[before]])),
        as_of=SOME_DAY,
        timed=edges.at is not None,
    )
    reacts = later & (edges.actor != edges.target) & ~np.isin(edges.verb, LASTING)
    pairs = np.unique(edges.target[reacts] * np.int64(edges.people) + edges.actor[reacts])
    reactors = np.bincount(pairs // edges.people, minlength=edges.people)
    return Split(
        known=known,
        truth=reactors[known.people].astype(np.float64),
        day=day,
        label=label,
        reactions_before=int(times.sum()),
        reactions_after=int(edges.repeats[later].sum()),
    )
