"""How pages write and draw scores: numbers in the reader's form, pictures from scoring.charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pycountry
from django import template
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import LinkedAccount
from accounts.pauses import Rest
from scoring import charts
from scoring.formula.base import Node
from scoring.measured import PART_WORDS
from scoring.models import Score, ScoreHistory, UnlinkEffect

register = template.Library()

MINUS = "\N{MINUS SIGN}"


@register.filter
def points(value: float, decimals: int = 1) -> str:
    """A number of points, rounded for reading: 41.3."""
    # Rounded first: number_format cuts the digits off.
    rounded = Decimal(f"{value:.{decimals}f}")
    return number_format(rounded, decimal_pos=decimals, force_grouping=True).replace("-", MINUS)


@register.filter
def translated(text: str) -> str:
    """A text of the features' catalogue in the reader's language (scoring.measured)."""
    return _(text) if text else ""


@register.filter
def part_words(part: str) -> str:
    """What a part of the score is called."""
    return str(PART_WORDS[part])


@register.filter
def signed(value: float, decimals: int = 1) -> str:
    """A change with its sign: +1.2 or minus 0.3, and 0.0 where nothing is left of it after rounding."""
    rounded = round(value, decimals) or 0.0
    return ("+" if rounded > 0 else "") + points(rounded, decimals)


@register.filter
def direction(value: float) -> str:
    """up, down or same, after rounding to a tenth."""
    rounded = round(value, 1)
    return "up" if rounded > 0 else "down" if rounded < 0 else "same"


@register.filter
def share(value: float) -> str:
    """A percentage for reading; nobody is higher than 100% of everybody, since everybody counts oneself half."""
    return points(min(value, 99.9))


@register.filter
def tone(node: Node) -> str:
    """The class that colours a line of the tree: its part's, if it is of one."""
    return "start" if node.kind in {"start", "other"} else node.part


@register.filter
def measured(node: Node) -> str:
    """What a leaf counts, in the feature's own unit: 12.4 people. "" for a line that counts nothing itself."""
    if node.value is None:
        return ""
    whole = node.value >= 100 or node.value == int(node.value)
    decimals = 0 if whole else 1 if node.value >= 1 else 2
    return f"{points(node.value, decimals)} {node.unit}".rstrip()


@register.filter
def country(code: str) -> str:
    """The country's name; "" for no code or an unknown one."""
    found = pycountry.countries.get(alpha_2=code) if code else None
    return getattr(found, "common_name", found.name) if found else ""


@register.simple_tag
def score_bubble(score: Score | ScoreHistory) -> SafeString:
    """The score in its bubble, the rim filled by its three parts."""
    text = points(score.score)
    mark = next((sign for sign in text if not sign.isdigit()), "")
    whole, _mark, rest = text.partition(mark) if mark else (text, "", "")
    label = _("Score %(score)s of 100") % {"score": text}
    parts = {"reach": score.reach, "amplification": score.amplification, "network": score.network_part}
    return mark_safe(charts.bubble(whole, mark + rest, label, parts=parts))  # noqa: S308  (charts escapes)


@register.simple_tag
def unlink_effect(link: LinkedAccount) -> float | None:
    """The points that removing `link` would take off its person's current score; None where none is published."""
    effect = UnlinkEffect.objects.filter(account=link.account_id, person=link.person_id).first()
    return effect.points if effect else None


@register.simple_tag
def example_bubble() -> SafeString:
    """The bubble of nobody in particular, for explaining it."""
    return score_bubble(Score(score=45.9, reach=21.3, amplification=14.7, network_part=9.9))


@register.simple_tag
def share_bar(value: float, whole: float, name: str) -> SafeString:
    """A bar for `value` of `whole` in the colour `name`."""
    return mark_safe(charts.bar(value / whole if whole else 0.0, name))  # noqa: S308  (charts escapes)


