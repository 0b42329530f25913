"""The aggregation on DuckDB, in this process: the log of a day in, one row of features for each account out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from scoring.engine import steps
from scoring.engine.base import Columns, Inputs, Output, Progress, none
from scoring.engine.graph import UNKNOWN, standings
from scoring.engine.guards import ENABLED, PAIRS, find
from scoring.engine.kernel_tables import Made, forget, guarded_hands, replace_steps
from scoring.engine.pauses import segments
from scoring.features.base import ONE, FeatureTable, Int64
from scoring.features.catalogue import COLUMNS, UNCERTAINTY
from scoring.features.derived import completed

# What DuckDB holds before it spills to the temporary folder: half of the machine at most. The graph and the answer take
# theirs on top.
MEMORY_LIMIT = f"{min(3 << 30, os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2)}B"
DAY = 86_400_000_000  # microseconds

_LOG = {
    "target": "BIGINT",
    "actor": "BIGINT",
    "post": "BIGINT",
    "network": "SMALLINT",
    "verb": "SMALLINT",
    "origin": "SMALLINT",
}
_KEY = {"key_high": "BIGINT", "key_low": "BIGINT"}
_GIVEN: Mapping[str, Mapping[str, str]] = {
    "newest": {**_LOG, **_KEY, "occurred_at": "BIGINT"},
    "relations": {name: kind for name, kind in _LOG.items() if name != "post"},
    "counters": {
        "account": "BIGINT",
        "network": "SMALLINT",
        "name": "VARCHAR",
        "value": "BIGINT",
        "origin": "SMALLINT",
    },
    "totals": {
        "account": "BIGINT",
        "post": "BIGINT",
        "network": "SMALLINT",
        "verb": "SMALLINT",
        "total": "BIGINT",
        "origin": "SMALLINT",
        "occurred_at": "BIGINT",
    },
    "published": {"account": "BIGINT", "post": "BIGINT", "occurred_at": "BIGINT"},
    "owners": {"account": "BIGINT", "person": "BIGINT"},
}


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
            _bring_sources(connection, inputs, only)
            made = Made()
            if kernel and only is None:
                made = replace_steps(connection, inputs, end=day_number(inputs.as_of), say=say, threads=threads)
            for step in steps.BEFORE_GRAPH:
                if step not in made.steps:
                    _run(connection, step, say)
            guarded = _guard(connection, inputs, guards, whole=only is None, enabled=enabled, pairs=made.pairs)
            say("int_guards", len(guarded["target"]))
            if standing is None:
                standing = _rank(connection, made.pairs, guarded)
                say("graph", len(standing[0]))
            _load(connection, "standing", {"account": standing[0], "value": standing[1]}, ("account", "value"))
            for step in steps.AFTER_GRAPH:
                _run(connection, step, say)
            forget(connection, made)
            return _collect(connection, standing, only, guarded)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _declare_functions(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TEMP MACRO quotient(dividend, divisor) AS dividend // divisor")
    for name, (arguments, definition) in steps.FUNCTIONS.items():
        connection.execute(f"CREATE TEMP MACRO {name}({', '.join(arguments)}) AS {definition}")


def _run(connection: duckdb.DuckDBPyConnection, step: str, say: Progress) -> None:
    view = step in steps.VIEWS
    # A verb that nobody used needs no column: missing means zero (scoring.features.base).
    seen = _verbs(connection) if step == "fct_features" else None
    connection.execute(f"CREATE TEMP {'VIEW' if view else 'TABLE'} {step} AS {steps.statement(step, seen)}")
    if not view:
        say(step, _count(connection, step))


def _verbs(connection: duckdb.DuckDBPyConnection) -> steps.Seen:
    found = connection.execute(steps.SEEN).fetchall()
    return steps.seen((source for source, _ in found), (number for _, number in found))


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    # All rows are fetched: the next statement may not begin while a result is open.
    ((count,),) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall()  # noqa: S608 (our own names)
    return int(count)


def _load(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Columns, types: Mapping[str, str] | tuple[str, ...]
) -> None:
    """Keep columns as a table of these types (BIGINT where none is said); what else the columns hold stays behind."""
    if isinstance(types, tuple):
        types = dict.fromkeys(types, "BIGINT")
    connection.register("given", pa.table({column: pa.array(np.asarray(columns[column])) for column in types}))
    chosen = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in types.items())
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT {chosen} FROM given")  # noqa: S608 (our own names)
    connection.unregister("given")


def _bring_sources(connection: duckdb.DuckDBPyConnection, inputs: Inputs, only: Int64 | None) -> None:
    """The tables that scoring.engine.steps names, cut to the days before the score's and to `only`."""
    if len(np.unique(inputs.owners["account"])) < len(inputs.owners["account"]):
        raise ValueError("owners: an account is named twice, but it belongs to one person")
    end = day_number(inputs.as_of)
    for name, types in _GIVEN.items():
        _load(connection, name if name == "owners" else f"given_{name}", getattr(inputs, name), types)
    _load(connection, "erased", {"account": inputs.erased}, ("account",))
    decay = steps.decay(end)
    _load(connection, "decay", decay, tuple(decay))
    paused = segments(**{name: np.asarray(values) for name, values in inputs.pauses.items()}, as_of_day=end)
    _load(connection, "pauses", paused, ("account", "from_day", "until_day", "base", "keep"))
    counted = {name: np.array(values) for name, values in steps.counter_verbs().items()}
    _load(connection, "counter_verbs", counted, dict.fromkeys(counted, "SMALLINT") | {"name": "VARCHAR"})
    ends = owner = "TRUE"
    if only is not None:
        _load(connection, "wanted", {"account": np.unique(only)}, ("account",))
        owner = "account IN (SELECT account FROM wanted)"
        ends = "(target IN (SELECT account FROM wanted) OR actor IN (SELECT account FROM wanted))"
    _bring_lake(connection, inputs)
    in_time = f"day < {end}"
    for name, day, where in (
        ("lake", f"epoch_us(occurred_at) // {DAY}", f"{in_time} AND {ends}"),
        ("newest", f"occurred_at // {DAY}", f"{in_time} AND {ends}"),
        ("relations", None, ends),
        ("counters", None, owner),
        ("totals", f"occurred_at // {DAY}", f"{in_time} AND {owner}"),
        ("published", f"occurred_at // {DAY}", f"{in_time} AND {owner}"),
    ):
        kept = ", ".join(column for column in _GIVEN.get(name, _LOG) if column != "occurred_at")
        dated = f"{kept}, {day} AS day" if day else kept
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM (SELECT {dated} FROM given_{name}) AS dated WHERE {where}"  # noqa: S608
        )


