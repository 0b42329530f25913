"""The aggregation on DuckDB, in this process: the log of a day in, one row of features for each account out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from scoring.engine import steps, tables
from scoring.engine.base import Columns, Inputs, Output, Progress, none
from scoring.engine.graph import HANDED, standings
from scoring.engine.guards import ENABLED, PAIRS, find, without_trusted
from scoring.engine.kernel_tables import Made, forget, guarded_hands, replace_steps
from scoring.engine.tables import day_number
from scoring.features.base import Int64

# What DuckDB holds before it spills to the temporary folder: half of the machine at most. The graph and the answer take
# theirs on top.
MEMORY_LIMIT = f"{min(3 << 30, os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2)}B"


def compute(
    inputs: Inputs,
    *,
    standing: tuple[Int64, Int64] | None = None,
    only: Int64 | None = None,
    guards: Columns | None = None,
    enabled: Collection[int] = ENABLED,
    kernel: bool = True,
    progress: Progress | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_folder: str | Path | None = None,
) -> Output:
    """Features and standings of every account seen before `inputs.as_of`, sorted by account.

    standing: accounts and their standing (int64, 65,536ths), used instead of ranking the graph; who is not named is
    unknown. only: the accounts to compute, from their own edges alone; it needs `standing`, since a rank needs the
    whole graph. guards: target, actor and weight of reactions that count less, used instead of looking for them; with
    `only` none are looked for. enabled: which guards to look with (scoring.engine.guards). kernel: False for edges and
    pairs by the SQL alone, even where NumPy gives the same rows faster. progress: called with the name of each finished
    stage and its number of rows. threads, memory_limit ("3GB"), temp_folder (for what does not fit): DuckDB's. The
    result is the same for any of these, and for any order of rows; verbs that nobody used have no columns. Raises
    ValueError where the inputs contradict themselves.
    """
    if only is not None and standing is None:
        raise ValueError("standings of some accounts cannot be ranked without the whole graph: give the last run's")
    say = progress or (lambda stage, rows: None)
    with opened(threads=threads, memory_limit=memory_limit, temp_folder=temp_folder) as connection:
        bring_sources(connection, inputs, only)
        made = Made()
        if kernel and only is None:
            made = replace_steps(connection, inputs, end=day_number(inputs.as_of), say=say, threads=threads)
        for step in steps.BEFORE_GRAPH:
            if step not in made.steps:
                run(connection, step, say)
        guarded = _guard(connection, inputs, guards, whole=only is None, enabled=enabled, pairs=made.pairs)
        say("int_guards", len(guarded["target"]))
        if standing is None:
            standing = _rank(connection, made.pairs, guarded)
            say("graph", len(standing[0]))
        _load_standing(connection, standing)
        for step in steps.AFTER_GRAPH:
            run(connection, step, say)
        forget(connection, made)
        return collect(connection, standing, only, guarded)


@contextmanager
def opened(
    *, threads: int | None = None, memory_limit: str | None = None, temp_folder: str | Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the functions of scoring.engine.steps; arguments as for `compute`."""
    with tempfile.TemporaryDirectory(prefix="klout-", dir=temp_folder) as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit or MEMORY_LIMIT,
            "temp_directory": spill,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        if threads is not None:
            settings["threads"] = threads
        with duckdb.connect(":memory:", config=settings) as connection:
            _declare_functions(connection)
            yield connection


