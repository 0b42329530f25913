"""Which members react to which others: a pair for each, summed over the accounts of both."""

from __future__ import annotations

from pathlib import Path
from string import Template

import numpy as np

from scoring.engine import duckdb as engine
from scoring.engine.base import Columns, Inputs
from scoring.engine.tables import day_number
from scoring.features.base import ONE, Int64
from scoring.features.catalogue import STANDING_VERBS, VERBS

# Reactions of so many days are counted.
DAYS = 90
# To follow somebody, by the verbs of networks on which one follows and of those on which two connect.
FOLLOWING = ("follow", "connect")
COLUMNS = ("influencer", "influencee", "weight", "reactions", "follows")
_SQL = Path(__file__).parent / "sql"


def between(
    inputs: Inputs,
    *,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    most: int,
    threads: int | None = None,
    temp_folder: str | Path | None = None,
) -> Columns:
    """COLUMNS (int64) of all pairs of owners, own reactions left out, sorted by influencer and influencee.

    weight: of the recent reactions, in 65,536ths, as `any_actors_recent` counts the pair. A pair is kept while it is
    among the `most` strongest of both; the weight comes first, then the number of reactions. standing, guards: as for
    scoring.engine.duckdb.compute.
    """
    accounts = np.asarray(inputs.owners["account"])
    with engine.pairs_of(
        accounts, inputs, standing=standing, guards=guards, threads=threads, temp_folder=temp_folder
    ) as connection:
        statement = Template((_SQL / "ties.sql").read_text()).substitute(
            one=ONE,
            most=most,
            first_day=day_number(inputs.as_of) - DAYS,
            standing_verbs=", ".join(str(VERBS[verb].number) for verb in sorted(STANDING_VERBS)),
            following=", ".join(str(VERBS[verb].number) for verb in FOLLOWING),
        )
        found = connection.execute(statement).fetchnumpy()
    return {name: np.asarray(found[name], dtype=np.int64) for name in COLUMNS}
