"""What the score would gain at the next level of each achievement, all else as it is: asked of the formula itself.

As many people as are missing are added on the network where a person has most of what the family counts, and everybody
is scored anew, set-wise (scoring.suggestions.scenarios). Of those who react it is assumed that they do so these days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from scoring.achievements.award import Values, levels_of
from scoring.achievements.catalogue import Family
from scoring.achievements.measures import countable
from scoring.achievements.terms import Term
from scoring.features.base import ONE, FeatureTable, Int64
from scoring.features.catalogue import BY_KEY, COLUMNS, NETWORKS, RATIOS, STANDING_VERBS, Feature, column_of
from scoring.formula.base import Float64, Formula, Scored
from scoring.suggestions.scenarios import Scenarios, gains, rows_for_more
from scoring.suggestions.usual import Cells

# Of those who react, how they weigh now (scoring.suggestions.scenarios).
_WEIGHED = ("any_actors_recent", "any_actors_long", "any_standing_recent", "any_standing_long", "any_people_ever")


def of_next_levels(
    scorer: Formula,
    *,
    members: FeatureTable,
    person: Int64,
    scored: Scored,
    values: Values,
    families: Sequence[Family],
) -> dict[str, Float64]:
    """slug -> points at the next level, float64 [n] by place in `scored`; NaN where nobody can say, or none is left.

    members, person: the rows of linked accounts and whose each is. values: slug -> what each of `scored` has. Families
    that count no feature of a formula are left out.
    """
    terms = countable(family for family in families if family.slug in values)
    raised = {family: list(_raised(family, parts)) for family, parts in terms.items()}
    if not len(members) or not any(raised.values()):
        return {}
    cells = Cells.of(members, person)
    rows = rows_for_more(cells)
    slim = FeatureTable(
        members.account,
        members.network,
        {name: column for name, column in members.columns.items() if name in _used(scorer)},
        members.supplied,
    )
    found: dict[str, Float64] = {}
    for family, features in raised.items():
        if not features:
            continue
        value = values[family.slug]
        level = levels_of(value, family)
        wanted = (value > 0) & (level < len(family.levels))
        cell, place = _where(cells, features, scored.entity)
        asked = np.flatnonzero(wanted & (cell >= 0))
        least = np.array(family.levels, dtype=np.float64)[level[asked]]
        scenarios = Scenarios(
            [feature for feature, _stands in features],
            rows[cell[asked]],
            place[asked],
            np.ceil(least - value[asked]),
            value[asked],
        )
        points = np.full(len(scored), np.nan)
        points[asked] = np.maximum(gains(scorer, slim, person, scored, scenarios), 0.0)
        found[family.slug] = points
    return found


def _raised(family: Family, terms: Sequence[Term]) -> Iterator[tuple[Feature, str]]:
    """The features that would be higher, network by network, each with the column that says how much there is of it."""
    for network in [family.network] if family.network else NETWORKS:
        for term in terms:
            if term.kind in {"people", "post"}:
                for verb in term.verbs:
                    ever = column_of(verb, "actors", "ever")
                    column = ever if verb in STANDING_VERBS else column_of(verb, "actors", "recent")
                    feature = BY_KEY.get((network, column))
                    if feature is not None and feature.given:
                        yield feature, ever
            elif term.kind == "column":
                feature = BY_KEY.get((network, term.name))
                if feature is not None and feature.given:
                    yield feature, term.name


def _where(cells: Cells, features: Sequence[tuple[Feature, str]], persons: Int64) -> tuple[Int64, Int64]:
    """By person, the cell in which there is most, and the place in `features` of what that is; -1 for none."""
    most = np.zeros(len(persons))
    cell, place = np.full(len(persons), -1, dtype=np.int64), np.zeros(len(persons), dtype=np.int64)
    for number, (feature, stands) in enumerate(features):
        here = np.flatnonzero(cells.network == NETWORKS[feature.network].code)
        if not len(here) or stands not in cells.table.columns:
            continue
        there = cells.sums(stands, here)
        who = np.searchsorted(persons, cells.entity[here])
        more = there > most[who]
        most[who[more]], cell[who[more]], place[who[more]] = there[more], here[more], number
    return cell, place


class _Asked(dict[str, Any]):
    """Columns that note which of them were asked for."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        super().__init__(columns)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


_USED: dict[str, frozenset[str]] = {}


def _used(scorer: Formula) -> frozenset[str]:
    """The columns that a formula reads, and what these and further people are worked out from."""
    if scorer.version in _USED:
        return _USED[scorer.version]
    networks = [network.code for network in NETWORKS.values()] * 2
    count = len(networks)
    columns = _Asked({name: np.full(count, ONE, dtype=np.int64) for name in COLUMNS})
    account = np.arange(1, count + 1)
    supplied = np.repeat([0, 1], count // 2)
    scorer.score(FeatureTable(account, np.array(networks), columns, supplied), account)
    names = columns.names | set(_WEIGHED)
    for ratio in RATIOS:
        if f"{ratio.name}_ratio" in names:
            names |= {*ratio.of, *ratio.to}
    return _USED.setdefault(scorer.version, frozenset(names))
