"""Puts the kernel in the place of the SQL of the first steps: its edges and pairs under the names the others read."""

from __future__ import annotations

import os
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from scoring.engine import kernel
from scoring.engine.base import Columns, Inputs, Progress
from scoring.engine.kernel_words import PARTITION_ROWS, Unfit

# Beyond this share of the machine's memory the SQL does it, which can spill to a disk.
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2

# Rows of stg_interactions that are in no file, before any of its other joins.
_NEWEST = """
    SELECT n.target, n.actor, n.network, n.verb, n.origin, n.day
    FROM newest AS n
    LEFT JOIN lake_keys AS k ON k.key_high = n.key_high AND k.key_low = n.key_low
    WHERE k.key_high IS NULL
"""


def replace_steps(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    *,
    end: int,
    say: Progress,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
) -> frozenset[str]:
    """Make int_edges and int_pairs without their SQL where the kernel can, and say which steps were made.

    The sources that scoring.engine.steps names must be there, of all accounts; end: the score's day, since 1970.
    """
    if not isinstance(inputs.lake, list):
        return frozenset()

    def columns(query: str) -> Columns:
        return connection.execute(query).fetchnumpy()

    try:
        reduced = kernel.reduce(
            files=[path for path, day in zip(inputs.lake, inputs.lake_days, strict=True) if day < inputs.as_of],
            newest=columns(_NEWEST),
            relations=columns("SELECT target, actor, verb, network, origin FROM relations"),
            erased=columns("SELECT account FROM erased")["account"],
            owners=columns("SELECT account, person FROM owners"),
            pauses=columns("SELECT * FROM pauses"),
            decay=columns("SELECT * FROM decay"),
            end=end,
            threads=threads,
            memory=MEMORY,
            partition_rows=partition_rows,
        )
    except Unfit:
        return frozenset()
    made = {"int_edges": (reduced.edges, kernel.EDGE_COLUMNS), "int_pairs": (reduced.pairs, kernel.PAIR_COLUMNS)}
    for step, (table, types) in made.items():
        _offer(connection, step, table, types, reduced.base)
        say(step, len(table))
    return frozenset(made)


def _offer(
    connection: duckdb.DuckDBPyConnection, step: str, table: pa.Table, types: Mapping[str, str], base: int
) -> None:
    """A view of `table` with the SQL's types; nothing is copied."""
    connection.register(f"kernel_{step}", table)
    columns = ", ".join(
        f"CAST({name} AS {kind}){f' + ({base})' if name in ('target', 'actor') and base else ''} AS {name}"
        for name, kind in types.items()
    )
    connection.execute(f"CREATE TEMP VIEW {step} AS SELECT {columns} FROM kernel_{step}")  # noqa: S608 (our own names)
