"""Which formula counts, since when, and what a switch from one to the other moves and tells.

A switch is a row; the first run by the new formula makes it seen: history names the formula of each day, charts mark
where it changes, and whoever moved by more than FAR points because of it is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from accounts.models import Person
from accounts.notify import notify
from scoring import formula
from scoring.comparisons import FAR, newest_run
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Float64, Scored
from scoring.models import FormulaSwitch, ScoreRun, ShadowFormula

# People told at a time.
ROWS = 1000


class CannotSwitch(Exception):
    """The formula cannot take the live one's place (yet); the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What another formula does to the scores of m people, sorted by person: old and new are float64 [m]."""

    previous: str
    formula: str
    person: Int64
    old: Float64
    new: Float64

    @property
    def points(self) -> Float64:
        return self.new - self.old

    def by_person(self) -> Mapping[int, float]:
        """Person -> points that the formula alone brought or took."""
        return dict(zip(self.person.tolist(), self.points.tolist(), strict=True))


# ---------------------------------------------------------------- which one counts


def live_formula(at: datetime) -> str:
    """The version that runs go by: the newest switch's, else settings.FORMULA."""
    newest = FormulaSwitch.objects.filter(switched_at__lte=at).first()
    return newest.formula if newest else settings.FORMULA


def shown_formula(at: datetime) -> str:
    """The version that current scores are by: the live one, once a daily run has gone by it.

    Between a switch and its first run, a score made for one person must not be by another formula than all others'.
    """
    newest = FormulaSwitch.objects.filter(switched_at__lte=at).first()
    if newest is None or newest.told_at is not None:
        return live_formula(at)
    run = newest_run()
    return run.formula if run else newest.formula


def earlier_formulas(at: datetime) -> list[str]:
    """The versions to roll back to, the last one last. Going back to one takes what came after it off the list."""
    switches = list(FormulaSwitch.objects.filter(switched_at__lte=at).order_by("switched_at", "pk"))
    stack = [switches[0].previous] if switches else []
    for switch in switches:
        if switch.formula in stack:
            del stack[stack.index(switch.formula) :]
        stack.append(switch.formula)
    return stack[:-1]


# ---------------------------------------------------------------- switching


def record(*, version: str, at: datetime, note: str = "", by: Any = None) -> FormulaSwitch:
    """Make `version` the live formula from `at` on; it and the one before change places in the shadow."""
    with transaction.atomic():
        previous = live_formula(at)
        switch = FormulaSwitch.objects.create(
            formula=version, previous=previous, note=note, switched_by=by, switched_at=at
        )
        ShadowFormula.objects.filter(formula=version).delete()
        ShadowFormula.objects.get_or_create(formula=previous, defaults={"started_at": at})
    return switch


def pending(at: datetime) -> list[FormulaSwitch]:
    """Switches to the live formula that no run has made seen yet, the first of them first."""
    waiting = FormulaSwitch.objects.filter(told_at=None, switched_at__lte=at).order_by("switched_at", "pk")
    return list(waiting)


def moves(*, previous: str, table: FeatureTable, person: Int64, scored: Scored, version: str) -> Moves:
    """What `version` in place of `previous` does to the people of `scored`, on the very same features.

    table, person: the rows of linked accounts and whose each is; scored: those people by `version`. Raises
    formula.UnknownFormula.
    """
    before = formula.get(previous).score(table, person)
    return Moves(previous, version, scored.entity, before.score, scored.score)


def points_by_formula(
    *, since: ScoreRun | None, run: ScoreRun, table: FeatureTable, person: Int64, scored: Scored
) -> Mapping[int, float]:
    """Person -> the points of the change since the run `since` that are the formula's alone; empty where both runs go
    by the same formula, or the earlier one's is no more."""
    if since is None or since.formula == run.formula or since.formula not in formula.VERSIONS:
        return {}
    return moves(previous=since.formula, version=run.formula, table=table, person=person, scored=scored).by_person()


def moves_of_switch(*, run: ScoreRun, table: FeatureTable, person: Int64, scored: Scored, at: datetime) -> Moves | None:
    """What the switch moves that `run` is the first to go by; None where it is no first run, or nobody had scores."""
    waiting = pending(at)
    if not waiting or waiting[-1].formula != run.formula:
        return None
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).exclude(pk=run.pk)
    # What people saw last: more than one switch may wait, and runs by hand may have gone by yet another formula.
    last = done.filter(finished_at__lte=waiting[0].switched_at).order_by("-as_of", "-pk").first()
    if last is None or last.formula == run.formula or last.formula not in formula.VERSIONS:
        return None
    return moves(previous=last.formula, table=table, person=person, scored=scored, version=run.formula)


def tell(*, moves: Moves | None, version: str, at: datetime) -> int:
    """Note that the switches to `version` have been seen, and tell whoever moved far; returns the number of people.

    Nobody is told twice: the note is made by one process alone, and the mails go after its commit.
    """
    waiting = pending(at)
    if not waiting or waiting[-1].formula != version:
        return 0
    with transaction.atomic():
        noted = FormulaSwitch.objects.filter(pk__in=[switch.pk for switch in waiting], told_at=None).update(told_at=at)
        if not noted or moves is None:
            return 0
        far = np.flatnonzero(np.abs(moves.points) > FAR)
        told = 0
        for start in range(0, len(far), ROWS):
            chosen = far[start : start + ROWS]
            people = Person.objects.filter(users__isnull=False).distinct().in_bulk(moves.person[chosen].tolist())
            for place in chosen.tolist():
                if person := people.get(int(moves.person[place])):
                    told += 1
                    tell_one(person, moves, place, waiting[-1].switched_at)
    return told


def tell_one(person: Person, moves: Moves, place: int, since: datetime) -> None:
    # In tenths, as they are told: the difference of what is read is what is read beside it.
    old, new = round(float(moves.old[place]), 1), round(float(moves.new[place]), 1)
    notify(
        person=person,
        kind="formula_changed",
        context={
            "previous": moves.previous,
            "formula": moves.formula,
            "since": since.date(),
            "old": old,
            "new": new,
            "points": abs(new - old),
            "higher": new > old,
            "url": person.get_absolute_url(),
        },
    )
