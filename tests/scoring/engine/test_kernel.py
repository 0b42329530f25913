"""The kernel's edges and pairs are the rows of int_edges.sql and int_pairs.sql, to the last one, whatever the log."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine import duckdb as engine
from scoring.engine import kernel_tables, kernel_words
from scoring.engine.base import Inputs
from scoring.engine.duckdb import compute
from scoring.engine.tables import day_number
from scoring.features.catalogue import COLUMNS
from tests.benchmarks import synthetic
from tests.scoring.engine.given import AS_OF, ids, inputs_of, write_lake
from tests.scoring.engine.reference import Event, Lasting, Log
from tests.scoring.engine.test_features_equal_the_definition import done, moments, origins, verbs

STEPS = {"int_edges": "target, actor, verb", "int_pairs": "target, actor"}
Tables = dict[str, tuple[list[Any], list[tuple[Any, ...]]]]


@contextmanager
def sources(inputs: Inputs) -> Iterator[duckdb.DuckDBPyConnection]:
    with engine.opened() as connection:
        engine.bring_sources(connection, inputs, None)
        yield connection


def tables(connection: duckdb.DuckDBPyConnection) -> Tables:
    """Names and types of the columns, and the rows, of each step."""
    return {
        step: (
            connection.execute(f"DESCRIBE {step}").fetchall(),
            connection.execute(f"SELECT * FROM {step} ORDER BY {order}").fetchall(),
        )
        for step, order in STEPS.items()
    }


def by_sql(inputs: Inputs) -> Tables:
    with sources(inputs) as connection:
        for step in ("stg_interactions", "stg_relations", *STEPS):
            engine.run(connection, step)
        return tables(connection)


def by_kernel(inputs: Inputs, **settings_: Any) -> Tables:
    with sources(inputs) as connection:
        made = kernel_tables.replace_steps(
            connection, inputs, end=day_number(inputs.as_of), say=lambda stage, rows: None, **settings_
        )
        assert made.steps == set(STEPS)
        return tables(connection)


def made_by_kernel(inputs: Inputs) -> frozenset[str]:
    with sources(inputs) as connection:
        end = day_number(inputs.as_of)
        return kernel_tables.replace_steps(connection, inputs, end=end, say=lambda stage, rows: None).steps


# ---------------------------------------------------------------- arbitrary small logs

numbers = st.integers(0, 6)
networks = st.sampled_from(["twitter", "facebook", "mastodon"])
events = st.lists(
    st.builds(Event, st.integers(0, 2**64 - 1), moments, numbers, numbers, done, network=networks, origin=origins),
    max_size=40,
    unique_by=lambda event: event.key,
)
# Not unique: a source may name the same relation twice, on two networks or by two origins.
relations = st.lists(st.builds(Lasting, numbers, numbers, verbs, networks, origins), max_size=12)
days_off = st.sets(st.integers(-3, 60).map(lambda days: AS_OF - timedelta(days=days)))
logs = st.builds(
    Log,
    events,
    relations,
    erased=st.sets(numbers, max_size=2),
    owners=st.dictionaries(numbers, st.integers(1, 2), max_size=4),
    paused=st.dictionaries(numbers, days_off, max_size=3),
)
# From a number to an account: close together, far apart, from one end of 64 bits to the other.
accounts = st.sampled_from([(1, 0), (1, 2**63 - 7), (10**9, 5), (3 * 10**18, -(2**63))])


def renamed(log: Log, times: int, start: int) -> Log:
    def account(number: int) -> int:
        return start + times * number

    def of(row: Any) -> Any:
        return replace(row, target=account(row.target), actor=account(row.actor))

    return Log(
        [of(event) for event in log.events],
        [of(relation) for relation in log.relations],
        erased={account(number) for number in log.erased},
        owners={account(number): person for number, person in log.owners.items()},
        paused={account(number): days for number, days in log.paused.items()},
    )


@settings(max_examples=40, deadline=None)
@given(
    log=logs,
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    numbered=accounts,
    partition_rows=st.sampled_from([1, 3, 1000]),
    threads=st.sampled_from([1, 2]),
)
def test_it_gives_the_rows_of_the_sql(
    log: Log, shares: tuple[float, float], numbered: tuple[int, int], partition_rows: int, threads: int
):
    log = renamed(log, *numbered)
    # Some rows lie in the lake alone, some among the newest alone, some in both.
    cuts = sorted(round(share * len(log.events)) for share in shares)
    with tempfile.TemporaryDirectory() as folder:
        inputs = inputs_of(log, lake=Path(folder), in_lake=log.events[: cuts[1]], newest=log.events[cuts[0] :])
        assert by_kernel(inputs, threads=threads, partition_rows=partition_rows) == by_sql(inputs)


# ---------------------------------------------------------------- a hundred thousand interactions


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A log of 90 files as compaction writes them, with people who own several accounts, pauses and an upload."""
    folder = tmp_path_factory.mktemp("lake")
    rng = np.random.default_rng(3)
    paths, days = [], []
    for day, columns in synthetic.days(100_000, 5_000, as_of=AS_OF):
        columns["origin"] = rng.choice(np.array([1, 2, 3, 4], dtype=np.int16), len(columns["target"]))
        columns["occurred_at"] = columns["occurred_at"].view("datetime64[us]")
        pq.write_table(pa.table(columns), folder / f"{day}.parquet")
        paths.append(str(folder / f"{day}.parquet"))
        days.append(day)
    start = day_number(AS_OF) - rng.integers(0, 90, 300)
    return replace(
        inputs_of(Log()),
        lake=paths,
        lake_days=days,
        erased=ids(7, 4_000, 10**9),
        owners={"account": np.arange(1, 401), "person": np.arange(400) // 3},
        pauses={"account": rng.integers(1, 600, 300), "start": start, "end": start + rng.integers(0, 60, 300)},
    )


def test_it_gives_the_rows_of_the_sql_for_a_hundred_thousand_interactions(town: Inputs):
    found = by_kernel(town, partition_rows=5_000)
    assert found == by_sql(town)
    assert len(found["int_edges"][1]) > 50_000


def test_the_engine_gives_the_same_features_with_the_kernel_and_without(town: Inputs):
    said: list[str] = []
    fast = compute(town, progress=lambda stage, rows: said.append(stage))
    slow = compute(town, kernel=False)
    assert fast.features.account.tobytes() == slow.features.account.tobytes()
    assert fast.standing.tobytes() == slow.standing.tobytes()
    for column in COLUMNS:
        assert fast.features.column(column).tobytes() == slow.features.column(column).tobytes(), column
    assert {"int_edges", "int_pairs"} <= set(said)


# ---------------------------------------------------------------- files of another make

NOON = datetime(AS_OF.year, AS_OF.month, AS_OF.day, 12, tzinfo=UTC)
SOME = [
    Event(1, NOON - timedelta(days=3), 5, 1, "like"),
    Event(2, NOON - timedelta(days=3), 2, 3, "like"),
    Event(3, NOON - timedelta(days=2), 9, 3, "share"),
    Event(4, NOON - timedelta(days=2), 2, 3, "like"),
]


def one_file(inputs: Inputs, path: Path, **options: Any) -> Inputs:
    """The lake's files as one, under the day of the first."""
    pq.write_table(pa.concat_tables(map(pq.read_table, inputs.lake)), path, **options)
    return replace(inputs, lake=[str(path)], lake_days=inputs.lake_days[:1])


def test_a_file_of_several_days_in_no_order_is_read_row_by_row(tmp_path: Path):
    # Some rows are even of the day of the score itself, and count no more than they do in the SQL.
    late = [*SOME, Event(9, NOON, 2, 3, "like")]
    inputs = one_file(inputs_of(Log(), lake=tmp_path, in_lake=late), tmp_path / "all.parquet", row_group_size=2)
    found = by_kernel(inputs)
    assert found == by_sql(inputs)
    assert [row[8] for row in found["int_edges"][1]] == [2, 1, 1], "two likes of one day each, and none of today"


def test_a_file_that_does_not_tell_its_limits_is_left_to_the_sql(tmp_path: Path):
    plain = inputs_of(Log(), lake=tmp_path, in_lake=SOME)
    inputs = one_file(plain, tmp_path / "all.parquet", write_statistics=False)
    with pytest.raises(kernel_words.Unfit, match="limits"):
        kernel_words.of_file(inputs.lake[0], day_number(AS_OF))
    assert compute(inputs).features.account.tolist() == compute(plain).features.account.tolist() == [1, 2, 3, 5, 9]


def test_an_empty_file_and_one_of_later_days_bring_nothing(tmp_path: Path):
    paths, _ = write_lake(tmp_path, [Event(1, NOON, 5, 1, "like")])
    empty = tmp_path / "empty.parquet"
    pq.write_table(pq.read_table(paths[0]).slice(0, 0), empty)
    assert kernel_words.of_file(str(empty), day_number(AS_OF)) is None
    assert kernel_words.of_file(paths[0], day_number(AS_OF)) is None
    assert kernel_words.of_file(paths[0], day_number(AS_OF) + 1) is not None


def test_what_does_not_fit_into_words_is_left_to_the_sql(monkeypatch: pytest.MonkeyPatch):
    # Days ten thousand years apart, and a thousand accounts, need more bits than there are.
    inputs = inputs_of(Log(SOME), newest=SOME)
    expected = compute(inputs).features
    monkeypatch.setattr(kernel_words, "WORD_BITS", 12)
    monkeypatch.setattr(kernel_words, "MOST_PARTITIONS", 2)
    assert not made_by_kernel(inputs)
    assert compute(inputs).features.account.tobytes() == expected.account.tobytes()


def test_more_rows_than_memory_holds_are_left_to_the_sql(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel_tables, "MEMORY", 100)
    assert not made_by_kernel(inputs_of(Log(SOME)))


def test_a_lake_that_is_no_local_folder_is_left_to_the_sql(tmp_path: Path):
    inputs = inputs_of(Log(), lake=tmp_path, in_lake=SOME)
    assert made_by_kernel(inputs)
    assert not made_by_kernel(replace(inputs, lake=ds.dataset(inputs.lake)))


def test_verbs_that_no_word_holds_are_left_to_the_sql():
    inputs = inputs_of(Log(SOME))
    odd = {**inputs.newest, "verb": np.full(len(SOME), 40)}
    assert not made_by_kernel(replace(inputs, newest=odd))
