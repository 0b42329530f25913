"""The staged SQL against the slow definition in plain Python, on arbitrary small logs."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.base import Columns, Output
from scoring.engine.duckdb import compute
from scoring.engine.graph import UNKNOWN, standings
from tests.scoring.engine import reference
from tests.scoring.engine.given import AS_OF, ids, inputs_of
from tests.scoring.engine.reference import ONE, Event, Lasting, Log, Published, Reading, Total

MIDNIGHT = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
accounts = st.integers(1, 7)
verbs = st.sampled_from(["like", "share", "mention", "follow", "list"])
# What is done to nobody who has a score stands in the log too.
done = st.one_of(verbs, st.just("review"))
posts = st.sampled_from([0, 11, -12])
moments = st.one_of(
    st.sampled_from([MIDNIGHT, MIDNIGHT - timedelta(microseconds=1), MIDNIGHT - timedelta(days=1)]),
    st.integers(-86_400, 86_400 * 600).map(lambda seconds: MIDNIGHT - timedelta(seconds=seconds)),
    st.integers(1, 25).map(lambda years: MIDNIGHT - timedelta(days=365 * years)),
)
origins = st.sampled_from(["api", "archive", "bulk"])
events = st.lists(
    st.builds(Event, st.integers(0, 2**64 - 1), moments, accounts, accounts, done, posts, origin=origins),
    max_size=40,
    unique_by=lambda event: event.key,
)
relations = st.lists(
    st.builds(Lasting, accounts, accounts, verbs, origin=origins),
    max_size=10,
    unique_by=lambda row: (row.target, row.actor, row.verb),
)
readings = st.lists(
    st.builds(
        Reading,
        accounts,
        st.sampled_from(["followers", "listed", "mentions_received", "retweets_received", "posts"]),
        st.integers(0, 30),
        origin=origins,
    ),
    max_size=10,
    unique_by=lambda row: (row.account, row.name),
)
totals = st.lists(
    st.builds(
        Total,
        accounts,
        st.sampled_from([11, -12, 13]),
        st.sampled_from(["like", "share"]),
        st.integers(0, 300),
        moments,
        origin=origins,
    ),
    max_size=8,
    unique_by=lambda row: (row.account, row.post, row.verb),
)
published = st.lists(
    st.builds(Published, accounts, st.sampled_from([11, -12, 13, 14]), moments),
    max_size=6,
    unique_by=lambda row: (row.account, row.post),
)
logs = st.builds(
    Log,
    events,
    relations,
    readings,
    totals,
    st.sets(accounts, max_size=2),
    st.dictionaries(accounts, st.integers(1, 2), max_size=4),
    st.dictionaries(accounts, st.sets(st.integers(-3, 60).map(lambda days: AS_OF - timedelta(days=days))), max_size=3),
    published,
)
# (target, actor) -> what the actor's reactions count.
guards = st.dictionaries(st.tuples(accounts, accounts), st.integers(0, ONE), max_size=6)


def rows_of(output: Output) -> dict[tuple[int, int], dict[str, int]]:
    """(account, supplied) -> column -> value, zeros left out; supplied rows of nothing but zeros are left out too."""
    table = output.features
    rows = {
        (int(account), int(table.supplied[row])): {
            name: int(values[row]) for name, values in table.columns.items() if values[row]
        }
        for row, account in enumerate(table.account)
    }
    return {key: columns for key, columns in rows.items() if columns or not key[1]}


def guard_columns(guarded: dict[tuple[int, int], int]) -> Columns:
    return {
        "target": ids(*(target for target, _ in guarded)),
        "actor": ids(*(actor for _, actor in guarded)),
        "weight": ids(*guarded.values()),
        "reason": ids(*(1 for _ in guarded)),
    }


@settings(max_examples=40, deadline=None)
@given(log=logs, shares=st.tuples(st.floats(0, 1), st.floats(0, 1)), as_dataset=st.booleans(), guarded=guards)
def test_it_computes_what_is_defined(
    log: Log, shares: tuple[float, float], as_dataset: bool, guarded: dict[tuple[int, int], int]
):
    # Some rows lie in the lake alone, some among the newest alone, some in both.
    cuts = sorted(round(share * len(log.events)) for share in shares)
    with tempfile.TemporaryDirectory() as folder:
        inputs = inputs_of(log, lake=Path(folder), in_lake=log.events[: cuts[1]], newest=log.events[cuts[0] :])
        if as_dataset and inputs.lake:
            inputs = replace(inputs, lake=ds.dataset(inputs.lake))
        output = compute(inputs, guards=guard_columns(guarded))
    standing = dict(zip(output.features.account.tolist(), output.standing.tolist(), strict=True))
    edges = reference.graph(log, AS_OF, guarded)
    ranked, weighs = standings(ids(*(a for a, _ in edges)), ids(*(t for _, t in edges)), ids(*edges.values()))
    in_graph = dict(zip(ranked.tolist(), weighs.tolist(), strict=True))
    assert standing == {account: in_graph.get(account, UNKNOWN) for account in standing}
    defined = reference.features(log, AS_OF, standing, UNKNOWN, guarded)
    assert rows_of(output) == {key: columns for key, columns in defined.items() if columns or not key[1]}
    assert np.all(np.diff(2 * output.features.account + output.features.supplied) > 0)


@settings(max_examples=12, deadline=None)
@given(log=logs, wanted=st.sets(accounts), guarded=guards)
def test_some_accounts_alone_have_the_rows_they_have_in_the_whole_run(
    log: Log, wanted: set[int], guarded: dict[tuple[int, int], int]
):
    inputs = inputs_of(log)
    whole = compute(inputs, guards=guard_columns(guarded))
    # An account that somebody uploaded for has two rows, and one standing.
    known, first = np.unique(whole.features.account, return_index=True)
    standing = known, whole.standing[first]
    some = compute(inputs, only=ids(*sorted(wanted)), standing=standing, guards=whole.guards)
    assert rows_of(some) == {key: row for key, row in rows_of(whole).items() if key[0] in wanted}
    place = np.searchsorted(whole.features.account, some.features.account)
    assert np.array_equal(some.standing, whole.standing[place])
    assert np.array_equal(some.features.network, whole.features.network[place])
