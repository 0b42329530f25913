"""Who is listened to: weighted PageRank on the engagement graph, and from it how much an account's reactions weigh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.engine.pairs import Positions, stretches
from scoring.features.base import ONE, Int64

DAMPING = 0.85
# Sum of the changes of one round at which the iteration ends; standings are quantised to 1/65,536, far coarser.
TOLERANCE = 1e-10
# 0.85 ** rounds < TOLERANCE long before.
MOST_ROUNDS = 300
# The edges of the graph, for any engine: what each pair hands on, as far as no guard makes it less.
HANDED = f"""
    SELECT p.actor, p.target, unit(p.hands * COALESCE(g.weight, {ONE})) AS hands
    FROM int_pairs AS p LEFT JOIN int_guards AS g ON g.target = p.target AND g.actor = p.actor
    WHERE p.hands > 0
"""  # noqa: S608 (our own number)


def _weight(relative: NDArray[np.float64]) -> Int64:
    """Standing in 65,536ths of accounts with `relative` times the average rank: an average account weighs one."""
    weighed: Int64 = np.rint(ONE * (0.5 + 0.5 * np.log2(1.0 + relative))).astype(np.int64)
    return weighed


# The standing of an account that nobody is known to listen to: all it has is what the random visitor brings.
UNKNOWN = int(_weight(np.array([1.0 - DAMPING]))[0])


def numbered(actor: Int64, target: Int64) -> tuple[Int64, Positions, Positions]:
    """The accounts in order, and each edge's ends as positions among them."""
    low, high = min(actor.min(), target.min()), max(actor.max(), target.max())
    span = int(high) - int(low) + 1
    if span <= 8 * len(actor) + 1024:
        # Account numbers lie close together: marking beats sorting by far.
        seen = np.zeros(span, dtype=bool)
        source, sink = np.empty(len(actor), np.int32), np.empty(len(target), np.int32)
        # Some at a time: nothing of the length of all edges is made but what is returned.
        for part in stretches(len(actor)):
            seen[actor[part] - low] = True
            seen[target[part] - low] = True
        accounts = np.flatnonzero(seen).astype(np.int64) + low
        position = np.cumsum(seen, dtype=np.int32) - np.int32(1)
        for part in stretches(len(actor)):
            source[part], sink[part] = position[actor[part] - low], position[target[part] - low]
        return accounts, source, sink
    accounts, positions = np.unique(np.concatenate([actor, target]), return_inverse=True)
    both = positions.astype(np.int32)
    return accounts, both[: len(actor)], both[len(actor) :]


def _in_order(sink: Positions, source: Positions) -> bool:
    """Whether edges are sorted by their ends, each once."""
    same = sink[1:] == sink[:-1]
    return bool(np.all((sink[1:] > sink[:-1]) | same) and np.all(source[1:][same] > source[:-1][same]))


def pagerank(actor: Int64, target: Int64, weight: Int64) -> tuple[Int64, NDArray[np.float64]]:
    """Accounts (sorted, each once) and their rank; ranks add up to 1.

    actor, target, weight: int64 [edges]; an actor hands its rank to its targets by weight. Edges of no weight are left
    out, doubled ones add up. Whoever hands on nothing hands it to everybody alike. The same edges in any order give the
    same ranks, bit for bit. Raises ValueError on a negative weight.
    """
    if len(weight) and weight.min() < 0:
        raise ValueError("the weight of an edge is negative")
    kept = weight > 0
    if not kept.all():
        actor, target, weight = actor[kept], target[kept], weight[kept]
    if not len(weight):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    accounts, source, sink = numbered(actor, target)
    count = len(accounts)
    handed_on = weight.astype(np.float64)
    # Whole numbers add up exactly in any order while they are below 2 ** 53.
    handed_out = np.bincount(source, weights=handed_on, minlength=count)
    # A row for each target, in the order of its actors; doubled edges are summed.
    if _in_order(sink, source):
        rows = np.concatenate([[0], np.cumsum(np.bincount(sink, minlength=count))])
        matrix = sparse.csr_array((handed_on, source, rows.astype(np.int32)), shape=(count, count))
    else:
        matrix = sparse.coo_array((handed_on, (sink, source)), shape=(count, count)).tocsr()
    matrix.data /= handed_out[matrix.indices]
    idle = np.flatnonzero(handed_out == 0)
    rank = np.full(count, 1.0 / count)
    for _ in range(MOST_ROUNDS):
        spread = (1.0 - DAMPING + DAMPING * rank[idle].sum()) / count
        following = DAMPING * (matrix @ rank) + spread
        following /= following.sum()
        change = np.abs(following - rank).sum()
        rank = following
        if change < TOLERANCE:
            break
    return accounts, rank


def standings(actor: Int64, target: Int64, weight: Int64) -> tuple[Int64, Int64]:
    """Accounts of the graph (sorted) and how much a reaction of each weighs, in 65,536ths; arguments as for pagerank.

    From the rank relative to the average, r: 0.5 + 0.5 log2(1 + r). An average account weighs one, an account of ten
    thousand times the average rank 7.1; accounts that are not in the graph weigh UNKNOWN.
    """
    accounts, rank = pagerank(actor, target, weight)
    return accounts, _weight(rank * len(rank))
