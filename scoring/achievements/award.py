"""Awards every level that people have reached, set-wise, and keeps how far they are; a backfill is the same call.

Once earned, a level stays; how far somebody is goes up and down. What the staff has revoked is never awarded anew, nor
is anything above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.achievements.catalogue import Family
from scoring.attempts import again

Values = Mapping[str, NDArray[np.float64]]
Columns = Mapping[str, NDArray[Any]]
# Any number will do, as long as nothing else in this database locks the same. Shared by runs, alone for who revokes.
LOCK = 0x6177617264


def award(*, persons: NDArray[np.int64], values: Values, families: Sequence[Family], as_of: date) -> int:
    """Award what `persons` [n] have reached of `families` and say how many levels were new.

    values: the family's slug -> float64 [n]; one that is missing awards nothing.
    """
    asked = [family for family in families if family.slug in values]
    # Of each person and family the highest level: whoever has that has those below it.
    found = [(persons[:0], np.zeros(0, np.int16), np.zeros(0, np.int32))]
    for number, family in enumerate(asked):
        level = levels_of(values[family.slug], family)
        some = level > 0
        found.append((persons[some], np.full(np.count_nonzero(some), number, np.int16), level[some]))
    person, numbers, level = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not len(person):
        return 0
    reached = {"person_id": person, "family": numbers, "level": level}
    return again(lambda: add(reached, [family.slug for family in asked], as_of))


def levels_of(values: NDArray[np.float64], family: Family) -> NDArray[np.int32]:
    """The level of `family` that each of `values` reaches; 0 for none."""
    return np.searchsorted(np.array(family.levels, dtype=np.float64), values, side="right").astype(np.int32)


def add(reached: Columns, slugs: Sequence[str], as_of: date) -> int:
    """Award these levels, and those below them, to who has not got them; returns how many were new.

    reached: person_id, family (a place in `slugs`), level.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE reached (person_id bigint, family smallint, level integer) ON COMMIT DROP")
        columns.write(connection, "reached", reached)
        cursor.execute("ANALYZE reached")
        # Whoever revokes is waited for, so that the statement below sees what has just been taken away.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
        # Joined to people, since somebody may have been erased while the run went on.
        cursor.execute(
            """
            INSERT INTO scoring_award (person_id, family, level, earned_on)
            SELECT new.person_id, new.slug, step.level, %s
            FROM (
                SELECT reached.person_id, named.slug, reached.level
                FROM reached
                JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number) ON named.number = reached.family + 1
                JOIN accounts_person AS person ON person.id = reached.person_id
                LEFT JOIN scoring_award AS held ON held.person_id = reached.person_id
                    AND held.family = named.slug AND held.level = reached.level
                WHERE held.person_id IS NULL
            ) AS new, generate_series(1, new.level) AS step (level)
            WHERE NOT EXISTS (
                SELECT FROM scoring_award AS revoked
                WHERE revoked.person_id = new.person_id AND revoked.family = new.slug AND revoked.level <= step.level
                    AND revoked.revoked_at IS NOT NULL
            )
            ON CONFLICT (person_id, family, level) DO NOTHING
            """,
            [as_of, list(slugs)],
        )
        new: int = cursor.rowcount
        cursor.execute("DROP TABLE reached")
    return new


