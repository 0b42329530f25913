"""A person's score over time: the picture, a sentence, the table, and all of it as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Person
from scoring import charts
from scoring.models import Score
from scoring.plots import EVER, RANGES, SERIES, Plot, plot_of
from scoring.plots.pictures import picture_of
from scoring.plots.tables import lines, rows_of
from scoring.plots.words import SERIES_WORDS, extremes, further, in_a_sentence
from scoring.views.people import shown_person

RANGE_WORDS: dict[str, str | Promise] = {
    "7": _("7 days"),
    "30": _("30 days"),
    "90": _("90 days"),
    "365": _("365 days"),
    "all": _("Since joining"),
}
USUAL = "90"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants to see: one of RANGES, some of SERIES in their order, and before which day the table begins.

    kept: what else the address says and links of the page keep (as whom somebody looks).
    """

    days: str
    series: tuple[str, ...]
    before: date | None = None
    kept: str = ""

    @classmethod
    def of(cls, query: QueryDict, *, kept: str = "") -> Asked:
        """As an address says it; what it says wrongly is as if it said nothing."""
        days = query.get("days", "")
        names = {name for text in query.getlist("show") for name in text.split(",")}
        try:
            before = date.fromisoformat(query.get("before", ""))
        except ValueError:
            before = None
        series = tuple(name for name in SERIES if name in names) or SERIES[:1]
        return cls(days if days in RANGES else USUAL, series, before, kept)

    @property
    def query(self) -> str:
        """The same as the end of an address."""
        parts = [f"days={self.days}"]
        if self.series != SERIES[:1]:
            parts.append(f"show={','.join(self.series)}")
        if self.before:
            parts.append(f"before={self.before.isoformat()}")
        if self.kept:
            parts.append(f"as={self.kept}")
        return f"?{'&'.join(parts)}"

    def without(self, name: str) -> tuple[str, ...]:
        """The lines with `name` added if it is not among them, else left out."""
        wanted = set(self.series) ^ {name}
        return tuple(one for one in SERIES if one in wanted)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose on the page; href is "" where it cannot be taken back."""

    name: str
    label: str | Promise
    href: str
    chosen: bool


@require_safe
def chart(request: HttpRequest, handle: str) -> HttpResponse:
    """The score of past days. Whose chart may not be seen is answered as who does not exist."""
    shown = shown_person(request, handle, part="chart")
    person = shown.person
    asked = Asked.of(request.GET, kept=shown.preview)
    plot = plot_of(person, RANGES[asked.days], shown.viewer, series=asked.series, moments=True)
    context: dict[str, Any] = {
        "shown": shown,
        "person": person,
        "plot": plot,
        "ranges": [
            Choice(name, words, replace(asked, days=name, before=None).query, name == asked.days)
            for name, words in RANGE_WORDS.items()
        ],
        "lines": line_choices(asked),
        "indexed": shown.indexed,
        "csv_href": f"{reverse('chart_csv', args=[person.handle.lower()])}{replace(asked, before=None).query}",
    }
    if plot is not None:
        context |= drawn(plot, asked) | table(plot, asked, person)
    return render(request, "scoring/chart.html", context)


def line_choices(asked: Asked) -> list[Choice]:
    """The lines that are shown or can be; the last one cannot be taken away."""
    choices = []
    for name in SERIES:
        wanted = asked.without(name)
        href = replace(asked, series=wanted, before=None).query if wanted else ""
        choices.append(Choice(name, SERIES_WORDS[name], href, name in asked.series))
    return choices


def drawn(plot: Plot, asked: Asked) -> dict[str, Any]:
    """The picture for those who see it, and in words for all."""
    picture = picture_of(plot, series=asked.series)
    return {
        "picture": picture,
        "data": charts.data(picture),
        "summary": in_a_sentence(plot),
        "further": [sentence for sentence in [extremes(plot), *further(plot)] if sentence],
        "with_score": "score" in asked.series,
        "kinds": {shade.kind for shade in plot.shades},
    }


def table(plot: Plot, asked: Asked, person: Person) -> dict[str, Any]:
    """The days in rows, a page of them, and where the older and the newest ones are."""
    rows = rows_of(plot, person, asked.before)
    return {
        "rows": rows.days,
        "table_open": asked.before is not None,
        "older": f"{replace(asked, before=rows.older).query}#table" if rows.older else "",
        "newest": f"{replace(asked, before=None).query}#table" if asked.before else "",
    }


@require_safe
def chart_csv(request: HttpRequest, handle: str) -> HttpResponse:
    """Every day of a range as a file for spreadsheets; who may not see the chart gets none."""
    shown = shown_person(request, handle, part="chart")
    asked = Asked.of(request.GET)
    score: Score | None = getattr(shown.person, "score", None)
    if score is None:
        raise Http404
    days = RANGES[asked.days]
    first = EVER if days is None else score.as_of - timedelta(days=days)
    name = f"{shown.person.handle.lower()}-{'all' if days is None else f'{days}-days'}.csv"
    return HttpResponse(
        "".join(lines(score, first, networks=shown.sees("networks") and shown.sees("why"))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
