"""Whole columns between PostgreSQL and numpy, by binary COPY on Django's own connection and in its transaction.

Binary COPY is one header, then for each row the number of fields and, for each field, its length and its bytes in
network order: numpy reads and writes it without a loop over rows. Rows of text columns differ in length; their places
are found one after the other, the rest stays vectorised. NULL is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

Columns = dict[str, NDArray[Any]]
# A type of PostgreSQL, or the numpy type that stands for it.
Type = str | type | np.dtype[Any]

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
HEADER = SIGNATURE + bytes(8)
TRAILER = b"\xff\xff"
# PostgreSQL counts time from 2000-01-01, we (as everybody else) from 1970-01-01.
EPOCH_MICROSECONDS = 946_684_800_000_000
EPOCH_DAYS = 10_957
WIRE: Mapping[str, str] = {
    "bool": "?",
    "int2": ">i2",
    "int4": ">i4",
    "int8": ">i8",
    "float8": ">f8",
    "timestamptz": ">i8",
    "date": ">i4",
    "uuid": "V16",
}
# Of variable length; a binary jsonb begins with its version.
PREFIX: Mapping[str, bytes] = {"text": b"", "jsonb": b"\x01"}
ROWS = 65_536
BYTES = 8 << 20


def kind_of(given: Type) -> str:
    """The PostgreSQL type meant by a numpy type or by its own name."""
    if isinstance(given, str) and (given in WIRE or given in PREFIX):
        return given
    dtype = np.dtype(given)
    if dtype.kind == "M":
        return "date" if dtype == np.dtype("datetime64[D]") else "timestamptz"
    if dtype.kind in "SUO":
        return "text"
    kind = {"b1": "bool", "i2": "int2", "i4": "int4", "i8": "int8", "f8": "float8"}.get(f"{dtype.kind}{dtype.itemsize}")
    if kind is None:
        raise ValueError(f"no column type is known for {given!r}")
    return kind


def read(connection: Any, query: str, params: Any, dtypes: Mapping[str, Type]) -> Columns:
    """All rows of `query` as columns, named and typed by `dtypes` in the order of the query's own columns.

    timestamptz comes as int64 microseconds since 1970, date as datetime64[D], text as numpy str, and a uuid `key` as
    two int64 columns `key_high` and `key_low`. Raises ValueError where a type differs or a value is NULL.
    """
    parts = list(batches(connection, query, params, dtypes))
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def batches(connection: Any, query: str, params: Any, dtypes: Mapping[str, Type]) -> Iterator[Columns]:
    """The same in pieces of some megabytes (at least one, perhaps empty), so that a table of any size fits."""
    kinds = {name: kind_of(given) for name, given in dtypes.items()}
    statement = f"COPY ({connection.ops.compose_sql(query, params or None)}) TO STDOUT (FORMAT binary)"
    parse = parse_text if any(kind in PREFIX for kind in kinds.values()) else parse_fixed
    waiting: list[Any] = []
    size, first = 0, True
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        # PostgreSQL sends row by row; the header comes before the first, the trailer alone.
        for data in copy:
            waiting.append(data)
            size += len(data)
            if size >= BYTES:
                yield parse(b"".join(waiting)[len(HEADER) if first else 0 :], kinds)
                waiting, size, first = [], 0, False
    rest = b"".join(waiting)[len(HEADER) if first else 0 :].removesuffix(TRAILER)
    if rest or first:
        yield parse(rest, kinds)


def places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where those of `wanted` that are among `ids` (sorted, each once) stand there, and which of `wanted` they are."""
    if not len(ids):
        return np.zeros(0, dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    there: NDArray[np.bool_] = ids[place] == wanted
    return place[there], there


def parse_fixed(data: bytes, kinds: Mapping[str, str]) -> Columns:
    """Columns of rows that are all of one length."""
    row = row_type(kinds)
    if len(data) % row.itemsize:
        raise ValueError(f"the rows are not {', '.join(kinds.values())} without NULL")
    rows = np.frombuffer(data, dtype=row)
    if np.any(rows["fields"] != len(kinds)):
        raise ValueError(f"the query has not the {len(kinds)} columns {', '.join(kinds)} without NULL")
    columns: Columns = {}
    for number, (name, kind) in enumerate(kinds.items()):
        if np.any(rows[f"length{number}"] != np.dtype(WIRE[kind]).itemsize):
            raise ValueError(f"column {name} is NULL somewhere, or no {kind}")
        columns |= from_wire(name, kind, rows[f"value{number}"])
    return columns


def row_type(kinds: Mapping[str, str]) -> np.dtype[Any]:
    fields = [("fields", ">i2")]
    for number, kind in enumerate(kinds.values()):
        fields += [(f"length{number}", ">i4"), (f"value{number}", WIRE.get(kind, kind))]
    return np.dtype(fields)


def from_wire(name: str, kind: str, values: NDArray[Any]) -> Columns:
    if kind == "uuid":
        halves = np.ascontiguousarray(values).view(">i8").reshape(-1, 2)
        return {f"{name}_high": halves[:, 0].astype(np.int64), f"{name}_low": halves[:, 1].astype(np.int64)}
    native = values.astype(np.dtype(WIRE[kind]).newbyteorder("="))
    if kind == "timestamptz":
        native = native + EPOCH_MICROSECONDS
    elif kind == "date":
        native = (native.astype(np.int64) + EPOCH_DAYS).astype("datetime64[D]")
    return {name: native}


def parse_text(data: bytes, kinds: Mapping[str, str]) -> Columns:
    """Columns of rows with texts: their places row by row, then fixed columns at once."""
    names = list(kinds)
    texts: dict[str, list[str]] = {name: [] for name in names if kinds[name] in PREFIX}
    places: dict[str, list[int]] = {name: [] for name in names if kinds[name] not in PREFIX}
    sizes = {name: np.dtype(WIRE[kinds[name]]).itemsize for name in places}
    at, end, count = 0, len(data), len(names)
    while at < end:
        if int.from_bytes(data[at : at + 2], "big") != count:
            raise ValueError(f"the query has not the {count} columns {', '.join(names)}")
        at += 2
        for name in names:
            length = int.from_bytes(data[at : at + 4], "big", signed=True)
            at += 4
            if length < 0 or length != sizes.get(name, length):
                raise ValueError(f"column {name} is NULL somewhere, or no {kinds[name]}")
            if name in texts:
                texts[name].append(data[at + len(PREFIX[kinds[name]]) : at + length].decode())
            else:
                places[name].append(at)
            at += length
    columns: Columns = {}
    bytes_ = np.frombuffer(data, dtype=np.uint8)
    for name in names:
        if name in texts:
            columns[name] = np.array(texts[name], dtype=str)
        else:
            where = np.array(places[name], dtype=np.int64)[:, None] + np.arange(sizes[name])
            columns |= from_wire(name, kinds[name], bytes_[where].view(WIRE[kinds[name]]).reshape(-1))
    return columns


def write(connection: Any, table: str, columns: Mapping[str, Any], types: Mapping[str, Type] | None = None) -> int:
    """COPY `columns` into `table` and return the number of rows.

    Types follow from numpy's (str is text, datetime64 timestamptz or date) unless `types` says otherwise; a uuid is a
    pair (high, low) of int64 arrays; a timestamptz may be int64 microseconds since 1970. A single str is every row's,
    and far quicker than a column of texts. Raises ValueError where columns differ in length, and Django's database
    errors.
    """
    kinds: dict[str, str] = {}
    values: dict[str, NDArray[Any]] = {}
    same: dict[str, bytes] = {}
    for name, given in columns.items():
        if isinstance(given, str):
            same[name] = given.encode()
        elif isinstance(given, tuple):
            kinds[name] = "uuid"
            halves = np.stack([np.asarray(half, dtype=np.int64) for half in given], axis=1).astype(">i8")
            values[name] = halves.view("V16").reshape(-1) if len(halves) else np.empty(0, dtype="V16")
        else:
            array = np.asarray(given)
            kinds[name] = kind_of((types or {}).get(name, array.dtype))
            values[name] = array
    rows = {len(array) for array in values.values()}
    if len(rows) != 1:
        raise ValueError(
            f"columns of {table} differ in length: {', '.join(f'{n} {len(a)}' for n, a in values.items())}"
        )
    (count,) = rows
    if any(kind in PREFIX for kind in kinds.values()) or b"" in same.values():
        kinds |= dict.fromkeys(same, "text")
        values |= {name: np.full(count, text) for name, text in same.items()}
        pack = pack_text
    else:
        # Rows with the same text are all of one length: its own bytes are the type.
        kinds |= {name: f"V{len(text)}" for name, text in same.items()}
        values |= {name: np.full(count, text, dtype=f"V{len(text)}") for name, text in same.items()}
        pack = pack_fixed
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, kinds))
    )
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write(HEADER)
        for start in range(0, count, ROWS):
            copy.write(pack({name: array[start : start + ROWS] for name, array in values.items()}, kinds))
        copy.write(TRAILER)
    return count