def keep_progress(
    *,
    persons: NDArray[np.int64],
    values: Values,
    points: Values,
    families: Sequence[Family],
    everybody: bool,
) -> int:
    """Keep how far `persons` [n] are in each of `families`, for "72 of 100"; returns how many values changed.

    values: as for `award`. points: slug -> what the score would gain at the next level, NaN where that is not known.
    With `everybody`, nothing is kept of people who are not among `persons`, nor of other families.
    """
    asked = [family for family in families if family.slug in values]
    unknown = np.full(len(persons), np.nan)
    found: list[tuple[NDArray[Any], ...]] = [(persons[:0], np.zeros(0, np.int16), np.zeros(0), np.zeros(0))]
    for number, family in enumerate(asked):
        value = values[family.slug]
        some = value > 0
        # To a tenth, as points are read: what changes less is not written again.
        more = np.round(points.get(family.slug, unknown)[some], 1) + 0.0
        found.append((persons[some], np.full(np.count_nonzero(some), number, np.int16), value[some], more))
    person, numbers, value, more = (np.concatenate(parts) for parts in zip(*found, strict=True))
    far = {"person_id": person, "family": numbers, "value": value, "points": more}
    slugs = [family.slug for family in asked]
    return again(lambda: put(far, slugs, np.unique(persons), everybody=everybody))


def put(far: Columns, slugs: Sequence[str], persons: NDArray[np.int64], *, everybody: bool) -> int:
    """Put `far` (person_id, family as a place in `slugs`, value, points) in the place of what is kept of `persons`;
    returns how many values changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS progress, of_whom;
            CREATE TEMP TABLE progress (person_id bigint, family smallint, value float8, points float8) ON COMMIT DROP;
            CREATE TEMP TABLE of_whom (person_id bigint) ON COMMIT DROP
            """
        )
        columns.write(connection, "progress", far)
        columns.write(connection, "of_whom", {"person_id": persons})
        cursor.execute("ANALYZE progress, of_whom")
        # Joined to people as above; what has not changed is not written again.
        cursor.execute(
            """
            INSERT INTO scoring_awardprogress (person_id, family, value, points)
            SELECT progress.person_id, named.slug, progress.value, NULLIF(progress.points, 'NaN')
            FROM progress
            JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number) ON named.number = progress.family + 1
            JOIN accounts_person AS person ON person.id = progress.person_id
            LEFT JOIN scoring_awardprogress AS kept
                ON kept.person_id = progress.person_id AND kept.family = named.slug
            WHERE kept.person_id IS NULL OR kept.value <> progress.value
                OR kept.points IS DISTINCT FROM NULLIF(progress.points, 'NaN')
            ON CONFLICT (person_id, family) DO UPDATE SET value = excluded.value, points = excluded.points
            """,
            [list(slugs)],
        )
        changed: int = cursor.rowcount
        cursor.execute(
            """
            DELETE FROM scoring_awardprogress AS kept
            WHERE NOT EXISTS (
                SELECT FROM progress
                JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number) ON named.number = progress.family + 1
                WHERE progress.person_id = kept.person_id AND named.slug = kept.family
            ) AND (%s OR (kept.family = ANY(%s) AND kept.person_id IN (SELECT person_id FROM of_whom)))
            """,
            [list(slugs), everybody, list(slugs)],
        )
        cursor.execute("DROP TABLE progress, of_whom")
    return changed


def count_rarity(families: Sequence[Family]) -> int:
    """Count anew how many of those who have a score have each level of `families`; returns how many lines there are.

    A level that was taken away from somebody is not counted.
    """
    levels = [(family.slug, level) for family in families for level in range(1, len(family.levels) + 1)]
    return again(lambda: _count_rarity(levels))


def _count_rarity(levels: Sequence[tuple[str, int]]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM scoring_rarity")
        cursor.execute(
            """
            WITH had AS (
                SELECT award.family, award.level, count(*) AS people
                FROM scoring_award AS award JOIN scoring_score AS score ON score.person_id = award.person_id
                WHERE award.revoked_at IS NULL
                GROUP BY award.family, award.level
            )
            INSERT INTO scoring_rarity (family, level, people, among)
            SELECT family, level, coalesce(had.people, 0), (SELECT count(*) FROM scoring_score)
            FROM unnest(%s::text[], %s::int[]) AS wanted (family, level)
            LEFT JOIN had USING (family, level)
            """,
            [[slug for slug, _level in levels], [level for _slug, level in levels]],
        )
        lines: int = cursor.rowcount
    return lines
