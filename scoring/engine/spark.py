"""The aggregation on Spark: the statements of scoring.engine.steps, unchanged, on the same log; the same rows come out.

For logs that outgrow one machine. What is computed, and why, is said in scoring.engine; here is how Spark is given its
tables, which of them it keeps, and where the graph is ranked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import functions as f

from scoring.engine import spark_graph, steps, tables
from scoring.engine.base import Columns, Inputs, Output, Progress
from scoring.engine.graph import HANDED, UNKNOWN, standings
from scoring.engine.guards import PAIRS, find, without_trusted
from scoring.engine.spark_session import NEEDED
from scoring.features.base import Int64

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Edges up to which scipy ranks the graph in the driver's memory; beyond it Spark does, many times slower. Measured with
# 8 million edges in no order (November 2026): 90 bytes and 0.4 microseconds an edge, thus 9 GB and 40 s at this bound.
# The guards want all pairs in the driver's memory, whatever their number: 220 bytes a pair, 22 GB at this bound.
DRIVER_EDGES = 100_000_000
SCHEMES = {"local": "file://", "s3": "s3a://", "gcs": "gs://", "hdfs": ""}
Standing = tuple[Int64, Int64]


def compute(
    inputs: Inputs,
    *,
    session: SparkSession,
    guards: Columns | None = None,
    standing: Standing | None = None,
    progress: Progress | None = None,
    driver_edges: int = DRIVER_EDGES,
) -> Output:
    """The same as scoring.engine.duckdb.compute for all accounts, row by row and bit for bit, in this process's memory.

    session: of scoring.engine.spark_session. driver_edges: the size of a graph beyond which Spark ranks it. Raises
    ValueError where the inputs contradict themselves, or the lake is where Spark cannot read it.
    """
    with aggregated(
        inputs, session=session, guards=guards, standing=standing, progress=progress, driver_edges=driver_edges
    ) as (found, ranked, guarded):
        rows = columns_of(found)
        named = columns_of(ranked)
    return tables.output(rows, (named["account"], named["value"]), guarded)


@contextmanager
def aggregated(
    inputs: Inputs,
    *,
    session: SparkSession,
    guards: Columns | None = None,
    standing: Standing | None = None,
    progress: Progress | None = None,
    driver_edges: int = DRIVER_EDGES,
) -> Iterator[tuple[DataFrame, DataFrame, Columns]]:
    """The rows of the last step, sorted, the standings (account, value) and the guards, while the context lasts."""
    say = progress or (lambda stage, rows: None)
    tables.check(inputs)
    kept = _Kept(session)
    try:
        kept.bring_sources(inputs)
        for step in steps.BEFORE_GRAPH:
            kept.run(step, say)
        guarded = kept.guard(inputs, guards)
        say("int_guards", len(guarded["target"]))
        if standing is None:
            ranked = kept.rank(driver_edges)
            say("graph", ranked.count())
        else:
            ranked = kept.frame({"account": standing[0], "value": standing[1]}, ("account", "value"))
        ranked.createOrReplaceTempView("standing")
        for step in steps.AFTER_GRAPH:
            kept.run(step, say)
        yield kept.spark.table("fct_features"), ranked, guarded
    finally:
        kept.forget()


def columns_of(frame: DataFrame) -> dict[str, Any]:
    """A frame's columns in this process's memory."""
    found: pa.Table = frame.toArrow()
    return {name: found.column(name).to_numpy() for name in found.column_names}


class _Kept:
    """Tables of one computation: views of a session of its own, and what Spark keeps of them until told not to."""

    def __init__(self, session: SparkSession) -> None:
        self.spark = session.newSession()
        self.frames: list[DataFrame] = []
        for name, value in NEEDED.items():
            self.spark.conf.set(name, value)
        self._declare("quotient", ("dividend", "divisor"), "dividend div divisor")
        for name, (arguments, definition) in steps.FUNCTIONS.items():
            self._declare(name, arguments, definition)

    def _declare(self, name: str, arguments: tuple[str, ...], definition: str) -> None:
        typed = ", ".join(f"{argument} BIGINT" for argument in arguments)
        self.spark.sql(f"CREATE TEMPORARY FUNCTION {name}({typed}) RETURNS BIGINT RETURN {definition}")

    def keep(self, frame: DataFrame) -> DataFrame:
        self.frames.append(frame.persist(StorageLevel.MEMORY_AND_DISK))
        return frame

    def forget(self) -> None:
        for frame in self.frames:
            frame.unpersist()
        self.frames.clear()

    def frame(self, columns: Columns, types: tables.Types | tuple[str, ...]) -> DataFrame:
        """Columns of this process as a frame of these types (int64 where none is said)."""
        if isinstance(types, tuple):
            types = dict.fromkeys(types, pa.int64())
        return self.spark.createDataFrame(tables.table(columns, types))

    def run(self, step: str, say: Progress) -> None:
        # A verb that nobody used needs no column: missing means zero (scoring.features.base).
        seen = self.seen() if step == "fct_features" else None
        frame = self.spark.sql(steps.statement(step, seen))
        frame.createOrReplaceTempView(step)
        if step not in steps.VIEWS:
            say(step, self.keep(frame).count())

    def seen(self) -> steps.Seen:
        found = self.spark.sql(steps.SEEN).collect()
        return steps.seen((row.source for row in found), (row.number for row in found))

    def bring_sources(self, inputs: Inputs) -> None:
        """The tables that scoring.engine.steps names, cut to the days before the score's."""
        for name, types in tables.GIVEN.items():
            self.frame(getattr(inputs, name), types).createOrReplaceTempView(
                f"given_{name}" if name in tables.DATED else name
            )
        for name, types, columns in tables.derived(inputs):
            self.frame(columns, types).createOrReplaceTempView(name)
        addresses, end = lake_addresses(inputs), tables.day_number(inputs.as_of)
        shared = set(tables.days_of(inputs.newest))
        dated = list(zip(addresses, map(tables.day_number, inputs.lake_days), strict=True))
        for name, paths in (
            ("given_lake", [path for path, day in dated if day < end]),
            ("lake_keys", [path for path, day in dated if day in shared]),
        ):
            self._lake(paths).createOrReplaceTempView(name)
        for name in tables.DATED:
            at = "unix_micros(occurred_at)" if name == "lake" else "occurred_at"
            kept = ", ".join(c for c in tables.GIVEN.get(name, tables.LAKE) if c != "occurred_at")
            self.spark.sql(
                f"SELECT * FROM (SELECT {kept}, {at} div {tables.DAY} AS day FROM given_{name}) WHERE day < {end}"  # noqa: S608
            ).createOrReplaceTempView(name)

    def _lake(self, paths: list[str]) -> DataFrame:
        if not paths:
            return self.frame(dict.fromkeys(tables.LAKE, np.zeros(0, np.int64)), tables.LAKE)
        return self.spark.read.parquet(*paths)

    def guard(self, inputs: Inputs, given: Columns | None) -> Columns:
        """Make the table int_guards: `given`, or else what the guards find in all pairs; returns its columns."""
        if given is None:
            pairs = columns_of(self.spark.sql(PAIRS))
            guarded = find(pairs, born=inputs.born, trusted=inputs.trusted, damped=inputs.damped)
        else:
            guarded = without_trusted(given, inputs.trusted)
        self.frame(guarded, ("target", "actor", "weight")).createOrReplaceTempView("int_guards")
        return guarded

    def rank(self, driver_edges: int) -> DataFrame:
        """The standings (account, value), from the driver's memory where the graph fits in it."""
        pairs = self.spark.sql(HANDED)
        if pairs.count() > driver_edges:
            return self.keep(spark_graph.standings(pairs))
        found = columns_of(pairs)
        accounts, values = standings(found["actor"], found["target"], found["hands"])
        return self.frame({"account": accounts, "value": values}, ("account", "value"))


