"""Circles: closed groups whose members react to each other; a guard (scoring.engine.guards).

Of two who react to each other, the overlap is the number of those with whom both do so, by the geometric mean
of how many each has; from LOOSE to TIGHT the two count less and less for each other, whatever audience they have
besides. Of a group in which most have to do with most, but not all with all, what its members get from outside
decides: where OPEN of all who react to its members are of the group, on average, its members begin to count less
for each other; where CLOSED of them are, they count for LEAST. Fewer than SMALL in common (or so many members)
change nothing, from BIG on the above alone says how much. Two people who answer each other, a family, friends of
friends are none; what the members of a circle have besides counts as ever. What makes up the better part of a
network is no circle in it.

Cost: a pass over the pairs for each
round of leaving out who cannot be in one, then the sum of squares, over the accounts that are left, of how many
partners each has who have more than itself. A hub does not raise that (at most edges ** 1.5); WEDGES are in memory at a
time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from scoring.engine.pairs import Bools, Positions, counted, stretches
from scoring.features.base import ONE, Int64

SMALL, BIG = 8, 16
LOOSE, TIGHT = 0.3, 0.5
# Two of a group: the overlap of those whom both have to do with, in either direction. And the group's own share.
GROUPED = 0.5
OPEN, CLOSED = 0.75, 0.9
# What the tightest circle leaves of a reaction: it keeps its members apart where nothing else does.
LEAST = ONE // 1024
# How many times the accounts that two have in common a network must have, for any and for all of the effect.
NETWORK, LARGE_NETWORK = 2, 4
WEDGES = 1 << 22


def circles(source: Positions, sink: Positions, network: Int64, count: int) -> tuple[Int64, Int64]:
    """Pairs (as target * accounts + actor) inside circles, and their weights; a pair of both kinds is named twice."""
    size = _sizes(source, sink, network, count)
    inside = _core(source, sink, count)
    if not len(inside):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low, high, answers = _mutual(source, sink, count)
    had = counted(sink, None, count)
    source, sink, network = source[inside], sink[inside], network[inside]
    tight = _tight(source, sink, low, high, answers)
    closed = _closed(source, sink, had)
    key = sink.astype(np.int64) * count + source
    rows, weights = [], []
    for share, common in (tight, closed):
        many = np.clip((common - (SMALL - 1.0)) / (BIG - (SMALL - 1.0)), 0.0, 1.0)
        times = size[network] / np.maximum(common, 1)
        few = np.clip((times - NETWORK) / (LARGE_NETWORK - NETWORK), 0.0, 1.0)
        weight = ONE - np.rint((ONE - LEAST) * share * many * few).astype(np.int64)
        less = weight < ONE
        rows.append(key[less])
        weights.append(weight[less])
    return np.concatenate(rows), np.concatenate(weights)


def _tight(
    source: Positions, sink: Positions, low: Int64, high: Int64, answers: Int64
) -> tuple[NDArray[np.float64], Int64]:
    """For each pair how tight it is, 0 to 1, by those with whom both exchange reactions; and how many those are.

    low, high: the ends of each two who exchange reactions; answers: with how many each account does.
    """
    count = len(answers)
    kept = _core_of_edges(low, high, count)
    low, high = low[kept], high[kept]
    common = _in_common(low, high, count)
    # The two themselves are no partners of both.
    overlap = common / np.sqrt((answers[low] - 1.0) * (answers[high] - 1.0)) if len(low) else np.zeros(0)
    place = _places(low * count + high, source, sink, count)
    known = place >= 0
    tight, number = np.zeros(len(source)), np.zeros(len(source), dtype=np.int64)
    tight[known] = np.clip((overlap[place[known]] - LOOSE) / (TIGHT - LOOSE), 0.0, 1.0)
    number[known] = common[place[known]]
    return tight, number


def _closed(source: Positions, sink: Positions, had: Int64) -> tuple[NDArray[np.float64], Int64]:
    """For each pair how closed the group of both is, 0 to 1 (0 where they are of none), and how many are in it.

    had: how many react to each account, from anywhere.
    """
    count = len(had)
    edges = np.unique(np.minimum(source, sink).astype(np.int64) * count + np.maximum(source, sink))
    low, high = np.divmod(edges, count)
    partners = np.bincount(low, minlength=count) + np.bincount(high, minlength=count)
    common = _in_common(low, high, count)
    near = common / np.sqrt((partners[low] - 1.0) * (partners[high] - 1.0)) >= GROUPED
    near &= common >= SMALL
    graph = sparse.coo_array((np.ones(int(near.sum()), np.int8), (low[near], high[near])), shape=(count, count))
    _, group = csgraph.connected_components(graph, directed=False)
    members = np.bincount(group)
    within = group[source] == group[sink]
    of_group = np.bincount(sink[within], minlength=count)
    own = np.bincount(group, weights=of_group / np.maximum(had, 1)) / members
    closed = np.clip((own[group[sink]] - OPEN) / (CLOSED - OPEN), 0.0, 1.0)
    return np.where(within, closed, 0.0), np.where(within, members[group[sink]] - 2, 0)


def _places(keys: Int64, source: Positions, sink: Positions, count: int) -> Int64:
    """Where the two of each pair are in `keys` (sorted, the smaller number * count + the other), -1 where nowhere."""
    if not len(keys):
        return np.full(len(source), -1, dtype=np.int64)
    wanted = np.minimum(source, sink).astype(np.int64) * count + np.maximum(source, sink)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def _mutual(source: Positions, sink: Positions, count: int) -> tuple[Int64, Int64, Int64]:
    """Both ends (the smaller number first, sorted) of each two who react to each other, and with how many each does.

    Of those two, one at least could be in a circle: the others' numbers are not complete.
    """
    given, had = counted(source, None, count), counted(sink, None, count)
    could = (given > SMALL) & (had > SMALL)
    answers = (given > 0) & (had > 0)
    keys = [np.zeros(0, np.int64)]
    for part in stretches(len(source)):
        one, other = source[part], sink[part]
        kept = answers[one] & answers[other] & (could[one] | could[other])
        one, other = one[kept], other[kept]
        keys.append(np.minimum(one, other).astype(np.int64) * count + np.maximum(one, other))
    key = np.concatenate(keys)
    keys.clear()
    key.sort()
    low, high = np.divmod(key[1:][key[1:] == key[:-1]], count)
    return low, high, np.bincount(low, minlength=count) + np.bincount(high, minlength=count)


def _core_of_edges(low: Int64, high: Int64, count: int) -> Bools:
    """The edges among accounts of which each has more than SMALL such edges, found by taking off the others."""
    kept = np.ones(len(low), dtype=bool)
    while kept.any():
        partners = np.bincount(low[kept], minlength=count) + np.bincount(high[kept], minlength=count)
        fewer = kept & (partners[low] > SMALL) & (partners[high] > SMALL)
        if fewer.sum() == kept.sum():
            break
        kept = fewer
    return kept


def _sizes(source: Positions, sink: Positions, network: Int64, count: int) -> Int64:
    """How many accounts each network (by its number) has."""
    of_account = np.zeros(count, dtype=np.int64)
    for ends in (source, sink):
        for part in stretches(len(ends)):
            of_account[ends[part]] = network[part]
    return np.bincount(of_account, minlength=int(network.max(initial=0)) + 1)


def _core(source: Positions, sink: Positions, count: int) -> NDArray[np.int64]:
    """The pairs among accounts that each have more than SMALL such pairs as actor and as target: what could be in a
    circle, found by leaving out the rest round by round."""
    busy = (counted(source, None, count) > SMALL) & (counted(sink, None, count) > SMALL)
    inside = [np.flatnonzero(busy[source[part]] & busy[sink[part]]) + part.start for part in stretches(len(source))]
    rows = np.concatenate(inside)
    while len(rows):
        busy = np.bincount(source[rows], minlength=count) > SMALL
        busy &= np.bincount(sink[rows], minlength=count) > SMALL
        fewer = rows[busy[source[rows]] & busy[sink[rows]]]
        if len(fewer) == len(rows):
            break
        rows = fewer
    return rows


def _in_common(low: Int64, high: Int64, count: int) -> Int64:
    """For each edge, how many accounts have an edge to both of its ends."""
    common = np.zeros(len(low), dtype=np.int64)
    if not len(low):
        return common
    partners = np.bincount(low, minlength=count) + np.bincount(high, minlength=count)
    # Each edge belongs to its end of fewer partners: whoever has many owns few, and the pairs of edges of one owner, of
    # which every triangle is one with its third edge, stay bounded.
    swap = (partners[low] > partners[high]) | ((partners[low] == partners[high]) & (low > high))
    owner, other = np.where(swap, high, low), np.where(swap, low, high)
    order = np.lexsort((other, owner))
    owner, other = owner[order], other[order]
    key = np.minimum(owner, other) * count + np.maximum(owner, other)
    by_key = np.argsort(key)
    sorted_key = key[by_key]
    opens = np.concatenate([[True], owner[1:] != owner[:-1]])
    end = np.append(np.flatnonzero(opens)[1:], len(owner))[np.cumsum(opens) - 1]
    # Edge i is paired with each later edge of its owner.
    after = end - np.arange(len(owner)) - 1
    done = np.cumsum(after)
    begin = 0
    while begin < len(owner):
        stop = max(begin + 1, int(np.searchsorted(done, (done[begin - 1] if begin else 0) + WEDGES, side="right")))
        number = after[begin:stop]
        one = np.repeat(np.arange(begin, stop), number)
        two = np.arange(len(one)) - np.repeat(np.cumsum(number) - number, number) + one + 1
        third = np.minimum(other[one], other[two]) * count + np.maximum(other[one], other[two])
        place = np.minimum(np.searchsorted(sorted_key, third), len(sorted_key) - 1)
        closed = sorted_key[place] == third
        for edges in (one[closed], two[closed], by_key[place[closed]]):
            common += np.bincount(edges, minlength=len(common))
        begin = stop
    in_order = np.empty_like(common)
    in_order[order] = common
    return in_order
