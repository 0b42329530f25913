"""Lines of a text of any size, read block by block: what no table may make us hold in memory at once is cut."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Protocol

# Characters of a line.
MAX_LINE = 1 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def lines(file: Readable, *, encoding: str, errors: str, block: int) -> Iterator[str]:
    """Every line without its end (\\n, \\r\\n or \\r); one longer than MAX_LINE comes cut, a little longer than that.

    errors: what becomes of damaged characters, as bytes.decode takes it. block: bytes read at a time.
    """
    decode = codecs.getincrementaldecoder(encoding)(errors=errors).decode
    rest, skipping, ended = "", False, False
    while not ended:
        data = file.read(block)
        ended = not data
        text = rest + decode(data, final=ended)
        # A carriage return at the end may be the first half of a line's end.
        held = "\r" if text.endswith("\r") and not ended else ""
        text = text.removesuffix(held) if held else text
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rest = pieces.pop() + held
        for piece in pieces:
            if not skipping:
                yield piece
            skipping = False
        if len(rest) > MAX_LINE:
            if not skipping:
                yield rest
            rest, skipping = "", True
    if rest and not skipping:
        yield rest
