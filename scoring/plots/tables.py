"""A person's days in rows: some at a time for a page's table, all of them for a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Person
from scoring.models import Score, ScoreHistory
from scoring.plots import Day, History, Plot
from scoring.spreadsheets import safe, written

# Rows of a table on one page.
ROWS = 100


@dataclass(frozen=True, slots=True)
class Rows:
    """Days, newest first; `older` is the day before which the next page begins, None on the last one."""

    days: tuple[Day, ...]
    older: date | None


def rows_of(plot: Plot, person: Person, before: date | None) -> Rows:
    """The newest ROWS days of a plot, or those before a day. One query where the plot has not got every day itself."""
    if not plot.history.thinned:
        found = [day for day in reversed(plot.days) if before is None or day.as_of < before][: ROWS + 1]
    else:
        history = ScoreHistory.objects.filter(person_id=person.pk, as_of__range=(plot.first, plot.last))
        if before is not None:
            history = history.filter(as_of__lt=before)
        found = list(reversed(History.of(reversed(history.order_by("-as_of")[: ROWS + 1])).days))
        if before is None:
            # The newest score may be newer than its day's row.
            found = [plot.days[-1], *(day for day in found if day.as_of < plot.last)][: ROWS + 1]
    return Rows(tuple(found[:ROWS]), found[ROWS - 1].as_of if len(found) > ROWS else None)


def lines(score: Score, first: date, *, networks: bool) -> Iterator[str]:
    """The lines of a CSV file with every day from `first` to the score's own, the oldest first.

    networks: whether the points of each network are told too. Days are ISO dates, numbers have a point and two digits.
    """
    history = ScoreHistory.objects.filter(person_id=score.person_id, as_of__range=(first, score.as_of))
    rows: list[Any] = list(history.order_by("as_of"))
    if rows and rows[-1].as_of == score.as_of:
        current = rows.pop()
        points: dict[str, float] = current.networks if current.run_id == score.run_id else {}
    else:
        points = {}
    slugs = sorted({slug for row in rows for slug in row.networks} | set(points)) if networks else []
    names = ["day", "score", "reach", "amplification", "network_part", "percentile", "confidence", "formula"]
    told = [[*names, *(safe(f"points_{slug}") for slug in slugs)]]
    for row, found in [*((row, row.networks) for row in rows), (score, points)]:
        values = (row.score, row.reach, row.amplification, row.network_part, row.percentile)
        told.append(
            [
                row.as_of.isoformat(),
                *(f"{value:.2f}" for value in values),
                safe(row.confidence),
                safe(row.formula),
                *(f"{found[slug]:.2f}" if slug in found else "" for slug in slugs),
            ]
        )
    return written(told)
