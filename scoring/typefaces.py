"""The typefaces of badges and cards: which letters they have, how wide those are, their outlines, and SVG made PNG.

The files lie in static/fonts. Bricolage Grotesque has the letters of Western Europe; Noto Sans beside it those of all
Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Bengali, Tamil, Thai, Armenian and Georgian. Other scripts (Chinese,
Japanese, Korean, Ethiopic ...) are drawn where the machine has a typeface for them, and are left out where it has not.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from html import escape
from pathlib import Path

import resvg_py

FOLDER = Path(__file__).resolve().parent.parent / "static" / "fonts"
OURS = "Bricolage Grotesque"
OTHERS = "Noto Sans"
# A composite glyph's flags (OpenType, table glyf).
WORDS, OFFSETS, SCALE, MORE, TWO_SCALES, MATRIX = 0x1, 0x2, 0x8, 0x20, 0x40, 0x80
DEEPEST = 5

Point = tuple[int, int, bool]


@dataclass(frozen=True)
class Typeface:
    """A TrueType file; lengths in it are in `units` to the em."""

    path: Path

    @cached_property
    def _data(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def _tables(self) -> dict[str, int]:
        (number,) = struct.unpack_from(">H", self._data, 4)
        records = (struct.unpack_from(">4sIII", self._data, 12 + 16 * place) for place in range(number))
        return {tag.decode("ascii"): offset for tag, _sum, offset, _length in records}

    @cached_property
    def family(self) -> str:
        """What SVG calls it: the first word after the hyphen of a file of Noto's is its script."""
        if not self.path.name.startswith("noto-sans"):
            return OURS
        script = self.path.stem.removeprefix("noto-sans").removeprefix("-")
        return f"{OTHERS} {script.title()}".rstrip()

    @cached_property
    def units(self) -> int:
        return int(struct.unpack_from(">H", self._data, self._tables["head"] + 18)[0])

    @cached_property
    def letters(self) -> dict[int, int]:
        """Unicode -> glyph, from the table's segments (format 4)."""
        start = self._tables["cmap"]
        (number,) = struct.unpack_from(">H", self._data, start + 2)
        places = {struct.unpack_from(">HHI", self._data, start + 4 + 8 * record) for record in range(number)}
        for place in sorted(start + offset for _platform, _encoding, offset in places):
            if struct.unpack_from(">H", self._data, place)[0] == 4:
                return dict(self._segments(place))
        raise ValueError(f"{self.path.name} does not say which letters it has")

    def _segments(self, place: int) -> Iterator[tuple[int, int]]:
        (doubled,) = struct.unpack_from(">H", self._data, place + 6)
        number = doubled // 2
        ends = struct.unpack_from(f">{number}H", self._data, place + 14)
        begins = struct.unpack_from(f">{number}H", self._data, place + 16 + doubled)
        shifts = struct.unpack_from(f">{number}H", self._data, place + 16 + 2 * doubled)
        at = place + 16 + 3 * doubled
        offsets = struct.unpack_from(f">{number}H", self._data, at)
        for segment in range(number):
            for code in range(begins[segment], min(ends[segment], 0xFFFE) + 1):
                glyph = code
                if offsets[segment]:
                    where = at + 2 * segment + offsets[segment] + 2 * (code - begins[segment])
                    (glyph,) = struct.unpack_from(">H", self._data, where)
                if offsets[segment] and not glyph:
                    continue
                if found := (glyph + shifts[segment]) % 65536:
                    yield code, found

    @cached_property
    def _advances(self) -> tuple[int, ...]:
        (number,) = struct.unpack_from(">H", self._data, self._tables["hhea"] + 34)
        return struct.unpack_from(">" + "HH" * number, self._data, self._tables["hmtx"])[::2]

    def has(self, text: str) -> bool:
        return all(ord(letter) in self.letters for letter in text)

    def width(self, text: str, size: float) -> float:
        """How wide `text` is at `size`; letters that are not in here count for nothing."""
        glyphs = (self.letters.get(ord(letter)) for letter in text)
        advances = self._advances
        total = sum(advances[min(glyph, len(advances) - 1)] for glyph in glyphs if glyph is not None)
        return total * size / self.units

    def outline(self, text: str, size: float, x: float, y: float, colour: str) -> str:
        """A path that draws `text` from (x, y) on its base line; what is not in here is left out."""
        pieces, advance = [], 0
        for letter in text:
            if (glyph := self.letters.get(ord(letter))) is not None:
                pieces += [drawn(contour, advance) for contour in self._contours(glyph)]
                advance += self._advances[min(glyph, len(self._advances) - 1)]
        place = f"translate({x:.2f} {y:.2f}) scale({size / self.units:.5f})"
        return f'<path fill="{colour}" transform="{place}" d="{"".join(pieces)}"/>'

    def _contours(self, glyph: int, depth: int = 0) -> list[list[Point]]:
        head, loca = self._tables["head"], self._tables["loca"]
        long = struct.unpack_from(">h", self._data, head + 50)[0]
        pair = struct.unpack_from(">II" if long else ">HH", self._data, loca + glyph * (4 if long else 2))
        begin, end = pair if long else (2 * pair[0], 2 * pair[1])
        if begin == end or depth > DEEPEST:
            return []
        place = self._tables["glyf"] + begin
        (number,) = struct.unpack_from(">h", self._data, place)
        return self._simple(place, number) if number >= 0 else self._composite(place + 10, depth)

    def _simple(self, place: int, number: int) -> list[list[Point]]:
        ends = struct.unpack_from(f">{number}H", self._data, place + 10)
        place += 10 + 2 * number
        place += 2 + struct.unpack_from(">H", self._data, place)[0]
        flags: list[int] = []
        while len(flags) < ends[-1] + 1:
            flag = self._data[place]
            repeat = self._data[place + 1] if flag & 8 else 0
            flags += [flag] * (repeat + 1)
            place += 2 if flag & 8 else 1
        axes = []
        for short, same in ((2, 16), (4, 32)):
            value, values = 0, []
            for flag in flags:
                if flag & short:
                    value += self._data[place] if flag & same else -self._data[place]
                    place += 1
                elif not flag & same:
                    value += struct.unpack_from(">h", self._data, place)[0]
                    place += 2
                values.append(value)
            axes.append(values)
        points = [(x, y, bool(flag & 1)) for x, y, flag in zip(*axes, flags, strict=True)]
        begins = (0, *(end + 1 for end in ends))
        return [points[begin : end + 1] for begin, end in zip(begins, ends, strict=False)]

    def _composite(self, place: int, depth: int) -> list[list[Point]]:
        contours = []
        flags = MORE
        while flags & MORE:
            flags, glyph = struct.unpack_from(">HH", self._data, place)
            dx, dy = struct.unpack_from(">hh" if flags & WORDS else ">bb", self._data, place + 4)
            place += 8 if flags & WORDS else 6
            if flags & (SCALE | TWO_SCALES | MATRIX) or not flags & OFFSETS:
                raise ValueError(f"{self.path.name}: glyph {glyph} is turned or scaled, which is not drawn here")
            contours += [[(x + dx, y + dy, on) for x, y, on in part] for part in self._contours(glyph, depth + 1)]
        return contours