def _bring_lake(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """`given_lake`, the rows of closed days, and `lake_keys`, their keys on the days that the newest rows are of."""
    shared = np.unique(np.asarray(inputs.newest["occurred_at"], dtype=np.int64) // DAY)
    if not isinstance(inputs.lake, list):
        connection.register("given_lake", inputs.lake)
        days = ", ".join(str(day) for day in shared) or "NULL"
        connection.execute(
            "CREATE TEMP VIEW lake_keys AS SELECT key_high, key_low FROM given_lake"  # noqa: S608
            f" WHERE epoch_us(occurred_at) // {DAY} IN ({days})"
        )
        return
    if len(inputs.lake) != len(inputs.lake_days):
        raise ValueError(f"lake: {len(inputs.lake)} files but {len(inputs.lake_days)} days")
    days_of_newest = set(shared.tolist())
    dated = list(zip(inputs.lake, inputs.lake_days, strict=True))
    for name, paths in (
        ("given_lake", [path for path, day in dated if day < inputs.as_of]),
        ("files_of_keys", [path for path, day in dated if day_number(day) in days_of_newest]),
    ):
        if paths:
            connection.read_parquet(paths, hive_partitioning=False).create_view(name)
        else:
            columns = {**_LOG, **_KEY, "occurred_at": "TIMESTAMP"}
            connection.execute(f"CREATE TEMP TABLE {name} ({', '.join(map(' '.join, columns.items()))})")
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
        # Whom an operator trusts meanwhile is judged no more.
        kept = ~np.isin(given["target"], inputs.trusted)
        guarded: Columns = {name: np.asarray(values)[kept] for name, values in given.items()}
    elif whole and enabled:
        pairs = connection.execute(PAIRS).fetchnumpy() if pairs is None else pairs
        guarded = find(pairs, born=inputs.born, trusted=inputs.trusted, enabled=enabled)
    else:
        guarded = none("target", "actor", "weight", "reason")
    _load(connection, "int_guards", guarded, ("target", "actor", "weight"))
    return guarded


def _rank(connection: duckdb.DuckDBPyConnection, pairs: Columns | None, guarded: Columns) -> tuple[Int64, Int64]:
    """The standing of each account by what its pairs hand on, as far as no guard makes it less."""
    if pairs is not None:
        return standings(pairs["actor"], pairs["target"], guarded_hands(pairs, guarded))
    found = connection.execute(
        f"""
        SELECT p.actor, p.target, unit(p.hands * COALESCE(g.weight, {ONE})) AS hands
        FROM int_pairs AS p LEFT JOIN int_guards AS g ON g.target = p.target AND g.actor = p.actor
        WHERE p.hands > 0
        """  # noqa: S608 (our own number)
    ).fetchnumpy()
    return standings(found["actor"], found["target"], found["hands"])


def _collect(
    connection: duckdb.DuckDBPyConnection, standing: tuple[Int64, Int64], only: Int64 | None, guarded: Columns
) -> Output:
    where = "" if only is None else " WHERE account IN (SELECT account FROM wanted)"
    found = connection.execute(f"SELECT * FROM fct_features{where}").fetchnumpy()  # noqa: S608 (our own text)
    account = np.asarray(found["account"], dtype=np.int64)
    features = FeatureTable(
        account=account,
        network=np.asarray(found["network"], dtype=np.int64),
        columns=completed(
            {
                column: np.asarray(found[column], dtype=np.int64)
                for column in (*COLUMNS, *UNCERTAINTY)
                if column in found
            }
        ),
        supplied=np.asarray(found["supplied"], dtype=np.int64),
    )
    named = np.argsort(standing[0])
    accounts, values = standing[0][named], standing[1][named]
    weighs = np.full(len(account), UNKNOWN, dtype=np.int64)
    if len(accounts):
        place = np.minimum(np.searchsorted(accounts, account), len(accounts) - 1)
        known = accounts[place] == account
        weighs[known] = values[place[known]]
    return Output(features=features, standing=weighs, guards=guarded)
