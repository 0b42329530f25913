"""Scenarios: a person's own features with some more people in one of them, scored by the formula itself.

With a feature moves all that such people would change with it, so that what is asked about could be so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from scoring.engine.graph import UNKNOWN
from scoring.features.base import ONE, FeatureTable, Int64
from scoring.features.catalogue import ANY, FEATURES, WINDOWS, Feature
from scoring.features.derived import completed
from scoring.formula.base import Float64, Formula, Scored
from scoring.suggestions.usual import Cells, ranges

# Rows scored at a time: with all their columns some hundred megabytes.
ROWS = 1 << 16
# What changes with further people, of their verb and of all verbs together.
FOLLOWING = frozenset({"actors", "events", "people", "standing"})


@dataclass(frozen=True, slots=True)
class Scenarios:
    """s questions: what if there were `people` more in a feature? row: of the members' table, where they would be;
    place: the feature's in `features`; value: what it is for the person on that network now."""

    features: list[Feature]
    row: Int64
    place: Int64
    people: Float64
    value: Float64

    def __len__(self) -> int:
        return len(self.row)


@cache
def moves(feature: Feature) -> Mapping[str, tuple[float, bool]]:
    """column -> by how much it grows with each further one in `feature`, and whether times the standing of who reacts.

    People react once each, evenly over the feature's window: fewer of them in a shorter window, all of them in a longer
    one. What is no number of people moves alone; ratios follow from the rest (scoring.features.derived).
    """
    found = {feature.column: (1.0, False)}
    if feature.measure != "actors":
        return found
    for other in FEATURES:
        if other.network == feature.network and other.verb in {feature.verb, ANY} and other.measure in FOLLOWING:
            share = _share(feature.window, other.window)
            if share and other.column not in found:
                found[other.column] = (share, other.measure == "standing")
    return found


def _share(window: str, other: str) -> float:
    """How many of those who are in `window` are in `other` too."""
    fades, others_fade = WINDOWS[window], WINDOWS[other]
    if other == "ever":
        return 1.0
    if fades is None:
        # What lasts is no event that could fade, nor one of these weeks.
        return 0.0
    if others_fade is not None:
        return min(1.0, others_fade / fades)
    return 1.0 if other == "month" else 0.0


def rows_for_more(cells: Cells) -> Int64:
    """The row of each cell in which further reactions would be: of the account that most people react to, and of what
    the network names, save where all that is known comes from uploads."""
    table = cells.table
    people = np.asarray(table.column("any_actors_recent") + table.column("any_people_ever"), dtype=np.float64)
    supplied = table.supplied == 1
    rank = np.where(people > 0, np.where(supplied, 1, 2), np.where(supplied, -1, 0))
    cell = np.repeat(np.arange(len(cells)), cells.size)
    best = np.lexsort((-people[cells.order], -rank[cells.order], cell))
    return np.asarray(cells.order[best][cells.first], dtype=np.int64)


def gains(scorer: Formula, members: FeatureTable, person: Int64, scored: Scored, asked: Scenarios) -> Float64:
    """The points that each scenario adds to its person's score; below zero only where people are taken away.

    members, person: the rows of linked accounts and whose each is; scored: those people's scores.
    """
    points = np.zeros(len(asked))
    weighs = usual_standing(members)
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], scored.entity)
    sizes = np.searchsorted(person[order], scored.entity, side="right") - starts
    who = np.searchsorted(scored.entity, person[asked.row])
    position = np.empty(len(person), dtype=np.int64)
    position[order] = np.arange(len(person))
    for chosen in chunks(sizes[who]):
        size, begin = sizes[who[chosen]], starts[who[chosen]]
        rows = order[ranges(begin, size)]
        inside = np.cumsum(size) - size + position[asked.row[chosen]] - begin
        changed = members.take(rows)
        columns: dict[str, Any] = dict(changed.columns)
        for place in np.unique(asked.place[chosen]).tolist():
            same = asked.place[chosen] == place
            where, more = inside[same], asked.people[chosen][same]
            for name, (share, weighed) in moves(asked.features[place]).items():
                values = columns.setdefault(name, np.zeros(len(rows), dtype=np.int64))
                times = weighs[rows[where]] if weighed else 1.0
                values[where] = np.maximum(values[where] + np.rint(more * share * times * ONE).astype(np.int64), 0)
        table = FeatureTable(changed.account, changed.network, completed(columns), changed.supplied)
        score = scorer.score(table, np.repeat(np.arange(len(chosen)), size)).score
        points[chosen] = score - scored.score[who[chosen]]
    return points


def usual_standing(table: FeatureTable) -> Float64:
    """By row, how much those weigh who react: as they do now; where nobody does, as somebody unknown."""
    found = np.full(len(table), UNKNOWN / ONE)
    for window in ("long", "recent"):
        people = np.asarray(table.column(f"any_actors_{window}"), dtype=np.float64)
        known = people > 0
        found[known] = table.column(f"any_standing_{window}")[known] / people[known]
    return found


def chunks(rows: Int64) -> Iterator[Int64]:
    """Places of scenarios, so many at a time that their rows are about ROWS."""
    done = np.cumsum(rows)
    first = 0
    while first < len(rows):
        before = done[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(done, before + ROWS, side="right")))
        yield np.arange(first, last)
        first = last
