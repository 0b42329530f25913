"""What an account's features would be without one of its posts, for all posts of some accounts set-wise.

A case leaves something out of one account's log. Only few edges change with a post; so for each case two accounts are
made up that have these edges alone, once as they are and once without what is left out, and the steps of all accounts
are run on them (sql/moments_*.sql). The difference of the two is what the features would lose. Standings and guards are
held as they are, and so is what counters say beyond what is known: without the post they would say as much less. So
are measures that are no sums (HELD); no formula weighs one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from string import Template

import duckdb
import numpy as np
from numpy.typing import NDArray

from scoring.engine import duckdb as engine
from scoring.engine import steps
from scoring.engine.base import Columns, Inputs, none
from scoring.engine.tables import DAY, day_number
from scoring.features.base import FeatureTable, Int64
from scoring.features.catalogue import COLUMNS, FEATURES, STANDING_VERBS, VERBS, WINDOWS

# A post is left alone once all about it is older than so many days, pauses not counted.
WINDOW = 180
FADES = WINDOWS["recent"] or 30
# Of one account; what further posts brought, no single post explains.
MOST_POSTS = 5_000
# Measures that are no sum over reactions (a largest, a number of weeks, a counter) are held as they are, as ratios are.
HELD = frozenset({"most", "largest", "surplus", "counter"})
HELD_WINDOWS = frozenset({"month", "before", "quarter"})
_ADDED = frozenset(
    feature.column
    for feature in FEATURES
    if not feature.ratio and feature.measure not in HELD and feature.window not in HELD_WINDOWS
)
# Reactions at work at a time: some hundred megabytes.
ROWS = 1 << 20

# Kept of the accounts' own log; then, for the accounts made up for cases, under the names that the steps read.
KNOWN = ("moments_events", "moments_edges", "moments_pairs", "moments_totals", "moments_published", "moments_guards")
MADE_UP = ("stg_interactions", "stg_totals", "stg_published", "int_edges", "int_pairs", "int_guards", "int_accounts")
# The steps that add up what was made up.
_BETWEEN = tuple(step for step in steps.AFTER_GRAPH if step.startswith("int_") and step != "int_accounts")
_TOTALS = ("account", "post", "verb", "total")
_CASES = ("number", "account", "post", "fresh")
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts that may be left out, sorted by account and post: int64 columns of one length.

    fresh: 1 where anything of it is of the day of comparison or later. people, reactions: who reacted, and how often,
    those counted without names among the latter. events: rows at work for a case that leaves it out.
    """

    account: Int64
    post: Int64
    fresh: Int64
    people: Int64
    reactions: Int64
    events: Int64

    def __len__(self) -> int:
        return len(self.post)


@dataclass(frozen=True, slots=True)
class Cases:
    """What to leave out, a row for each case and post; sorted by `number`, cases of one account each.

    fresh: 1 where of the post only that goes which is of the day of comparison or later. events: as in Posts.
    """

    number: Int64
    account: Int64
    post: Int64
    fresh: Int64
    events: Int64


@dataclass(frozen=True, slots=True)
class Lost:
    """What features lose in some cases: rows sorted by number and supplied; zero where a case has no row.

    An entry is below zero where somebody named by an upload and by the left-out post remains named by the upload.
    """

    number: Int64
    supplied: Int64
    columns: Columns


def rows_of(inputs: Inputs, accounts: Int64) -> Inputs:
    """The same log, but of what happened only what was done to `accounts`, by day and all of it as newest rows.

    It is for looking at the same rows several times: the lake is read once.
    """
    with engine.opened() as connection:
        engine.bring_sources(connection, inputs, accounts)
        chosen = ("target", "actor", "post", "network", "verb", "origin", "day")
        found = connection.execute(
            f"""
            SELECT {", ".join(chosen)} FROM lake WHERE target IN (SELECT account FROM wanted)
            UNION ALL
            SELECT {", ".join(f"n.{name}" for name in chosen)} FROM newest AS n
            LEFT JOIN lake_keys AS k ON k.key_high = n.key_high AND k.key_low = n.key_low
            WHERE k.key_high IS NULL AND n.target IN (SELECT account FROM wanted)
            """  # noqa: S608 (our own names)
        ).fetchnumpy()
    rows = {name: np.asarray(values) for name, values in found.items()}
    occurred_at = np.asarray(rows.pop("day"), dtype=np.int64) * DAY
    # Keys are for knowing rows of the lake again, and there is no lake any more.
    key = np.zeros(len(occurred_at), dtype=np.int64)
    newest = {**rows, "occurred_at": occurred_at, "key_high": key, "key_low": key}
    return replace(of_accounts(inputs, accounts), lake=[], lake_days=[], newest=newest)


def of_accounts(inputs: Inputs, accounts: Int64) -> Inputs:
    """The same log, but of what has no events only what is of `accounts`."""
    return replace(
        inputs,
        relations=pick(inputs.relations, np.isin(inputs.relations["target"], accounts)),
        counters=pick(inputs.counters, np.isin(inputs.counters["account"], accounts)),
        totals=pick(inputs.totals, np.isin(inputs.totals["account"], accounts)),
        published=pick(inputs.published, np.isin(inputs.published["account"], accounts)),
    )


def before(inputs: Inputs, day: date) -> Inputs:
    """Those newest rows of `inputs` that are of days before `day`, as of which it then is; nothing else is cut."""
    return replace(
        inputs,
        as_of=day,
        newest=pick(inputs.newest, np.asarray(inputs.newest["occurred_at"]) < day_number(day) * DAY),
    )


