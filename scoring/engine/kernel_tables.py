"""Puts the kernel in the place of the SQL of the first steps: its edges and pairs under the names the others read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine import kernel
from scoring.engine.base import Columns, Inputs, Progress
from scoring.engine.guards import UNDATED
from scoring.engine.kernel_words import PARTITION_ROWS, Unfit
from scoring.features.base import ONE, Int64

# Beyond this share of the machine's memory the SQL does it, which can spill to a disk.
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2

# Rows of stg_interactions that are in no file, before any of its other joins.
_NEWEST = """
    SELECT n.target, n.actor, n.network, n.verb, n.origin, n.day
    FROM newest AS n
    LEFT JOIN lake_keys AS k ON k.key_high = n.key_high AND k.key_low = n.key_low
    WHERE k.key_high IS NULL
"""


@dataclass(frozen=True, slots=True)
class Made:
    """The steps that the kernel made, and its pairs as numpy columns, for who reads them outside of DuckDB."""

    steps: frozenset[str] = frozenset()
    pairs: Columns | None = None


class Pairs(Mapping[str, NDArray[Any]]):
    """The columns of int_pairs, each made when it is asked for: at a hundred million rows they do not fit side by side.

    Accounts are int64, all else as narrow as the kernel made it, and not to be written to.
    A day that is none is UNDATED.
    """

    def __init__(self, table: pa.Table, base: int) -> None:
        self.table, self.base = table, base

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self.table.column(name)
        if column.null_count:
            column = column.fill_null(UNDATED)
        values: NDArray[Any] = column.to_numpy()
        if name in ("target", "actor"):
            values = values.astype(np.int64)
            values += self.base
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.column_names)

    def __len__(self) -> int:
        return len(self.table.column_names)


def replace_steps(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    *,
    end: int,
    say: Progress,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
) -> Made:
    """Make int_edges and int_pairs without their SQL, where the kernel can.

    The sources that scoring.engine.steps names must be there, of all accounts; end: the score's day, since 1970.
    """
    if not isinstance(inputs.lake, list):
        return Made()

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
        return Made()
    made = {"int_edges": (reduced.edges, kernel.EDGE_COLUMNS), "int_pairs": (reduced.pairs, kernel.PAIR_COLUMNS)}
    for step, (table, types) in made.items():
        _offer(connection, step, table, types, reduced.base)
        say(step, len(table))
    return Made(frozenset(made), Pairs(reduced.pairs, reduced.base))


def forget(connection: duckdb.DuckDBPyConnection, made: Made) -> None:
    """Give back the memory of the steps that were made."""
    for step in made.steps:
        connection.execute(f"DROP VIEW {step}")
        connection.unregister(f"kernel_{step}")


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


def guarded_hands(pairs: Columns, guarded: Columns) -> Int64:
    """What each of the sorted `pairs` hands on in the graph, in 65,536ths: less where it is among the guarded."""
    hands: Int64 = pairs["hands"].astype(np.int64)
    if not len(guarded["target"]) or not len(hands):
        return hands
    target, actor = pairs["target"], pairs["actor"]
    # Guarded pairs are few: the targets' pairs lie side by side, and in these the actors are looked for one by one.
    first = np.searchsorted(target, guarded["target"], side="left")
    last = np.searchsorted(target, guarded["target"], side="right")
    while np.any(first < last):
        middle = (first + last) // 2
        beyond = (first < last) & (actor[np.minimum(middle, len(actor) - 1)] < guarded["actor"])
        first, last = np.where(beyond, middle + 1, first), np.where(beyond | (first == last), last, middle)
    place = np.minimum(first, len(actor) - 1)
    known = (target[place] == guarded["target"]) & (actor[place] == guarded["actor"])
    place = place[known]
    hands[place] = hands[place] * guarded["weight"][known] // ONE
    return hands
