"""Spark and DuckDB compute the same, row by row: features, standings, guards and scores, on 100,000 interactions."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accounts.networks.base import ORIGINS, VERBS
from scoring import formula
from scoring.engine import duckdb, folders, spark_session
from scoring.engine.base import Inputs
from scoring.engine.graph import standings
from scoring.engine.tables import LAKE, day_number, table
from tests.benchmarks.synthetic import days
from tests.scoring.engine.given import AS_OF, ids

EVENTS, ACCOUNTS = 100_000, 5_000
DAY = 86_400_000_000


def write(folder: Path, day: date, columns: Mapping[str, np.ndarray]) -> str:
    # A name with what would be a pattern elsewhere.
    path = folder / f"[{day}].parquet"
    pq.write_table(table(columns, LAKE), path)
    return str(path)


def with_circle(columns: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, np.ndarray]:
    """`columns` and the reactions of a closed circle: 24 who all like each other, which the guards let count less."""
    one, other = (number.ravel() for number in np.meshgrid(np.arange(4_500, 4_572, 3), np.arange(4_500, 4_572, 3)))
    apart = one != other
    rows = int(apart.sum())
    network = columns["network"][columns["target"] % 3 == 0][0]
    more = {
        "target": one[apart],
        "actor": other[apart],
        "verb": np.full(rows, VERBS["like"]),
        "network": np.full(rows, network),
        "origin": np.full(rows, ORIGINS["api"]),
        "post": np.zeros(rows),
        "occurred_at": np.full(rows, columns["occurred_at"][0]),
        **{key: random.integers(0, 1 << 60, rows) for key in ("key_high", "key_low")},
    }
    return {name: np.concatenate([values, more[name].astype(values.dtype)]) for name, values in columns.items()}


def log(folder: Path) -> Inputs:
    """A log of everything an engine knows: most days in the lake, the last two among the newest rows, one in both."""
    random = np.random.default_rng(4)
    generated = list(days(EVENTS, ACCOUNTS, as_of=AS_OF))
    for _, columns in generated:
        columns["origin"] = random.choice(list(ORIGINS.values()), len(columns["target"])).astype(np.int16)
    generated[-1] = (generated[-1][0], with_circle(generated[-1][1], random))
    # Old days are put together; what counts is that each file's rows are of its day where the newest are of it too.
    together = {name: np.concatenate([c[name] for _, c in generated[:-3]]) for name in generated[0][1]}
    lake = [(generated[0][0], together), *generated[-3:-1]]
    newest = {name: np.concatenate([c[name] for _, c in generated[-2:]]) for name in generated[0][1]}
    some = np.arange(1, 801)
    network = np.array([1, 2, 3])[some % 3]
    at = np.full(800, day_number(AS_OF) * DAY) - random.integers(1, 60 * DAY, 800)
    owned = np.arange(1, 401)
    return Inputs(
        as_of=AS_OF,
        lake=[write(folder, day, columns) for day, columns in lake],
        lake_days=[day for day, _ in lake],
        newest=newest,
        relations={
            "target": random.integers(1, 400, 3000),
            "actor": random.integers(1, ACCOUNTS, 3000),
            "verb": np.full(3000, VERBS["follow"]),
            "network": np.full(3000, 1),
            "origin": random.choice(list(ORIGINS.values()), 3000),
        },
        counters={
            "account": some,
            "network": network,
            "name": np.array(["followers", "listed", "friends", "posts"])[some % 4],
            "value": random.integers(0, 1 << 50, 800),
            "origin": random.choice(list(ORIGINS.values()), 800),
        },
        totals={
            "account": some,
            "post": newest["post"][some],
            "verb": np.full(800, VERBS["like"]),
            "total": random.integers(0, 1 << 33, 800),
            "occurred_at": at,
            "network": network,
            "origin": random.choice(list(ORIGINS.values()), 800),
        },
        erased=ids(7, 4_000, 4_001),
        owners={"account": owned, "person": np.where(owned < 200, owned, owned // 3)},
        pauses={"account": ids(3, 3, 9), "start": ids(20_720, 20_740, 20_700), "end": ids(20_727, 20_745, 20_750)},
        published={"account": some, "post": newest["post"][some], "occurred_at": at},
        trusted=ids(5),
        born={"account": some, "day": np.full(800, day_number(AS_OF) - 20)},
    )


@pytest.fixture(scope="module")
def job(spark, tmp_path_factory: pytest.TempPathFactory) -> tuple[Inputs, folders.Place]:
    """The job, run on that log by its inputs in a folder."""
    from scoring.engine import spark_job

    folder = tmp_path_factory.mktemp("job {of} [the] day")
    (folder / "days").mkdir()
    inputs = log(folder / "days")
    networks = np.array([1, 2, 3])[inputs.owners["account"] % 3]
    place = folders.Place.at(str(folder / "work"))
    folders.write_inputs(place, inputs, networks=networks, facts={"formula": "v1"})
    spark_job.run(str(folder / "work"), spark=spark)
    return inputs, place


def test_features_standings_and_guards_are_the_same_whole_numbers(job):
    inputs, place = job
    expected, found = duckdb.compute(inputs), folders.read_output(place)
    assert len(expected.features) > 4_900
    assert len(expected.features.columns) > 60
    assert list(found.features.columns) == list(expected.features.columns)
    for name in ("account", "network", "supplied"):
        assert np.array_equal(getattr(found.features, name), getattr(expected.features, name)), name
    for name, values in expected.features.columns.items():
        assert found.features.columns[name].dtype == np.int64
        assert np.array_equal(found.features.columns[name], values), name
    assert np.array_equal(found.standing, expected.standing)
    assert len(expected.guards["target"]) > 0
    for name, values in expected.guards.items():
        assert np.array_equal(found.guards[name], values), name


def test_scores_are_the_same_within_a_billionth(job):
    inputs, place = job
    v1, output = formula.get("v1"), folders.read_output(place)
    features = output.features
    owner = dict(zip(*(inputs.owners[name].tolist() for name in ("account", "person")), strict=True))
    mine = features.take(np.isin(features.account, inputs.owners["account"]))
    people = ids(*(owner[account] for account in mine.account.tolist()))
    for name, rows, entity in (("accounts", features, features.account), ("people", mine, people)):
        expected = v1.score(rows, entity)
        found = folders.read_scored(place, name, formula=v1, table=rows, entity=entity)
        # People whose accounts were erased, or never seen, have their point all the same.
        known = np.isin(found.entity, expected.entity)
        assert np.array_equal(found.entity[known], expected.entity)
        assert (found.score[~known] == 1.0).all()
        for column, values in folders.scored_columns(expected).items():
            assert np.allclose(folders.scored_columns(found)[column][known], values, rtol=0, atol=1e-9), (name, column)
        assert np.array_equal(found.networks().entity, expected.networks().entity)
        assert np.array_equal(found.networks().network, expected.networks().network)
        assert np.allclose(found.networks().points, expected.networks().points, rtol=0, atol=1e-9)
        some = expected.entity[:20]
        assert np.allclose(found.leaves(some).points, expected.leaves(some).points, rtol=0, atol=1e-9)


def test_a_graph_that_no_driver_holds_is_ranked_alike(spark):
    from scoring.engine import spark_graph

    random = np.random.default_rng(8)
    actor, target = random.integers(-300, 300, (2, 4_000))
    # Some react to nobody: they hand their rank to everybody alike. Doubled edges add up, edges of no weight are none.
    actor = np.where(np.abs(actor) < 30, 250, actor)
    hands = random.integers(0, 200_000, 4_000)
    pairs = spark.createDataFrame(pa.table({"actor": actor, "target": target, "hands": hands}))
    found = spark_graph.standings(pairs).orderBy("account").toArrow()
    accounts, values = standings(actor, target, hands)
    assert found["account"].to_pylist() == accounts.tolist()
    assert found["value"].to_pylist() == values.tolist()
    assert len(np.unique(values)) > 100


def test_an_empty_graph_ranks_nobody(spark):
    from scoring.engine import spark_graph

    nothing = spark.createDataFrame(pa.table(dict.fromkeys(("actor", "target", "hands"), np.zeros(0, np.int64))))
    assert spark_graph.standings(nothing).count() == 0


def test_inputs_come_back_from_a_folder_as_they_went(tmp_path: Path):
    (tmp_path / "days").mkdir()
    inputs = log(tmp_path / "days")
    place = folders.Place.at(str(tmp_path / "work"))
    folders.write_inputs(place, inputs, networks=np.ones(400, np.int64), facts={"formula": "v1"})
    found = folders.read_inputs(place)
    assert (found.as_of, found.lake, found.lake_days) == (inputs.as_of, inputs.lake, inputs.lake_days)
    assert np.array_equal(found.erased, inputs.erased)
    for name in ("newest", "counters", "pauses", "owners"):
        expected = getattr(inputs, name)
        assert {key: values.tolist() for key, values in getattr(found, name).items()} == {
            key: values.tolist() for key, values in expected.items()
        }


def test_a_folder_that_holds_nothing_is_told_as_such(tmp_path: Path):
    with pytest.raises(folders.BadFolder, match=r"holds no done\.json"):
        folders.read_output(folders.Place.at(str(tmp_path)))
    (tmp_path / "about.json").write_text("{")
    with pytest.raises(folders.BadFolder, match="damaged"):
        folders.read_inputs(folders.Place.at(str(tmp_path)))


def test_addresses_are_told_as_spark_calls_them():
    if reason := spark_session.missing():
        pytest.skip(reason)
    from scoring.engine import spark

    assert spark.addresses(["bucket/a.parquet"], "s3") == ["s3a://bucket/a.parquet"]
    assert spark.addresses(["/lake/[a]*.parquet"], "local") == ["file:///lake/\\[a\\]\\*.parquet"]
    assert spark.address_of("s3://bucket/folder/?region=eu-west-1") == "s3a://bucket/folder"
    assert spark.address_of("hdfs://name/folder") == "hdfs://name/folder"
    with pytest.raises(ValueError, match="where Spark cannot be sent"):
        spark.addresses(["a"], "mock")


def test_without_java_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(spark_session.SparkMissing, match="Java"), spark_session.session():
        pass
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(spark_session.SparkMissing, match="uv sync --group spark"), spark_session.session():
        pass
