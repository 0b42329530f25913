"""Data exports as people download them (a zip, a folder, one file), read without trust; readers stand on this.

Nothing is ever unpacked to disk. Names are checked, sizes are bounded by what is really read, and what a zip says of
itself is taken for a claim. Every refusal is a BadArchive that names the file, the place and the reason.
"""

from __future__ import annotations

import io
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase, translate
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Protocol, Self

from accounts.networks.base import BadArchive, checked_time
from accounts.networks.json_stream import BadJson, elements, found, members, whole

KIB, MIB, GIB = 1024, 1024**2, 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an export we are willing to look at; a heavy user's largest file is some hundred MiB."""

    entries: int = 200_000
    # Bytes of the list of names that a zip carries: about a hundred for each entry.
    directory: int = 32 * MIB
    # Bytes of one file, and of all reading together, uncompressed.
    file: int = 4 * GIB
    reading: int = 8 * GIB
    # A file that unpacks to more times its size is a bomb (exports of text reach about 40), if it is large at all.
    ratio: int = 250
    ratio_from: int = 10 * MIB
    # Bytes of a JSON file read at once, and characters of one record of a file that is read record by record.
    whole: int = 32 * MIB
    record: int = 4 * MIB


class _Source(Protocol):
    """Where the bytes come from: sizes by name, when the newest was written (since 1970), one way to open a name."""

    sizes: dict[str, int]
    newest: float

    def open(self, name: str) -> IO[bytes]: ...

    def close(self) -> None: ...


class Archive:
    """A read-only view of an export: safe names (with `/` between folders) and bounded ways to read them.

    `label` is what messages call it. `own`: what its person says is theirs, where an export may list what others own
    too (the address of a blog, the id of a channel); "" where nothing was said.
    """

    own: str = ""

    def __init__(self, source: _Source, label: str, limits: Limits) -> None:
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
        except _UNREADABLE as error:
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


_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


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
        except _UNREADABLE as error:
            raise self._archive._bad(self._name, f"is damaged after {self._read:,} bytes ({error})") from None
        buffer[: len(data)] = data
        self._read += len(data)
        self._archive._spend(self._name, self._read, len(data))
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


def open_archive(path: str | os.PathLike[str], *, limits: Limits | None = None, label: str = "") -> Archive:
    """The export at `path`: a zip, a folder, or one file of JSON, XML or a table, which is then all of the export.

    label: what messages call it, and what the one file is called within. Raises BadArchive where it is none of these,
    unsafe, or too large.
    """
    limits = limits or Limits()
    where = Path(path)
    label = label or where.name or str(where)
    try:
        if where.is_dir():
            return Archive(_Folder(where, label, limits), label, limits)
        if not where.exists():
            raise BadArchive(f"{label}: there is no such file or folder")
        if not where.is_file():
            raise BadArchive(f"{label}: is neither a file nor a folder")
        return Archive(_Single(where, label) if text_kind(where) else _Zip(where, label, limits), label, limits)
    except OSError as error:
        raise BadArchive(f"{label}: cannot be read ({error.strerror or error})") from None


# Files that pack others in ways that are not read here, by how they begin.
PACKED = (
    (b"\x1f\x8b", ".gz or .tgz"),
    (b"7z\xbc\xaf", ".7z"),
    (b"Rar!", ".rar"),
    (b"BZh", ".bz2"),
    (b"\xfd7zXZ", ".xz"),
)


def text_kind(path: Path) -> str:
    """What a single file holds by its first bytes: "json", "xml", "html", "csv", or "" where it is none of these."""
    with path.open("rb") as file:
        start = file.read(4 * KIB)
    encoding = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = start.decode(encoding, errors="replace").lstrip()
    if "\0" in text or start.startswith(b"PK"):
        return ""
    if text.startswith(("{", "[", "window.")):
        return "json"
    if text.startswith("<"):
        return "html" if re.search(r"<(?:!doctype )?html", text[:500], re.IGNORECASE) else "xml"
    rows = [line for line in text.splitlines()[:20] if any(mark in line for mark in ",;\t")]
    return "csv" if len(rows) > 1 and _printable(text) else ""


def _printable(text: str) -> bool:
    odd = sum(not (character.isprintable() or character.isspace()) or character == "\ufffd" for character in text)
    return odd * 50 <= len(text)


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"([0-9]{1,9})", name)]


def _safe_name(name: str, label: str) -> str:
    """`name` with `/` between its parts. Raises BadArchive where it could lead out of the archive."""
    said = ascii(name[:80])
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise BadArchive(f"{label}: holds a name with a control character: {said}")
    path = name.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise BadArchive(f"{label}: holds an absolute path: {said}")
    if ".." in parts:
        raise BadArchive(f"{label}: holds a path that leads out of it: {said}")
    return "/".join(parts)


