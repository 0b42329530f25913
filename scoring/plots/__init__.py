"""A person's days as they are drawn: scores and parts, what else formulas did, rests, and posts that moved the score.

Days come from one query however many people are drawn, and the database thins long times: of each stretch the highest
and the lowest day of every line stay, so that no peak and no hollow is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db import connection

from accounts.models import Person
from accounts.visibility import Viewer, may_see
from scoring.models import Score, ScoreHistory
from scoring.plots.dots import Dot, dots_of
from scoring.plots.shades import Shade, shades_of

# What can be drawn: the score, and the three parts that add up to it.
SERIES = ("score", "reach", "amplification", "network")
# As ?days= says it; None is all that is known.
RANGES: Mapping[str, int | None] = {"7": 7, "30": 30, "90": 90, "365": 365, "all": None}
EVER = date(2000, 1, 1)
# Days drawn one by one; of a longer time so many stretches (of several lines half as many), and its longest gaps.
WHOLE = 400
STRETCHES = 240
GAPS = 60

DAYS = """
    WITH known AS (
        SELECT person_id, as_of, score, reach, amplification, network_part, percentile, formula,
               as_of - lag(as_of) OVER by_day AS step, lag(formula) OVER by_day AS previous,
               count(*) OVER everything AS number,
               min(as_of) OVER everything AS earliest, max(as_of) OVER everything AS latest
        FROM scoring_scorehistory
        WHERE person_id = ANY(%(people)s) AND as_of BETWEEN %(first)s AND %(last)s
        WINDOW everything AS (PARTITION BY person_id), by_day AS (PARTITION BY person_id ORDER BY as_of)
    ), spaced AS (
        SELECT *, latest - earliest < %(whole)s AS whole,
               (as_of - earliest) / ((latest - earliest) / %(stretches)s + 1) AS stretch,
               row_number() OVER (PARTITION BY person_id ORDER BY step DESC NULLS LAST, as_of) AS gap
        FROM known
    ), broken AS (
        SELECT *, step IS NULL OR (step > 1 AND (whole OR gap <= %(gaps)s)) AS begins FROM spaced
    ), ranked AS (
        SELECT *, lead(begins, 1, true) OVER by_day AS ends,
               count(*) FILTER (WHERE begins) OVER by_day AS run
               {extremes}
        FROM broken
        WINDOW by_day AS (PARTITION BY person_id ORDER BY as_of)
    )
    SELECT person_id, as_of, score, reach, amplification, network_part, percentile, formula, run, number
    FROM ranked
    WHERE whole OR begins OR ends OR formula <> previous {kept}
    ORDER BY person_id, as_of
"""
COLUMNS = {"score": "score", "reach": "reach", "amplification": "amplification", "network": "network_part"}


@dataclass(frozen=True, slots=True)
class Day:
    """A score of a day; `run` numbers the times without a gap."""

    as_of: date
    score: float
    reach: float
    amplification: float
    network_part: float
    percentile: float
    formula: str
    run: int = 1

    def value(self, name: str) -> float:
        """The points of one of SERIES."""
        found: float = getattr(self, COLUMNS[name])
        return found


@dataclass(frozen=True, slots=True)
class Turn:
    """From this day on another formula counts."""

    day: date
    formula: str
    previous: str


@dataclass(frozen=True, slots=True)
class History:
    """The days of a person that are drawn, and how many days with a score there are in all."""

    days: tuple[Day, ...] = ()
    number: int = 0

    @property
    def thinned(self) -> bool:
        return len(self.days) < self.number

    @property
    def missing(self) -> int:
        """The days between the first and the last one that have no score."""
        return (self.days[-1].as_of - self.days[0].as_of).days + 1 - self.number if self.days else 0

    @property
    def turns(self) -> tuple[Turn, ...]:
        pairs = zip(self.days, self.days[1:], strict=False)
        return tuple(
            Turn(day.as_of, day.formula, before.formula) for before, day in pairs if day.formula != before.formula
        )

    @classmethod
    def of(cls, rows: Iterable[Score | ScoreHistory]) -> History:
        """Scores by day, in their order, as they are."""
        days: list[Day] = []
        for row in rows:
            gap = days and days[-1].as_of < row.as_of - timedelta(days=1)
            days.append(day_of(row, days[-1].run + bool(gap) if days else 1))
        return cls(tuple(days), len(days))

    def runs(self) -> Iterator[list[Day]]:
        """The days, cut where some are missing."""
        for _run, days in groupby(self.days, key=lambda day: day.run):
            yield list(days)

    def with_current(self, score: Score) -> History:
        """The same with the newest score, which may be newer than the history's row of its day."""
        before = [day for day in self.days if day.as_of < score.as_of]
        if len(before) < len(self.days):
            run, added = self.days[-1].run, 0
        else:
            gap = before and before[-1].as_of < score.as_of - timedelta(days=1)
            run, added = (before[-1].run + bool(gap) if before else 1), 1
        return History((*before, day_of(score, run)), self.number + added)


