"""Tables of interactions that come as Parquet, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 50_000


class BadTable(Exception):
    """No Parquet file that can be read."""


class ParquetTable:
    """A Parquet file, for use as a context."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> ParquetTable:
        try:
            self.file = pq.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as error:
            raise BadTable(f"{self.path}: cannot be read as Parquet ({error})") from None
        self.columns = list(self.file.schema_arrow.names)
        self.rows = self.file.metadata.num_rows
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def batches(self, columns: list[str]) -> Iterator[list[list[Any]]]:
        """The values of `columns`, a list of each, batch by batch; a moment is an aware datetime, NULL is None."""
        for name in columns:
            kind = self.file.schema_arrow.field(name).type
            if pa.types.is_nested(kind) or (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
                raise BadTable(f"{self.path}: column {name} holds {kind}, not a text, number or time")
        try:
            for batch in self.file.iter_batches(batch_size=ROWS, columns=columns):
                yield [values(batch.column(batch.schema.get_field_index(name))) for name in columns]
        except (pa.ArrowException, OSError) as error:
            raise BadTable(f"{self.path}: is damaged ({error})") from None


def values(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        # To microseconds, so that pandas' nanoseconds need no pandas.
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        if column.type.tz is None:
            return [moment and moment.replace(tzinfo=UTC) for moment in column.to_pylist()]
    if pa.types.is_date(column.type):
        return [day and datetime(day.year, day.month, day.day, tzinfo=UTC) for day in column.to_pylist()]
    listed: list[Any] = column.to_pylist()
    return listed
