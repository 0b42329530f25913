"""Formula v1: features of accounts to a score of 1..100 in three parts, and the leaves that explain it.

Ours, not Klout's: Klout never published its formula. What it shares with Klout's is what Klout said of its score: the
three parts, logarithms, that linking a network can only help, that it is harder to rise the higher one stands.

How a score comes about
    People, posts and standing are added up by group (GROUPS) over the accounts that an entity has on one network:
        x = sum of weight * feature,    latent of the group = weight * ln(1 + x / scale).
    The latents of a network's groups add up to the network's latent N, times the network's own weight. Networks join on
    the scale of people, not of logarithms: a second network with as much life counts as a doubling or little more.
        P = BREADTH * ln(1 + sum over networks of (exp(N / BREADTH) - 1)).
    The score is 1 + 99 * height(P); height is strictly increasing and concave, from 0 towards 1 and never there.
    Accounts of one network are pooled before the logarithm, so that splitting an audience over accounts gains nothing.
    Every step grows strictly with every feature and with every further account: no linked account lowers a score, and
    an account that nobody reacts to brings exactly nothing.

How points are divided
    One rule, whatever the order of accounts: where a node is a concave function of a sum, its points are divided among
    the terms of that sum in proportion to them. So the 99 * height(P) are divided among networks by exp(N / BREADTH)
    - 1, a network's among its groups by their latents, a group's among features and accounts by their share of x. The
    point everybody starts with is a third of each part.

Where the numbers come from (2026-11)
    The weights of audience, singled out, engaged, moved and listened to are held against PeerIndex's 1,662 public pairs
    of people judged by humans (Kaggle's "Influencers in Social Networks", 2013; Twitter's counters): logistic
    regression on the difference of the final scores, no weight negative. The optimum is flat, so of the weights within
    0.002 of the best AUC we took round ones that lean least on a single counter. AUC of the difference of final scores:
    0.837 (a log-linear score fitted on the same pairs: 0.837; followers alone 0.826, lists alone 0.830); on splits that
    share no people the two are level too (tests/scoring/formula/test_peerindex.py). All else is set by analogy and
    stated here as such:
    - depth: who passes something on is moved more than who answers, mentions, likes;
    - somebody unknown (a counter, a total) counts half of somebody identified, and with half of the standing (0.6) of
      an account that nobody reacts to;
    - Facebook before Twitter before others, as Klout weighed them; Mastodon close to Twitter, whose verbs it shares;
    - height: an account with 100,000 followers on 1,000 lists, with 80 mentions and 20 retweets lately, stands at about
      70; one to whom 50 people replied in the last month, and nothing else, at about 40; an imagined population with a
      median of 150 followers, five reacting people a month and twenty a year has its median at about 44. A fifth of
      the way is quick (HEIGHT_QUICK), so that each doubling brings less from 20 points on.
    What people do themselves (posts, following, mentions and retweets sent) has no weight. Neither has the number of
    events (one person's repetitions saturate in *_actors_*), nor *_standing_recent by verb, which any_standing_recent
    holds with repetitions saturating over all verbs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import ONE, FeatureTable
from scoring.formula.base import (
    FAIR,
    PARTS,
    PROVISIONAL,
    SOLID,
    Float64,
    Int64,
    Leaves,
    NetworkPoints,
    Scored,
)
from scoring.formula.collecting import Collected
from scoring.formula.pooling import Piece, pieces

# How far a reaction carries: the share of one who passes something on.
DEPTH: Mapping[str, float] = {
    "share": 1.0,
    "quote": 1.0,
    "link": 1.0,
    "reply": 0.7,
    "mention": 0.5,
    "tip": 0.5,
    "save": 0.5,
    "checkin": 0.5,
    "like": 0.25,
    "plus_k": 0.25,
    "visit": 0.1,
}
# Somebody whom a counter or a total counts without a name, beside somebody identified; and their standing.
UNKNOWN = 0.5
UNKNOWN_STANDING = 0.3
# What people reacted over the year adds to the last weeks' in `moved`, so that a silent month is no cliff.
LASTING = 0.1


@dataclass(frozen=True, slots=True)
class Group:
    """Features that count towards one thing: latent = weight * ln(1 + sum(terms[column] * column) / scale)."""

    name: str
    part: str
    weight: float
    # The sum at which the logarithm takes over from straight growth: people, posts.
    scale: float
    terms: Mapping[str, float]


def unknown(weight: float, verbs: Mapping[str, float] | None = None) -> dict[str, float]:
    """People without names who reacted: totals of posts, and what counters say beyond them."""
    return {
        f"{verb}_{kind}": weight * times
        for verb, times in (verbs or dict.fromkeys(DEPTH, 1.0)).items()
        for kind in ("anonymous_recent", "surplus")
    }


def people(verbs: Mapping[str, float]) -> dict[str, float]:
    """Who follows, lists, is connected: named ones, and the surplus of the counter."""
    named = {f"{verb}_actors_ever": weight for verb, weight in verbs.items()}
    return named | {f"{verb}_surplus": weight * UNKNOWN for verb, weight in verbs.items()}


GROUPS: tuple[Group, ...] = (
    Group("audience", "reach", 0.18, 4.0, people({"follow": 1.0, "connect": 1.0})),
    # To be put on a list, recommended or endorsed is to be picked out of many.
    Group("singled out", "reach", 0.22, 1.5, people({"list": 1.0, "recommend": 3.0, "endorse": 1.0})),
    # Whom the audience consists of in truth: those who reacted, lately and in the year.
    Group("engaged", "reach", 0.08, 3.0, {"any_actors_recent": 1.0, "any_actors_long": 0.5} | unknown(UNKNOWN)),
    Group(
        "moved",
        "amplification",
        0.16,
        1.0,
        {f"{verb}_actors_recent": depth for verb, depth in DEPTH.items()}
        | {f"{verb}_actors_long": depth * LASTING for verb, depth in DEPTH.items()}
        | unknown(UNKNOWN, DEPTH),
    ),
    Group("posts", "amplification", 0.02, 2.0, {f"{verb}_posts_recent": depth for verb, depth in DEPTH.items()}),
    Group("listened to now", "network", 0.06, 1.5, {"any_standing_recent": 1.0} | unknown(UNKNOWN_STANDING)),
    Group("listened to", "network", 0.03, 4.0, {"any_standing_long": 1.0}),
    Group(
        "standing of the audience",
        "network",
        0.02,
        10.0,
        {f"{verb}_standing_ever": 1.0 for verb in ("follow", "connect", "list", "recommend", "endorse")},
    ),
)

# By the network's number: 1 twitter, 2 facebook, 3 mastodon. 5, YouTube, is collected and shown but brings no points:
# its terms bar one measure that mixes it with other platforms.
NETWORK_WEIGHTS: Mapping[int, float] = {1: 1.0, 2: 1.15, 3: 0.95, 5: 0.0}
OTHER_NETWORK_WEIGHT = 0.85
# In units of latents. Of two equal networks the second brings BREADTH * ln 2 at most, about what doubling everything on
# one network does (the weights of the groups add up to 0.76).
BREADTH = 0.75

# height(P) = quick * (1 - exp(-P / a)) + (1 - quick) * (1 - (1 + P / (k * b)) ** -k)
HEIGHT_QUICK = 0.2
HEIGHT_QUICK_SCALE = 0.4
HEIGHT_SCALE = 3.75
HEIGHT_POWER = 8.0

# Confidence. People the network itself named (API), people named by anything, reactions counted without names.
SOLID_CONFIRMED = 50
FAIR_PEOPLE = 10
FAIR_COUNTED = 100

# Rows scored at a time: some tens of megabytes at work, whatever the size of the table.
ROWS = 1 << 17


def uses() -> Mapping[str, list[tuple[int, float]]]:
    """Column -> the groups (by place) it counts in, with its weight there."""
    found: dict[str, list[tuple[int, float]]] = {}
    for place, group in enumerate(GROUPS):
        for column, weight in group.terms.items():
            found.setdefault(column, []).append((place, weight))
    return found


USES = uses()
COUNTED = tuple(column for column in USES if column.endswith(("_surplus", "_anonymous_recent")))
KEYS = tuple((GROUPS[place].part, column) for column in USES for place, _ in USES[column])


def height(latent: Float64) -> Float64:
    """How far up the scale, in [0, 1): strictly increasing and concave."""
    quick = -np.expm1(-latent / HEIGHT_QUICK_SCALE)
    slow = -np.expm1(-HEIGHT_POWER * np.log1p(latent / (HEIGHT_POWER * HEIGHT_SCALE)))
    return np.asarray(HEIGHT_QUICK * quick + (1.0 - HEIGHT_QUICK) * slow)


def network_weights(network: Int64) -> Float64:
    weights = np.full(len(network), OTHER_NETWORK_WEIGHT)
    for code, weight in NETWORK_WEIGHTS.items():
        weights[network == code] = weight
    return weights


@dataclass(frozen=True, slots=True)
class Worked:
    """One piece, worked out: amount and latent of each group by cell [groups, c], points by cell [c], by entity [m]."""

    amount: Float64
    latent: Float64
    # Sums of latents over the groups, before the network's weight.
    total: Float64
    cell_points: Float64
    points: Float64


def work(piece: Piece) -> Worked:
    amount = np.zeros((len(GROUPS), len(piece.first_row)))
    for column, places in USES.items():
        if column in piece.table.columns:
            pooled = piece.by_cell(piece.values(column))
            for place, weight in places:
                amount[place] += weight * pooled
    latent = np.stack([group.weight * np.log1p(x / group.scale) for group, x in zip(GROUPS, amount, strict=True)])
    # Not latent.sum(): its order of adding depends on the shape, and a score must not depend on other rows.
    total = np.zeros(len(piece.first_row))
    for row in latent:
        total += row
    points, share = join(piece, network_weights(piece.network) * total)
    return Worked(amount, latent, total, points[piece.entity_of_cell] * share, points)


def join(piece: Piece, latent: Float64) -> tuple[Float64, Float64]:
    """Points of each entity above 1, and each cell's share of them, from the latents of networks [c].

    The largest network is taken out of the sum of exponentials, so that nothing overflows and one alone is exact.
    """
    largest = np.maximum.reduceat(latent, piece.first_cell)
    reached = largest[piece.entity_of_cell]
    # (exp(N / BREADTH) - 1) / exp(largest / BREADTH), in the form that is exact on either side.
    smaller = np.expm1(np.minimum(latent / BREADTH, 700.0)) * np.exp(-reached / BREADTH)
    term = np.where(latent < reached, smaller, -np.expm1(-latent / BREADTH))
    places = np.flatnonzero(latent == reached)
    owner = piece.entity_of_cell[places]
    first = places[np.concatenate([[True], owner[1:] != owner[:-1]])]
    others = term.copy()
    others[first] = 0.0
    points = 99.0 * height(largest + BREADTH * np.log1p(piece.by_entity(others)))
    whole = piece.by_entity(term)[piece.entity_of_cell]
    return points, ratio(term, whole)


def confidence(piece: Piece) -> NDArray[np.int8]:
    """What stands behind each score. Only what networks named themselves makes one solid; counters alone, fair."""

    def of(column: str) -> Float64:
        return piece.by_entity(piece.by_cell(piece.values(column)))

    counted = np.zeros(len(piece.entity))
    for column in COUNTED:
        if column in piece.table.columns:
            counted += of(column)
    level = np.full(len(piece.entity), PROVISIONAL, dtype=np.int8)
    level[(of("any_people_ever") >= FAIR_PEOPLE) | (counted >= FAIR_COUNTED)] = FAIR
    level[of("any_confirmed_ever") >= SOLID_CONFIRMED] = SOLID
    return level


def per_unit(worked: Worked, place: int) -> Float64:
    """Points that one unit of a group's amount brings, by cell."""
    share = worked.cell_points * ratio(worked.latent[place], worked.total)
    return ratio(share, worked.amount[place])


