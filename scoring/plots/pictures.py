"""A plot as the picture that scoring.charts draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scoring.charts import Band, Line, Mark, Picture, Pin, Reading
from scoring.numbers import points
from scoring.plots import History, Plot, Turn
from scoring.plots.words import SERIES_WORDS, dot_in_words, summary

BANDS = {"rest": "resting", "broken": "broken"}


def picture_of(plot: Plot, *, series: Collection[str] = ("score",), name: str = "chart") -> Picture:
    """The plot with a line for each of `series`; posts lead to #post-1, #post-2 ... of the page."""
    words = [str(SERIES_WORDS[one]) for one in series]
    return Picture(
        first=plot.first,
        last=plot.last,
        lines=[
            line_of(plot.history, one, first=plot.first, name=one, label=label)
            for one, label in zip(series, words, strict=True)
        ],
        title=_("%(lines)s by day") % {"lines": ", ".join(words)},
        description=summary(plot),
        day_label=day_labels(plot.first, plot.last),
        score_label=whole,
        bands=[Band(shade.first_day, shade.last_day, BANDS[shade.kind]) for shade in plot.shades],
        marks=marks_of(plot.turns),
        pins=[Pin(dot.day, dot.score, str(dot.number), dot_in_words(dot), f"#post-{dot.number}") for dot in plot.dots]
        if "score" in series
        else [],
        name=name,
    )


def line_of(history: History, series: str, *, first: date, name: str, label: str, tag: str = "") -> Line:
    """One of SERIES of a history, from `first` on, as a line."""
    runs = ([Reading(day.as_of, day.value(series)) for day in run if day.as_of >= first] for run in history.runs())
    return Line(name, label, [run for run in runs if run], tag)


def marks_of(turns: Iterable[Turn]) -> list[Mark]:
    """Where another formula began to count; once a day, however many people it is of."""
    found = {(turn.day, turn.formula) for turn in turns}
    return [Mark(day, _("Formula %(formula)s") % {"formula": formula}) for day, formula in sorted(found)]


def whole(score: float) -> str:
    return points(score, 0)


def day_labels(first: date, last: date) -> Callable[[date], str]:
    """How the days below a picture are written: over most of a year, a day alone would not say which."""
    if (last - first).days <= 300:
        form = pgettext("a day below a chart, as Django writes formats of dates", "j M")
    else:
        form = pgettext("a month below a chart, as Django writes formats of dates", "M Y")
    return lambda day: date_format(day, form)
