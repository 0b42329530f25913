"""Between which values a score would lie 19 times of 20 if its reactions had come from other people of the same kind.

For members by bootstrap over actors: everybody who reacted counts as often as a Poisson draw of mean one says, by a
hash of actor and replicate, and the formula scores each replicate as it scores a day. For all other accounts in closed
form: a sum of contributions c over actors has the relative error sqrt(sum c^2) / sum c, so the formula is asked once
with all such sums lowered by 1.96 of it, and once with them raised. What has no names (a counter) is off by COUNTED
either way.

The two agree, since the variance of a sum of c times Poisson draws is the sum of c^2. They differ where few people
reacted: the bootstrap knows that nobody can react less than not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.engine.base import Columns, Inputs
from scoring.engine.contributions import Contributions, contributions, reweighed
from scoring.features.base import ONE, FeatureTable, Int64
from scoring.features.catalogue import FEATURES, UNCERTAINTY
from scoring.formula.base import Float64, Formula, Scored

# By so much of itself a number without names may be off: it is read at one moment, and holds accounts that are none.
COUNTED = 0.1
REPLICATES = 100
SEED = 20_121_122
# 19 of 20 of a normal curve lie within so many standard deviations.
WIDE = 1.959964
# Rows of replicates scored at a time: some hundred megabytes.
ROWS = 200_000

_WITHOUT_NAMES = frozenset({"surplus", "anonymous", "counter"})
_BY_ACTOR = frozenset({"actors", "standing", "events", "posts"})
_FADING = ("now", "recent", "long")


class Interval(NamedTuple):
    """Bounds of n scores: float64 [n] each, with low <= score <= high, all in 1..100."""

    low: Float64
    high: Float64


def _bounds(scored: Scored, low: Float64, high: Float64) -> Interval:
    return Interval(np.maximum(np.minimum(low, scored.score), 1.0), np.minimum(np.maximum(high, scored.score), 100.0))


# ---------------------------------------------------------------- in closed form


def _kinds() -> Mapping[str, str]:
    """Column -> what its error follows from: a window's reactions, "ever" (its own number of people), or "counted"."""
    found: dict[str, str] = {}
    for feature in FEATURES:
        if feature.ratio:
            continue
        if feature.measure in _WITHOUT_NAMES:
            found[feature.column] = "counted"
        elif feature.measure in _BY_ACTOR and (feature.window in _FADING or feature.window == "ever"):
            found[feature.column] = feature.window
    return found


KINDS = _kinds()
# Errors of different people do not go together: each source is moved by itself.
SOURCES: Mapping[str, frozenset[str]] = {
    "reactions": frozenset(_FADING),
    "audience": frozenset({"ever"}),
    "counters": frozenset({"counted"}),
}


def relative_errors(table: FeatureTable, window: str) -> Float64:
    """sqrt(sum c^2) / sum c of each row's reactions in `window`; 0 where there are none."""
    whole = np.asarray(table.column(f"any_actors_{window}"), dtype=np.float64)
    squares = np.asarray(table.column(f"any_squares_{window}"), dtype=np.float64)
    return np.divide(np.sqrt(squares * ONE), whole, out=np.zeros(len(table)), where=whole > 0)


def factor(error: Float64, by: float) -> Float64:
    """What a sum of this relative error is multiplied by to be off by `by` of its standard errors.

    Poisson draws are skewed, the more the fewer people there are: (by^2 - 1) / 6 of the squared error is added (Cornish
    and Fisher's first term). Down to nobody at all; an error as large as the sum says no more than that.
    """
    found = 1.0 + by * error + (by * by - 1.0) / 6.0 * error * error
    return np.asarray(np.where((by < 0) & (error > 1.0), 0.0, np.maximum(found, 0.0)))


def moved(table: FeatureTable, kinds: frozenset[str], by: float) -> FeatureTable:
    """The columns of these kinds off by `by` of their standard errors, none below 0."""
    errors = {window: relative_errors(table, window) for window in _FADING if window in kinds}
    columns: dict[str, NDArray[np.int64] | NDArray[np.float64]] = dict(table.columns)
    for name, values in table.columns.items():
        kind = KINDS.get(name, "")
        if kind not in kinds:
            continue
        if kind == "counted":
            error: Float64 | float = COUNTED
        elif kind == "ever":
            people = np.asarray(values, dtype=np.float64) / ONE
            error = np.divide(1.0, np.sqrt(people), out=np.zeros(len(people)), where=people > 0)
        else:
            error = errors[kind]
        columns[name] = np.asarray(np.asarray(values, dtype=np.float64) * factor(np.asarray(error), by))
    return FeatureTable(table.account, table.network, columns, table.supplied)


def of_accounts(scorer: Formula, table: FeatureTable, scored: Scored) -> Interval:
    """Intervals of accounts each scored for itself: `scored` is scorer.score(table, table.account)."""
    below, above = np.zeros(len(scored)), np.zeros(len(scored))
    for kinds in SOURCES.values():
        has = np.zeros(len(table), dtype=bool)
        for name, values in table.columns.items():
            if KINDS.get(name, "") in kinds:
                has |= np.asarray(values) > 0
        part = table.take(np.isin(table.account, table.account[has]))
        if not len(part):
            continue
        for by, square in ((-WIDE, below), (WIDE, above)):
            found = scorer.score(moved(part, kinds, by), part.account)
            place = np.searchsorted(scored.entity, found.entity)
            square[place] += (found.score - scored.score[place]) ** 2
    return _bounds(scored, scored.score - np.sqrt(below), scored.score + np.sqrt(above))


