"""Data exports as people download them (a zip, a tar, a folder, one file), read without trust; readers stand on this.

Sizes are bounded by what is really read. Every refusal is a BadArchive that names the file, the place and the reason.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase, translate
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Self

from accounts.networks.base import BadArchive, checked_time
from accounts.networks.json_stream import BadJson, elements, found, members, whole
from accounts.networks.sources import KIB, MIB, UNREADABLE, Folder, Limits, Single, Source, Tar, Zip, text_kind
from accounts.networks.tarball import is_tar

__all__ = ["KIB", "MIB", "Archive", "Limits", "open_archive"]


class Archive:
    """A read-only view of an export: safe names (with `/` between folders) and bounded ways to read them.

    `label` is what messages call it. `own`: what its person says is theirs, where an export may list what others own
    too (the address of a blog, the id of a channel); "" where nothing was said.
    """

    own: str = ""

    def __init__(self, source: Source, label: str, limits: Limits) -> None:
        self.label = label
        self.limits = limits
        self._source = source
        self._left = limits.reading

    def names(self) -> list[str]:
        return sorted(self._source.sizes, key=_natural)

    def size(self, name: str) -> int:
        """Bytes of the file, as the export states them."""
        return self._source.sizes[name]

    def __contains__(self, name: str) -> bool:
        return name in self._source.sizes

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        """File names by folder, so that asking for one folder does not go through all of a large export."""
        folders: dict[str, list[str]] = {}
        for name in self._source.sizes:
            folder, _, file_name = name.rpartition("/")
            folders.setdefault(folder, []).append(file_name)
        return folders

    def find(self, *patterns: str, folder: str = "") -> list[str]:
        """Names in `folder` itself that match a pattern such as `tweets-part*.js`; part 2 comes before part 10."""
        wanted = [pattern.lower() for pattern in patterns]
        inside = self._folders.get(folder, [])
        names = [name for name in inside if any(fnmatchcase(name.lower(), pattern) for pattern in wanted)]
        return sorted((f"{folder}/{name}" if folder else name for name in names), key=_natural)

    def anywhere(self, *patterns: str) -> list[str]:
        """Names in any folder whose last part matches a pattern, whatever its case; nearest to the top first."""
        matches = re.compile("|".join(translate(pattern.lower()) for pattern in patterns)).match
        names = [name for name in self._source.sizes if matches(name[name.rfind("/") + 1 :].lower())]
        return sorted(names, key=lambda name: (name.count("/"), _natural(name)))

    def head(self, name: str, size: int = 16 * KIB) -> bytes:
        """The first bytes of the file; none where it cannot be read (that is for whoever reads it whole to say)."""
        try:
            with self.open(name) as file:
                return file.read(size)
        except BadArchive:
            return b""

    def folder_of(self, *file_names: str, depth: int = 3) -> str | None:
        """The folder nearest to the top that holds one of the files; None where none does.

        Raises BadArchive where several hold it side by side: two exports in one archive cannot be told apart.
        """
        wanted = {name.lower() for name in file_names}
        folders = {
            PurePosixPath(folder)
            for folder, names in self._folders.items()
            if folder.count("/") < depth and any(name.lower() in wanted for name in names)
        }
        near = sorted((len(folder.parts), str(folder)) for folder in folders if len(folder.parts) <= depth)
        if not near:
            return None
        nearest = [folder for parts, folder in near if parts == near[0][0]]
        if len(nearest) > 1:
            raise BadArchive(f"{self.label}: holds several exports side by side ({', '.join(nearest[:3])}); give one")
        return "" if nearest[0] == "." else nearest[0]

    def open(self, name: str) -> IO[bytes]:
        """The file's bytes; reading past a limit, or what is damaged, raises BadArchive."""
        try:
            raw = self._source.open(name)
        except KeyError:
            raise BadArchive(f"{self.label}: has no file {name}") from None
        except UNREADABLE as error:
            raise self._bad(name, f"cannot be opened ({error})") from None
        return io.BufferedReader(_Guarded(self, name, raw), 256 * KIB)

    def read_json(self, name: str) -> Any:
        """The whole file as JSON (an assignment such as `window.YTD.x =` before it is passed over)."""
        with self.open(name) as file:
            data = file.read(self.limits.whole + 1)
        if len(data) > self.limits.whole:
            raise self._bad(name, f"is larger than the {self.limits.whole // MIB} MiB that such a file may have")
        try:
            return whole(data)
        except BadJson as error:
            raise self._bad(name, str(error)) from None

    def records(self, name: str, *, key: str | None = None) -> Iterator[tuple[int, Any]]:
        """The elements of the file's array, or of the array under `key` of its object, each with its number from 1.

        One record is in memory at a time. Raises BadArchive where the file stops being JSON, which may be after good
        records: store none of them before the last was read.
        """
        with self.open(name) as file:
            try:
                yield from enumerate(elements(file, key=key, limit=self.limits.record), start=1)
            except BadJson as error:
                raise self._bad(name, str(error)) from None

    def found(
        self, name: str, wanted: Callable[[str], object], *, objects: bool = False
    ) -> Iterator[tuple[int, str, Any]]:
        """Elements of the JSON file's arrays whose path ("a/b/c") is wanted, as (number from 1, path, element).

        Of a file that is an array: under "". objects: objects under such a path come too. Raises BadArchive as
        `records`.
        """
        with self.open(name) as file:
            try:
                values = found(file, wanted=wanted, limit=self.limits.record, objects=objects)
                for number, (path, value) in enumerate(values, start=1):
                    yield number, path, value
            except BadJson as error:
                raise self._bad(name, str(error)) from None

    def members(self, name: str, *, key: str) -> Iterator[tuple[str, Any]]:
        """Fields of the object under `key` of the file's object, as (field, value). Raises BadArchive as `records`."""
        with self.open(name) as file:
            try:
                yield from members(file, key=key, limit=self.limits.record)
            except BadJson as error:
                raise self._bad(name, str(error)) from None

    @property
    def made_at(self) -> datetime | None:
        """When its newest file was written, as zip or file system tell it; None where that is no time to believe."""
        try:
            return checked_time(datetime.fromtimestamp(self._source.newest, UTC), "the newest file's time")
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def exhausted(self) -> bool:
        """Whether as much has been read as may be: whatever is asked for now is refused."""
        return self._left < 0

    def bad(self, name: str, reason: str) -> BadArchive:
        """The error that says of the file why the export cannot be read."""
        return self._bad(name, reason)

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _bad(self, name: str, reason: str) -> BadArchive:
        return BadArchive(f"{self.label}: {name}: {reason}")

    def _spend(self, name: str, read: int, size: int) -> None:
        """Account for `size` bytes more of a file of which `read` bytes are read by now."""
        self._left -= size
        if read > self.limits.file:
            raise self._bad(name, f"is larger than the {self.limits.file // MIB} MiB that a file may have")
        if self._left < 0:
            raise self._bad(name, f"reading stops after {self.limits.reading // MIB} MiB in all")


