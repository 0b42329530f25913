"""The stage of a run that awards: values of the day, levels, how far everybody is, and how rare each level is.

The daily run, a backfill (`manage.py award`) and a first score between two runs all come through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection

from scoring import columns, formula, log
from scoring.achievements import award, worth
from scoring.achievements.catalogue import Family, families
from scoring.achievements.measures import Day, countable, values
from scoring.computing import inputs, members_table, owned_accounts, spill_folder, stored_features, stored_guards
from scoring.engine.moments import rows_of
from scoring.features.base import FeatureTable
from scoring.formula.base import Formula, Scored
from scoring.models import ScoreRun

# Between two runs nobody has looked for circles and bursts yet: what is plain enough is celebrated at once.
AT_ONCE = 100


class NoSuchDay(Exception):
    """Nothing is kept of the day that is to be awarded."""


@dataclass(frozen=True, slots=True)
class Awarded:
    """How many levels were new, and how many values of the way there have changed."""

    new: int
    changed: int = 0


def award_day(day: Day, *, scorer: Formula, scored: Scored | None) -> Awarded:
    """Award what has been reached by `day`; of the newest one, keep how far everybody is and how rare levels are.

    scored: the scores of `day.persons` by `scorer`; without them nothing is said of what a level would bring.
    """
    known = families()
    reached = values(day, known)
    new = award.award(persons=day.persons, values=reached, families=known, as_of=day.as_of)
    if not day.newest:
        return Awarded(new)
    changed = award.keep_progress(
        persons=day.persons,
        values=reached,
        points=_points(day, scorer, scored, reached, known),
        families=known,
        everybody=True,
    )
    award.count_rarity(known)
    return Awarded(new, changed)


def award_at_once(day: Day, *, scorer: Formula, scored: Scored) -> Awarded:
    """Award to `day.persons` alone, between two runs, what needs no further look: what the networks themselves say of
    their accounts, AT_ONCE at most, and how many networks are linked. The rest waits for the daily run."""
    terms = countable(families())
    plain = [
        family
        for family, parts in terms.items()
        if family.measure == "networks" or all(part.kind in {"people", "post", "column"} for part in parts)
    ]
    said = {slug: np.minimum(value, AT_ONCE) for slug, value in values(day, plain, uploaded=0).items()}
    new = award.award(persons=day.persons, values=said, families=plain, as_of=day.as_of)
    # What is read from everybody's history or log waits for the run too, and stays as it was.
    known = [*plain, *(family for family in terms if family.measure == "score")]
    reached = values(day, known)
    changed = award.keep_progress(
        persons=day.persons,
        values=reached,
        points=_points(day, scorer, scored, reached, known),
        families=known,
        everybody=False,
    )
    return Awarded(new, changed)


def _points(
    day: Day, scorer: Formula, scored: Scored | None, reached: award.Values, known: Sequence[Family]
) -> award.Values:
    if scored is None:
        return {}
    return worth.of_next_levels(
        scorer, members=day.members, person=day.person, scored=scored, values=reached, families=known
    )


def run_of(as_of: date | None) -> ScoreRun:
    """The last run that was published as of that day, or of all. Raises NoSuchDay."""
    runs = ScoreRun.objects.filter(kind=ScoreRun.Kind.DAILY, state=ScoreRun.State.DONE)
    if as_of is not None:
        runs = runs.filter(as_of=as_of)
    run = runs.order_by("-as_of", "-pk").first()
    if run is None:
        raise NoSuchDay(f"no run of {as_of} was published" if as_of else "no run was ever published")
    return run


def kept_day(run: ScoreRun) -> tuple[Day, Scored | None]:
    """The day of `run` from what is kept of it: features, guards and scores. Raises NoSuchDay where features are gone.

    With the scores by its formula, where it is the newest.
    """
    owners = owned_accounts()
    try:
        table, _standing = stored_features(run.as_of, run.formula, accounts=owners["account"])
        guards = stored_guards(run.as_of, run.formula)
    except log.NoFeatures as error:
        raise NoSuchDay(str(error)) from error
    members, person = members_table(table, owners)
    newest = run == run_of(None)
    history = columns.read(
        connection,
        "SELECT person_id, score FROM scoring_scorehistory WHERE as_of = %s ORDER BY person_id",
        [run.as_of],
        {"person": np.int64, "score": np.float64},
    )
    # Who has joined since had no score that day.
    then = np.isin(person, history["person"])
    members, person = members.take(then), person[then]
    there = np.isin(history["person"], person)
    persons, scores = history["person"][there], history["score"][there]
    scored = _scored(run, members, person) if newest else None
    day = Day(
        as_of=run.as_of,
        persons=persons,
        scores=scores,
        members=members,
        person=person,
        rows=lambda: rows_of(inputs(run.as_of), owners["account"]),
        guards=guards,
        newest=newest,
        temp_folder=spill_folder(),
    )
    return day, scored


def _scored(run: ScoreRun, members: FeatureTable, person: np.ndarray) -> Scored:
    return formula.get(run.formula).score(members, person)


def backfill(as_of: date | None = None) -> tuple[ScoreRun, Awarded]:
    """Award what had been reached by `as_of`, or by the newest day, from what its run has kept. Raises NoSuchDay."""
    run = run_of(as_of)
    day, scored = kept_day(run)
    return run, award_day(day, scorer=formula.get(run.formula), scored=scored)
