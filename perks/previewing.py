"""How a preview of the audience is shown (templates/perks/_audience.html), with its histogram as SVG."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from perks import audience
from perks.audience import BAR, Preview
from perks.errors import TooMany
from perks.models import Campaign

WIDTH, HEIGHT, FOOT, TOP = 600, 220, 24, 14
# A share of a bar's own width.
GAP = 0.12


def preview_context(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """preview (None where the brand has asked for too many of late: `refused` says so then), and its histogram."""
    try:
        found = audience.preview(campaign, at)
    except TooMany as error:
        return {"preview": None, "refused": str(error)}
    return {"preview": found, "histogram": histogram(found), "refused": ""}


def histogram(preview: Preview) -> SafeString:
    """A picture whose numbers stand in the table beside it; what may not be told (fewer than 20) has no bar.

    "" where there would be none.
    """
    if not any(bar.members.number for bar in preview.bars):
        return SafeString("")
    tallest = max((bar.members.number or 0 for bar in preview.bars), default=0) or 1
    room = HEIGHT - FOOT - TOP
    step = WIDTH / len(preview.bars)
    columns = []
    for place, bar in enumerate(preview.bars):
        for name, about in (("members", bar.members), ("qualify", bar.qualify)):
            if about.number:
                tall = room * min(about.number / tallest, 1)
                left, width = step * (place + GAP / 2), step * (1 - GAP)
                columns.append((name, _n(left), _n(HEIGHT - FOOT - tall), _n(width), _n(tall)))
    marks = [(_n(WIDTH * score / 100), HEIGHT - 6, score) for score in range(0, 101, 4 * BAR)]
    line = SafeString("")
    if preview.threshold is not None:
        at = _n(WIDTH * preview.threshold / 100)
        line = format_html('<line class="threshold" x1="{}" x2="{}" y1="0" y2="{}"/>', at, at, HEIGHT - FOOT)
    return format_html(
        '<svg class="histogram" viewBox="-14 0 {} {}" role="img" aria-label="{}">{}'
        '<line class="ground" x1="0" x2="{}" y1="{}" y2="{}"/>{}{}</svg>',
        WIDTH + 28,
        HEIGHT,
        _("Members by score; the table below has the numbers"),
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', columns),
        WIDTH,
        HEIGHT - FOOT,
        HEIGHT - FOOT,
        line,
        format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', marks),
    )


def _n(value: float) -> str:
    return f"{value:.1f}"