def lake_addresses(inputs: Inputs) -> list[str]:
    """The lake's files as Spark calls them. Raises ValueError where they lie where it cannot be told to look."""
    if isinstance(inputs.lake, list):
        return addresses(inputs.lake, "local")
    return addresses(inputs.lake.files, inputs.lake.filesystem.type_name)


def addresses(files: Iterable[str], kind: str) -> list[str]:
    """Files of a file system of pyarrow's as Spark calls them; whole addresses stay. Raises ValueError."""
    if kind not in SCHEMES:
        raise ValueError(f"the lake is on {kind}, where Spark cannot be sent: it reads {', '.join(SCHEMES)}")
    return [file if "://" in file else SCHEMES[kind] + escaped(file) for file in files]


def address_of(folder: str) -> str:
    """A folder, or an address as pyarrow takes it, as Spark calls it."""
    scheme, separator, rest = folder.partition("://")
    if not separator:
        return SCHEMES["local"] + str(Path(folder).absolute())
    if scheme == "file":
        return SCHEMES["local"] + rest
    # What follows a question mark is for pyarrow alone.
    return {"s3": "s3a", "gcs": "gs"}.get(scheme, scheme) + "://" + rest.partition("?")[0].rstrip("/")


def escaped(path: str) -> str:
    """A path that Spark reads as it stands: without this, brackets and stars would be patterns."""
    return "".join(f"\\{letter}" if letter in "\\{}[]*?" else letter for letter in path)


def with_standing(found: DataFrame, ranked: DataFrame) -> DataFrame:
    """The rows of the last step, sorted, with a column `standing`; who is not ranked is unknown."""
    weighs = f.coalesce("value", f.lit(UNKNOWN)).cast("bigint").alias("standing")
    joined = found.join(ranked, "account", "left").select(*found.columns, weighs)
    return joined.orderBy("account", "supplied")