def formula_changes(days: Sequence[Score | ScoreHistory]) -> list[tuple[Score | ScoreHistory, str]]:
    """The days (sorted) whose score is by another formula than the day before them had, and that one."""
    return [(row, before.formula) for before, row in pairwise(days) if row.formula != before.formula]


def formula_in_words(row: Score | ScoreHistory, previous: str) -> str:
    """What the mark of a day says whose score is by another formula."""
    return _("Since %(day)s it is counted by the formula %(formula)s, before that by %(previous)s.") % {
        "day": date_format(row.as_of, "j F Y"),
        "formula": row.formula,
        "previous": previous,
    }


@register.filter
def counted_anew(day: Score | ScoreHistory, days: Sequence[Score | ScoreHistory]) -> bool:
    """Whether the score of `day` is the first one by its formula among `days`."""
    return any(row is day for row, _previous in formula_changes(days))


@register.simple_tag
def score_chart(
    days: Sequence[Score | ScoreHistory], first: date, last: date, rests: Sequence[Rest] = ()
) -> SafeString:
    """The line of scores from `first` to `last`, `rests` shaded, marked where another formula began to count."""
    begun = [row for row, _previous in formula_changes([row for row in days if first <= row.as_of <= last])]
    return mark_safe(  # noqa: S308  (charts escapes)
        charts.line(
            [charts.Reading(row.as_of, row.score) for row in days],
            first=first,
            last=last,
            title=_("Score by day"),
            description=chart_summary(days, first, last, rests),
            day_label=lambda day: date_format(day, "j M"),
            score_label=lambda score: points(score, 0),
            rests=[(rest.first_day, rest.last_day) for rest in rests],
            marks=[charts.Mark(row.as_of, _("Formula %(formula)s") % {"formula": row.formula}) for row in begun],
        )
    )


@register.simple_tag
def chart_summary(days: Sequence[Score | ScoreHistory], first: date, last: date, rests: Sequence[Rest] = ()) -> str:
    """The chart in a sentence, and further ones where days are missing, for each other formula and for each rest."""
    shown = [row for row in days if first <= row.as_of <= last]
    if len(shown) < 2:
        return _("The first score is of %(day)s; the line begins with the second.") % {
            "day": date_format(last, "j F Y")
        }
    begin, end = shown[0], shown[-1]
    words = {
        "begin": points(begin.score),
        "begin_day": date_format(begin.as_of, "j F"),
        "end": points(end.score),
        "end_day": date_format(end.as_of, "j F Y"),
        "change": points(abs(end.score - begin.score)),
    }
    way = direction(end.score - begin.score)
    if way == "up":
        text = _("From %(begin_day)s to %(end_day)s the score rose by %(change)s, from %(begin)s to %(end)s.") % words
    elif way == "down":
        text = _("From %(begin_day)s to %(end_day)s the score fell by %(change)s, from %(begin)s to %(end)s.") % words
    else:
        text = _("The score was %(end)s on %(end_day)s, as on %(begin_day)s.") % words
    missing = (end.as_of - begin.as_of).days + 1 - len(shown)
    if missing:
        text += " " + ngettext(
            "On %(days)s day in between there was no score.", "On %(days)s days in between there was no score.", missing
        ) % {"days": missing}
    changed = (formula_in_words(row, previous) for row, previous in formula_changes(shown))
    return " ".join([text, *changed, *(rest_in_words(rest, last) for rest in rests if rest.last_day >= first)])


def rest_in_words(rest: Rest, last: date) -> str:
    """What a shaded time of a chart that ends on `last` means."""
    words = {"first": date_format(rest.first_day, "j F Y"), "last": date_format(rest.last_day, "j F Y")}
    if rest.last_day >= last:
        return _("Since %(first)s the score rests, so that nothing fades (shaded).") % words
    if rest.last_day == rest.first_day:
        return _("On %(first)s the score rested, so that nothing faded (shaded).") % words
    return _("From %(first)s to %(last)s the score rested, so that nothing faded (shaded).") % words
