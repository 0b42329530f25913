"""What was counted for some accounts lately, one line for each day, verb, post and member who reacted, with its weight.

A weight is in 65,536ths of one fresh reaction by an account of full standing (1.0, the average one). It says what the
features hold: what a pair's reactions count together (its `strength` in the window that halves in 30 days, which
saturates; by the guard, by the actor's standing: `any_standing_recent`) is shared among them by how much each has
faded. What lasts (to follow, to list) does not fade, and counts guard by standing, as `*_standing_ever`. A total of a
post without names counts as `*_anonymous_recent`, with the standing of somebody unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Template

import numpy as np

from scoring.engine import duckdb as engine
from scoring.engine.base import Columns, Inputs
from scoring.engine.graph import UNKNOWN
from scoring.engine.tables import day_number
from scoring.features.base import ONE, Int64
from scoring.features.catalogue import STANDING_VERBS, VERBS

# So many days are told.
DAYS = 90
COLUMNS = ("person", "day", "account", "network", "verb", "post", "actor", "people", "reactions", "weight")
# Rows handed out at a time: some megabytes.
ROWS = 1 << 17
_SQL = Path(__file__).parent / "sql"


def counted(
    inputs: Inputs,
    *,
    accounts: Int64,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    threads: int | None = None,
    temp_folder: str | Path | None = None,
) -> Iterator[Columns]:
    """COLUMNS (int64) of what was counted for `accounts` in the DAYS before `inputs.as_of`, some rows at a time.

    Sorted by person, newest day first. person, actor: the owners (actor 0: people nobody of whom is one, together).
    day: since 1970. people: 0 where a total of a post counts without names. weight: in 65,536ths. standing, guards: as
    for scoring.engine.duckdb.compute. What people do to themselves is not there; what weighs nothing is.
    """
    with engine.pairs_of(
        accounts, inputs, standing=standing, guards=guards, threads=threads, temp_folder=temp_folder
    ) as connection:
        parts = ["activity_reactions"]
        if len(inputs.totals["post"]):
            for step in ("stg_totals", "int_posts"):
                engine.run(connection, step)
            parts.append("activity_totals")
        union = " UNION ALL ".join(f"({_statement(part, inputs)})" for part in parts)
        chosen = ", ".join(COLUMNS)
        found = connection.sql(f"SELECT {chosen} FROM ({union}) AS counted ORDER BY person, day DESC")  # noqa: S608
        for batch in found.to_arrow_reader(ROWS):
            yield {name: np.asarray(batch.column(name), dtype=np.int64) for name in COLUMNS}


def _statement(part: str, inputs: Inputs) -> str:
    standing = ", ".join(str(VERBS[verb].number) for verb in sorted(STANDING_VERBS))
    return Template((_SQL / f"{part}.sql").read_text()).substitute(
        one=ONE, unknown=UNKNOWN, standing_verbs=standing, first_day=day_number(inputs.as_of) - DAYS
    )
