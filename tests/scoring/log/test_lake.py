"""The lake's manifests: what counts, what is passed over, what is removed and when."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds
import pytest
from pyarrow import fs

from scoring import log
from scoring.log.days import SCHEMA
from scoring.log.lake import KEEP, BrokenLake, DayFile, Lake, Manifest, open_lake
from scoring.models import Interaction
from tests.scoring.log.rows import LAST, add, day_of, held, row, wanted

pytestmark = pytest.mark.django_db


def manifests(lake: Path) -> list[Path]:
    return sorted((lake / "manifest").iterdir())


def age(lake: Path, hours: float, paths: list[Path]) -> None:
    """Make files look as if they had been written `hours` ago."""
    for path in paths:
        stamp = path.stat().st_mtime - hours * 3600
        os.utime(path, (stamp, stamp))


def test_a_manifest_says_again_what_it_was_told():
    manifest = Manifest(7, {"2026-10-01": DayFile("days/2026-10-01/a.parquet", 3, 2**64 - 1)}, {"2026-10-02/v1": "f"})
    data = manifest.to_bytes()
    assert Manifest.from_bytes(data) == manifest
    for damaged in (data[:-1], data[: len(data) // 2], b"", b"{}", b"[]", data.replace(b"2026", b"2025", 1)):
        assert Manifest.from_bytes(damaged) is None


def test_the_newest_whole_manifest_counts_and_a_broken_one_is_passed_over(lake):
    add(row(key) for key in range(5))
    log.compact(LAST)
    (lake / "manifest" / "00000002.json").write_bytes(b'{"checksum": "0", "bod')
    assert open_lake().manifest().number == 1
    add([row(9, day=3)])
    log.compact(LAST)
    assert open_lake().manifest().number == 3
    assert len(held()) == 6


def test_a_lake_whose_manifests_are_all_broken_is_not_taken_for_an_empty_one(lake):
    for day in (0, 1):
        add([row(day, day=day)])
        log.compact(LAST)
    for path in manifests(lake):
        path.write_bytes(b"not a manifest")
    add([row(5, day=2)])
    with pytest.raises(BrokenLake, match="no manifest"):
        log.compact(LAST)
    assert Interaction.objects.count() == 1


def test_a_reader_goes_on_with_what_was_superseded_for_hours(lake):
    add([row(1)])
    log.compact(LAST)
    old = log.snapshot(LAST).lake
    add([row(2)])
    log.compact(LAST)
    assert log.snapshot(LAST).lake != old
    assert all(Path(path).exists() for path in old)
    age(lake, KEEP.total_seconds() / 3600 + 1, manifests(lake))
    add([row(3)])
    assert log.compact(LAST).removed == 1
    assert not any(Path(path).exists() for path in old)
    assert len(held()) == 3


def test_sweeping_never_removes_the_last_whole_manifest(lake):
    add([row(1)])
    log.compact(LAST)
    for number in (2, 3):
        (lake / "manifest" / f"{number:08}.json").write_bytes(b"cut sho")
    age(lake, 1000, manifests(lake)[:2])
    log.compact(LAST)
    assert len(held()) == 1


def test_files_that_no_manifest_names_are_removed(lake):
    add([row(1)])
    log.compact(LAST)
    stray = lake / "days" / "2026-10-01" / "stray.parquet"
    stray.write_bytes(b"left by a killed process")
    assert log.compact(LAST).removed == 1
    assert not stray.exists()
    assert len(held()) == 1


def test_a_lake_at_an_address_is_written_and_read_through_its_file_system(monkeypatch):
    store = Lake(fs._MockFileSystem(datetime(2026, 11, 1, tzinfo=UTC)), "bucket/klout")
    for module in ("compaction", "features", "lookup", "reading"):
        monkeypatch.setattr(f"scoring.log.{module}.open_lake", lambda: store)
    rows = [row(key, day=key % 3) for key in range(30)]
    add(rows)
    log.compact(LAST)
    add([row(31, day=1)])
    log.compact(LAST)
    found = log.snapshot(LAST)
    assert isinstance(found.lake, ds.Dataset)
    table = found.lake.to_table()
    assert table.num_rows == 31
    assert table.schema.equals(SCHEMA)
    keys = set(zip(table["key_high"].to_pylist(), table["key_low"].to_pylist(), strict=True))
    assert keys == set(wanted([*rows, row(31)]))
    log.write_features(date(2026, 10, 3), "v1", {"account": np.array([2, 1]), "x": np.array([20, 10])})
    assert log.read_features(date(2026, 10, 3), "v1")["x"].tolist() == [10, 20]


def test_an_address_names_a_file_system(settings, tmp_path):
    settings.LAKE = (tmp_path / "elsewhere").as_uri()
    add([row(1)])
    log.compact(LAST)
    assert (tmp_path / "elsewhere" / "manifest" / "00000001.json").is_file()
    assert held() == wanted([row(1)])


def test_rows_can_be_put_straight_into_the_lake():
    rows = [row(key, day=key % 3) for key in range(30)]
    columns = {
        "key_high": np.array([key[0] for key in wanted(rows)]),
        "key_low": np.array([key[1] for key in wanted(rows)]),
        "occurred_at": np.array([value[0] for value in wanted(rows).values()]),
        "target": np.ones(30, dtype=np.int64),
        "actor": np.full(30, 2),
        "post": np.zeros(30, dtype=np.int64),
        "network": np.ones(30, dtype=np.int16),
        "verb": np.full(30, 3, dtype=np.int16),
        "origin": np.full(30, 3, dtype=np.int16),
    }
    assert log.append_day_rows(columns) == 3
    assert log.append_day_rows(columns) == 3
    assert held() == wanted(rows)


@pytest.mark.parametrize("days", [True, False])
def test_it_knows_which_keys_the_lake_holds(days):
    rows = [row(key, day=key % 4) for key in range(0, 400, 2)]
    add(rows)
    log.compact(LAST)
    asked = [row(key, day=key % 4) for key in range(400)] * 2
    keys = [next(iter(wanted([one]))) for one in asked]
    numbers = np.array([(one.occurred_at.date() - date(1970, 1, 1)).days for one in asked]) if days else None
    high, low = np.array(keys).T
    mask = log.known(high, low, days=numbers)
    assert mask.tolist() == [key % 2 == 0 for key in range(400)] * 2
    # Keys that share one half only are others.
    assert not log.known(high, low + 1, days=numbers).any()
    assert not log.known(low, high, days=numbers).any()
    if numbers is not None:
        assert not log.known(high, low, days=numbers + 1).any()
    assert not log.known(high, low, without=log.lake_files()).any()


def test_an_empty_lake_knows_nothing():
    assert log.lake_files() == frozenset()
    assert not log.known(np.array([1]), np.array([1])).any()
    assert log.snapshot(day_of(1)).lake == []