# ---------------------------------------------------------------- by bootstrap


def _poisson() -> NDArray[np.int64]:
    """Draws of a Poisson distribution of mean one, by 16 evenly distributed bits."""
    table, chance, until = np.zeros(1 << 16, dtype=np.int64), np.exp(-1.0), 0.0
    for count in range(12):
        until += chance
        table[round(until * (1 << 16)) :] = count + 1
        chance /= count + 1
    return table


POISSON = _poisson()


def hashed(key: Int64, replicates: int, salt: int) -> NDArray[np.uint64]:
    """64 evenly distributed bits for each key and replicate, [keys, replicates]: the finaliser of SplitMix64."""
    first = np.asarray(key, dtype=np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    second = (np.arange(1, replicates + 1, dtype=np.uint64) + np.uint64(salt)) * np.uint64(0xD1B54A32D192ED03)
    bits = first[:, None] + second[None, :]
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits ^= bits >> np.uint64(shift)
        bits *= np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return bits


def draws(actor: Int64, replicates: int) -> NDArray[np.int64]:
    """How often each actor counts in each replicate, [actors, replicates]."""
    return POISSON[(hashed(actor, replicates, SEED) >> np.uint64(48)).astype(np.int64)]


def deviates(account: Int64, replicates: int) -> Float64:
    """Standard normal deviates for each account and replicate, by Box and Muller."""
    bits = hashed(account, replicates, SEED + 1_000_003)
    one = ((bits >> np.uint64(32)).astype(np.float64) + 0.5) / 2.0**32
    other = (bits & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2.0**32
    return np.asarray(np.sqrt(-2.0 * np.log(one)) * np.cos(2.0 * np.pi * other))


def of_members(
    scorer: Formula,
    table: FeatureTable,
    person: Int64,
    scored: Scored,
    found: Contributions,
    *,
    replicates: int = REPLICATES,
) -> Interval:
    """Intervals of people: `scored` is scorer.score(table, person), `found` what actors bring to their accounts."""
    low, high = scored.score.copy(), scored.score.copy()
    for rows in _stretches(person, replicates):
        part, whose = table.take(rows), person[rows]
        place = np.searchsorted(scored.entity, whose)
        replicate = _replicates(part, place, found, replicates)
        scores = scorer.score(*replicate)
        of_person = scores.score.reshape(-1, replicates)
        people = scores.entity.reshape(-1, replicates)[:, 0] // replicates
        low[people], high[people] = np.percentile(of_person, [2.5, 97.5], axis=1)
    return _bounds(scored, low, high)


def from_log(
    scorer: Formula,
    inputs: Inputs,
    *,
    members: FeatureTable,
    person: Int64,
    scored: Scored,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    temp_folder: str | Path | None = None,
) -> Interval:
    """Intervals of people from the log itself; members, person: the rows of their accounts and whose each is.

    standing, guards: those that `members` were computed with, as for scoring.engine.duckdb.compute.
    """
    found = contributions(
        inputs,
        accounts=np.unique(members.account),
        standing=standing,
        guards=guards,
        wanted=members.columns.keys(),
        temp_folder=temp_folder,
    )
    return of_members(scorer, members, person, scored, found)


def _stretches(person: Int64, replicates: int) -> Iterator[Int64]:
    """Places of rows, whole people at a time, whose replicates are about ROWS rows."""
    order = np.argsort(person, kind="stable")
    starts = np.flatnonzero(np.diff(person[order], prepend=-1))
    at_most = max(ROWS // replicates, 1)
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + at_most)))
        end = starts[last] if last < len(starts) else len(order)
        yield order[starts[first] : end]
        first = last


def _replicates(part: FeatureTable, place: Int64, found: Contributions, replicates: int) -> tuple[FeatureTable, Int64]:
    """The rows of `part` as many times as there are replicates, and the entity of each: place * replicates + which."""
    count = len(part)
    keys = part.account * 2 + part.supplied
    order = np.argsort(keys)
    near = found.of_accounts(part.account)
    wanted = near.account * 2 + near.supplied
    at = np.minimum(np.searchsorted(keys[order], wanted), count - 1)
    row = np.where(keys[order][at] == wanted, order[at], -1)
    by_actor = reweighed(near, row, count, lambda actor: draws(actor, replicates))
    ratio = np.ones((count, replicates))
    if "any_actors_recent" in by_actor:
        whole = np.asarray(part.column("any_actors_recent"), dtype=np.float64)[:, None]
        np.divide(by_actor["any_actors_recent"], whole, out=ratio, where=whole > 0)
    off = np.maximum(1.0 + COUNTED * deviates(part.account, replicates), 0.0)
    columns: dict[str, NDArray[np.int64] | NDArray[np.float64]] = {}
    for name, values in part.columns.items():
        if name in UNCERTAINTY:
            continue
        if name in by_actor:
            columns[name] = by_actor[name].ravel()
        elif KINDS.get(name) == "counted":
            columns[name] = (np.asarray(values, dtype=np.float64)[:, None] * off).ravel()
        elif KINDS.get(name) in _FADING:
            # Posts that brought reactions come and go with those who reacted.
            columns[name] = (np.asarray(values, dtype=np.float64)[:, None] * ratio).ravel()
        else:
            repeated: NDArray[Any] = np.repeat(np.asarray(values), replicates)
            columns[name] = repeated
    many = FeatureTable(
        np.repeat(part.account, replicates),
        np.repeat(part.network, replicates),
        columns,
        np.repeat(part.supplied, replicates),
    )
    return many, (place[:, None] * replicates + np.arange(replicates)).ravel()
