"""A tar read once from front to back, without trust; `sources` stands on this.

The standard library's reader takes a damaged header for the end and believes the sizes of extended ones: here either is
an error, so that no half of an export is taken for the whole.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

BLOCK = 512
CHUNK = 256 * 1024
# Bytes of a header that gives a long name, and characters of the name.
LONGEST_HEADER, LONGEST_NAME = 64 * 1024, 4096
GZIP = b"\x1f\x8b"
_PAX = re.compile(rb"([0-9]{1,6}) ([^=\n]{1,200})=")
_LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_LONG_NAME, _LONG_LINK = tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK


class BadTar(Exception):
    """Bytes are not the tar that was expected; the message says what is wrong."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a tar: its name as the tar has it, its bytes, and when it was written (since 1970)."""

    name: str
    size: int
    written_at: float
    data: Iterator[bytes]


def is_tar(path: Path) -> bool:
    """Whether the file begins as a tar does, packed by gzip or not."""
    with path.open("rb") as file:
        start = file.read(64 * 1024)
    if start.startswith(GZIP):
        try:
            start = zlib.decompressobj(31).decompress(start, BLOCK)
        except zlib.error:
            return False
    try:
        return _header(start[:BLOCK]) is not None
    except BadTar:
        return False


def members(file: Readable) -> Iterator[Member]:
    """The files of the tar in order; what a caller leaves of the data of one is passed over before the next.

    Raises BadTar, also after good members; errors of `file` pass through. Links and devices are refused.
    """
    long_name, long_size = "", -1
    while (header := _header(_exactly(file, BLOCK))) is not None:
        size = header.size if long_size < 0 else long_size
        name = long_name or header.name
        if header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, _LONG_NAME, _LONG_LINK, tarfile.XGLTYPE):
            data = _extended(file, header.size)
            if header.type == _LONG_NAME:
                long_name = _decoded(data.partition(b"\0")[0])
            elif header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
                fields = _pax(data)
                if any(field.startswith(b"GNU.sparse") for field in fields):
                    raise BadTar("holds a file with holes, which no export has")
                long_name = _decoded(fields.get(b"path", b"")) or long_name
                stated = fields.get(b"size", b"")
                long_size = int(stated) if re.fullmatch(rb"[0-9]{1,15}", stated) else long_size
            if len(long_name) > LONGEST_NAME:
                raise BadTar(f"holds a name of more than {LONGEST_NAME:,} characters")
            continue
        long_name, long_size = "", -1
        if header.type in _LINKS:
            raise BadTar(f"{name[:80]!a}: is a link or a device, which no export has")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise BadTar("holds a file with holes, which no export has")
        data_left = _data(file, size)
        if header.type in _FILES and not name.endswith("/"):
            yield Member(name, size, float(header.mtime), data_left)
        for _ in data_left:
            pass
    while rest := file.read(CHUNK):
        if rest.strip(b"\0"):
            raise BadTar("is damaged: it goes on after its end")


def _header(block: bytes) -> tarfile.TarInfo | None:
    """The header that the block is; None where it is the end."""
    if len(block) == BLOCK and not block.strip(b"\0"):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except (tarfile.HeaderError, ValueError, OverflowError) as error:
        raise BadTar(f"is damaged: what names the next file cannot be read ({error})") from None
    if header.size < 0:
        raise BadTar("is damaged: a file has a negative size")
    return header


def _exactly(file: Readable, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = file.read(size - len(data))
        if not more:
            raise BadTar("is cut short; download it again")
        data += more
    return data


def _data(file: Readable, size: int) -> Iterator[bytes]:
    """The bytes of a file in chunks, and then the padding after it."""
    left = size
    while left:
        data = _exactly(file, min(left, CHUNK))
        left -= len(data)
        yield data
    _exactly(file, -size % BLOCK)


def _extended(file: Readable, size: int) -> bytes:
    if size > LONGEST_HEADER:
        raise BadTar(f"holds a name of more than {LONGEST_NAME:,} characters")
    return b"".join(_data(file, size))


def _pax(data: bytes) -> dict[bytes, bytes]:
    """Fields of an extended header: "length field=value" and a line's end each, the length being of all of it."""
    fields: dict[bytes, bytes] = {}
    at = 0
    while at < len(data) and data[at]:
        match = _PAX.match(data, at)
        end = at + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(data) or data[end - 1 : end] != b"\n":
            raise BadTar("is damaged: an extended header cannot be read")
        fields[match[2]] = data[match.end() : end - 1]
        at = end
    return fields


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "replace")