class _Guarded(io.RawIOBase):
    """Bytes of one file, counted as they are read: what a zip says about sizes is not believed."""

    def __init__(self, archive: Archive, name: str, raw: IO[bytes]) -> None:
        self._archive = archive
        self._name = name
        self._raw = raw
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._raw.read(len(buffer))
        except UNREADABLE as error:
            raise self._archive._bad(self._name, f"is damaged after {self._read:,} bytes ({error})") from None
        buffer[: len(data)] = data
        self._read += len(data)
        self._archive._spend(self._name, self._read, len(data))
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


def open_archive(path: str | os.PathLike[str], *, limits: Limits | None = None, label: str = "") -> Archive:
    """The export at `path`: a zip, a tar (also packed by gzip), a folder, or one file of JSON, XML or a table.

    label: what messages call it, and what the one file is called within. Raises BadArchive where it is none of these,
    unsafe, or too large.
    """
    limits = limits or Limits()
    where = Path(path)
    label = label or where.name or str(where)
    try:
        return Archive(_source(where, label, limits), label, limits)
    except OSError as error:
        raise BadArchive(f"{label}: cannot be read ({error.strerror or error})") from None


def _source(where: Path, label: str, limits: Limits) -> Source:
    if where.is_dir():
        return Folder(where, label, limits)
    if not where.exists():
        raise BadArchive(f"{label}: there is no such file or folder")
    if not where.is_file():
        raise BadArchive(f"{label}: is neither a file nor a folder")
    if text_kind(where):
        return Single(where, label)
    return Tar(where, label, limits) if is_tar(where) else Zip(where, label, limits)


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"([0-9]{1,9})", name)]
