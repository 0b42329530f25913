"""Columns travel between numpy and PostgreSQL unchanged, in Django's transaction."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import columns

INT8 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROW = st.tuples(
    INT8, INT8, st.integers(-(2**15), 2**15 - 1), st.integers(-(2**31), 2**31 - 1), INT8,
    st.floats(allow_nan=False), st.integers(0, 4_102_444_800_000_000), TEXT, TEXT, st.booleans(),
)  # fmt: skip
CREATE = """
    CREATE TEMP TABLE wide (
        key uuid, small int2, middle int4, large int8, part float8, happened timestamptz,
        name text, remark text, yes bool
    ) ON COMMIT DROP
"""
NO_TEXT = {
    "key": "uuid",
    "small": "int2",
    "middle": "int4",
    "large": "int8",
    "part": "float8",
    "happened": "timestamptz",
}
ALL = {**NO_TEXT, "name": "text", "remark": "text", "yes": "bool"}


def as_columns(rows: list[tuple]) -> dict:
    high, low, small, middle, large, part, happened, name, remark, yes = zip(*rows, strict=True) if rows else [()] * 10
    return {
        "key": (np.array(high, dtype=np.int64), np.array(low, dtype=np.int64)),
        "small": np.array(small, dtype=np.int16),
        "middle": np.array(middle, dtype=np.int32),
        "large": np.array(large, dtype=np.int64),
        "part": np.array(part, dtype=np.float64),
        "happened": np.array(happened, dtype=np.int64),
        "name": np.array(name, dtype=object),
        "remark": np.array(remark, dtype=object),
        "yes": np.array(yes, dtype=bool),
    }


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=30))
def test_what_is_written_is_read(rows):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CREATE)
        given_columns = as_columns(rows)
        assert columns.write(connection, "wide", given_columns, {"happened": "timestamptz"}) == len(rows)
        read = columns.read(connection, "SELECT * FROM wide", [], ALL)
        fixed = columns.read(
            connection, "SELECT key, small, middle, large, part, happened FROM wide WHERE small <> %s", [7], NO_TEXT
        )
        cursor.execute("DROP TABLE wide")
    wanted = {**given_columns, "key_high": given_columns["key"][0], "key_low": given_columns["key"][1]}
    del wanted["key"]
    assert set(read) == set(wanted)
    for name, values in wanted.items():
        assert read[name].tolist() == values.tolist(), name
    keep = wanted["small"] != 7
    for name, values in fixed.items():
        assert values.tolist() == wanted[name][keep].tolist(), name


@pytest.mark.django_db
def test_postgres_and_numpy_mean_the_same_values():
    read = columns.read(
        connection,
        """SELECT '00000000-0000-0001-ffff-ffffffffffff'::uuid, timestamptz '2014-10-15 00:00:00.000001+00',
                  date '2014-10-15', 'Zoë'::text, 2.5::float8""",
        [],
        {"key": "uuid", "at": "timestamptz", "day": "date", "name": str, "part": np.float64},
    )
    assert (read["key_high"][0], read["key_low"][0]) == (1, -1)
    moment = datetime.fromtimestamp(int(read["at"][0]) // 1_000_000, tz=UTC)
    assert (moment, read["at"][0] % 1_000_000) == (datetime(2014, 10, 15, tzinfo=UTC), 1)
    assert read["day"].tolist() == [date(2014, 10, 15)]
    assert (read["name"][0], read["part"][0]) == ("Zoë", 2.5)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE told (key uuid, day date, at timestamptz, said jsonb, name varchar(9))")
    columns.write(
        connection,
        "told",
        {
            "key": (np.array([1]), np.array([-1])),
            "day": np.array(["2014-10-15"], dtype="datetime64[D]"),
            "at": np.array(["2014-10-15T00:00:00.000001"], dtype="datetime64[us]"),
            "said": np.array(['{"a": 1}']),
            "name": np.array(["Zoë"]),
        },
        {"said": "jsonb"},
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, day, at, said->>'a', name FROM told")
        assert cursor.fetchone() == (
            uuid.UUID("00000000-0000-0001-ffff-ffffffffffff"), date(2014, 10, 15),
            datetime(2014, 10, 15, 0, 0, 0, 1, tzinfo=UTC), "1", "Zoë",
        )  # fmt: skip


@pytest.mark.django_db
def test_a_table_larger_than_a_batch_comes_whole(monkeypatch):
    monkeypatch.setattr(columns, "BYTES", 10_000)
    query = "SELECT i::int8, i::text FROM generate_series(1, %s) AS i"
    parts = list(columns.batches(connection, query, [5000], {"number": "int8", "name": "text"}))
    assert len(parts) > 3
    assert np.concatenate([part["number"] for part in parts]).tolist() == list(range(1, 5001))
    fixed = columns.read(connection, "SELECT i::int8 FROM generate_series(1, 5000) AS i", [], {"number": np.int64})
    assert fixed["number"].sum() == 5000 * 5001 // 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "dtypes"),
    [
        ("SELECT NULL::int8", {"a": "int8"}),
        ("SELECT 1::int4", {"a": "int8"}),
        ("SELECT 1::int8, 2::int8", {"a": "int8"}),
        ("SELECT NULL::text, 1::int8", {"a": "text", "b": "int8"}),
        ("SELECT 'x'::text, 1::int4", {"a": "text", "b": "int8"}),
    ],
)
def test_it_refuses_null_and_other_types(query, dtypes):
    with pytest.raises(ValueError, match=r"NULL|columns|rows"):
        columns.read(connection, query, [], dtypes)


@pytest.mark.django_db
def test_errors_are_djangos_and_undo_the_write():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE once (number int8 PRIMARY KEY)")
    with pytest.raises(IntegrityError), transaction.atomic():
        columns.write(connection, "once", {"number": np.array([1, 2, 2])})
    assert len(columns.read(connection, "SELECT number FROM once", [], {"number": np.int64})["number"]) == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        columns.write(connection, "nowhere", {"number": np.array([1])})
    with pytest.raises(ValueError, match="differ in length"):
        columns.write(connection, "once", {"number": np.array([1]), "other": np.array([1, 2])})


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "beside"), [("mastodon", {}), ("größer", {}), ("", {}), ("x", {"remark": ["a", ""]})])
def test_a_text_that_every_row_has_is_given_once(text, beside):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CREATE)
        given_columns = {"large": np.array([1, 2]), "name": text, **{k: np.array(v) for k, v in beside.items()}}
        assert columns.write(connection, "wide", given_columns) == 2
        cursor.execute("SELECT large, name, coalesce(remark, '') FROM wide ORDER BY large")
        remarks = beside.get("remark", ["", ""])
        assert cursor.fetchall() == [(1, text, remarks[0]), (2, text, remarks[1])]
