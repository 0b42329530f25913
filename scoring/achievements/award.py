"""Awards every level that people have reached, set-wise, and keeps how far they are; a backfill is the same call.

Once earned, a level stays; how far somebody is goes up and down. What the staff has revoked is never awarded anew, nor
is anything above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.achievements import kept
from scoring.achievements.catalogue import Family
from scoring.attempts import again

Values = Mapping[str, NDArray[np.float64]]
Columns = Mapping[str, NDArray[Any]]
# Any number will do, as long as nothing else in this database locks the same. Shared by runs, alone for who revokes.
LOCK = 0x6177617264


def award(*, persons: NDArray[np.int64], values: Values, families: Sequence[Family], as_of: date) -> int:
    """Award what `persons` [n] (sorted, each once) have reached of `families` and say how many levels were new.

    values: the family's slug -> float64 [n]; one that is missing awards nothing. What everybody has is compared first:
    where nothing is new, nothing is written.
    """
    asked = [family for family in families if family.slug in values]
    slugs, new = [family.slug for family in asked], 0
    for stretch in kept.stretches(persons) if asked else ():
        level = np.stack([levels_of(values[family.slug][stretch.part], family) for family in asked], axis=1)
        new += again(partial(add, persons[stretch.part], level, slugs, as_of))
    return new


def levels_of(values: NDArray[np.float64], family: Family) -> NDArray[np.int32]:
    """The level of `family` that each of `values` reaches; 0 for none."""
    return np.searchsorted(np.array(family.levels, dtype=np.float64), values, side="right").astype(np.int32)


def add(persons: NDArray[np.int64], level: NDArray[np.int32], slugs: Sequence[str], as_of: date) -> int:
    """Award `level` [n, families] (0 for none), and those below it, to who of `persons` has not got them; returns how
    many were new."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever revokes is waited for, so that what has just been taken away is seen below.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
        held, closed = kept.levels(persons, slugs)
        level = np.minimum(level, closed - 1)
        # By person, as indexes want it.
        place, number = np.nonzero(level > held)
        if not len(place):
            return 0
        reached: Columns = {
            "person_id": persons[place],
            "family": number.astype(np.int16),
            "held": held[place, number],
            "level": level[place, number],
        }
        # Somebody may have been erased while the run went on.
        living = np.isin(reached["person_id"], kept.alive(np.unique(reached["person_id"])))
        cursor.execute(
            """
            CREATE TEMP TABLE reached (person_id bigint, family smallint, held integer, level integer) ON COMMIT DROP
            """
        )
        columns.write(connection, "reached", {name: rows[living] for name, rows in reached.items()})
        cursor.execute("ANALYZE reached")
        cursor.execute(
            """
            INSERT INTO scoring_award (person_id, family, level, earned_on)
            SELECT reached.person_id, named.slug, step.level, %s
            FROM reached JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number)
                ON named.number = reached.family + 1,
                generate_series(reached.held + 1, reached.level) AS step (level)
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
    """Keep how far `persons` [n] (sorted, each once) are in each of `families`, for "72 of 100"; returns how many
    values changed.

    values: as for `award`; whole numbers are kept, as they are read. points: slug -> what the score would gain at the
    next level, NaN where that is not known; to a tenth. What has not changed is not written again. With `everybody`,
    nothing is kept of people who are not among `persons`, nor of other families.
    """
    asked = [family for family in families if family.slug in values]
    slugs, changed = [family.slug for family in asked], 0
    for stretch in kept.stretches(persons):
        who, part = persons[stretch.part], stretch.part
        shape = (len(who), len(asked))
        value, more = np.zeros(shape), np.full(shape, np.nan)
        for number, family in enumerate(asked):
            value[:, number] = np.floor(values[family.slug][part])
            if family.slug in points:
                more[:, number] = np.round(points[family.slug][part], 1) + 0.0
        changed += again(partial(put, who, value, more, slugs, stretch if everybody else None))
    return changed


def put(
    persons: NDArray[np.int64],
    value: NDArray[np.float64],
    points: NDArray[np.float64],
    slugs: Sequence[str],
    stretch: kept.Stretch | None,
) -> int:
    """Put value and points [n, families] in the place of what is kept of `persons`, and with a `stretch` of all people
    of these numbers; returns how many values changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = kept.progress(persons, slugs, stretch)
        wanted = value > 0
        same = (before.value == value) & ((before.points == points) | (np.isnan(before.points) & np.isnan(points)))
        # Whoever gets a new row is held first: an erasure that waits for the rows written below would not wait for us.
        new = (wanted & ~before.there).any(axis=1)
        gone = np.setdiff1d(persons[new], kept.held(persons[new]), assume_unique=True) if new.any() else persons[:0]
        wanted &= ~np.isin(persons, gone)[:, np.newaxis]
        place, number = np.nonzero(wanted & ~(before.there & same))
        far: Columns = {
            "person_id": persons[place],
            "family": number.astype(np.int16),
            "value": value[place, number],
            "points": points[place, number],
        }
        over, of = np.nonzero(before.there & ~wanted)
        strangers, strange = before.strange
        forgotten = {
            "person_id": np.concatenate([persons[over], strangers]),
            "family": np.concatenate([of, strange]).astype(np.int16),
        }
        _forget(cursor, forgotten, slugs)
        return _keep(cursor, far, slugs) if len(place) else 0


def _keep(cursor: Any, far: Columns, slugs: Sequence[str]) -> int:
    cursor.execute(
        """
        CREATE TEMP TABLE progress (person_id bigint, family smallint, value float8, points float8) ON COMMIT DROP
        """
    )
    columns.write(connection, "progress", far)
    cursor.execute("ANALYZE progress")
    cursor.execute(
        """
        INSERT INTO scoring_awardprogress (person_id, family, value, points)
        SELECT progress.person_id, named.slug, progress.value, NULLIF(progress.points, 'NaN')
        FROM progress
        JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number) ON named.number = progress.family + 1
        ON CONFLICT (person_id, family) DO UPDATE SET value = excluded.value, points = excluded.points
        """,
        [list(slugs)],
    )
    changed: int = cursor.rowcount
    cursor.execute("DROP TABLE progress")
    return changed


def _forget(cursor: Any, gone: Columns, slugs: Sequence[str]) -> None:
    """Delete these rows of person_id and family; -1 is any family that is none of `slugs`."""
    if not len(gone["person_id"]):
        return
    cursor.execute("CREATE TEMP TABLE forgotten (person_id bigint, family smallint) ON COMMIT DROP")
    columns.write(connection, "forgotten", gone)
    cursor.execute("ANALYZE forgotten")
    cursor.execute(
        """
        DELETE FROM scoring_awardprogress AS kept USING forgotten
        WHERE kept.person_id = forgotten.person_id
            AND (kept.family = (%(slugs)s::text[])[forgotten.family + 1]
                OR (forgotten.family = -1 AND kept.family <> ALL(%(slugs)s::text[])))
        """,
        {"slugs": list(slugs)},
    )
    cursor.execute("DROP TABLE forgotten")


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