def ratio(part: Float64, whole: Float64) -> Float64:
    """part / whole, and 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


@dataclass(frozen=True, slots=True)
class FormulaV1:
    version: str = "v1"

    def score(self, table: FeatureTable, entity: Int64) -> Scored:
        """See base.Formula; within a second or two for a million accounts, in about 200 MB beside the table."""
        empty: Float64 = np.zeros(0)
        nobody: Int64 = np.zeros(0, dtype=np.int64)
        ids, points, levels, cells = [nobody], [empty], [np.zeros(0, dtype=np.int8)], [(nobody, nobody, empty)]
        parts = {part: [empty] for part in PARTS}
        for piece in pieces(table, entity, at_most=ROWS):
            worked = work(piece)
            ids.append(piece.entity)
            points.append(worked.points)
            levels.append(confidence(piece))
            for part, column in parts.items():
                column.append(piece.by_entity(self.part_points(worked, part)))
            brings = worked.cell_points > 0
            cells.append(
                (piece.entity[piece.entity_of_cell][brings], piece.network[brings], worked.cell_points[brings])
            )
        reach, amplification, network_part = (1 / 3 + np.concatenate(parts[part]) for part in PARTS)
        return Scored(
            entity=np.concatenate(ids),
            score=1.0 + np.concatenate(points),
            reach=reach,
            amplification=amplification,
            network_part=network_part,
            confidence=np.concatenate(levels),
            by_network=NetworkPoints(*(np.concatenate(column) for column in zip(*cells, strict=True))),
            explain=lambda entities: self.leaves(table, entity, entities),
        )

    def part_points(self, worked: Worked, part: str) -> Float64:
        """Points of one part by cell."""
        latent = np.zeros_like(worked.total)
        for group, row in zip(GROUPS, worked.latent, strict=True):
            if group.part == part:
                latent += row
        return worked.cell_points * ratio(latent, worked.total)

    def leaves(self, table: FeatureTable, entity: Int64, entities: Int64) -> Leaves:
        """The leaves of those `entities` that are in `entity`: the features' and the point everybody starts with."""
        chosen = np.flatnonzero(np.isin(entity, entities))
        collected = Collected(KEYS)
        for piece in pieces(table, entity, at_most=ROWS, rows=chosen):
            collected.add_start(piece)
            worked = work(piece)
            for column, places in USES.items():
                if column in table.columns:
                    values = piece.values(column) / ONE
                    for place, weight in places:
                        points = weight * values * per_unit(worked, place)[piece.cell_of_row]
                        collected.add(piece, (GROUPS[place].part, column), values, points)
        return collected.leaves()


FORMULA = FormulaV1()
