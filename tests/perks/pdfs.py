"""What stands on a PDF page that fpdf2 wrote: its letters, and the squares of a QR code."""

from __future__ import annotations

import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
RECTANGLE = re.compile(r"([\d.]+) ([\d.]+) ([\d.]+) -?([\d.]+) re f")


def _streams(pdf: bytes) -> list[bytes]:
    found = []
    for raw in STREAM.findall(pdf):
        try:
            found.append(zlib.decompress(raw))
        except zlib.error:
            found.append(raw)
    return found


def _maps(pdf: bytes) -> list[dict[int, str]]:
    """Of each font, in the order of the file: glyph -> letters (its ToUnicode)."""
    maps = []
    for stream in _streams(pdf):
        if b"begincmap" not in stream:
            continue
        text = stream.decode("latin-1")
        pairs = {}
        for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.S):
            for glyph, letters in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
                pairs[int(glyph, 16)] = bytes.fromhex(letters).decode("utf-16-be")
        maps.append(pairs)
    return maps


def letters_of(pdf: bytes) -> str:
    """All letters of the page in the order in which they were drawn."""
    fonts = {name: place for place, name in enumerate(sorted(set(re.findall(rb"/F(\d+) \d+ 0 R", pdf)), key=int))}
    maps, letters = _maps(pdf), []
    page = next(stream for stream in _streams(pdf) if b" Tf" in stream)
    font: dict[int, str] = {}
    pattern = re.compile(rb"/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\)|(T\*|Td|ET)", re.S)
    for name, said, _end in pattern.findall(page):
        if name:
            font = maps[fonts[name]]
        elif said:
            raw = re.sub(rb"\\([nrtbf()\\])", lambda found: _ESCAPES.get(found[1], found[1]), said)
            letters += [font.get(int.from_bytes(raw[at : at + 2], "big"), "") for at in range(0, len(raw), 2)]
    return "".join(letters)


_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def modules_of(pdf: bytes) -> list[list[bool]]:
    """The dark and light squares of the QR code that is drawn as rectangles."""
    page = next(stream for stream in _streams(pdf) if b" Tf" in stream).decode("latin-1")
    boxes = [tuple(float(number) for number in box) for box in RECTANGLE.findall(page)]
    step = min(height for _x, _y, _width, height in boxes)
    left, top = min(x for x, *_rest in boxes), max(y for _x, y, *_rest in boxes)
    side = round((max(x + width for x, _y, width, _height in boxes) - left) / step)
    rows = [[False] * side for _row in range(side)]
    for x, y, width, _height in boxes:
        row, column = round((top - y) / step), round((x - left) / step)
        for dark in range(column, column + round(width / step)):
            rows[row][dark] = True
    return rows
