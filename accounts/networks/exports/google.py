"""Google (YouTube)'s data export, as people download it."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import BadArchive, Record


def recognises(archive: Archive) -> bool:
    return False


def read(archive: Archive) -> Iterator[Record]:
    raise BadArchive(f"{archive.label}: is not an export of Google (YouTube)")
