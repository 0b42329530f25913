"""What would raise a score: other people's reactions, as many as are usual five points higher, scored by the formula.

What people do themselves is never suggested, nor what is begged for or bought by the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import ONE, FeatureTable, Int64
from scoring.features.catalogue import NETWORKS, SLUGS, Feature
from scoring.formula.base import Float64, Formula, Scored
from scoring.suggestions.scenarios import Scenarios, gains, moves, rows_for_more, usual_standing
from scoring.suggestions.usual import Cells, Usual
from scoring.suggestions.words import DEEDS, sentence, suggested

__all__ = ["Answer", "Suggestions", "ask", "nothing", "sentence", "suggest"]

# How many are told to a person, and the points below which one is not worth a word.
MOST = 5
LEAST_POINTS = 0.05


@dataclass(frozen=True, slots=True)
class Suggestions:
    """n suggestions, sorted by person and rank (from 1, what brings most first).

    person, rank, network (code), account: int64 [n]; feature: columns' names [n]; value (now, of the person on that
    network) and attainable: float64 [n], in the feature's own unit; points: float64 [n], what that adds to the score.
    """

    person: Int64
    rank: Int64
    network: Int64
    account: Int64
    feature: NDArray[Any]
    value: Float64
    attainable: Float64
    points: Float64

    def __len__(self) -> int:
        return len(self.person)

    def columns(self) -> dict[str, NDArray[Any]]:
        """As the table of suggestions has them, the network as its code."""
        names = ("rank", "network", "account", "feature", "value", "attainable", "points")
        return {"person_id": self.person, **{name: getattr(self, name) for name in names}}


def nothing() -> Suggestions:
    none, empty = np.zeros(0, np.int64), np.zeros(0)
    return Suggestions(none, none, none, none, np.zeros(0, dtype=object), empty, empty, empty)


def suggest(
    scorer: Formula, *, members: FeatureTable, person: Int64, scored: Scored, table: FeatureTable, accounts: Scored
) -> Suggestions:
    """The best suggestions for everybody in `scored`, MOST each; none brings fewer than LEAST_POINTS.

    members, person: the rows of linked accounts and whose each is; table: the rows of all accounts, and `accounts` the
    score of each for itself.
    """
    if not len(members):
        return nothing()
    cells = Cells.of(members, person)
    usual = Usual((cells, scored), (Cells.of(table, table.account), accounts))
    asked = missing(cells, scored, usual)
    return best(members, person, asked, gains(scorer, members, person, scored, asked))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a score would be with another value of one feature: `account` is where it would change, `value` and `to` the
    feature's of all the person's accounts on that network, and `moved` what changes with it (column -> by how much)."""

    account: int
    value: float
    to: float
    before: float
    after: float
    moved: dict[str, float]


def ask(scorer: Formula, *, mine: FeatureTable, feature: Feature, to: float) -> Answer:
    """What if `feature` were `to`, in its own unit? mine: the rows of one person's accounts.

    It falls no further than the account that would change has of it. Raises ValueError where the person has no account
    on the feature's network.
    """
    person = np.zeros(len(mine), dtype=np.int64)
    cells = Cells.of(mine, person)
    cell = np.flatnonzero(cells.network == NETWORKS[feature.network].code)
    if not len(cell):
        raise ValueError(f"no account of {feature.network}")
    row = rows_for_more(cells)[cell]
    value = cells.sums(feature.column, cell)
    more = np.maximum(to - value, -mine.column(feature.column)[row] / ONE)
    scored = scorer.score(mine, person)
    before = float(scored.score[0])
    asked = Scenarios([feature], row, np.zeros(1, dtype=np.int64), more, value)
    gained = float(gains(scorer, mine, person, scored, asked)[0])
    weighs = float(usual_standing(mine)[row[0]])
    return Answer(
        account=int(mine.account[row[0]]),
        value=float(value[0]),
        to=float(value[0] + more[0]),
        before=before,
        after=before + gained,
        moved={
            column: float(more[0]) * share * (weighs if weighed else 1.0)
            for column, (share, weighed) in moves(feature).items()
            if column != feature.column
        },
    )


def missing(cells: Cells, scored: Scored, usual: Usual) -> Scenarios:
    """For each person, network and feature that can be suggested: as many people as are missing to what is usual."""
    features: list[Feature] = []
    empty = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    found: list[tuple[Int64, Int64, Float64, Float64]] = [empty]
    # Those whose scores are about the same are held against the same people.
    level = np.rint(scored.score[np.searchsorted(scored.entity, cells.entity)]).astype(np.int64)
    rows = rows_for_more(cells)
    for code in np.unique(cells.network).tolist():
        offered = [feature for feature in suggested(SLUGS.get(code, "")) if feature.column in cells.table.columns]
        if not offered:
            continue
        here = np.flatnonzero(cells.network == code)
        levels, which = np.unique(level[here], return_inverse=True)
        medians = [usual.medians(code, float(step), [feature.column for feature in offered]) for step in levels]
        for feature in offered:
            value = cells.sums(feature.column, here)
            attainable = np.array([median.get(feature.column, 0.0) for median in medians])[which]
            people = np.rint(attainable - value)
            some = people >= 1
            place = np.full(np.count_nonzero(some), len(features), dtype=np.int64)
            found.append((rows[here][some], place, people[some], value[some]))
            features.append(feature)
    row, place, people, value = (np.concatenate(column) for column in zip(*found, strict=True))
    return Scenarios(features, row, place, people, value)


def best(members: FeatureTable, person: Int64, asked: Scenarios, points: Float64) -> Suggestions:
    """The MOST that bring most of each person; of one verb on one network only the better."""
    verbs = list(DEEDS)
    verb_of = np.array([verbs.index(feature.verb) for feature in asked.features], dtype=np.int64)
    kept = np.flatnonzero(points >= LEAST_POINTS)

    def firsts(*keys: Int64) -> NDArray[np.bool_]:
        """Where a new group begins among rows sorted by `keys`."""
        new = np.zeros(len(keys[0]), dtype=bool)
        new[:1] = True
        for key in keys:
            new[1:] |= key[1:] != key[:-1]
        return new

    def sort_by(*keys: NDArray[Any]) -> None:
        nonlocal kept
        kept = kept[np.lexsort((asked.place[kept], -points[kept], *(key[kept] for key in reversed(keys))))]

    owner, network, verb = person[asked.row], members.network[asked.row], verb_of[asked.place]
    sort_by(owner, network, verb)
    kept = kept[firsts(owner[kept], network[kept], verb[kept])]
    sort_by(owner)
    starts = np.flatnonzero(firsts(owner[kept]))
    rank = np.arange(len(kept)) - np.repeat(starts, np.diff(np.append(starts, len(kept)))) + 1
    kept, rank = kept[rank <= MOST], rank[rank <= MOST]
    names = np.array([feature.column for feature in asked.features], dtype=object)
    return Suggestions(
        person=owner[kept],
        rank=rank.astype(np.int64),
        network=network[kept],
        account=members.account[asked.row[kept]],
        feature=names[asked.place[kept]],
        value=asked.value[kept],
        attainable=asked.value[kept] + asked.people[kept],
        points=points[kept],
    )
