"""XML of an export, read without trust and in bounded memory: one element of interest at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

# Text of one element is cut here, and an element of interest may hold so many others (a post and its comments).
MAX_TEXT = 4000
MAX_PARTS = 20_000
MAX_DEPTH = 100
# One name, tag or declaration that is longer is no feed.
MAX_TOKEN = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class BadXml(Exception):
    """Text is not the XML that was expected; the message says where it stops being so."""


@dataclass(slots=True)
class Element:
    """An element: its name and namespace in lower case, its attributes, its text (cut), and the elements within it."""

    name: str
    space: str
    attributes: dict[str, str]
    parts: list[Element] = field(default_factory=list)
    text: str = ""

    def get(self, name: str, *, space: str | None = None) -> str:
        """The text of the first part of that name; `space` is the beginning of a namespace (None: any)."""
        return next((part.text.strip() for part in self.all(name, space=space) if part.text.strip()), "")

    def all(self, name: str, *, space: str | None = None) -> list[Element]:
        return [part for part in self.parts if part.name == name and (space is None or part.space.startswith(space))]


def elements(file: IO[bytes], *, whole: Callable[[str, int], bool]) -> Iterator[tuple[Element, bool]]:
    """Elements of the document in order, as (element, whole).

    whole: whether an element of that name at that depth (the root has 0) comes with all within it, once it ends. Others
    come without their parts: those that hold others as they begin, and those with text alone as they end. Declarations
    of entities are refused. Raises BadXml, also after good elements.
    """
    builder = _Builder(whole)
    while True:
        data = file.read(_CHUNK)
        builder.feed(data)
        yield from builder.taken()
        if not data:
            return


class _Builder:
    def __init__(self, whole: Callable[[str, int], bool]) -> None:
        self._whole = whole
        self._stack: list[Element] = []
        # The depth of the element of interest that is open; -1 where none is.
        self._inside = -1
        self._parts = 0
        self._done: list[tuple[Element, bool]] = []
        self._fed = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse_entities

    def feed(self, data: bytes) -> None:
        try:
            self._parser.Parse(data, not data)
        except expat.ExpatError as error:
            raise BadXml(f"is not valid XML in line {error.lineno:,} ({expat.ErrorString(error.code)})") from None
        except (ValueError, LookupError, UnicodeError) as error:
            raise BadXml(f"is not XML that can be read ({error})") from None
        self._fed += len(data)
        if self._fed - max(0, self._parser.CurrentByteIndex) > MAX_TOKEN + _CHUNK:
            raise BadXml(f"holds a tag of more than {MAX_TOKEN:,} bytes")

    def taken(self) -> Iterator[tuple[Element, bool]]:
        done, self._done = self._done, []
        yield from done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        element = Element(
            local.lower(), space.lower(), {key.rpartition(" ")[2].lower(): value for key, value in attributes.items()}
        )
        depth = len(self._stack)
        if depth > MAX_DEPTH:
            raise BadXml("is nested too deeply")
        if self._inside >= 0:
            self._parts += 1
            if self._parts > MAX_PARTS:
                raise BadXml(f"holds an element with more than {MAX_PARTS:,} others in it")
            self._stack[-1].parts.append(element)
        elif self._whole(element.name, depth):
            self._inside, self._parts = depth, 0
        else:
            self._done.append((element, False))
        self._stack.append(element)

    def _end(self, name: str) -> None:
        element = self._stack.pop()
        if self._inside == len(self._stack):
            self._inside = -1
            self._done.append((element, True))

    def _text(self, text: str) -> None:
        if self._stack and len(self._stack[-1].text) < MAX_TEXT:
            self._stack[-1].text += text[: MAX_TEXT - len(self._stack[-1].text)]

    def _refuse_entities(self, *declared: object) -> None:
        raise BadXml("declares entities, which no feed does")
