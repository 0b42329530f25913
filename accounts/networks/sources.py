"""Where the bytes of a data export come from: a zip, a tar, a folder, or one file; `archive` stands on this.

Nothing is ever unpacked to where it has a name. Names are checked, and what a zip or tar says of itself is taken for a
claim. Every refusal is a BadArchive that names the file, the place and the reason.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import tempfile
import time
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from accounts.networks.base import BadArchive
from accounts.networks.tarball import GZIP, BadTar, members

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


class Source(Protocol):
    """Where the bytes come from: sizes by name, when the newest was written (since 1970), one way to open a name."""

    sizes: dict[str, int]
    newest: float

    def open(self, name: str) -> IO[bytes]: ...

    def close(self) -> None: ...


# What readers look at; the rest of an export is pictures and videos.
READ = (".json", ".js", ".csv", ".xml", ".rss", ".atom", ".rdf", ".opml", ".html", ".htm", ".txt")
# What opening and reading a file of an export may raise.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)

# Files that pack others in ways that are not read here, by how they begin.
PACKED = (
    (GZIP, "damaged .tar.gz, or another .gz"),
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


def safe_name(name: str, label: str) -> str:
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


def _same(one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> bool:
    return (one.CRC, one.file_size) == (other.CRC, other.file_size)


def _is_read(name: str) -> bool:
    return name.lower().endswith(READ)


class Folder:
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
                inside = safe_name(path.relative_to(self.root).as_posix(), label)
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


class Single:
    """One file that is the whole export, under the name that its person knows it by."""

    def __init__(self, path: Path, label: str) -> None:
        self._path = path
        try:
            name = safe_name(PurePosixPath(label.replace("\\", "/")).name, label)
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


class Zip:
    def __init__(self, path: Path, label: str, limits: Limits) -> None:
        self._take(path.open("rb", buffering=0), path.stat().st_size, label, limits)

    def _take(self, raw: io.RawIOBase, size: int, label: str, limits: Limits) -> None:
        file = _Directory(raw)
        file.limit = limits.directory
        try:
            self._zip = self._open(file, label)
            self._entries = self._check(size, label, limits)
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
            name = safe_name(entry.orig_filename, label)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise BadArchive(f"{label}: {name}: is a link, which no export has")
            if entry.is_dir() or not _ours(name):
                continue
            if entry.flag_bits & 0x1:
                raise BadArchive(f"{label}: {name}: is encrypted; give the export as the network sent it")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadArchive(f"{label}: {name}: is compressed in a way no export is ({entry.compress_type})")
            if name in entries:
                # Some networks pack a file twice: one and the same, or a picture, which nobody reads.
                if _same(entries[name], entry) or not _is_read(name):
                    continue
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


class Tar(Zip):
    """A tar, which Mastodon made until 2023 and Takeout offers still, packed by gzip or not.

    It can be read from front to back alone: what readers look at is put into a zip first, in a file without a name
    that is gone with this process. That is about as large as the tar, since it is packed too.
    """

    def __init__(self, path: Path, label: str, limits: Limits) -> None:
        zipped = _unnamed(path.parent)
        try:
            with path.open("rb") as raw:
                _repack(raw, path.stat().st_size, zipped, label, limits)
            zipped.seek(0)
            size = os.fstat(zipped.fileno()).st_size
        except BaseException:
            zipped.close()
            raise
        self._take(zipped, size, label, limits)


def _unnamed(beside: Path) -> io.FileIO:
    """A file that has no name, in the folder if that may be written to: it has room for such files."""
    try:
        return tempfile.TemporaryFile(buffering=0, dir=beside)
    except OSError:
        return tempfile.TemporaryFile(buffering=0)


class _Unpacked:
    """The bytes of a tar as they are read, which are counted: nothing may unpack to much more than what is known."""

    def __init__(self, raw: IO[bytes], size: int, label: str, limits: Limits) -> None:
        packed = raw.read(len(GZIP)) == GZIP
        raw.seek(0)
        self._file: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        self._raw, self._label, self._limits = raw, label, limits
        # Pictures do not pack well, and of all else no more is read than that.
        self._most = limits.reading + 2 * size
        self._read = 0

    def read(self, size: int, /) -> bytes:
        data = self._file.read(size)
        self._read += len(data)
        if self._read > max(self._limits.ratio_from, self._limits.ratio * self._raw.tell()) or self._read > self._most:
            raise BadArchive(f"{self._label}: unpacks to more than {self._limits.ratio} times its size (a bomb)")
        return data


def _repack(raw: IO[bytes], size: int, into: io.FileIO, label: str, limits: Limits) -> None:
    """Put what readers look at of the tar into a zip. Raises BadArchive, with the file that is wrong if it is one."""
    names: set[str] = set()
    seen = kept = listed = 0
    try:
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
            for member in members(_Unpacked(raw, size, label, limits)):
                seen += 1
                if seen > limits.entries:
                    raise BadArchive(f"{label}: holds more than {limits.entries:,} files")
                name = safe_name(member.name, label)
                if not _ours(name) or not _is_read(name):
                    continue
                kept += member.size
                if name in names:
                    raise BadArchive(f"{label}: holds {name} twice")
                if member.size > limits.file or kept > limits.reading:
                    raise BadArchive(f"{label}: {name}: with it, more is to be read than the limits allow")
                names.add(name)
                listed += len(name.encode()) + 100
                if listed > limits.directory:
                    raise BadArchive(f"{label}: its list of names is too long")
                entry = zipfile.ZipInfo(name, _date_of(member.written_at))
                entry.compress_type = zipfile.ZIP_DEFLATED
                with zipped.open(entry, "w", force_zip64=member.size > GIB) as file:
                    for data in member.data:
                        file.write(data)
    except BadTar as error:
        raise BadArchive(f"{label}: {error}") from None
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno:
            # It is we who cannot: there is no room, say.
            raise BadArchive(
                f"{label}: cannot be read here at the moment ({error.strerror}); try again later"
            ) from None
        raise BadArchive(f"{label}: the file is cut short or damaged ({error}); download it again") from None
    if not names:
        raise BadArchive(f"{label}: the tar holds no files that could be read")


def _date_of(written_at: float) -> tuple[int, int, int, int, int, int]:
    """A time since 1970 as a zip has it, which begins in 1980."""
    earliest = (1980, 1, 1, 0, 0, 0)
    try:
        date = time.gmtime(written_at)[:6]
    except (ValueError, OverflowError, OSError):
        return earliest
    return date if earliest <= date < (2108,) else earliest