@contextmanager
def pairs_of(
    accounts: Int64,
    inputs: Inputs,
    *,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    threads: int | None = None,
    temp_folder: str | Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in which all is made of the edges of some accounts that the steps after the graph need."""
    with opened(threads=threads, temp_folder=temp_folder) as connection:
        bring_sources(connection, inputs, accounts)
        for step in steps.BEFORE_GRAPH:
            run(connection, step)
        _guard(connection, inputs, guards, whole=False)
        _load_standing(connection, standing)
        yield connection


def _declare_functions(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TEMP MACRO quotient(dividend, divisor) AS dividend // divisor")
    for name, (arguments, definition) in steps.FUNCTIONS.items():
        connection.execute(f"CREATE TEMP MACRO {name}({', '.join(arguments)}) AS {definition}")


def run(connection: duckdb.DuckDBPyConnection, step: str, say: Progress | None = None) -> None:
    """Make the table or view of a step; say: told its number of rows."""
    view = step in steps.VIEWS
    # A verb that nobody used needs no column: missing means zero (scoring.features.base).
    seen = verbs(connection) if step == "fct_features" else None
    connection.execute(f"CREATE TEMP {'VIEW' if view else 'TABLE'} {step} AS {steps.statement(step, seen)}")
    if say and not view:
        say(step, _count(connection, step))


def verbs(connection: duckdb.DuckDBPyConnection) -> steps.Seen:
    """What the last step needs columns for."""
    found = connection.execute(steps.SEEN).fetchall()
    return steps.seen((source for source, _ in found), (number for _, number in found))


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    # All rows are fetched: the next statement may not begin while a result is open.
    ((count,),) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall()  # noqa: S608 (our own names)
    return int(count)


def load(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Columns, types: tables.Types | tuple[str, ...]
) -> None:
    """Keep columns as a table of these types (int64 where none is said); what else the columns hold stays behind."""
    if isinstance(types, tuple):
        types = dict.fromkeys(types, pa.int64())
    connection.register("given", tables.table(columns, types))
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given")  # noqa: S608 (our own names)
    connection.unregister("given")


def _load_standing(connection: duckdb.DuckDBPyConnection, standing: tuple[Int64, Int64]) -> None:
    load(connection, "standing", {"account": standing[0], "value": standing[1]}, ("account", "value"))


def bring_sources(connection: duckdb.DuckDBPyConnection, inputs: Inputs, only: Int64 | None) -> None:
    """The tables that scoring.engine.steps names, cut to the days before the score's and to `only`."""
    tables.check(inputs)
    for name, types in tables.GIVEN.items():
        load(connection, name if name == "owners" else f"given_{name}", getattr(inputs, name), types)
    for name, types, columns in tables.derived(inputs):
        load(connection, name, columns, types)
    ends = owner = "TRUE"
    if only is not None:
        load(connection, "wanted", {"account": np.unique(only)}, ("account",))
        owner = "account IN (SELECT account FROM wanted)"
        ends = "(target IN (SELECT account FROM wanted) OR actor IN (SELECT account FROM wanted))"
    _bring_lake(connection, inputs)
    for name in ("lake", *tables.GIVEN):
        if name == "owners":
            continue
        types = tables.GIVEN.get(name, tables.LAKE)
        chosen = ", ".join(column for column in types if column != "occurred_at")
        where = ends if "actor" in types else owner
        if name in tables.DATED:
            at = "epoch_us(occurred_at)" if name == "lake" else "occurred_at"
            chosen += f", {at} // {tables.DAY} AS day"
            where += f" AND day < {day_number(inputs.as_of)}"
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM (SELECT {chosen} FROM given_{name}) AS chosen WHERE {where}"  # noqa: S608
        )


def _bring_lake(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """`given_lake`, the rows of closed days, and `lake_keys`, their keys on the days that the newest rows are of."""
    shared = tables.days_of(inputs.newest)
    if not isinstance(inputs.lake, list):
        connection.register("given_lake", inputs.lake)
        days = ", ".join(map(str, shared)) or "NULL"
        connection.execute(
            "CREATE TEMP VIEW lake_keys AS SELECT key_high, key_low FROM given_lake"  # noqa: S608
            f" WHERE epoch_us(occurred_at) // {tables.DAY} IN ({days})"
        )
        return
    dated = list(zip(inputs.lake, inputs.lake_days, strict=True))
    for name, paths in (
        ("given_lake", [path for path, day in dated if day < inputs.as_of]),
        ("files_of_keys", [path for path, day in dated if day_number(day) in shared]),
    ):
        if paths:
            connection.read_parquet(paths, hive_partitioning=False).create_view(name)
        else:
            load(connection, name, dict.fromkeys(tables.LAKE, np.zeros(0, np.int64)), tables.LAKE)
    connection.execute("CREATE TEMP VIEW lake_keys AS SELECT key_high, key_low FROM files_of_keys")


def _guard(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    given: Columns | None,
    *,
    whole: bool,
    enabled: Collection[int] = ENABLED,
    pairs: Columns | None = None,
) -> Columns:
    """Make the table int_guards: `given`, or else what the guards find in all pairs; returns its columns.

    pairs: the columns of int_pairs, where they are at hand.
    """
    if given is not None:
        guarded = without_trusted(given, inputs.trusted)
    elif whole and enabled:
        pairs = connection.execute(PAIRS).fetchnumpy() if pairs is None else pairs
        guarded = find(pairs, born=inputs.born, trusted=inputs.trusted, damped=inputs.damped, enabled=enabled)
    else:
        guarded = none("target", "actor", "weight", "reason")
    load(connection, "int_guards", guarded, ("target", "actor", "weight"))
    return guarded


def _rank(connection: duckdb.DuckDBPyConnection, pairs: Columns | None, guarded: Columns) -> tuple[Int64, Int64]:
    """The standing of each account by what its pairs hand on, as far as no guard makes it less."""
    if pairs is not None:
        return standings(pairs["actor"], pairs["target"], guarded_hands(pairs, guarded))
    found = connection.execute(HANDED).fetchnumpy()
    return standings(found["actor"], found["target"], found["hands"])


def collect(
    connection: duckdb.DuckDBPyConnection, standing: tuple[Int64, Int64], only: Int64 | None, guarded: Columns
) -> Output:
    """The rows of the last step, of the accounts `only` if any are named."""
    where = "" if only is None else " WHERE account IN (SELECT account FROM wanted)"
    found = connection.execute(f"SELECT * FROM fct_features{where}").fetchnumpy()  # noqa: S608 (our own text)
    return tables.output(found, standing, guarded)
