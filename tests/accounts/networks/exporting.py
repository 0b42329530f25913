"""What the tests of exports share: reading one, picking records, and changing a copy of a fixture."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts.networks import NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import Counter, Record, Rejected, Tally
from tests.accounts.networks.conftest import FIXTURES


def read(path: Path, slug: str, own: str = "") -> list[Record]:
    with open_archive(path) as archive:
        archive.own = own
        return list(NETWORKS[slug].read_archive(archive))


def recognised(path: Path) -> list[str]:
    with open_archive(path) as archive:
        return [slug for slug, network in NETWORKS.items() if network.recognises(archive)]


def some(records: list[Record], kind: type) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def tallies(records: list[Record]) -> dict[str, int]:
    return {tally.kind: tally.number for tally in some(records, Tally)}


def counters(records: list[Record]) -> dict[str, int]:
    return {counter.name: counter.value for counter in some(records, Counter)}


def rejected(records: list[Record]) -> list[tuple[str, str]]:
    return [(record.where, record.reason) for record in some(records, Rejected)]


def copied(name: str, tmp_path: Path) -> Path:
    """A folder that may be changed."""
    return Path(shutil.copytree(FIXTURES / name, tmp_path / "export"))


def file_of(export: Path, name: str) -> Path:
    [found] = export.rglob(name)
    return found


def change(path: Path, change: Callable[[Any], Any]) -> None:
    """Write the JSON file anew with what `change` makes of it (None: it changed it in place)."""
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value if (made := change(value)) is None else made))
