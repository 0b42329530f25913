"""Awards every level that people have reached, set-wise, and keeps how far they are; a backfill is the same call.

Once earned, a level stays; how far somebody is goes up and down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.achievements.catalogue import FAMILIES
from scoring.attempts import again

Values = Mapping[str, NDArray[np.float64]]
Columns = Mapping[str, NDArray[Any]]


def award(*, persons: NDArray[np.int64], values: Values, as_of: date) -> int:
    """Award what `persons` [n] have reached and say how many levels were new.

    values: measure -> float64 [n], for the measures of the catalogue; one that is missing awards nothing.
    """
    rows: list[tuple[str, int, NDArray[np.int64]]] = []
    for family in FAMILIES:
        reached = values.get(family.measure)
        if reached is None:
            continue
        rows += [(family.slug, level, persons[reached >= least]) for level, least in enumerate(family.levels, start=1)]
    person = np.concatenate([who for _, _, who in rows]) if rows else np.empty(0, dtype=np.int64)
    if not len(person):
        return 0
    family_of = np.concatenate([np.full(len(who), slug) for slug, _, who in rows])
    level_of = np.concatenate([np.full(len(who), level, dtype=np.int32) for _, level, who in rows])
    reached_levels = {"person_id": person, "family": family_of, "level": level_of}
    return again(lambda: add(reached_levels, as_of))


def add(reached: Columns, as_of: date) -> int:
    """Award these levels to who has not got them; returns how many were new."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE reached (person_id bigint, family text, level integer) ON COMMIT DROP")
        columns.write(connection, "reached", reached)
        # Joined to people, since somebody may have been erased while the run went on.
        cursor.execute(
            """
            INSERT INTO scoring_award (person_id, family, level, earned_on)
            SELECT reached.person_id, reached.family, reached.level, %s
            FROM reached JOIN accounts_person ON accounts_person.id = reached.person_id
            ON CONFLICT (person_id, family, level) DO NOTHING
            """,
            [as_of],
        )
        new: int = cursor.rowcount
        cursor.execute("DROP TABLE reached")
    return new


def keep_progress(*, persons: NDArray[np.int64], values: Values, everybody: bool) -> int:
    """Keep how far `persons` [n] are in each family, for "72 of 100"; returns how many values changed.

    values: as for `award`. With `everybody`, nothing is kept of people who are not among `persons`.
    """
    families = [family for family in FAMILIES if family.measure in values]
    person = np.tile(persons, len(families))
    family_of = np.repeat(np.array([family.slug for family in families], dtype=object), len(persons))
    value = np.concatenate([values[family.measure] for family in families]) if families else np.zeros(0)
    some = value > 0
    far = {"person_id": person[some], "family": family_of[some], "value": value[some]}
    return again(lambda: put(far, np.unique(persons), everybody=everybody))


def put(far: Columns, persons: NDArray[np.int64], *, everybody: bool) -> int:
    """Put the values `far` (person_id, family, value) in the place of those of `persons`; returns how many changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS progress, of_whom;
            CREATE TEMP TABLE progress (person_id bigint, family text, value float8) ON COMMIT DROP;
            CREATE TEMP TABLE of_whom (person_id bigint) ON COMMIT DROP
            """
        )
        columns.write(connection, "progress", far)
        columns.write(connection, "of_whom", {"person_id": persons})
        cursor.execute("ANALYZE progress, of_whom")
        # Joined to people as above; what has not changed is not written again.
        cursor.execute(
            """
            INSERT INTO scoring_awardprogress (person_id, family, value)
            SELECT progress.person_id, progress.family, progress.value
            FROM progress JOIN accounts_person ON accounts_person.id = progress.person_id
            ON CONFLICT (person_id, family) DO UPDATE SET value = excluded.value
            WHERE scoring_awardprogress.value <> excluded.value
            """
        )
        changed: int = cursor.rowcount
        cursor.execute(
            """
            DELETE FROM scoring_awardprogress AS kept
            WHERE NOT EXISTS (
                SELECT FROM progress WHERE progress.person_id = kept.person_id AND progress.family = kept.family
            ) AND (%s OR kept.person_id IN (SELECT person_id FROM of_whom))
            """,
            [everybody],
        )
        cursor.execute("DROP TABLE progress, of_whom")
    return changed
