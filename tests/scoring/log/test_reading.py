"""What an engine is given as of a day, and the fingerprint that says whether it has changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from scoring import log
from scoring.log.lake import Lake, Manifest
from scoring.models import CounterReading, Interaction, PostTotal, Relation, Tombstone
from tests.scoring.log.rows import LAST, add, day_of, held, row, wanted

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 10, 5)
BEFORE = datetime(2026, 10, 4, 23, 59, 59, 999_999, tzinfo=UTC)
AFTER = datetime(2026, 10, 5, tzinfo=UTC)


def counter(value: int, at: datetime, account: int = 1, name: str = "followers") -> CounterReading:
    return CounterReading.objects.create(
        account=account, name=name, day=at.date(), value=value, observed_at=at, network=1, origin=1
    )


def total(number: int, at: datetime, post: int = 5) -> PostTotal:
    return PostTotal.objects.create(account=1, post=post, verb=1, total=number, occurred_at=at, network=1, origin=2)


def relation(actor: int, at: datetime) -> Relation:
    return Relation.objects.create(target=1, actor=actor, verb=5, network=1, origin=2, observed_at=at)


@pytest.mark.parametrize("compacted", [False, True])
def test_only_what_came_before_the_day_counts(compacted):
    rows = [row(key, day=key % 10) for key in range(100)]
    add(rows)
    if compacted:
        log.compact(LAST)
    assert held(AS_OF) == wanted(one for one in rows if one.occurred_at < AFTER)


def test_rows_that_move_to_the_lake_while_it_is_read_are_not_lost(monkeypatch):
    rows = [row(key, day=key % 3) for key in range(30)]
    add(rows)
    read_manifest = Lake.manifest

    def moving_afterwards(lake: Lake) -> Manifest:
        manifest = read_manifest(lake)
        monkeypatch.undo()
        log.compact(LAST)
        return manifest

    monkeypatch.setattr(Lake, "manifest", moving_afterwards)
    assert held() == wanted(rows)
    assert not Interaction.objects.exists()


def test_standing_things_count_from_the_moment_they_were_seen():
    relation(7, BEFORE)
    relation(8, AFTER)
    total(10, BEFORE, post=1)
    total(20, AFTER, post=2)
    found = log.snapshot(AS_OF)
    assert found.relations["actor"].tolist() == [7]
    assert found.totals["total"].tolist() == [10]
    assert found.totals["occurred_at"].tolist() == [1791158399999999]


def test_a_counter_is_the_last_reading_before_the_day():
    counter(10, datetime(2026, 9, 1, tzinfo=UTC))
    counter(12, BEFORE)
    counter(99, AFTER)
    counter(3, datetime(2026, 9, 2, tzinfo=UTC), name="listed")
    counter(5, AFTER, account=2)
    found = log.snapshot(AS_OF).counters
    rows = set(zip(found["account"].tolist(), found["name"].tolist(), found["value"].tolist(), strict=True))
    assert rows == {(1, "followers", 12), (1, "listed", 3)}


def test_the_columns_are_those_that_the_engine_declares():
    found = log.snapshot(AS_OF)
    assert list(found.newest) == [
        *("key_high", "key_low", "occurred_at", "target", "actor", "post", "network", "verb", "origin")
    ]
    assert list(found.relations) == ["target", "actor", "verb", "network", "origin"]
    assert list(found.counters) == ["account", "network", "name", "value", "origin"]
    assert list(found.totals) == ["account", "post", "verb", "total", "occurred_at", "network", "origin"]
    assert found.erased.dtype == np.int64


def test_the_fingerprint_is_the_same_for_the_same_log_in_any_order_and_place():
    rows = [row(key, day=key % 3) for key in range(50)]
    add(rows)
    first = log.fingerprint(AS_OF)
    Interaction.objects.all().delete()
    add(reversed(rows))
    assert log.fingerprint(AS_OF) == first
    log.compact(day_of(1))
    assert log.fingerprint(AS_OF) == first
    log.compact(LAST)
    assert log.fingerprint(AS_OF) == first
    # What came later than the day does not concern it.
    add([row(99, day=20)])
    counter(7, AFTER)
    assert log.fingerprint(AS_OF) == first


@pytest.mark.parametrize(
    "change",
    [
        lambda: add([row(99)]),
        lambda: Interaction.objects.filter(key=row(1).key).delete(),
        lambda: counter(13, BEFORE),
        lambda: CounterReading.objects.update(value=11),
        lambda: relation(9, BEFORE),
        lambda: PostTotal.objects.update(total=11),
        lambda: Tombstone.objects.create(account=77, erased_at=AFTER),
    ],
)
def test_the_fingerprint_changes_with_whatever_counts(change):
    add(row(key) for key in range(5))
    counter(10, datetime(2026, 9, 1, tzinfo=UTC))
    total(10, BEFORE)
    first = log.fingerprint(AS_OF)
    change()
    assert log.fingerprint(AS_OF) != first
