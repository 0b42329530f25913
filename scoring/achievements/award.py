"""Awards every level that people have reached, set-wise; a backfill is the same call. Once earned it stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.achievements.catalogue import FAMILIES

Values = Mapping[str, NDArray[np.float64]]


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
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE reached (person_id bigint, family text, level integer) ON COMMIT DROP")
        columns.write(connection, "reached", {"person_id": person, "family": family_of, "level": level_of})
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
