"""Forgetting an account: at once for readers, in the lake with the next compaction."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from accounts.models import Account
from scoring import log
from scoring.log.lake import open_lake
from scoring.models import AccountScore, CounterReading, Interaction, Post, PostTotal, Relation, Tombstone
from tests.scoring.log.rows import LAST, add, day_of, held, row, wanted

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def named_in(path: str | Path, account: int) -> bool:
    table = pq.read_table(path)
    return any(
        account in table.column(name).to_pylist()
        for name in ("target", "actor", "account")
        if name in table.column_names
    )


def test_everything_that_names_the_account_goes_at_once():
    erased = Account.objects.create(network="twitter", external_id="1", handle="alice")
    stays = Account.objects.create(network="twitter", external_id="2", handle="bob")
    for account in (erased.pk, stays.pk):
        CounterReading.objects.create(
            account=account, name="followers", day=AT.date(), value=1, observed_at=AT, network=1, origin=1
        )
        PostTotal.objects.create(account=account, post=1, verb=1, total=1, occurred_at=AT, network=1, origin=1)
        Post.objects.create(account=account, post=1, external_id="x", posted_at=AT)
        Relation.objects.create(target=account, actor=99, verb=5, network=1, origin=1, observed_at=AT)
        Relation.objects.create(target=98, actor=account, verb=5, network=1, origin=1, observed_at=AT)
        AccountScore.objects.create(
            account=account,
            score=1,
            reach=0,
            amplification=0,
            network_part=0,
            percentile=0,
            standing=0,
            confidence=0,
        )
    kept = [row(3, target=stays.pk, actor=50)]
    add([row(1, target=erased.pk, actor=50), row(2, target=50, actor=erased.pk), *kept])
    log.erase_accounts([erased.pk], AT)
    assert held() == wanted(kept)
    assert not Account.objects.filter(pk=erased.pk).exists()
    assert Account.objects.get().handle == "bob"
    for model in (CounterReading, PostTotal, Post, AccountScore):
        assert model.objects.get().account == stays.pk
    assert Relation.objects.count() == 2
    assert log.snapshot(LAST).erased.tolist() == [erased.pk]


def test_the_lake_forgets_with_the_next_compaction(lake):
    kept = [row(key, day=key % 3, target=5) for key in range(10)]
    add([*kept, *[row(key, day=1, target=6, actor=7) for key in range(20, 30)], row(40, day=2, target=5, actor=6)])
    log.compact(LAST)
    features = {"account": np.array([5, 6, 7]), "x": np.array([1.5, 2.5, 3.5])}
    log.write_features(date(2026, 10, 4), "v1", features)
    untouched = open_lake().manifest().days["2026-10-01"].file
    log.erase_accounts([6], AT)
    assert held() == wanted(kept)
    assert any(named_in(path, 6) for path in log.snapshot(LAST).lake)
    done = log.compact(LAST, at=AT)
    assert (done.erased, done.rewritten) == (1, 3)
    assert not any(named_in(path, 6) for path in log.snapshot(LAST).lake)
    assert held() == wanted(kept)
    assert open_lake().manifest().days["2026-10-01"].file == untouched
    found = log.read_features(date(2026, 10, 4), "v1")
    assert (found["account"].tolist(), found["x"].tolist()) == ([5, 7], [1.5, 3.5])
    assert Tombstone.objects.get().rewritten_at == AT
    assert log.compact(LAST).erased == 0


def test_a_day_that_held_nobody_else_disappears():
    add([row(key, target=6) for key in range(5)])
    log.compact(LAST)
    log.erase_accounts([6], AT)
    log.compact(LAST)
    assert open_lake().manifest().days == {}
    assert held() == {}


def test_an_erasure_is_never_dated_before_it_happened():
    log.erase_accounts([6], AT)
    log.compact(date(2026, 10, 5))
    assert Tombstone.objects.get().rewritten_at == AT


def test_rows_of_an_erased_account_that_come_after_all_are_left_out_and_dropped():
    log.erase_accounts([6], AT)
    log.compact(LAST)
    add([row(1, target=6), row(2, target=5, day=1), row(3, target=6, day=2)])
    assert held() == wanted([row(2, target=5, day=1)])
    log.compact(day_of(1))
    assert held() == wanted([row(2, target=5, day=1)])
    log.compact(LAST)
    assert not Interaction.objects.exists()
    assert not any(named_in(path, 6) for path in log.snapshot(LAST).lake)


def test_erasing_twice_is_no_error():
    log.erase_accounts([6, 6], AT)
    log.erase_accounts([6], AT)
    assert Tombstone.objects.count() == 1