def to_wire(kind: str, values: NDArray[Any]) -> NDArray[Any]:
    if kind == "timestamptz":
        if values.dtype.kind == "M":
            values = values.astype("datetime64[us]")
        values = values.astype(np.int64) - EPOCH_MICROSECONDS
    elif kind == "date":
        values = values.astype("datetime64[D]").astype(np.int64) - EPOCH_DAYS
    return values.astype(WIRE.get(kind, kind))


def pack_fixed(columns: Mapping[str, NDArray[Any]], kinds: Mapping[str, str]) -> bytes:
    rows = np.empty(len(next(iter(columns.values()))), dtype=row_type(kinds))
    rows["fields"] = len(kinds)
    for number, (name, kind) in enumerate(kinds.items()):
        rows[f"length{number}"] = np.dtype(WIRE.get(kind, kind)).itemsize
        rows[f"value{number}"] = to_wire(kind, columns[name])
    return rows.tobytes()


def pack_text(columns: Mapping[str, NDArray[Any]], kinds: Mapping[str, str]) -> bytes:
    count = len(next(iter(columns.values())))
    # Each field as a matrix of bytes with the number of them that each row has: its length first, then its value.
    fields: list[tuple[NDArray[np.uint8], NDArray[np.int64]]] = []
    for name, kind in kinds.items():
        if kind in PREFIX:
            fields.append(text_field(columns[name], PREFIX[kind]))
        else:
            value = np.ascontiguousarray(to_wire(kind, columns[name])).view(np.uint8).reshape(count, -1)
            length = np.full(count, value.shape[1], dtype=">i4").view(np.uint8).reshape(count, 4)
            fields.append((np.hstack([length, value]), np.full(count, 4 + value.shape[1], dtype=np.int64)))
    start_of_row = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(2 + sum(lengths for _, lengths in fields), out=start_of_row[1:])
    out = np.empty(start_of_row[-1], dtype=np.uint8)
    at = start_of_row[:-1].copy()
    out[at], out[at + 1] = divmod(len(fields), 256)
    at += 2
    for matrix, lengths in fields:
        steps = np.arange(matrix.shape[1])
        inside = steps < lengths[:, None]
        out[(at[:, None] + steps)[inside]] = matrix[inside]
        at += lengths
    return out.tobytes()


def text_field(values: NDArray[Any], prefix: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts (numpy str, bytes or object) as length and bytes, padded to the longest of them."""
    encoded: Sequence[bytes] = [
        prefix + (value if isinstance(value, bytes) else str(value).encode()) for value in values.tolist()
    ]
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    longest = int(lengths.max(initial=0))
    body = np.frombuffer(b"".join(value.ljust(longest, b"\0") for value in encoded), dtype=np.uint8)
    header = lengths.astype(">i4").view(np.uint8).reshape(-1, 4)
    return np.hstack([header, body.reshape(len(encoded), longest)]), lengths + 4
