"""What each actor brings to the features of some accounts, and what those features are where actors weigh otherwise.

The statements of int_verbs and int_any are run once more, grouped by actor too, so that there is one definition: added
up over actors they are the features themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.engine import duckdb as engine
from scoring.engine import steps
from scoring.engine.base import Columns, Inputs
from scoring.features.base import Int64
from scoring.features.catalogue import ANY, FEATURES, VERBS, column_of

Float64 = NDArray[np.float64]

# Measures that are sums over actors, of the two steps that have a row for each account (and verb).
_SUMS = frozenset({"actors", "standing", "events"})
# Actors weighed at a time: some hundred megabytes for a hundred replicates.
PAIRS = 1 << 16
_STEPS = {"int_verbs": ("e.", True), "int_any": ("p.", False)}


@dataclass(frozen=True, slots=True)
class Contributions:
    """A row for each (account, supplied, actor) of some accounts, sorted by them.

    parts: a row for each contribution that is not 0: `of` (the row above it belongs to), `column` (a place in
    `columns`) and `value`, int64, in 65,536ths.
    """

    account: Int64
    supplied: Int64
    actor: Int64
    of: Int64
    column: Int64
    value: Int64
    columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.account)

    def of_accounts(self, accounts: Int64) -> Contributions:
        """Those to `accounts` alone."""
        kept = np.isin(self.account, accounts)
        parts = kept[self.of]
        place = np.cumsum(kept) - 1
        return Contributions(
            self.account[kept],
            self.supplied[kept],
            self.actor[kept],
            place[self.of[parts]],
            self.column[parts],
            self.value[parts],
            self.columns,
        )


def contributions(
    inputs: Inputs,
    *,
    accounts: Int64,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    wanted: Collection[str] | None = None,
    threads: int | None = None,
    temp_folder: str | Path | None = None,
) -> Contributions:
    """What each actor brings to `accounts`; standing, guards: as for scoring.engine.duckdb.compute.

    wanted: the columns of interest, all that are sums over actors if None.
    """
    with engine.pairs_of(
        accounts, inputs, standing=standing, guards=guards, threads=threads, temp_folder=temp_folder
    ) as connection:
        return _gathered(list(_parts(connection, wanted)))


def by_actor(step: str) -> str:
    """The statement of int_verbs or int_any with a row for each actor too."""
    statement = steps.statement(step)
    table = _STEPS[step][0]
    for old, new in (
        (f"{table}target AS account,", f"{table}target AS account, {table}actor,"),
        (f"GROUP BY {table}target,", f"GROUP BY {table}actor, {table}target,"),
    ):
        if statement.count(old) != 1:
            raise ValueError(f"{step}.sql does not group as it did: {old!r} is not in it once")
        statement = statement.replace(old, new)
    return statement


def additive() -> frozenset[str]:
    """The columns that are sums over actors and can be read by actor."""
    return frozenset(
        feature.column
        for feature in FEATURES
        if not feature.ratio and feature.measure in _SUMS and feature.window in {"now", "recent", "long", "ever"}
    )


Part = tuple[str, Int64, Int64, Int64, Int64]


def _parts(connection: duckdb.DuckDBPyConnection, wanted: Collection[str] | None) -> Iterator[Part]:
    """(column, account, supplied, actor, value) of every column, where value is not 0."""
    chosen = additive() if wanted is None else additive() & frozenset(wanted)
    for step, (_, by_verb) in _STEPS.items():
        found = connection.execute(
            f"SELECT * FROM ({by_actor(step)}) AS by_actor WHERE account IN (SELECT account FROM wanted)"  # noqa: S608
        ).fetchnumpy()
        rows = {name: np.asarray(values, dtype=np.int64) for name, values in found.items()}
        for verb, slug in [(verb.number, slug) for slug, verb in VERBS.items()] if by_verb else [(0, ANY)]:
            for measure, values in rows.items():
                column = column_of(slug, measure, "")
                if column not in chosen:
                    continue
                kept = np.flatnonzero((values != 0) & (rows["verb"] == verb) if by_verb else values != 0)
                if len(kept):
                    yield (
                        column,
                        rows["account"][kept],
                        rows["supplied"][kept],
                        rows["actor"][kept],
                        values[kept],
                    )


def _gathered(parts: list[Part]) -> Contributions:
    columns = tuple(sorted({part[0] for part in parts}))
    none: Int64 = np.zeros(0, dtype=np.int64)
    whole = [np.concatenate([none, *(part[place] for part in parts)]) for place in range(1, 5)]
    column = np.concatenate([none, *(np.full(len(part[1]), columns.index(part[0]), dtype=np.int64) for part in parts)])
    account, supplied, actor, value = whole
    order = np.lexsort((column, actor, supplied, account))
    account, supplied, actor, value, column = (found[order] for found in (account, supplied, actor, value, column))
    new = np.ones(len(account), dtype=bool)
    new[1:] = (np.diff(account) != 0) | (np.diff(supplied) != 0) | (np.diff(actor) != 0)
    return Contributions(account[new], supplied[new], actor[new], np.cumsum(new) - 1, column, value, columns)


def reweighed(
    found: Contributions, row: Int64, rows: int, weigh: Callable[[Int64], NDArray[np.int64]]
) -> dict[str, Float64]:
    """The features where actors weigh otherwise: column -> float64 [rows, replicates], in 65,536ths.

    row: int64 [pairs], where among `rows` each (account, supplied) stands; -1 to leave it out. weigh: from actors
    [some] to their weights, int64 [some, replicates]; asked of PAIRS at a time, since a million people may have reacted
    to one. Sums are of whole numbers below 2 ** 53: exact in any order.
    """
    result: dict[str, Float64] = {}
    for start in range(0, max(len(found), 1), PAIRS):
        weight = weigh(found.actor[start : start + PAIRS]).astype(np.float64)
        parts = slice(*np.searchsorted(found.of, (start, start + PAIRS)))
        of, column, value = found.of[parts], found.column[parts], found.value[parts].astype(np.float64)
        kept = row[of] >= 0
        for place, name in enumerate(found.columns):
            chosen = np.flatnonzero(kept & (column == place))
            if name in result and not len(chosen):
                continue
            matrix = sparse.coo_array(
                (value[chosen], (row[of[chosen]], of[chosen] - start)), shape=(rows, len(weight))
            ).tocsr()
            brought = np.asarray(matrix @ weight)
            result[name] = result[name] + brought if name in result else brought
    return result