def day_of(row: Score | ScoreHistory, run: int) -> Day:
    values = (row.score, row.reach, row.amplification, row.network_part, row.percentile, row.formula)
    return Day(row.as_of, *values, run)


@dataclass(frozen=True, slots=True)
class Plot:
    """A person's score from `first` to `last`, as one viewer may see it."""

    first: date
    last: date
    history: History
    shades: tuple[Shade, ...] = ()
    dots: tuple[Dot, ...] = ()

    @property
    def days(self) -> tuple[Day, ...]:
        return self.history.days

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.history.turns


def plot_of(
    person: Person,
    days: int | None,
    viewer: Viewer,
    *,
    series: Collection[str] = ("score",),
    moments: bool = False,
) -> Plot | None:
    """The last `days` days of a person (None: all since joining) for a page; None where there is nothing to show.

    That is, where `viewer` may not see the chart or there is no score yet. series: which of SERIES thinning is to keep
    the peaks of; moments: whether posts are wanted, of which the viewer gets those that may be seen. Takes two queries,
    one more for posts, and one for the score unless `person` has it already.
    """
    score: Score | None = getattr(person, "score", None)
    if score is None or not may_see(person, "chart", viewer):
        return None
    last = score.as_of
    asked = EVER if days is None else last - timedelta(days=days)
    history = histories([person.pk], asked, last, series=series).get(person.pk, History()).with_current(score)
    first = begin(asked, person, history)
    return Plot(
        first=first,
        last=last,
        history=history,
        shades=shades_of(person, first, last, own=viewer is Viewer.OWN),
        dots=dots_of(person, first, history.days, viewer) if moments and may_see(person, "moments", viewer) else (),
    )


def begin(asked: date, person: Person, history: History) -> date:
    """Where the picture begins: no earlier than the person was there, or had a score."""
    known = [day.as_of for day in history.days[:1]]
    return max(asked, min([person.created_at.date(), *known])) if asked > EVER else min(known, default=asked)


def histories(
    people: Sequence[int], first: date, last: date, *, series: Collection[str] = ("score",)
) -> dict[int, History]:
    """person -> the days from `first` to `last` that are drawn; who has none is missing. One query."""
    extremes: list[str] = []
    kept: list[str] = []
    for name in series:
        for way in ("", " DESC"):
            rank = f"rank_{len(kept)}"
            window = f"PARTITION BY person_id, stretch ORDER BY {COLUMNS[name]}{way}, as_of"
            extremes.append(f", row_number() OVER ({window}) AS {rank}")
            kept.append(f"OR {rank} = 1")
    parameters: dict[str, Any] = {
        "people": list(people),
        "first": first,
        "last": last,
        "whole": WHOLE,
        # Of every line a stretch keeps two days.
        "stretches": STRETCHES // min(max(len(series), 1), 2),
        "gaps": GAPS,
    }
    found: dict[int, History] = {}
    with connection.cursor() as cursor:
        cursor.execute(DAYS.format(extremes=" ".join(extremes), kept=" ".join(kept)), parameters)
        for person, rows in groupby(cursor.fetchall(), key=lambda row: int(row[0])):
            own = list(rows)
            found[person] = History(tuple(Day(*row[1:-1]) for row in own), own[0][-1])
    return found
