"""How each member's score came from the last published day to this one: what posts brought, what faded, what the
formula moved, and the rest. What faded is yesterday's log as it would score today, less what it scored yesterday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.engine import duckdb as engine
from scoring.engine.base import Columns, Inputs
from scoring.engine.moments import before, pick
from scoring.engine.pauses import LEFT_OUT, segments
from scoring.engine.tables import DAY, day_number
from scoring.features.base import Int64
from scoring.formula.base import Float64, Formula
from scoring.models import ScoreRun


@dataclass(frozen=True, slots=True)
class Faded:
    """Points that time alone took off (or, where posts that nobody reacted to fade, brought); sorted by person."""

    person: Int64
    points: Float64

    def by_person(self) -> dict[int, float]:
        return dict(zip(self.person.tolist(), self.points.tolist(), strict=True))


def day_before(run: ScoreRun) -> ScoreRun | None:
    """The last run that published a day before `run`'s."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY)
    return done.filter(as_of__lt=run.as_of).order_by("-as_of", "-pk").first()


def faded(
    *,
    now: Inputs,
    then: Inputs,
    owners: Columns,
    standing: tuple[Int64, Int64],
    guards: Columns,
    scorer: Formula,
    temp_folder: str | Path | None = None,
) -> Faded:
    """What faded between two days, of everybody in `owners` (account, person; sorted by account).

    now, then: the log of these accounts as of the two days, all as newest rows (scoring.engine.moments.rows_of);
    standing, guards: what they were on the earlier day, and are held at.
    """
    known = without_held(then)
    scores = []
    for inputs in (known, replace(known, as_of=now.as_of, pauses=now.pauses)):
        table = engine.compute(
            inputs, standing=standing, only=np.asarray(owners["account"]), guards=guards, temp_folder=temp_folder
        ).features
        owner = owners["person"][np.searchsorted(owners["account"], table.account)]
        scores.append(scorer.score(table, owner))
    # Relations and counters have no age: whoever has a row on one day has one on the other.
    return Faded(scores[0].entity, scores[1].score - scores[0].score)


def earlier(now: Inputs, then: Inputs) -> Inputs:
    """`then` with the events that `now` has of that day's log: the lake is read once."""
    return replace(then, lake=[], lake_days=[], newest=before(now, then.as_of).newest)


def without_held(inputs: Inputs) -> Inputs:
    """The log without what a pause holds back until it ends: when it does, that is no fading."""
    day = day_number(inputs.as_of)
    found = segments(**{name: np.asarray(values) for name, values in inputs.pauses.items()}, as_of_day=day)
    held = pick(found, found["keep"] == LEFT_OUT)
    if not len(held["account"]):
        return inputs

    def stays(table: Columns, whose: str) -> NDArray[np.bool_]:
        kept = np.ones(len(table[whose]), dtype=bool)
        days = table["occurred_at"] // DAY
        for account, first, until in zip(held["account"], held["from_day"], held["until_day"], strict=True):
            kept &= ~((table[whose] == account) & (days >= first) & (days < until))
        return kept

    return replace(
        inputs,
        newest=pick(inputs.newest, stays(inputs.newest, "target")),
        totals=pick(inputs.totals, stays(inputs.totals, "account")),
        published=pick(inputs.published, stays(inputs.published, "account")),
    )


def write(
    *,
    run: ScoreRun,
    since: ScoreRun,
    faded: Faded,
    brought: Mapping[int, float],
    by_formula: Mapping[int, float],
) -> int:
    """Say how the scores of `run`'s day came from those of `since`'s; returns the number of people.

    faded, brought (person -> points of posts), by_formula (person -> points): who is missing has 0. Of people with a
    score on both days; the rest is what is left, so that the four add up. A second time takes the first one's place.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        scores = columns.read(
            connection,
            """
            SELECT today.person_id AS person, today.score, earlier.score AS before
            FROM scoring_scorehistory AS today
            JOIN scoring_scorehistory AS earlier ON earlier.person_id = today.person_id AND earlier.as_of = %s
            WHERE today.as_of = %s ORDER BY today.person_id
            """,
            [since.as_of, run.as_of],
            {"person": np.int64, "score": np.float64, "before": np.float64},
        )
        points = scores["score"] - scores["before"]
        fading = faded.by_person()
        moments, decay, formula_change = (
            np.array([found.get(person, 0.0) for person in scores["person"].tolist()], dtype=np.float64)
            for found in (brought, fading, by_formula)
        )
        cursor.execute(
            """
            DROP TABLE IF EXISTS day_change;
            CREATE TEMP TABLE day_change (
                person bigint, points float8, moments float8, decay float8, rest float8, formula_change float8
            ) ON COMMIT DROP
            """
        )
        columns.write(
            connection,
            "day_change",
            {
                "person": scores["person"],
                "points": points,
                "moments": moments,
                "decay": decay,
                "rest": points - moments - decay - formula_change,
                "formula_change": formula_change,
            },
        )
        cursor.execute("DELETE FROM scoring_daychange WHERE as_of = %s", [run.as_of])
        # Days of history outlive people; what explains them does not.
        cursor.execute(
            """
            INSERT INTO scoring_daychange (person_id, as_of, since, points, moments, decay, rest, formula_change)
            SELECT person, %s, %s, points, moments, decay, rest, formula_change
            FROM day_change WHERE person IN (SELECT person_id FROM accounts_linkedaccount)
            """,
            [run.as_of, since.as_of],
        )
        written: int = cursor.rowcount
    # Once more after the commit: who left in that very moment saw nothing of ours.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM scoring_daychange
            WHERE as_of = %s AND person_id NOT IN (SELECT person_id FROM accounts_linkedaccount)
            """,
            [run.as_of],
        )
    return written
