"""How formulas since v1 compute: groups of features pooled by network, joined over networks, read off a curve.

What is weighed, and by how much, is the formula's own file (v1.py says what the steps mean); this is the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import ONE, FeatureTable
from scoring.formula.base import (
    FAIR,
    PARTS,
    PROVISIONAL,
    SOLID,
    UPLOADED,
    Float64,
    Int64,
    Leaves,
    NetworkPoints,
    Scored,
)
from scoring.formula.collecting import Collected
from scoring.formula.curve import Anchors, Curve
from scoring.formula.pooling import Piece, pieces

# Rows scored at a time: some tens of megabytes at work, whatever the size of the table.
ROWS = 1 << 17
# How sharply uploads end at their bound, and give way to what is vouched for.
SHARP = 8.0


@dataclass(frozen=True, slots=True)
class Group:
    """Features that count towards one thing: x = sum(terms[column] * column), and latent = weight * ln(1 + x / scale).

    bounded: latent = weight * x / (x + scale) instead, which ends at `weight`. answered: x is smaller where posts go
    without any reaction. offline: added to what all networks join to, not joined with them.
    """

    name: str
    part: str
    weight: float
    # The sum at which the logarithm takes over from straight growth: people, posts.
    scale: float
    terms: Mapping[str, float]
    bounded: bool = False
    answered: bool = False
    offline: bool = False

    def latent(self, amount: Float64) -> Float64:
        if self.bounded:
            return np.asarray(self.weight * amount / (amount + self.scale))
        return np.asarray(self.weight * np.log1p(amount / self.scale))


@dataclass(frozen=True, slots=True)
class Borne:
    """The group `counted` counts only as far as the groups `by` bear it out: c / (1 + (c / b) ** p) ** (1 / p), where b
    is allowance + each * what these hold, and p the sharpness. It comes ever closer to b and never reaches it."""

    counted: str
    by: tuple[str, ...]
    each: float
    allowance: float
    sharpness: float = 2.0


@dataclass(frozen=True, slots=True)
class Tier:
    """One piece worked out over some of its rows.

    amount, what of it counts (is borne out), and latent of each group by cell [groups, c]; the sums of the latents by
    cell, of what joins and of what is offline [c]; the cell's share of what its entity joined [c]; the entity's latent
    value [m].
    """

    amount: Float64
    counted: Float64
    latent: Float64
    online: Float64
    offline: Float64
    share: Float64
    whole: Float64


@dataclass(frozen=True, slots=True)
class Worked:
    """Points of one piece: of what is vouched for, and what uploads add to that, by cell [c]; all by entity [m]."""

    vouched: Tier
    # None where nobody of the piece uploaded anything.
    uploaded: Tier | None
    cell_points: Float64
    extra_points: Float64
    points: Float64


def ratio(part: Float64, whole: Float64) -> Float64:
    """part / whole, and 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def soft_least(one: Float64, other: Float64 | float, sharpness: float = SHARP) -> Float64:
    """A little less than the smaller of two numbers, rising smoothly with either: (a ** -p + b ** -p) ** (-1 / p)."""
    over, under = np.maximum(one, other), np.minimum(one, other)
    return np.asarray(under / (1.0 + ratio(under, over) ** sharpness) ** (1 / sharpness))


