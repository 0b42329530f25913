"""A month drawn: a bar of reactions for each day, and the score as a line above; a table beside it says the same."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.numbers import points
from scoring.views.month_days import Day, Month

WIDTH, HEIGHT = 620, 200
# Space for the numbers of the days below, and above the line.
FOOT, HEAD = 24, 14
# The bars take so much of the height, and the line the rest.
BARS = 0.6


def bars(month: Month) -> SafeString:
    """An SVG without style and script; "" where the month has neither scores nor reactions."""
    scored = [day for day in month.days if day.score is not None]
    if not scored and not month.reactions:
        return mark_safe("")
    step, ground = WIDTH / len(month.days), HEIGHT - FOOT
    top = max((day.reactions or 0 for day in month.days), default=0) or 1
    tall = (ground - HEAD) * BARS
    parts = [f'<line class="ground" x1="0" x2="{WIDTH}" y1="{ground}" y2="{ground}"/>']
    for place, day in enumerate(month.days):
        x = place * step
        if day.reactions:
            high = max(2.0, tall * day.reactions / top)
            parts.append(
                f'<rect class="bar" x="{x + step * 0.15:.1f}" y="{ground - high:.1f}" width="{step * 0.7:.1f}"'
                f' height="{high:.1f}" rx="2"><title>{escape(told(day))}</title></rect>'
            )
        if place == 0 or (place + 1) % 5 == 0:
            parts.append(f'<text x="{x + step / 2:.1f}" y="{HEIGHT - 6}">{place + 1}</text>')
    parts += _line(month, step, ground - tall)
    return mark_safe(  # noqa: S308  (what is not a number is escaped)
        f'<svg class="month-bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(summary(month))}">'
        f"{''.join(parts)}</svg>"
    )


def _line(month: Month, step: float, floor: float) -> list[str]:
    """The score, between its lowest and its highest of the month; a day without one breaks the line."""
    known = [day.score for day in month.days if day.score is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    # A score that hardly moves is a flat line, and no mountains.
    spread = max(high - low, 2.0)
    middle = (high + low) / 2
    drawn: list[str] = []
    pen = ""
    for place, day in enumerate(month.days):
        if day.score is None:
            pen = ""
            continue
        y = (HEAD + floor) / 2 - (day.score - middle) / spread * (floor - HEAD - 8)
        drawn.append(f"{'L' if pen else 'M'}{place * step + step / 2:.1f} {y:.1f}")
        pen = "down"
    last = drawn[-1][1:].split()
    dot = f'<circle class="score-dot" cx="{last[0]}" cy="{last[1]}" r="3.5"/>'
    return [f'<path class="score-line" d="{" ".join(drawn)}"/>', dot]


def told(day: Day) -> str:
    number = day.reactions or 0
    text = ngettext("%(day)s: %(number)s reaction", "%(day)s: %(number)s reactions", number)
    return text % {"day": date_format(day.day, "MONTH_DAY_FORMAT"), "number": number}


def summary(month: Month) -> str:
    """What the drawing shows, in a sentence or two."""
    name = date_format(month.first, "YEAR_MONTH_FORMAT")
    said = [
        ngettext("%(month)s: %(number)s reaction.", "%(month)s: %(number)s reactions.", month.reactions)
        % {"month": name, "number": month.reactions}
    ]
    if month.busiest:
        said.append(_("Most on %(day)s.") % {"day": date_format(month.busiest.day, "MONTH_DAY_FORMAT")})
    scores = [day.score for day in month.days if day.score is not None]
    if scores:
        said.append(
            _("Score between %(low)s and %(high)s.") % {"low": points(min(scores)), "high": points(max(scores))}
        )
    return " ".join(said)
