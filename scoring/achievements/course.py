"""What the course of people's scores says: how long one has been steady, and what somebody has regained.

Looked at once a week of the last twelve, and every four weeks before. Days at rest count neither for nor against: no
score of such a day is looked at, and what they last is left out. A change of the formula breaks nothing and brings
nothing back: scores are held against scores of the same formula. Nor does a newly linked account bring anything back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring import columns, rests
from scoring.achievements.terms import OWN
from scoring.features.base import Int64
from scoring.formula.base import Float64
from scoring.models import ScoreRun

# Days ago at which scores are looked at; where no run was on that day, on the nearest at most NEAR days off.
LOOKS = (*range(0, 85, 7), *range(112, 449, 28))
NEAR = 3
# Points within which a score is steady, and from which on it can be: who has no score to speak of is not steady.
WITHIN = 3.0
FROM = 10.0
# Days without a look, rests left out, after which nobody can say that a score was steady.
GAP = 35
# Scores that are read alike are alike.
ALIKE = 0.05

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Looks:
    """Days on which scores are looked at, the newest first. ago: days before today; formula: of each day, by number."""

    days: Sequence[date]
    ago: Int64
    formula: Int64


def of_scores(as_of: date, persons: Int64, scores: Float64) -> tuple[Float64, Float64]:
    """Weeks of steadiness until `as_of`, and the largest fall that is made up for (points): float64 [n] of `persons`.

    persons: sorted; scores: theirs of `as_of`.
    """
    looks = _looks(as_of)
    seen = _seen(looks, persons, scores)
    resting = _without_rests(looks, persons, seen)
    return steady(looks, seen, resting), comeback(looks, seen, _linked_ago(as_of, persons))


def steady(looks: Looks, seen: Float32, resting: Int64) -> Float64:
    """Weeks for which the scores `seen` [n, looks] (NaN: none) have stayed WITHIN.

    resting: days of rest since each look [n, looks].
    """
    high = seen[:, 0].copy()
    low = high.copy()
    going = high >= FROM
    weeks = np.zeros(len(seen))
    # Where the last score was seen that belongs to it, rests left out.
    last = np.zeros(len(seen), dtype=np.int64)
    formula = np.full(len(seen), looks.formula[0])
    for look in range(1, seen.shape[1]):
        score = seen[:, look]
        there = going & ~np.isnan(score)
        # Another formula's scores are held against each other alone.
        other = there & (formula != looks.formula[look])
        high, low = np.where(other, score, high), np.where(other, score, low)
        formula[there] = looks.formula[look]
        age = looks.ago[look] - resting[:, look]
        high, low = np.where(there, np.fmax(high, score), high), np.where(there, np.fmin(low, score), low)
        ends = there & ((high - low > WITHIN) | (score < FROM) | (age - last > GAP))
        going &= ~ends
        there &= ~ends
        weeks[there] = age[there] / 7
        last[there] = age[there]
    return weeks


def comeback(looks: Looks, seen: Float32, linked: Int64) -> Float64:
    """The deepest fall below a score that is reached again today; linked: days since an account was last linked."""
    today = seen[:, 0]
    lowest = np.full(len(seen), np.inf, dtype=np.float32)
    regained = np.zeros(len(seen))
    for look in range(1, seen.shape[1]):
        if looks.formula[look] != looks.formula[0]:
            break
        score = np.where(linked > looks.ago[look], seen[:, look], np.nan)
        # Nothing that was seen has fallen where nothing was seen in between.
        deep = np.where((score <= today + ALIKE) & np.isfinite(lowest), score - lowest, 0.0)
        regained = np.fmax(regained, deep)
        lowest = np.fmin(lowest, score)
    return np.maximum(regained, 0.0).astype(np.float64)


def _looks(as_of: date) -> Looks:
    """The days with a run nearest to LOOKS."""
    formulas: dict[date, str] = dict(
        ScoreRun.objects.filter(
            kind=ScoreRun.Kind.DAILY, as_of__range=(as_of - timedelta(days=max(LOOKS) + NEAR), as_of)
        )
        .filter(state=ScoreRun.State.DONE)
        .order_by("pk")
        .values_list("as_of", "formula")
    )
    ago = sorted((as_of - day).days for day in formulas if day < as_of)
    chosen = [0]
    for wanted in LOOKS[1:]:
        near = [days for days in ago if abs(days - wanted) <= NEAR and days > chosen[-1]]
        if near:
            chosen.append(min(near, key=lambda days: (abs(days - wanted), -days)))
    days = [as_of - timedelta(days=number) for number in chosen]
    # Today's own run is not done yet when it awards.
    current = ScoreRun.objects.filter(as_of=as_of, kind=ScoreRun.Kind.DAILY).order_by("-pk").first()
    today = current.formula if current else formulas[max(formulas)] if formulas else ""
    names = sorted({*formulas.values(), today})
    formula = np.array(
        [names.index(today if not number else formulas[day]) for number, day in zip(chosen, days, strict=True)]
    )
    return Looks(days, np.array(chosen, dtype=np.int64), formula.astype(np.int64))


def _seen(looks: Looks, persons: Int64, scores: Float64) -> Float32:
    """The score of each of `persons` at each look; NaN where there is none."""
    seen = np.full((len(persons), len(looks.days)), np.nan, dtype=np.float32)
    seen[:, 0] = scores
    ordinals = np.array([day.toordinal() for day in looks.days])
    earlier = list(looks.days[1:])
    if not earlier or not len(persons):
        return seen
    query = "SELECT person_id, as_of, score FROM scoring_scorehistory WHERE as_of = ANY(%s)"
    for rows in columns.batches(
        connection, query, [earlier], {"person": np.int64, "as_of": "date", "score": np.float64}
    ):
        ordinal = rows["as_of"].astype(np.int64) + date(1970, 1, 1).toordinal()
        # The newest is first, so that days fall.
        look = len(ordinals) - 1 - np.searchsorted(ordinals[::-1], ordinal)
        place, there = columns.places(persons, rows["person"])
        seen[place, look[there]] = rows["score"][there]
    return seen


def _without_rests(looks: Looks, persons: Int64, seen: Float32) -> Int64:
    """Blank what `seen` shows of days at rest, but for today, and count the days at rest since each look [n, looks]."""
    resting = np.zeros(seen.shape, dtype=np.int64)
    known = rests.of_people(looks.days[0])
    place, there = columns.places(persons, known["person"])
    start, end = known["start"][there], known["end"][there]
    if not len(place):
        return resting
    today = looks.days[0].toordinal() - date(1970, 1, 1).toordinal()
    for look, ago in enumerate(looks.ago.tolist()):
        day = today - ago
        days = np.maximum(np.minimum(end, today) - np.maximum(start, day), 0)
        np.add.at(resting[:, look], place, days)
        if look:
            # A score as of a day is of what was before its midnight.
            seen[place[(start < day) & (day <= end)], look] = np.nan
    return resting


def _linked_ago(as_of: date, persons: Int64) -> Int64:
    """How many days ago each of `persons` last linked an account."""
    rows = columns.read(
        connection,
        """
        SELECT link.person_id, max(link.linked_at AT TIME ZONE 'UTC')::date
        FROM accounts_linkedaccount AS link JOIN accounts_account AS account ON account.id = link.account_id
        WHERE account.network <> %s GROUP BY link.person_id
        """,
        [OWN],
        {"person": np.int64, "day": "date"},
    )
    ago = np.full(len(persons), np.iinfo(np.int64).max, dtype=np.int64)
    place, there = columns.places(persons, rows["person"])
    ago[place] = (np.datetime64(as_of) - rows["day"][there]).astype(np.int64)
    return ago
