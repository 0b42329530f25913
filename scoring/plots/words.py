"""What a plot shows, in sentences: for those who do not see it, and for those who want to be sure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scoring.numbers import direction, gained, points, signed
from scoring.plots import History, Plot, Turn
from scoring.plots.dots import Dot
from scoring.plots.shades import Shade

SERIES_WORDS: dict[str, str | Promise] = {
    "score": gettext_lazy("Score"),
    "reach": gettext_lazy("Reach"),
    "amplification": gettext_lazy("Amplification"),
    "network": gettext_lazy("Network"),
}


def summary(plot: Plot) -> str:
    """The plot in a sentence, and further ones where there is more to say."""
    return " ".join([in_a_sentence(plot), *further(plot)])


def in_a_sentence(plot: Plot) -> str:
    """How the score came from its first day in the plot to its last."""
    days = [day for day in plot.days if plot.first <= day.as_of <= plot.last]
    if len(days) < 2:
        return _("The first score is of %(day)s; the line begins with the second.") % {
            "day": date_format(plot.last, "DATE_FORMAT")
        }
    first, last = days[0], days[-1]
    change = gained(last.score, first.score)
    words = {
        "begin": points(first.score),
        "begin_day": day_before(first.as_of, last.as_of),
        "end": points(last.score),
        "end_day": date_format(last.as_of, "DATE_FORMAT"),
        "change": points(abs(change)),
    }
    way = direction(change)
    if way == "up":
        text = _("From %(begin_day)s to %(end_day)s the score rose by %(change)s, from %(begin)s to %(end)s.") % words
    elif way == "down":
        text = _("From %(begin_day)s to %(end_day)s the score fell by %(change)s, from %(begin)s to %(end)s.") % words
    else:
        text = _("The score was %(end)s on %(end_day)s, as on %(begin_day)s.") % words
    return text


def further(plot: Plot) -> list[str]:
    """Sentences about days without a score, other formulas, rests and broken links."""
    found = []
    missing = plot.history.missing
    if missing:
        text = ngettext(
            "On %(days)s day in between there was no score.", "On %(days)s days in between there was no score.", missing
        )
        found.append(text % {"days": missing})
    found += [turn_in_words(turn) for turn in plot.turns]
    return found + [shade_in_words(shade, plot.last) for shade in plot.shades]


def extremes(plot: Plot) -> str:
    """The highest and the lowest day in a sentence; "" where they are the same to a tenth."""
    if not plot.days:
        return ""
    high, low = max(plot.days, key=lambda day: day.score), min(plot.days, key=lambda day: day.score)
    if direction(gained(high.score, low.score)) == "same":
        return ""
    return _("It was highest on %(high_day)s with %(high)s and lowest on %(low_day)s with %(low)s.") % {
        "high": points(high.score),
        "high_day": date_format(high.as_of, "DATE_FORMAT"),
        "low": points(low.score),
        "low_day": date_format(low.as_of, "DATE_FORMAT"),
    }


def compared(people: Iterable[tuple[str, History]], last: date) -> str:
    """Several people's lines that end about `last`: where each stands, and since when it moved how far."""
    sentences = []
    for name, history in people:
        begin, end = history.days[0], history.days[-1]
        words = {
            "name": name,
            "end": points(end.score),
            "end_day": date_format(end.as_of, "DATE_FORMAT"),
            "begin_day": date_format(begin.as_of, "DATE_FORMAT"),
            "change": signed(gained(end.score, begin.score)),
        }
        if begin is end:
            sentences.append(_("%(name)s has %(end)s on %(end_day)s.") % words)
        elif end.as_of == last:
            sentences.append(_("%(name)s has %(end)s, %(change)s since %(begin_day)s.") % words)
        else:
            sentences.append(_("%(name)s had %(end)s on %(end_day)s, %(change)s since %(begin_day)s.") % words)
    return " ".join(sentences)


def day_before(day: date, later: date) -> str:
    """A day that is named beside a later one: its year is said only where it is another."""
    return date_format(day, "MONTH_DAY_FORMAT" if day.year == later.year else "DATE_FORMAT")


def turn_in_words(turn: Turn) -> str:
    """What the mark of a day says from which on another formula counts."""
    return _("Since %(day)s it is counted by the formula %(formula)s, before that by %(previous)s.") % {
        "day": date_format(turn.day, "DATE_FORMAT"),
        "formula": turn.formula,
        "previous": turn.previous,
    }


def shade_in_words(shade: Shade, last: date) -> str:
    """What a shaded time of a plot that ends on `last` means."""
    words = {
        "first": date_format(shade.first_day, "DATE_FORMAT"),
        "last": date_format(shade.last_day, "DATE_FORMAT"),
        "account": shade.account,
    }
    goes_on, one_day = shade.last_day >= last, shade.last_day == shade.first_day
    if shade.kind == "broken" and goes_on:
        text = _("Since %(first)s the link to %(account)s is broken, so that nothing of it fades (hatched).")
    elif shade.kind == "broken" and one_day:
        text = _("On %(first)s the link to %(account)s was broken, so that nothing of it faded (hatched).")
    elif shade.kind == "broken":
        text = _(
            "From %(first)s to %(last)s the link to %(account)s was broken, so that nothing of it faded (hatched)."
        )
    elif goes_on:
        text = _("Since %(first)s the score rests, so that nothing fades (shaded).")
    elif one_day:
        text = _("On %(first)s the score rested, so that nothing faded (shaded).")
    else:
        text = _("From %(first)s to %(last)s the score rested, so that nothing faded (shaded).")
    return text % words


def dot_in_words(dot: Dot) -> str:
    """What a dot is called: its day, its posts and what they bring now."""
    words = {"day": date_format(dot.day, "DATE_FORMAT"), "points": signed(dot.points), "posts": len(dot.posts)}
    return (
        ngettext(
            "%(posts)s post of %(day)s: %(points)s",
            "%(posts)s posts around %(day)s: %(points)s",
            len(dot.posts),
        )
        % words
    )
