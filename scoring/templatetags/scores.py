"""How pages write and draw scores: numbers in the reader's form, pictures from scoring.charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import LinkedAccount
from accounts.pauses import Rest
from accounts.places import country_name
from scoring import charts
from scoring.charts import Picture
from scoring.formula.base import UPLOADED, Node
from scoring.formula.explain import FROM_UPLOAD
from scoring.measured import PART_WORDS
from scoring.models import Score, ScoreHistory, UnlinkEffect
from scoring.numbers import direction as direction
from scoring.numbers import percent as percent
from scoring.numbers import points as points
from scoring.numbers import share as share
from scoring.numbers import signed as signed
from scoring.plots import SERIES, History, Plot, pictures, words
from scoring.plots.shades import Shade

register = template.Library()

for read in (points, signed, direction, share, percent):
    register.filter(read)


@register.filter
def translated(text: str) -> str:
    """A text of the features' catalogue in the reader's language (scoring.measured)."""
    return _(text) if text else ""


@register.filter
def called(node: Node) -> str:
    """What a line of the tree is called in the reader's language; accounts and networks have names of their own."""
    if node.kind == "part":
        return part_words(node.part)
    if node.kind in {"network", "account"}:
        return node.label
    if node.feature.endswith(UPLOADED):
        label = node.label.removesuffix(FROM_UPLOAD)
        return _("%(measurement)s, from an upload") % {"measurement": translated(label)}
    return translated(node.label)


@register.filter
def part_words(part: str) -> str:
    """What a part of the score is called."""
    return str(PART_WORDS[part])


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
    return f"{points(node.value, decimals)} {translated(node.unit)}".rstrip()


register.filter("country", country_name)


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


Rows = Sequence[Score | ScoreHistory]


@register.simple_tag
def score_chart(
    plot: Plot | Picture | Rows,
    first: date | None = None,
    last: date | None = None,
    rests: Sequence[Rest] = (),
    *,
    series: str = "score",
    name: str = "chart",
) -> SafeString:
    """The lines of `series` (names with commas between them) of a plot, with what it says beside them.

    name: begins the ids, where a page has several. "" where there are no two days to draw a line between. In place of
    a plot it takes a picture that has been made of one, or scores by day, the first and the last day to be shown, and
    rests to be shaded.
    """
    if isinstance(plot, Picture):
        picture = plot
    else:
        wanted = [one for one in SERIES if one in series.split(",")]
        picture = pictures.picture_of(plotted(plot, first, last, rests), series=wanted, name=name)
    return mark_safe(charts.draw(picture))  # noqa: S308  (charts escapes)


@register.simple_tag
def chart_summary(
    plot: Plot | Rows, first: date | None = None, last: date | None = None, rests: Sequence[Rest] = ()
) -> str:
    """What score_chart draws in a sentence, and further ones where there is more to say."""
    return words.summary(plotted(plot, first, last, rests))


def plotted(plot: Plot | Rows, first: date | None, last: date | None, rests: Sequence[Rest]) -> Plot:
    if isinstance(plot, Plot):
        return plot
    if first is None or last is None:
        raise template.TemplateSyntaxError("scores by day want the first and the last day to be shown")
    shades = tuple(Shade(rest.first_day, rest.last_day, "rest") for rest in rests if rest.last_day >= first)
    return Plot(first, last, History.of(row for row in plot if first <= row.as_of <= last), shades)


@register.filter
def sees(shown: Any, part: str) -> bool:
    """Whether a part of the profile may be shown on the page of `shown` (scoring.views.people.Shown)."""
    return bool(shown.sees(part))


@register.simple_tag
def line_key(name: str) -> SafeString:
    """A piece of the line called `name`, for a legend."""
    return mark_safe(charts.key(name))  # noqa: S308  (charts escapes)