def pick(columns: Columns, rows: NDArray[np.bool_]) -> Columns:
    """Those of the rows that the mask says."""
    return {name: np.asarray(values)[rows] for name, values in columns.items()}


@contextmanager
def leaving_out(
    inputs: Inputs,
    *,
    accounts: Int64,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    since: date,
    earlier: Columns | None = None,
    threads: int | None = None,
    temp_folder: str | Path | None = None,
) -> Iterator[LeavingOut]:
    """Features of `accounts`, and what they would be without their posts, from a log with a lake or without.

    standing, guards: as for scoring.engine.duckdb.compute. since: the day of comparison; what happened on it or later
    is fresh. earlier: totals of posts (account, post, verb, total) as they were known then; those that it does not
    name, of posts from before then, have not changed.
    """
    with engine.pairs_of(
        accounts, inputs, standing=standing, guards=guards, threads=threads, temp_folder=temp_folder
    ) as connection:
        for step in steps.AFTER_GRAPH:
            engine.run(connection, step)
        features = engine.collect(connection, standing, accounts, guards or none()).features
        engine.load(connection, "earlier", earlier or none(*_TOTALS), _TOTALS)
        engine.load(connection, "sides", {"without": np.array([0, 1])}, ("without",))
        for table in KNOWN:
            connection.execute(f"CREATE TEMP TABLE {table} AS {_statement(table, since)}")
        found = connection.execute(_statement("moments_posts", since)).fetchnumpy()
        posts = Posts(**{name: np.asarray(found[name], dtype=np.int64) for name in Posts.__slots__})
        seen = engine.verbs(connection)
        named = connection.execute("SELECT DISTINCT target FROM moments_edges WHERE vouched < known").fetchnumpy()
        uploaded = np.setdiff1d(np.asarray(named["target"]), features.account[features.supplied == 1])
        # What counters say beyond what is known is held as it is.
        connection.execute("DELETE FROM stg_counters")
        for name in {*MADE_UP, *_BETWEEN, "fct_features"}:
            _drop(connection, name)
        yield LeavingOut(connection, features, posts, uploaded, seen, since)


@dataclass(frozen=True, slots=True)
class LeavingOut:
    """An open look at some accounts: their features as they are, their posts, and what they would lose without some."""

    connection: duckdb.DuckDBPyConnection
    features: FeatureTable
    posts: Posts
    # Those of which an upload alone might name somebody once a post is left out, and which have no row of that yet.
    uploaded: Int64
    # What the features have columns for.
    seen: steps.Seen
    since: date

    def lost(self, cases: Cases) -> Iterator[Lost]:
        """What features lose in `cases`, in stretches of their numbers, in order."""
        starts = np.flatnonzero(np.diff(cases.number, prepend=-1))
        work = np.cumsum(np.add.reduceat(cases.events, starts)) if len(starts) else starts
        first = 0
        while first < len(starts):
            done = work[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(work, done + ROWS, side="right")))
            end = starts[last] if last < len(starts) else len(cases.number)
            yield self._lost(slice(starts[first], end), cases)
            first = last

    def _lost(self, rows: slice, cases: Cases) -> Lost:
        engine.load(self.connection, "moments_cases", {name: getattr(cases, name)[rows] for name in _CASES}, _CASES)
        self._make("moments_left", _statement("moments_left", self.since))
        for name in MADE_UP:
            self._make(name, _statement(f"moments_{name}", self.since))
        for step in _BETWEEN:
            self._make(step, steps.statement(step))
        answer = steps.statement("fct_features", self.seen)
        found = self.connection.execute(
            f"SELECT * FROM ({answer}) AS features WHERE account < 0 ORDER BY account DESC, supplied"  # noqa: S608
        ).fetchnumpy()
        for name in ("moments_cases", "moments_left", *MADE_UP, *_BETWEEN):
            _drop(self.connection, name)
        return _difference({name: np.asarray(values, dtype=np.int64) for name, values in found.items()})

    def _make(self, name: str, statement: str) -> None:
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {statement}")


def _difference(found: Columns) -> Lost:
    """From rows of made-up accounts (-1 - 2 * case: as it is, -2 - 2 * case: without) to rows by case and source."""
    number, without = np.divmod(-1 - found["account"], 2)
    # Rows come by case, then as it is and without, then by source: sorted once more, so that sources lie side by side.
    order = np.lexsort((found["supplied"], number))
    number, supplied, sign = number[order], found["supplied"][order], 1 - 2 * without[order]
    starts = np.flatnonzero(np.diff(number * 2 + supplied, prepend=-1))
    columns = {
        name: np.add.reduceat(sign * found[name][order], starts) if len(starts) else number
        for name in COLUMNS
        if name in found and name in _ADDED
    }
    return Lost(number[starts], supplied[starts], columns)


def _statement(name: str, since: date) -> str:
    standing = ", ".join(str(VERBS[verb].number) for verb in sorted(STANDING_VERBS))
    return Template((_SQL / f"{name}.sql").read_text()).substitute(
        since=day_number(since),
        standing_verbs=standing,
        most_posts=MOST_POSTS,
        faint=int(steps.weights(FADES)[WINDOW]),
    )


def _drop(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    kinds = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]
    ).fetchall()
    for (kind,) in kinds:
        connection.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}")