def drawn(contour: Sequence[Point], x: int) -> str:
    """A closed contour of TrueType as part of a path, `x` to the right; steps are relative, since that is shorter.

    Between two points off the curve lies one on it.
    """
    whole: list[Point] = []
    for (x0, y0, on0), (x1, y1, on1) in zip(contour, [*contour[1:], contour[0]], strict=True):
        whole.append((x0, y0, on0))
        if not on0 and not on1:
            whole.append(((x0 + x1) // 2, (y0 + y1) // 2, True))
    first = next(place for place, point in enumerate(whole) if point[2])
    whole = [*whole[first:], *whole[: first + 1]]
    pieces, place = [f"M{whole[0][0] + x} {-whole[0][1]}"], 1
    while place < len(whole):
        before = whole[place - 1]
        steps = 1 if whole[place][2] else 2
        numbers = (f"{whole[step][0] - before[0]} {before[1] - whole[step][1]}" for step in range(place, place + steps))
        pieces.append(("l" if steps == 1 else "q") + " ".join(numbers).replace(" -", "-"))
        place += steps
    return "".join([*pieces, "z"])


BOLD = Typeface(FOLDER / "bricolage-grotesque-700.ttf")
MEDIUM = Typeface(FOLDER / "bricolage-grotesque-500.ttf")


@cache
def noto() -> tuple[Typeface, ...]:
    """The files of Noto Sans, the one with most scripts first."""
    return tuple(Typeface(path) for path in sorted(FOLDER.glob("noto-sans*.ttf"), key=lambda path: len(path.name)))


@lru_cache(maxsize=1024)
def of_this_machine(letters: str) -> tuple[str, str]:
    """A file of this machine that has all `letters`, and its family, by fontconfig; twice "" where there is none."""
    charset = " ".join(f"{ord(letter):x}" for letter in letters)
    command = ["fc-list", "-f", "%{file}|%{family[0]}\n", f":charset={charset}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return "", ""
    found = sorted(tuple(line.split("|", 1)) for line in told.splitlines() if "|" in line)
    return next(((file, family) for file, family in found if file.endswith((".ttf", ".otf", ".ttc"))), ("", ""))


@dataclass(frozen=True, slots=True)
class Lettering:
    """A text that can be drawn in bold: pieces of one family each, without the letters that no typeface has."""

    pieces: tuple[tuple[str, str], ...]
    # Files beside ours, of this machine.
    files: tuple[str, ...] = ()
    # Whether no letter had to be left out.
    whole: bool = True

    @property
    def text(self) -> str:
        return "".join(text for _family, text in self.pieces)

    def width(self, size: float) -> float:
        """How wide it is; letters of other typefaces than ours are taken to be as wide as high."""
        faces = {face.family: face for face in (BOLD, *noto())}
        return sum(
            faces[family].width(text, size) if family in faces else size * len(text) for family, text in self.pieces
        )

    def svg(self, size: float, x: float, y: float, colour: str) -> str:
        """It as markup: in our own typeface as outlines, which look alike everywhere, else as text."""
        if all(family == OURS for family, _text in self.pieces):
            return BOLD.outline(self.text, size, x, y, colour)
        pieces = "".join(
            f'<tspan font-family="{escape(family)}, {OTHERS}, sans-serif">{escape(text)}</tspan>'
            for family, text in self.pieces
        )
        return (
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="700" fill="{colour}" '
            f'xml:space="preserve">{pieces}</text>'
        )


def lettering(text: str) -> Lettering:
    """`text` as it can be drawn: in our own typeface if that has all of it, else in others, letter by letter."""
    text = " ".join(text.split())
    if BOLD.has(text):
        return Lettering(((OURS, text),))
    strange = sorted({letter for letter in text if not any(face.has(letter) for face in noto())})
    file = family = ""
    # All that is strange first, then without signs such as emoji: to ask letter by letter would take too long.
    for wanted in (strange, [letter for letter in strange if letter.isalpha()]):
        file, family = of_this_machine("".join(wanted)) if wanted else ("", "")
        if file:
            strange = [letter for letter in strange if letter not in wanted]
            break
    kept = " ".join("".join(letter for letter in text if letter not in strange).split())
    return Lettering(tuple(_pieces(kept, family)), (file,) if file else (), whole=not strange)


def _pieces(text: str, stranger: str) -> Iterator[tuple[str, str]]:
    """`text` cut where another typeface is needed; a letter that the one before has too stays with it."""
    piece, face = "", None
    for letter in text:
        if face is None or not face.has(letter):
            other = next((one for one in noto() if one.has(letter)), None)
            if piece and other is not face:
                yield face.family if face else stranger, piece
                piece = ""
            face = other
        piece += letter
    if piece:
        yield face.family if face else stranger, piece


def fitted(text: str, *, size: float, least: float, room: float) -> tuple[Lettering, float]:
    """`text` and the size at which it fits into `room`: smaller down to `least`, and then cut with an ellipsis."""
    written = lettering(text)
    width = written.width(1.0)
    if width * least <= room:
        return written, min(size, room / width if width else size)
    for end in range(len(written.text) - 1, 0, -1):
        cut = lettering(written.text[:end].rstrip() + "\N{HORIZONTAL ELLIPSIS}")
        if cut.width(least) <= room:
            return Lettering(cut.pieces, cut.files or written.files, written.whole), least
    return written, least


def png(svg: str, *, width: int, files: Sequence[str] = ()) -> bytes:
    """`svg` as a picture of `width` pixels, with our typefaces and `files` alone, so that it looks alike everywhere."""
    ours = [str(face.path) for face in (BOLD, MEDIUM, *noto())]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, width=width, skip_system_fonts=True, font_files=[*ours, *files], font_family=OTHERS
        )
    )
