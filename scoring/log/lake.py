"""The lake: files that are written once, and numbered manifests that say which of them count.

Object stores cannot rename, so a change is committed by writing the next manifest: whole and with its checksum
inside, or it is passed over. A reader takes the highest whole one and may go on reading its files while a writer
commits others: what was superseded stays for KEEP by the lake's own clock; the compaction after that removes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from pyarrow import fs

KEEP = timedelta(hours=6)
ROW_GROUP = 131_072


class BrokenLake(Exception):
    """The lake holds manifests, and none of them is whole: somebody must look before anything is written."""


@dataclass(frozen=True, slots=True)
class DayFile:
    """One day's rows; `keys` is the sum of their keys' halves modulo 2**64, which says what it holds in any order."""

    file: str
    rows: int
    keys: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What counts: day (ISO) -> its file, and "as_of/formula" -> file of features. Number 0 is the empty lake."""

    number: int = 0
    days: dict[str, DayFile] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> frozenset[str]:
        return frozenset(day.file for day in self.days.values()) | frozenset(self.features.values())

    def with_days(self, days: dict[str, DayFile | None]) -> Manifest:
        """The same with these days changed; None for a day that holds nothing any more."""
        merged = {**self.days, **days}
        return replace(self, days={day: item for day, item in sorted(merged.items()) if item})

    def to_bytes(self) -> bytes:
        body = {
            "number": self.number,
            "days": {day: [item.file, item.rows, item.keys] for day, item in self.days.items()},
            "features": self.features,
        }
        text = json.dumps(body, separators=(",", ":"))
        return json.dumps({"checksum": hashlib.sha256(text.encode()).hexdigest(), "body": text}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest | None:
        """The manifest, or None where `data` is not whole."""
        try:
            outer = json.loads(data)
            if hashlib.sha256(outer["body"].encode()).hexdigest() != outer["checksum"]:
                return None
            body = json.loads(outer["body"])
            days = {day: DayFile(*item) for day, item in body["days"].items()}
            return cls(body["number"], days, body["features"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


class Lake:
    """The files below one root of a pyarrow file system. Paths are relative to it, with `/`."""

    def __init__(self, filesystem: fs.FileSystem, root: str) -> None:
        self.filesystem = filesystem
        self.root = root.rstrip("/")

    @property
    def local(self) -> bool:
        return isinstance(self.filesystem, fs.LocalFileSystem)

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    # ------------------------------------------------------------ manifests

    def numbers(self) -> list[tuple[int, fs.FileInfo]]:
        """Every manifest there is, whole or not, by number."""
        found = []
        for info in self.filesystem.get_file_info(fs.FileSelector(self.path("manifest"), allow_not_found=True)):
            stem, _, ending = info.base_name.rpartition(".")
            if info.type == fs.FileType.File and ending == "json" and stem.isdigit():
                found.append((int(stem), info))
        return sorted(found, key=lambda item: item[0])

    def read_manifest(self, info: fs.FileInfo) -> Manifest | None:
        with self.filesystem.open_input_stream(info.path) as stream:
            return Manifest.from_bytes(stream.read())

    def manifest(self) -> Manifest:
        """The newest whole manifest. Raises BrokenLake where there are some, but none is whole."""
        numbers = self.numbers()
        for _, info in reversed(numbers):
            if manifest := self.read_manifest(info):
                return manifest
        # A first commit that was cut short leaves number 1 alone, broken: the lake is still empty.
        if numbers and numbers[-1][0] > 1:
            raise BrokenLake(f"no manifest under {self.path('manifest')} is whole")
        return Manifest()

    def commit(self, manifest: Manifest) -> Manifest:
        """Make `manifest` the one that counts, under the next number."""
        numbers = self.numbers()
        numbered = replace(manifest, number=max(manifest.number, numbers[-1][0] if numbers else 0) + 1)
        self.create(f"manifest/{numbered.number:08}.json", lambda stream: stream.write(numbered.to_bytes()))
        return numbered

    def tick(self) -> None:
        """Commit the current manifest anew where older ones name files that it does not. Writers only.

        The lake's own clock goes on with each commit alone: without one, what was superseded would stay for good in a
        lake into which nothing more comes.
        """
        whole = [manifest for _, info in self.numbers() if (manifest := self.read_manifest(info))]
        if whole and any(manifest.files - whole[-1].files for manifest in whole):
            self.commit(whole[-1])

    # ------------------------------------------------------------ files

    def create(self, name: str, write: Callable[[Any], object]) -> None:
        """Write a new file, and see to it that it outlives a power cut where that is in our hands."""
        path = self.path(name)
        self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
        with self.filesystem.open_output_stream(path) as stream:
            write(stream)
        if self.local:
            for place in (path, path.rpartition("/")[0]):
                descriptor = os.open(place, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def create_table(self, folder: str, table: pa.Table) -> str:
        """Write `table` under a name that nobody has used, and return that name."""
        name = f"{folder}/{secrets.token_hex(16)}.parquet"
        self.create(
            name,
            lambda stream: pq.write_table(table, stream, compression="zstd", row_group_size=ROW_GROUP),
        )
        return name

    def read_table(self, name: str, columns: list[str] | None = None, filters: Any = None) -> pa.Table:
        return pq.read_table(self.path(name), columns=columns, filesystem=self.filesystem, filters=filters)

    def columns_of(self, name: str) -> set[str]:
        return set(pq.read_schema(self.path(name), filesystem=self.filesystem).names)

    def sweep(self) -> int:
        """Remove manifests that were superseded KEEP ago, and files that no manifest names. Writers only.

        Only a writer may, since nobody else can be between writing a file and naming it. Returns the number of files.
        """
        found = [(number, info, self.read_manifest(info)) for number, info in self.numbers()]
        whole = [(info, manifest) for _, info, manifest in found if manifest]
        if not whole:
            return 0
        newest, current = whole[-1]
        kept = {current.number: current}
        for (_, manifest), (successor, _) in pairwise(whole):
            if newest.mtime - successor.mtime <= KEEP:
                kept[manifest.number] = manifest
        for number, info, _ in found:
            if number < current.number and number not in kept:
                self.filesystem.delete_file(info.path)
        named = {self.path(file) for manifest in kept.values() for file in manifest.files}
        removed = 0
        for folder in ("days", "features"):
            selector = fs.FileSelector(self.path(folder), allow_not_found=True, recursive=True)
            for info in self.filesystem.get_file_info(selector):
                if info.type == fs.FileType.File and info.path not in named:
                    self.filesystem.delete_file(info.path)
                    removed += 1
        return removed


def open_lake() -> Lake:
    """The lake of settings.LAKE: a path, or an address such as s3://bucket/folder."""
    if "://" in settings.LAKE:
        return Lake(*fs.FileSystem.from_uri(settings.LAKE))
    return Lake(fs.LocalFileSystem(), os.path.abspath(settings.LAKE))
