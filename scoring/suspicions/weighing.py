"""What the guards' doubts take off members' scores: the score once more with the reactions of a reason in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.engine import duckdb as engine
from scoring.engine import guards as engine_guards
from scoring.engine.base import Columns, Inputs
from scoring.features.base import ONE, FeatureTable, Int64
from scoring.formula import bounds
from scoring.formula.base import Formula, Scored
from scoring.formula.pooled import Pooled
from scoring.models import Suspicion

REASONS: Mapping[int, str] = {
    engine_guards.BURST: Suspicion.Reason.BURST.value,
    engine_guards.CIRCLE: Suspicion.Reason.CIRCLE.value,
}
# What the formula's own bounds take off is told from so many points on.
MATTERS = 0.5


@dataclass(frozen=True, slots=True)
class Suspicions:
    """person, account, reason (texts), people, counted_as and points of each, aligned: the columns of Suspicion."""

    person: Int64
    account: Int64
    reason: NDArray[Any]
    people: NDArray[np.float64]
    counted_as: NDArray[np.float64]
    points: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.person)


def tell(
    scorer: Formula,
    *,
    rows: Inputs,
    members: FeatureTable,
    person: Int64,
    scored: Scored,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    temp_folder: Path | None = None,
    persons: Int64 | None = None,
) -> int:
    """Find and write what counts less, of everybody, or of `persons` alone between two daily runs; returns the rows."""
    found = find(
        scorer,
        rows=rows,
        members=members,
        person=person,
        scored=scored,
        standing=standing,
        guards=guards,
        temp_folder=temp_folder,
    )
    return write(found, persons=persons)


def find(
    scorer: Formula,
    *,
    rows: Inputs,
    members: FeatureTable,
    person: Int64,
    scored: Scored,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    temp_folder: Path | None = None,
) -> Suspicions:
    """What counts less of `members`' reactions, followers and uploads, and the points that their people would have more
    otherwise.

    rows: the log, of members' accounts at least. members, person: rows of features and whose each is; scored: those
    people's scores. standing: accounts and what their reactions weigh; guards: target, actor, weight, reason.
    """
    owner = dict(zip(members.account.tolist(), person.tolist(), strict=True))
    found: list[tuple[int, int, str, float, float, float]] = []
    if guards is None:
        guards = {name: np.zeros(0, np.int64) for name in ("target", "actor", "weight", "reason")}
    mine = np.isin(guards["target"], members.account) & ~np.isin(guards["target"], rows.trusted)
    for code, reason in REASONS.items():
        chosen = mine & (guards["reason"] == code)
        accounts, place = np.unique(guards["target"][chosen], return_inverse=True)
        if not len(accounts):
            continue
        people = np.bincount(place)
        counted_as = np.bincount(place, weights=guards["weight"][chosen]) / ONE
        others = {name: np.asarray(values)[~chosen] for name, values in guards.items()}
        restored = engine.compute(
            rows, standing=standing, only=accounts, guards=others, temp_folder=temp_folder
        ).features
        table, scenario = _scenarios(members, person, restored, accounts)
        whole = scorer.score(table, scenario).score
        for nth, account in enumerate(accounts.tolist()):
            now = scored.score[np.searchsorted(scored.entity, owner[account])]
            points = max(float(whole[nth] - now), 0.0)
            found.append((owner[account], account, reason, float(people[nth]), float(counted_as[nth]), points))
    found += _bounded(scorer, members, person)
    found.sort()
    person_, account_, reason_, people_, counted_, points_ = zip(*found, strict=True) if found else ((),) * 6
    return Suspicions(
        person=np.array(person_, dtype=np.int64),
        account=np.array(account_, dtype=np.int64),
        reason=np.array(reason_, dtype=np.str_),
        people=np.array(people_, dtype=np.float64),
        counted_as=np.array(counted_, dtype=np.float64),
        points=np.array(points_, dtype=np.float64),
    )


def _bounded(scorer: Formula, members: FeatureTable, person: Int64) -> list[tuple[int, int, str, float, float, float]]:
    """What the formula's own bounds take off, where that matters; the baseline has none."""
    if not isinstance(scorer, Pooled):
        return []
    found: list[tuple[int, int, str, float, float, float]] = []
    for reason, of in (
        (Suspicion.Reason.FOLLOWERS.value, bounds.of_followers(scorer, members, person)),
        (Suspicion.Reason.SUPPLIED.value, bounds.of_uploads(scorer, members, person)),
    ):
        for row in np.flatnonzero(of.points >= MATTERS):
            numbers = float(of.people[row]), float(of.counted_as[row]), float(of.points[row])
            found.append((int(of.entity[row]), int(of.account[row]), reason, *numbers))
    return found


def _scenarios(
    members: FeatureTable, person: Int64, restored: FeatureTable, accounts: Int64
) -> tuple[FeatureTable, Int64]:
    """For each of `accounts`: all rows of its person, its own as `restored`; and which scenario (from 0) each is of."""
    order = np.argsort(person, kind="stable")
    first = np.searchsorted(person[order], person, side="left")
    size = np.searchsorted(person[order], person, side="right") - first
    at = np.searchsorted(members.account, accounts)
    scenario = np.repeat(np.arange(len(accounts)), size[at])
    nth = np.arange(len(scenario)) - np.repeat(np.cumsum(size[at]) - size[at], size[at])
    places = order[np.repeat(first[at], size[at]) + nth]
    kept = members.account[places] != accounts[scenario]
    rest = members.take(places[kept])
    own = restored.take(np.isin(restored.account, accounts))
    names = dict.fromkeys([*rest.columns, *own.columns])
    table = FeatureTable(
        np.concatenate([rest.account, own.account]),
        np.concatenate([rest.network, own.network]),
        {name: np.concatenate([rest.column(name), own.column(name)]) for name in names},
        np.concatenate([rest.supplied, own.supplied]),
    )
    return table, np.concatenate([scenario[kept], np.searchsorted(accounts, own.account)])


def write(found: Suspicions, *, persons: NDArray[np.int64] | None = None) -> int:
    """Make `found` current, of everybody, or of `persons` alone between two daily runs; returns the rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS suspected;
            CREATE TEMP TABLE suspected (
                person bigint, account bigint, reason text, people float8, counted_as float8, points float8
            ) ON COMMIT DROP
            """
        )
        columns.write(connection, "suspected", {name: getattr(found, name) for name in Suspicions.__slots__})
        if persons is None:
            cursor.execute("DELETE FROM scoring_suspicion")
        else:
            cursor.execute("DELETE FROM scoring_suspicion WHERE person_id = ANY(%s)", [persons.tolist()])
        # An account may have been unlinked, or its owner erased, while the run went on.
        cursor.execute(
            """
            INSERT INTO scoring_suspicion (person_id, account, reason, people, counted_as, points)
            SELECT person, account, reason, people, counted_as, points FROM suspected
            WHERE EXISTS (
                SELECT FROM accounts_linkedaccount AS link
                WHERE link.person_id = suspected.person AND link.account_id = suspected.account
            )
            """
        )
        written: int = cursor.rowcount
    return written
