"""QR codes as pictures: dark on white wherever they stand, with the quiet zone that cameras need."""

from __future__ import annotations

from html import escape
from itertools import groupby

import qrcode
from django.utils.safestring import SafeString, mark_safe
from qrcode.constants import ERROR_CORRECT_M

# Modules around the code (ISO/IEC 18004).
QUIET = 4


def modules(text: str) -> list[list[bool]]:
    """The code's rows without the quiet zone; True is dark. About a seventh of it may be dirty or torn."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(dark) for dark in row] for row in code.get_matrix()]


def runs(rows: list[list[bool]]) -> list[tuple[int, int, int]]:
    """(column, row, length) of each line of dark modules."""
    found = []
    for row, line in enumerate(rows):
        column = 0
        for dark, group in groupby(line):
            length = len(list(group))
            if dark:
                found.append((column, row, length))
            column += length
    return found


def svg(text: str, label: str) -> SafeString:
    """`text` as a picture to stand in a page; `label` is what is read out. White and black are its own colours."""
    rows = modules(text)
    side = len(rows) + 2 * QUIET
    path = "".join(f"M{column + QUIET} {row + QUIET}h{length}v1h-{length}z" for column, row, length in runs(rows))
    return mark_safe(  # noqa: S308  (numbers, and a label that is escaped)
        f'<svg class="qr" role="img" aria-label="{escape(label)}" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>'
    )
