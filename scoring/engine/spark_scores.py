"""The formula on Spark: scores of many entities, partition by partition, by the code that scores them elsewhere."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from scoring import formula
from scoring.engine.folders import ROW, scored_columns
from scoring.features.base import FeatureTable, Int64
from scoring.features.derived import completed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Rows of one partition, which its worker scores at once.
ROWS = 200_000
Batches = Iterator[pa.RecordBatch]
# Arrow's types as Spark calls them.
TYPES = {
    "int64": "BIGINT",
    "int32": "INT",
    "int16": "SMALLINT",
    "int8": "TINYINT",
    "double": "DOUBLE",
    "list<item: int64>": "ARRAY<BIGINT>",
    "list<item: double>": "ARRAY<DOUBLE>",
}


def ship(spark: SparkSession, folder: Path) -> None:
    """Send this package's code to Spark's workers, who know nothing of it; written to `folder` on the way."""
    root = Path(__file__).resolve().parent.parent
    archive = folder / "scoring.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(root / "__init__.py", "scoring/__init__.py")
        for package in ("engine", "features", "formula"):
            for path in sorted((root / package).rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    file.write(path, f"scoring/{path.relative_to(root).as_posix()}")
    spark.sparkContext.addPyFile(str(archive))


def with_ratios(found: DataFrame) -> DataFrame:
    """The rows of the last step with the columns that follow from each row by itself."""
    names = [name for name in found.columns if name not in ROW]
    more = [name for name in completed({name: np.zeros(0, np.int64) for name in names}) if name not in names]

    def work(batches: Batches) -> Batches:
        for batch in batches:
            made = completed({name: _numbers(batch.column(name)) for name in names})
            yield pa.record_batch(
                [*batch.columns, *(pa.array(made[name]) for name in more)], names=[*batch.schema.names, *more]
            )

    return found.mapInArrow(work, ", ".join(f"`{name}` BIGINT" for name in [*found.columns, *more]))


def scored(rows: DataFrame, by: str, version: str) -> DataFrame:
    """Scores of the entities that column `by` names, from rows of features: a frame with the columns of Scored.

    Points by network are lists, `networks` and their `points`. Entities are never torn apart: all rows of one are
    scored by one worker.
    """
    partitions = max(1, -(-rows.count() // ROWS))
    apart = rows.repartition(partitions, by).sortWithinPartitions(by, "account", "supplied")
    names = [name for name in rows.columns if name not in ROW and name != by]
    numbers: Any = np.zeros(0, np.int64)
    empty = _scores(pa.table(dict.fromkeys(rows.columns, numbers)), by, names, version)
    columns = ", ".join(f"`{field.name}` {TYPES[str(field.type)]}" for field in empty.schema)

    def work(batches: Batches) -> Batches:
        table = pa.Table.from_batches(list(batches))
        yield from _scores(table, by, names, version).to_batches()

    return apart.mapInArrow(work, columns)


def _scores(table: pa.Table, by: str, names: Sequence[str], version: str) -> pa.Table:
    features = FeatureTable(
        _numbers(table.column("account")),
        _numbers(table.column("network")),
        {name: _numbers(table.column(name)) for name in names},
        _numbers(table.column("supplied")),
    )
    found = formula.get(version).score(features, _numbers(table.column(by)))
    points = found.networks()
    offsets = np.searchsorted(points.entity, np.append(found.entity, np.iinfo(np.int64).max)).astype(np.int32)
    return pa.table(
        {name: pa.array(values) for name, values in scored_columns(found).items()}
        | {
            "networks": pa.ListArray.from_arrays(pa.array(offsets), pa.array(points.network)),
            "points": pa.ListArray.from_arrays(pa.array(offsets), pa.array(points.points)),
        }
    )


def _numbers(column: Any) -> Int64:
    return np.asarray(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy())
