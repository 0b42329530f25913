"""Feature tables for the tests of formulas, written as people would count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from scoring import formula
from scoring.features.base import ONE, FeatureTable
from scoring.formula import v1
from scoring.formula.base import Scored

TWITTER, FACEBOOK, MASTODON = 1, 2, 3
# The machine may be busy; how long an example takes says nothing of it.
unhurried = settings(deadline=None)

# (network, account, features in 65,536ths), and 1 behind these where they were uploaded
Row = tuple[int, int, Mapping[str, int]] | tuple[int, int, Mapping[str, int], int]


def table_of(rows: Sequence[Row]) -> FeatureTable:
    columns = sorted({name for row in rows for name in row[2]})
    return FeatureTable(
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[0] for row in rows], dtype=np.int64),
        {name: np.array([row[2].get(name, 0) for row in rows], dtype=np.int64) for name in columns},
        np.array([(*row, 0)[3] for row in rows], dtype=np.int64),
    )


def scored(rows: Sequence[Row], person: int = 1) -> Scored:
    """The rows as one person's."""
    return formula.get("v1").score(table_of(rows), np.full(len(rows), person, dtype=np.int64))


def score_of(*rows: Row) -> float:
    return float(scored(rows).score[0])


def features(**people: float) -> dict[str, int]:
    return {name: round(value * ONE) for name, value in people.items()}


def alice(network: int = TWITTER, account: int = 1, **people: float) -> Row:
    return network, account, features(**people)


def reactions(recent: float, year: float, verb: str = "reply") -> dict[str, float]:
    """What the engine measures where `recent` people of average standing reacted lately, and `year` over the year."""
    return {
        f"{verb}_actors_recent": recent,
        f"{verb}_actors_long": year,
        f"{verb}_posts_recent": recent / 2,
        "any_actors_now": recent / 4,
        "any_actors_recent": recent,
        "any_actors_long": year,
        "any_standing_recent": recent,
        "any_standing_long": year,
    }


columns = st.sampled_from(sorted(v1.USES))
amounts = st.integers(0, 10**6 * ONE)
some_features = st.dictionaries(columns, amounts, max_size=12)
some_networks = st.sampled_from([TWITTER, FACEBOOK, MASTODON, 99])


@st.composite
def some_rows(draw: st.DrawFn, min_size: int = 0, max_size: int = 6) -> list[Row]:
    """Arbitrary accounts of one person, on any networks, each with its own number; of some there are uploads too."""
    size = draw(st.integers(min_size, max_size))
    accounts = draw(st.lists(st.integers(1, 10**12), min_size=size, max_size=size, unique=True))
    rows: list[Row] = []
    for account in accounts:
        network = draw(some_networks)
        rows.append((network, account, draw(some_features)))
        if draw(st.booleans()) and draw(st.booleans()):
            rows.append((network, account, draw(some_features), 1))
    return rows
