"""Keys and post numbers: one definition, in Python and in PostgreSQL, that never changes."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from scoring.collect import keys, times

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


def test_keys_stay_what_they_are_since_they_are_stored():
    assert keys.event_key("mastodon", "alice@example.org", "17") == "00605b387ec4ad4a2ea62ee7988d3105"
    first = keys.tuple_key("twitter", "reply", "1", "2", "", 1_413_331_280_999_000)
    assert first == "ec3fd042ccb55eec40deaa97a7089ac8"
    assert keys.nth_key(first, 2) == "c08831628401b77b16f6b3e5110ffa2b"
    assert keys.post_number("twitter", "5003") == -6_759_989_401_003_089_587
    assert keys.post_number("twitter", "") == 0


@pytest.mark.django_db
def test_postgres_numbers_repeats_as_python_does():
    first = keys.tuple_key("twitter", "reply", "1", "2", "", 5)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {keys.NTH_KEY_SQL} FROM (VALUES (%s::uuid, 2), (%s, 300)) AS row (key, nth)", [first, first]
        )
        assert [row[0] for row in cursor.fetchall()] == [uuid.UUID(keys.nth_key(first, nth)) for nth in (2, 300)]


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT, st.integers(0, 9)), min_size=2, max_size=2, unique=True))
def test_different_rows_have_different_keys(rows):
    one, other = (keys.tuple_key(*row) for row in rows)
    assert one != other


@given(TEXT, TEXT)
def test_a_post_has_a_number_of_64_bits_and_only_no_post_has_none(network, post):
    number = keys.post_number(network, post)
    assert -(2**63) <= number < 2**63
    assert (number == 0) == (post == "")


@pytest.mark.parametrize(
    ("value", "microseconds"),
    [
        ("2014-10-14", 1413244800000000),
        ("2014-10-14T10:00", 1413280800000000),
        ("2014-10-14 10:00:00", 1413280800000000),
        ("2014-10-14T10:00:00.5Z", 1413280800500000),
        ("2014-10-14T12:00:00+02:00", 1413280800000000),
        ("1413280800", 1413280800000000),
        ("1413280800.123456789", 1413280800123456),
        ("1413280800123", 1413280800123000),
        ("1413280800123.4", 1413280800123400),
        ("1413280800123456", 1413280800123456),
        (" 1413280800 ", 1413280800000000),
        ("-86400", -86400000000),
        (1413280800, 1413280800000000),
        (1413280800.25, 1413280800250000),
        ("", None),
        (None, None),
    ],
)
def test_times_are_told_apart_by_their_magnitude(value, microseconds):
    assert times.parse(value) == microseconds


@pytest.mark.parametrize(
    "value", ["now", "nan", "1e9", "٣٤٥٦٧٨٩٠١٢", "14.10.2014", "2014-13-01", "0x10", "1" * 18, True, float("inf"), []]
)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ValueError, match="occurred_at"):
        times.parse(value)
