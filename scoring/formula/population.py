"""The reference population that a formula's anchors are set on: made up, seeded, its numbers stated and sourced here.

No table of people with scores, reactions and followers is open, so this is put together from what is known. How lists
and reactions go with followers, and how far people scatter around that, is measured on the 467 people of PeerIndex's
public pairs (2013; regressions of logarithms, November 2026): lists grow as followers to the power 0.84 (scatter 0.75
in natural logarithms), mentions and retweets received lately as 0.86 (scatter 1.39). Set by hand, as people who join
such a service are: 300 followers in the middle, a hundredth has 20,000 and more; twenty people reacted in the last
month, four times as many in the year; one in eight is silent; most are on one network, some on two or three.
The scores that Klout gave (data of 1,048 people, 2011 to 2013: P10 13.6, P25 23.2, P50 41.1, P75 50.3, P90 57.8,
P99 67.3) are what its quantiles are printed beside; they are not fitted to.
"""

from __future__ import annotations

import numpy as np

from scoring.features.base import ONE, FeatureTable, Int64
from scoring.formula.base import Float64

SEED = 20_261_122
PEOPLE = 100_000
MEDIAN_FOLLOWERS, FOLLOWERS_SPREAD = 300.0, 1.8
LISTS_POWER, LISTS_SPREAD, LISTS_AT_MEDIAN = 0.84, 0.75, 5.0
REACTIONS_POWER, REACTIONS_SPREAD, REACTIONS_AT_MEDIAN = 0.86, 1.39, 20.0
# Different people in a year for each in a month; in a week or so.
YEAR, WEEK = 4.0, 0.25
SILENT = 1 / 8
# Shares of people on at least two and three networks; a further one has this share of the first one's life.
SECOND, THIRD, FURTHER = 0.4, 0.15, 0.3
# Of those who react, the share that does so in each way at least, and the standing of an average one of them.
VERBS = {"share": 0.2, "reply": 0.3, "mention": 0.2, "like": 0.6}
STANDING = 0.8
# Twitter, Facebook, LinkedIn, by number: where the first, second and third account are.
NETWORKS = (1, 2, 4)


def reference(people: int = PEOPLE, seed: int = SEED) -> tuple[FeatureTable, Int64]:
    """Features of the reference population, and whose each row is (int64)."""
    random = np.random.default_rng(seed)
    above = random.normal(0.0, FOLLOWERS_SPREAD, people)
    followers = MEDIAN_FOLLOWERS * np.exp(above)
    lists = LISTS_AT_MEDIAN * np.exp(LISTS_POWER * above + random.normal(0.0, LISTS_SPREAD, people))
    reacting = REACTIONS_AT_MEDIAN * np.exp(REACTIONS_POWER * above + random.normal(0.0, REACTIONS_SPREAD, people))
    reacting[random.random(people) < SILENT] = 0.0
    networks = 1 + (random.random(people) < SECOND) + (random.random(people) < THIRD / SECOND) * 1
    rows: list[tuple[Int64, int, dict[str, Float64]]] = []
    for place, network in enumerate(NETWORKS):
        there = np.flatnonzero(networks > place)
        life = np.exp(random.normal(0.0, 1.0, len(there))) * FURTHER if place else np.ones(len(there))
        of = account(followers[there] * life, lists[there] * life, reacting[there] * life, network)
        rows.append((there, network, of))
    entity = np.concatenate([there for there, _, _ in rows])
    columns = {
        name: np.concatenate([features.get(name, np.zeros(len(there))) for there, _, features in rows])
        for name in sorted({name for _, _, features in rows for name in features})
    }
    table = FeatureTable(
        account=np.arange(len(entity), dtype=np.int64),
        network=np.concatenate([np.full(len(there), network, dtype=np.int64) for there, network, _ in rows]),
        columns={name: np.rint(values * ONE).astype(np.int64) for name, values in columns.items()},
    )
    return table, entity.astype(np.int64)


def account(followers: Float64, lists: Float64, reacting: Float64, network: int) -> dict[str, Float64]:
    """What the engine measures of accounts with so many followers, lists and people who reacted in the last month."""
    year = reacting * YEAR
    found = {
        "follow_actors_ever" if network != NETWORKS[1] else "connect_actors_ever": np.floor(followers),
        "any_actors_now": reacting * WEEK,
        "any_actors_recent": reacting,
        "any_actors_long": year,
        "any_standing_recent": reacting * STANDING,
        "any_standing_long": year * STANDING,
    }
    if network == NETWORKS[0]:
        found["list_actors_ever"] = np.floor(lists)
    for verb, share in VERBS.items():
        found |= {
            f"{verb}_actors_recent": reacting * share,
            f"{verb}_actors_long": year * share,
            f"{verb}_posts_recent": reacting * share / 2,
        }
    return found
