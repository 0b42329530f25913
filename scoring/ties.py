"""Who of the members moves whom, written anew by every daily run: others than members are never named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from django.db import connection, transaction

from scoring import columns
from scoring.attempts import again
from scoring.engine import ties as engine
from scoring.engine.base import Columns, Inputs
from scoring.features.base import ONE, Int64

# Of one person and in one direction; more are not kept.
MOST = 500


def write(
    *,
    rows: Inputs,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    temp_folder: Path | None = None,
    most: int = MOST,
) -> int:
    """Put the pairs of today in the place of those of before, in one transaction; returns how many there are.

    rows: the log of all members' accounts (scoring.engine.moments.rows_of). standing, guards: as for
    scoring.engine.duckdb.compute. Of somebody who was erased meanwhile nothing is written.
    """
    found = engine.between(rows, standing=standing, guards=guards, most=most, temp_folder=temp_folder)
    return again(lambda: replace(found))


def replace(found: Columns) -> int:
    """Put these pairs in the place of those that stand; returns how many there are then."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS tied;
            CREATE TEMP TABLE tied (
                influencer_id bigint, influencee_id bigint, weight float8, reactions int4, follows bool
            ) ON COMMIT DROP
            """
        )
        columns.write(
            connection,
            "tied",
            {
                "influencer_id": found["influencer"],
                "influencee_id": found["influencee"],
                "weight": found["weight"] / ONE,
                "reactions": np.minimum(found["reactions"], np.iinfo(np.int32).max).astype(np.int32),
                "follows": found["follows"] == 1,
            },
        )
        cursor.execute(
            """
            CREATE UNIQUE INDEX ON tied (influencer_id, influencee_id);
            ANALYZE tied;
            DELETE FROM scoring_tie AS old WHERE NOT EXISTS (
                SELECT FROM tied
                WHERE tied.influencer_id = old.influencer_id AND tied.influencee_id = old.influencee_id
            )
            """
        )
        # What stands already is not written again.
        cursor.execute(
            """
            INSERT INTO scoring_tie (influencer_id, influencee_id, weight, reactions, follows)
            SELECT tied.* FROM tied
            JOIN accounts_person AS one ON one.id = tied.influencer_id
            JOIN accounts_person AS other ON other.id = tied.influencee_id
            ON CONFLICT (influencer_id, influencee_id) DO UPDATE
            SET weight = excluded.weight, reactions = excluded.reactions, follows = excluded.follows
            WHERE (scoring_tie.weight, scoring_tie.reactions, scoring_tie.follows)
                <> (excluded.weight, excluded.reactions, excluded.follows)
            """
        )
        cursor.execute("SELECT count(*) FROM scoring_tie")
        (number,) = cursor.fetchone()
        cursor.execute("DROP TABLE tied")
    return int(number)