def _written_at(entry: zipfile.ZipInfo) -> float:
    """When the file was written, since 1970 (a zip has no zone, so that it may be hours off); 0 where it is no date."""
    try:
        return datetime(*entry.date_time, tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _ours(name: str) -> bool:
    """Whether a file is part of the export, not a companion that a Mac added to it."""
    return bool(name) and not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith("._")


class _Folder:
    def __init__(self, root: Path, label: str, limits: Limits) -> None:
        self.root = root.resolve()
        self.sizes: dict[str, int] = {}
        self.newest = 0.0
        seen = 0
        for folder, folders, files in os.walk(self.root):
            seen += len(folders) + len(files)
            if seen > limits.entries:
                raise BadArchive(f"{label}: holds more than {limits.entries:,} files")
            for name in (*folders, *files):
                path = Path(folder, name)
                if path.is_symlink() and not path.resolve().is_relative_to(self.root):
                    raise BadArchive(f"{label}: {path.relative_to(self.root)} is a link that leads outside")
            for name in files:
                path = Path(folder, name)
                inside = _safe_name(path.relative_to(self.root).as_posix(), label)
                # Opening a pipe or a device would wait for ever.
                if _ours(inside) and path.is_file():
                    found = path.stat()
                    self.sizes[inside] = found.st_size
                    self.newest = max(self.newest, found.st_mtime)
        if not self.sizes:
            raise BadArchive(f"{label}: the folder holds no files")

    def open(self, name: str) -> IO[bytes]:
        if name not in self.sizes:
            raise KeyError(name)
        return (self.root / name).open("rb")

    def close(self) -> None:
        pass


class _Single:
    """One file that is the whole export, under the name that its person knows it by."""

    def __init__(self, path: Path, label: str) -> None:
        self._path = path
        try:
            name = _safe_name(PurePosixPath(label.replace("\\", "/")).name, label)
        except BadArchive:
            name = ""
        self.sizes = {name or "export": path.stat().st_size}
        self.newest = path.stat().st_mtime

    def open(self, name: str) -> IO[bytes]:
        if name not in self.sizes:
            raise KeyError(name)
        return self._path.open("rb")

    def close(self) -> None:
        pass


class _Directory(io.BufferedReader):
    """A zip's file whose list of names cannot be read at once where it is too large to be honest."""

    limit: int = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.limit:
            raise BadArchive(f"its list of names has {size:,} bytes; at most {self.limit:,} are read")
        return super().read(size)


class _Zip:
    def __init__(self, path: Path, label: str, limits: Limits) -> None:
        file = _Directory(path.open("rb", buffering=0))
        file.limit = limits.directory
        try:
            self._zip = self._open(file, label)
            self._entries = self._check(path.stat().st_size, label, limits)
        except BaseException:
            file.close()
            raise
        self._file = file
        self.sizes = {name: entry.file_size for name, entry in self._entries.items()}
        self.newest = max(map(_written_at, self._entries.values()))

    @staticmethod
    def _open(file: _Directory, label: str) -> zipfile.ZipFile:
        start = file.peek(6)[:6]
        if not start:
            raise BadArchive(f"{label}: the file is empty")
        if packed := next((said for magic, said in PACKED if start.startswith(magic)), ""):
            raise BadArchive(
                f"{label}: is a {packed} file, which is not read here; ask for the export as a zip (Google offers "
                f"both), or unpack it and zip the folder"
            )
        try:
            return zipfile.ZipFile(file)
        except BadArchive as error:
            raise BadArchive(f"{label}: {error}") from None
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError) as error:
            if start.startswith(b"PK\x03\x04"):
                raise BadArchive(f"{label}: the zip is cut short or damaged ({error}); download it again") from None
            raise BadArchive(f"{label}: not a zip file, nor one of JSON, XML or a table") from None

    def _check(self, size: int, label: str, limits: Limits) -> dict[str, zipfile.ZipInfo]:
        entries: dict[str, zipfile.ZipInfo] = {}
        listed = self._zip.infolist()
        if len(listed) > limits.entries:
            raise BadArchive(f"{label}: holds more than {limits.entries:,} files")
        unpacked = 0
        for entry in listed:
            name = _safe_name(entry.orig_filename, label)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise BadArchive(f"{label}: {name}: is a link, which no export has")
            if entry.is_dir() or not _ours(name):
                continue
            if entry.flag_bits & 0x1:
                raise BadArchive(f"{label}: {name}: is encrypted; give the export as the network sent it")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadArchive(f"{label}: {name}: is compressed in a way no export is ({entry.compress_type})")
            if name in entries:
                raise BadArchive(f"{label}: holds {name} twice")
            if entry.file_size > limits.ratio_from and entry.file_size > limits.ratio * max(1, entry.compress_size):
                raise BadArchive(f"{label}: {name}: unpacks to more than {limits.ratio} times its size (a zip bomb)")
            unpacked += entry.file_size
            entries[name] = entry
        # Entries that share their bytes pass one by one, and are found together.
        if unpacked > limits.ratio_from and unpacked > limits.ratio * size:
            raise BadArchive(f"{label}: unpacks to more than {limits.ratio} times its size (a zip bomb)")
        if not entries:
            raise BadArchive(f"{label}: the zip holds no files")
        return entries

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._entries[name])

    def close(self) -> None:
        self._zip.close()
        self._file.close()
