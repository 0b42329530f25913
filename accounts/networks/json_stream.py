"""JSON of an export, read without trust: whole, or one record of a long array at a time; `archive` stands on this."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, NoReturn

_CHUNK = 256 * 1024
# Objects within objects that `found` enters; deeper ones are read at once.
DEPTH = 12
# X writes each file as an assignment, `window.YTD.tweets.part0 = [`, so that a browser can load it.
_ASSIGNMENT = re.compile(r"\s*window\.[\w.$]{1,200}\s*=\s*")
_GAP = re.compile(r"[ \t\r\n]*")
_END = re.compile(r"[ \t\r\n;]*")


class BadJson(Exception):
    """Text is not the JSON that was expected; the message says where it stops being so."""


def whole(data: bytes) -> Any:
    """`data` as JSON; damaged characters are replaced, since one must not cost the file. Raises BadJson."""
    text = data.decode("utf-8-sig", errors="replace")
    assignment = _ASSIGNMENT.match(text)
    start = assignment.end() if assignment else _GAP.match(text).end()  # type: ignore[union-attr]
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise BadJson(_reason(error, text)) from None
    if _END.fullmatch(text, end) is None:
        raise BadJson(f"goes on after its end, at character {end + 1:,}")
    return value


def elements(file: IO[bytes], *, key: str | None = None, limit: int) -> Iterator[Any]:
    """Elements of the array that `file` holds, or of the array under `key` of its object, as they are read.

    limit: characters of one element. An object without `key` yields nothing. Raises BadJson, also after good elements.
    """
    text = _Text(file, limit)
    text.skip_assignment()
    if key is None:
        yield from text.array()
    else:
        for name in text.fields():
            if name == key:
                yield from text.array()
            else:
                text.value(f"field {name[:40]!r}")
    text.finish()


def found(
    file: IO[bytes], *, wanted: Callable[[str], object], limit: int, objects: bool = False
) -> Iterator[tuple[str, Any]]:
    """Elements of arrays whose path is wanted, as (path, element); a path names fields from the top, "a/b/c".

    A file that is an array yields its elements under "". objects: objects under such a path are yielded too, as they
    are. Everything else is passed over in parts that fit in memory: an array record by record, an object field by
    field. Raises BadJson, also after good values.
    """
    text = _Text(file, limit)
    text.skip_assignment()
    if text.peek() == "[":
        for value in text.array():
            yield "", value
    else:
        yield from text.walk(wanted, objects, "", DEPTH)
    text.finish()


def members(file: IO[bytes], *, key: str, limit: int) -> Iterator[tuple[str, Any]]:
    """Fields of the object that stands under `key` of the file's object, as (field, value). Raises BadJson."""
    text = _Text(file, limit)
    text.skip_assignment()
    for name in text.fields():
        if name == key and text.peek() == "{":
            for field in text.fields():
                yield field, text.value(f"field {field[:40]!r}")
        else:
            text.value(f"field {name[:40]!r}")
    text.finish()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _reason(error: Exception, text: str) -> str:
    """What is wrong with `text`, of which `error` came."""
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON ({error})"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "is cut short"
    return f"is not valid JSON near {text[error.pos : error.pos + 20]!a} ({error.msg})"


class _Text:
    """A window on the text of a file: what was read and not yet used, from `at` on."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self.file = file
        self.limit = limit
        self.decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self, size: int = _CHUNK) -> None:
        """Read at least one more chunk, and let go of what was used."""
        parts = [self.text[self.at :]]
        got = 0
        while got < size and not self.ended:
            data = self.file.read(_CHUNK)
            self.ended = not data
            parts.append(self.decode(data, final=self.ended))
            got += len(data)
        self.text = "".join(parts)
        self.at = 0

    def peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            self.at = _GAP.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.more()

    def skip_assignment(self) -> None:
        self.more()
        match = _ASSIGNMENT.match(self.text)
        if match:
            self.at = match.end()

    def expect(self, character: str, where: str) -> None:
        found = self.peek()
        if found != character:
            raise BadJson(f"{where}: " + (f"{character!r} expected, {found!r} found" if found else "is cut short"))
        self.at += 1

    def value(self, where: str) -> Any:
        """The next JSON value; text is read on, twice as much each time, until the value is whole."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                # Only text that stops too early may be mended by reading on.
                if self.ended or not isinstance(error, json.JSONDecodeError):
                    raise BadJson(f"{where}: {_reason(error, self.text)}") from None
            else:
                if end - self.at > self.limit:
                    raise BadJson(f"{where}: is longer than {self.limit:,} characters")
                # A number at the end of the window may go on in the next chunk.
                if end < len(self.text) or self.ended:
                    self.at = end
                    return value
            if len(self.text) - self.at > self.limit:
                raise BadJson(f"{where}: is not valid JSON, or longer than {self.limit:,} characters")
            self.more(max(_CHUNK, len(self.text) - self.at))

    def fields(self) -> Iterator[str]:
        """Names of the fields of the object that comes next; whoever takes one reads its value before the next."""
        if self.peek() != "{":
            raise BadJson("does not hold a JSON object" if self.peek() else "is cut short")
        self.at += 1
        while self.peek() != "}":
            name = self.value("the name of a field")
            if not isinstance(name, str):
                raise BadJson("has a field whose name is not text")
            self.expect(":", f"field {name[:40]!r}")
            yield name
            if self.peek() != "}":
                self.expect(",", f"field {name[:40]!r}")
        self.at += 1

    def walk(self, wanted: Callable[[str], object], objects: bool, above: str, depth: int) -> Iterator[tuple[str, Any]]:
        for name in self.fields():
            # A name that is no name would make the paths below it grow without end.
            path = f"{above}{name[:200]}"
            kind, taken = self.peek(), wanted(path)
            if kind == "[":
                for value in self.array():
                    if taken:
                        yield path, value
            elif kind == "{" and depth and not (taken and objects):
                yield from self.walk(wanted, objects, f"{path}/", depth - 1)
            else:
                value = self.value(f"field {name[:40]!r}")
                if taken and objects and kind == "{":
                    yield path, value

    def array(self) -> Iterator[Any]:
        if self.peek() != "[":
            raise BadJson("does not hold a JSON array" if self.peek() else "is cut short")
        self.at += 1
        number = 0
        while self.peek() != "]":
            if number:
                self.expect(",", f"after record {number}")
            number += 1
            yield self.value(f"record {number}")
        self.at += 1

    def finish(self) -> None:
        if self.peek() == ";":
            self.at += 1
        if self.peek():
            raise BadJson("goes on after its end")
