"""A Parquet file for people: rows in batches, written as they come (exports, not the lake)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TYPES = {"text": pa.string(), "float": pa.float64(), "date": pa.date32()}


def write_parquet(path: Path, columns: dict[str, str], batches: Iterable[list[tuple[Any, ...]]]) -> None:
    """Write `batches` of rows with `columns` (name -> text, float or date) to `path`."""
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in batches:
            values = zip(*rows, strict=True) if rows else ([] for _ in columns)
            arrays = [pa.array(list(column), type=field.type) for column, field in zip(values, schema, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