@dataclass(frozen=True)
class Pooled:
    """A formula; see v1.py for what its numbers mean."""

    version: str
    groups: Sequence[Group]
    network_weights: Mapping[int, float]
    other_network_weight: float
    breadth: float
    anchors: Anchors
    # In this order: a group that was itself cut down bears out the next one as what is left of it.
    borne: Sequence[Borne]
    # The latent value that uploads alone come ever closer to and never reach; infinity: they are no less than all else.
    supplied_bound: float
    # The share of `answered` groups that is left where no post is reacted to.
    unanswered: float
    solid_confirmed: float
    fair_people: float
    fair_counted: float
    # Columns of reactions without names, for confidence.
    counted: Sequence[str] = field(default=())
    # By its number, a network that stands apart: its latent value comes ever closer to this one and never reaches it,
    # is joined with what all others join to as the sides of a right angle are, and says nothing of confidence.
    network_bounds: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def curve(self) -> Curve:
        return Curve(self.anchors)

    @cached_property
    def uses(self) -> Mapping[str, list[tuple[int, float]]]:
        """Column -> the groups (by place) it counts in, with its weight there."""
        found: dict[str, list[tuple[int, float]]] = {}
        for place, group in enumerate(self.groups):
            for column, weight in group.terms.items():
                found.setdefault(column, []).append((place, weight))
        return found

    @cached_property
    def keys(self) -> tuple[tuple[str, str], ...]:
        named = dict.fromkeys(
            (self.groups[place].part, column) for column, places in self.uses.items() for place, _ in places
        )
        return (*named, *((part, column + UPLOADED) for part, column in named))

    def with_anchors(self, version: str, anchors: Anchors) -> Pooled:
        """The same formula on another scale. What is bounded ends at as many points as before, wherever that is."""
        other = Curve(anchors)

        def moved(bound: float) -> float:
            return other.latent_at(float(self.curve(np.array([bound]))[0])) if math.isfinite(bound) else bound

        return replace(
            self,
            version=version,
            anchors=tuple(anchors),
            supplied_bound=moved(self.supplied_bound),
            network_bounds={network: moved(bound) for network, bound in self.network_bounds.items()},
        )

    def counting(self, network: int, *, version: str) -> Pooled:
        """The same formula with a network counted as those are that have no weight of their own."""
        weights = {code: weight for code, weight in self.network_weights.items() if code != network}
        return replace(self, version=version, network_weights=weights)

    def weights_of(self, network: Int64) -> Float64:
        weights = np.full(len(network), self.other_network_weight)
        for code, weight in self.network_weights.items():
            weights[network == code] = weight
        return weights

    def answered(self, piece: Piece) -> Float64 | None:
        """By row, what `answered` groups count of what they hold: all of it where every post was reacted to, or where
        no posts are known."""
        if "any_published_recent" not in piece.table.columns:
            return None
        published = piece.values("any_published_recent").astype(np.float64)
        reacted = np.minimum(piece.values("any_reacted_recent"), published)
        share = np.divide(reacted, published, out=np.ones(len(published)), where=published > 0)
        return np.asarray(self.unanswered + (1.0 - self.unanswered) * share)

    def values(self, piece: Piece, column: str, place: int, answered: Float64 | None) -> NDArray[np.float64]:
        """A column's rows as the group at `place` counts them, in 65,536ths."""
        values = piece.values(column)
        return values * answered if answered is not None and self.groups[place].answered else values

    def tier(self, piece: Piece, rows: NDArray[np.bool_] | None) -> Tier:
        """Work out the piece over `rows` (a mask), or over all of it."""
        amount = np.zeros((len(self.groups), len(piece.first_row)))
        answered = self.answered(piece)
        for column, places in self.uses.items():
            if column in piece.table.columns:
                for place, weight in places:
                    values = self.values(piece, column, place, answered)
                    amount[place] += weight * piece.by_cell(values if rows is None else values * rows)
        counts = amount.copy()
        names = [group.name for group in self.groups]
        for borne in self.borne:
            counted = amount[names.index(borne.counted)]
            bearing = np.full(amount.shape[1], float(borne.allowance))
            for name in borne.by:
                bearing += borne.each * counts[names.index(name)]
            # No more than `bearing` in effect, and exact however large either is.
            over, under = np.maximum(counted, bearing), np.minimum(counted, bearing)
            counts[names.index(borne.counted)] = under / (1.0 + (under / over) ** borne.sharpness) ** (
                1 / borne.sharpness
            )
        latent = np.stack([group.latent(x) for group, x in zip(self.groups, counts, strict=True)])
        online, offline = self.added(latent, offline=False), self.added(latent, offline=True)
        share, joined = self.join(piece, self.weights_of(piece.network) * online)
        return Tier(amount, counts, latent, online, offline, share, joined + piece.by_entity(offline))

    def added(self, latent: Float64, *, offline: bool) -> Float64:
        """Latents of the groups that are offline, or of those that are not, added up by cell."""
        # Not latent.sum(): its order of adding depends on the shape, and a score must not depend on other rows.
        total = np.zeros(latent.shape[1])
        for group, row in zip(self.groups, latent, strict=True):
            if group.offline == offline:
                total += row
        return total

    def apart(self, piece: Piece) -> NDArray[np.bool_]:
        """Whether each cell is of a network that stands apart [c]."""
        return np.isin(piece.network, list(self.network_bounds))

    def join(self, piece: Piece, latent: Float64) -> tuple[Float64, Float64]:
        """Each network's share in its entity [c], and what they join to [m], from the latents of networks.

        With others' j and k of one that stands apart, P = sqrt(j ** 2 + k ** 2); j ** 2 and k ** 2 are what is shared.
        """
        apart = self.apart(piece)
        if not apart.any():
            return self.joined(piece, latent)
        share, whole = self.joined(piece, np.where(apart, 0.0, latent))
        for network, bound in self.network_bounds.items():
            mine = piece.network == network
            # An entity has one cell of a network.
            here = np.where(mine, latent / (1.0 + latent / bound), 0.0)
            added = piece.by_entity(here)
            over, under = np.maximum(whole, added), np.minimum(whole, added)
            both = over * np.sqrt(1.0 + ratio(under, over) ** 2)
            others = ratio(whole, both) ** 2
            share = np.where(mine, 1.0 - others[piece.entity_of_cell], share * others[piece.entity_of_cell])
            whole = both
        return share, whole

    def joined(self, piece: Piece, latent: Float64) -> tuple[Float64, Float64]:
        """The same of networks that do not stand apart.

        The largest network is taken out of the sum of exponentials, so that nothing overflows and one alone is exact.
        """
        largest = np.maximum.reduceat(latent, piece.first_cell)
        reached = largest[piece.entity_of_cell]
        # (exp(N / breadth) - 1) / exp(largest / breadth), in the form that is exact on either side.
        smaller = np.expm1(np.minimum(latent / self.breadth, 700.0)) * np.exp(-reached / self.breadth)
        term = np.where(latent < reached, smaller, -np.expm1(-latent / self.breadth))
        places = np.flatnonzero(latent == reached)
        owner = piece.entity_of_cell[places]
        first = places[np.concatenate([[True], owner[1:] != owner[:-1]])]
        others = term.copy()
        others[first] = 0.0
        whole = largest + self.breadth * np.log1p(piece.by_entity(others))
        return ratio(term, self.spread(piece, term)), whole

    def spread(self, piece: Piece, cells: Float64) -> Float64:
        """Cells added up by entity, for each cell."""
        return piece.by_entity(cells)[piece.entity_of_cell]

    def points(self, latent: Float64) -> Float64:
        return np.maximum(self.curve(latent) - 1.0, 0.0)

    def work(self, piece: Piece) -> Worked:
        supplied = piece.supplied == 1
        if not supplied.any():
            tier = self.tier(piece, None)
            points = self.points(tier.whole)
            nothing = np.zeros(len(piece.first_row))
            return Worked(tier, None, self.divided(piece, tier, points), nothing, points)
        vouched, uploaded = self.tier(piece, ~supplied), self.tier(piece, supplied)
        first = self.points(vouched.whole)
        points = self.points(self.lifted(vouched.whole, uploaded.whole))
        return Worked(
            vouched,
            uploaded,
            self.divided(piece, vouched, first),
            self.divided(piece, uploaded, np.maximum(points - first, 0.0)),
            points,
        )

    def lifted(self, vouched: Float64, uploaded: Float64) -> Float64:
        """The latent value with what uploads alone would give, which saturates towards the bound and adds next to
        nothing to who stands above it. Rises with either."""
        saturated = soft_least(uploaded, self.supplied_bound)
        over, under = np.maximum(vouched, saturated), np.minimum(vouched, saturated)
        return np.asarray(over * (1.0 + ratio(under, over) ** SHARP) ** (1 / SHARP))

    def divided(self, piece: Piece, tier: Tier, points: Float64) -> Float64:
        """Points of entities [m] divided among their cells [c]; what is offline has its own part of the latents."""
        whole = tier.whole[piece.entity_of_cell]
        joined = whole - self.spread(piece, tier.offline)
        return np.asarray(points[piece.entity_of_cell] * ratio(joined * tier.share + tier.offline, whole))

    def group_points(self, worked: Worked) -> tuple[Float64, Float64]:
        """Points of each group by cell [groups, c]: of what is vouched for, and what uploads add."""
        of_vouched = self.by_group(worked.vouched, worked.cell_points)
        if worked.uploaded is None:
            return of_vouched, np.zeros_like(of_vouched)
        return of_vouched, self.by_group(worked.uploaded, worked.extra_points)

    def by_group(self, tier: Tier, points: Float64) -> Float64:
        """Points of cells divided among groups as their latents are [groups, c]."""
        total = tier.online + tier.offline
        return np.asarray(points * np.stack([ratio(row, total) for row in tier.latent]))

    def confidence(self, piece: Piece) -> NDArray[np.int8]:
        """What stands behind each score. Only what networks named themselves makes one solid; counters alone, fair."""
        apart = self.apart(piece)

        def added_up(rows: NDArray[Any]) -> Float64:
            cells = piece.by_cell(rows)
            return piece.by_entity(np.where(apart, 0.0, cells) if apart.any() else cells)

        def of(column: str) -> Float64:
            return added_up(piece.values(column))

        counted = np.zeros(len(piece.entity))
        for column in self.counted:
            if column in piece.table.columns:
                counted += of(column)
        level = np.full(len(piece.entity), PROVISIONAL, dtype=np.int8)
        level[(of("any_people_ever") >= self.fair_people) | (counted >= self.fair_counted)] = FAIR
        # Nobody confirms oneself: whatever an upload says of who is known counts for nothing here.
        confirmed = added_up(piece.values("any_confirmed_ever") * (1 - piece.supplied))
        level[confirmed >= self.solid_confirmed] = SOLID
        return level

    def score(self, table: FeatureTable, entity: Int64) -> Scored:
        """See base.Formula; within a second or two for a million accounts, in about 200 MB beside the table."""
        empty: Float64 = np.zeros(0)
        nobody: Int64 = np.zeros(0, dtype=np.int64)
        ids, points, levels, cells = [nobody], [empty], [np.zeros(0, dtype=np.int8)], [(nobody, nobody, empty)]
        parts = {part: [empty] for part in PARTS}
        for piece in pieces(table, entity, at_most=ROWS):
            worked = self.work(piece)
            ids.append(piece.entity)
            points.append(worked.points)
            levels.append(self.confidence(piece))
            of_group = np.add(*self.group_points(worked))
            for part, column in parts.items():
                brought = np.zeros(len(piece.first_row))
                for group, row in zip(self.groups, of_group, strict=True):
                    if group.part == part:
                        brought += row
                column.append(piece.by_entity(brought))
            whole = worked.cell_points + worked.extra_points
            brings = whole > 0
            cells.append((piece.entity[piece.entity_of_cell][brings], piece.network[brings], whole[brings]))
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

    def latents(self, table: FeatureTable, entity: Int64) -> tuple[Int64, Float64]:
        """The entities, and the latent value that the curve turns into each one's score; for calibrating."""
        found: list[tuple[Int64, Float64]] = [(np.zeros(0, dtype=np.int64), np.zeros(0))]
        for piece in pieces(table, entity, at_most=ROWS):
            worked = self.work(piece)
            of_vouched = worked.vouched.whole
            lifted = self.lifted(of_vouched, worked.uploaded.whole) if worked.uploaded else of_vouched
            found.append((piece.entity, lifted))
        ids, latent = (np.concatenate(column) for column in zip(*found, strict=True))
        return ids, latent

    def leaves(self, table: FeatureTable, entity: Int64, entities: Int64) -> Leaves:
        """The leaves of those `entities` that are in `entity`: the features' and the point everybody starts with."""
        chosen = np.flatnonzero(np.isin(entity, entities))
        collected = Collected(self.keys)
        for piece in pieces(table, entity, at_most=ROWS, rows=chosen):
            collected.add_start(piece)
            worked = self.work(piece)
            answered = self.answered(piece)
            of_vouched, of_uploads = self.group_points(worked)
            supplied = piece.supplied == 1
            tiers = [(~supplied, of_vouched, worked.vouched.amount, "")]
            if worked.uploaded is not None:
                tiers.append((supplied, of_uploads, worked.uploaded.amount, UPLOADED))
            for column, places in self.uses.items():
                if column not in table.columns:
                    continue
                # A feature may count in two groups of one part: that is one leaf.
                for part in dict.fromkeys(self.groups[place].part for place, _ in places):
                    for rows, of_group, amount, mark in tiers:
                        points = np.zeros(len(piece.rows))
                        for place, weight in places:
                            if self.groups[place].part == part:
                                counted = self.values(piece, column, place, answered) / ONE
                                points += weight * counted * ratio(of_group[place], amount[place])[piece.cell_of_row]
                        collected.add(piece, (part, column + mark), piece.values(column) / ONE, points * rows)
        return collected.leaves()
