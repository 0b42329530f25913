"""A large export is read record by record: another process that reads it needs little memory, whatever its size."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.benchmarks.bench_archive import MB, measured, write_export

# Python and the readers alone take about 40.
MOST_MEGABYTES = 80


@pytest.mark.parametrize(("export", "megabytes"), [("twitter", 90), ("tiktok", 40), ("linkedin", 12), ("blog", 60)])
def test_memory_does_not_grow_with_the_export(export: str, megabytes: int, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    assert write_export(path, export, megabytes, packed=False) > 0.9 * megabytes * MB
    network, records, _seconds, peak = measured(path)
    assert network == export
    assert "'Rejected'" not in records
    assert ("'Post'" if export in ("twitter", "blog") else "'Interaction'") in records
    assert peak < MOST_MEGABYTES


def test_neither_does_it_with_a_tar(tmp_path: Path) -> None:
    write_export(tmp_path / "export.zip", "tiktok", 25, packed=False)
    with zipfile.ZipFile(tmp_path / "export.zip") as made:
        made.extractall(tmp_path / "export")
    path = tmp_path / "export.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.add(tmp_path / "export", ".")
    network, records, _seconds, peak = measured(path)
    assert (network, "'Interaction'" in records) == ("tiktok", True)
    assert peak < MOST_MEGABYTES
