"""Which reactions count less: of new accounts that came all at once, and of closed circles that react to each other.

Between int_pairs and the graph; in NumPy and SciPy alone, so that every engine guards alike. A guard judges what
networks and operators say; what somebody supplied (an upload) is bounded by the formula instead, and proves nobody's
age.

Burst. An account is new to a target where it was made, or first seen anywhere in the log, shortly before it first
    reacted, and nobody but the target has reacted to it since who was not new likewise. The new ones who first reacted
    to a target in one week may bring, together, one fresh reaction (once in two weeks), a twelfth of what those bring
    who came before (about half of what a usual week brings), and as much as those bring who came that week and are not
    new: in what fades in days and in weeks as in what lasts. So one more takes next to nothing away, nothing jumps back
    after a time, and growth that is like the audience one has is free. Only where the date of making is known, or all
    of a network was covered more than WARM_UP days before that week; of what only a network's API told us, account by
    account, the target must have been covered as long itself. Of whom an API alone tells, nobody sees whether their new
    ones are known to others: where no day of making says that these are new, they may bring three reactions and as much
    as all who came before.
Circle. Whoever reacts to each other in a group that hardly anybody else reacts to (scoring.engine.circles).
Damped. What is known of a pair besides, and given with the log: of +K, favours returned, small rings, who gives.

Whole numbers go in and come out: weights in 65,536ths. Cost of bursts: a few passes over the pairs.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.engine.base import Columns, none
from scoring.engine.circles import circles
from scoring.engine.graph import numbered
from scoring.engine.pairs import ROWS, Bools, Positions, counted, stretches
from scoring.features.base import ONE, Int64

BURST, CIRCLE, DAMPED = 1, 2, 3
ENABLED = frozenset({BURST, CIRCLE})
# The first day of a pair that no event dates.
UNDATED = -1
# What `find` needs of int_pairs, for any engine.
PAIRS = f"""
    SELECT target, actor, network, COALESCE(first_day, {UNDATED}) AS first_day, confirmed, supplied, now, recent, hands
    FROM int_pairs
"""  # noqa: S608 (our own number)

# Days for which an account is new, since it was made or since it was first seen.
NEW_SINCE_MADE = 30
NEW_SINCE_SEEN = 7
WARM_UP = 30
# What a lot of new accounts may bring: fresh reactions, a part of what came before, so much of what came along.
FREE = 1
# What one reaction weighs on average, in the week in which it happens, of what fades in days.
FREE_NOW = (2 * ONE + 2) // 3
ESTABLISHED = 12
# The same for whom a network's API alone tells of, where no day of making is known: whether anybody else reacts to
# their new ones is not seen there.
FREE_ALONE, ESTABLISHED_ALONE = 3, 1
COMPANY = 1
# What a lot is measured by: what fades in days and in weeks, and what an account hands on to whom it reacts to.
MEASURES = ("now", "recent", "hands")


def find(
    pairs: Columns,
    *,
    born: Columns | None = None,
    trusted: Int64 | None = None,
    damped: Columns | None = None,
    enabled: Collection[int] = ENABLED,
) -> Columns:
    """The pairs that count less: target, actor, weight (0 < weight < ONE) and reason (BURST, CIRCLE, DAMPED), sorted by
    both.

    pairs: the columns of PAIRS, whole numbers of any width [pairs], each (target, actor) once, in any order: first_day
    in days since 1970, UNDATED where nothing dates it; confirmed and supplied 0 or 1; now and recent (sums of its
    events) and hands in 65,536ths. born: account and day on which it was made, where that is known. trusted: targets
    whose reactions are not judged. damped: target, actor, weight of pairs that count less in any case. Where more than
    one applies, the lowest weight stands.
    """
    target, actor = (np.asarray(pairs[name], dtype=np.int64) for name in ("target", "actor"))
    if not len(target):
        return none("target", "actor", "weight", "reason")
    accounts, source, sink = numbered(actor, target)
    # At a hundred million interactions these are a gigabyte, and the rest reads numbers.
    del target, actor
    found: list[tuple[Int64, Int64, int]] = []
    if BURST in enabled:
        made = _days_made(accounts, born or none("account", "day"))
        found.append((*_bursts(pairs, source, sink, made), BURST))
    if CIRCLE in enabled:
        found.append((*circles(source, sink, np.asarray(pairs["network"]), len(accounts)), CIRCLE))
    if damped is not None and len(damped["target"]):
        found.append((*_damped(accounts, damped), DAMPED))
    # The lowest weight of a pair comes first, and stays.
    rows = np.concatenate([key for key, _, _ in found] or [np.zeros(0, np.int64)])
    weight = np.concatenate([weight for _, weight, _ in found] or [np.zeros(0, np.int64)])
    reason = np.concatenate([np.full(len(key), why, np.int64) for key, _, why in found] or [np.zeros(0, np.int64)])
    order = np.lexsort((reason, weight, rows))
    rows, weight, reason = rows[order], weight[order], reason[order]
    kept = np.ones(len(rows), dtype=bool)
    kept[1:] = rows[1:] != rows[:-1]
    place, partner = np.divmod(rows, len(accounts))
    if trusted is not None and len(trusted):
        kept &= ~np.isin(accounts[place], trusted)
    return {
        "target": accounts[place[kept]],
        "actor": accounts[partner[kept]],
        "weight": weight[kept],
        "reason": reason[kept],
    }


def _damped(accounts: Int64, damped: Columns) -> tuple[Int64, Int64]:
    """Pairs (as target * accounts + actor) that count less by what is given of them, and their weights."""
    places = [np.minimum(np.searchsorted(accounts, damped[name]), len(accounts) - 1) for name in ("target", "actor")]
    weight = np.maximum(np.asarray(damped["weight"], dtype=np.int64), 1)
    less = (accounts[places[0]] == damped["target"]) & (accounts[places[1]] == damped["actor"]) & (weight < ONE)
    return places[0][less] * len(accounts) + places[1][less], weight[less]


def without_trusted(found: Columns, trusted: Int64) -> Columns:
    """What `find` gave earlier, but for accounts that an operator trusts meanwhile: they are judged no more."""
    kept = ~np.isin(found["target"], trusted)
    return {name: np.asarray(values)[kept] for name, values in found.items()}


def _days_made(accounts: Int64, born: Columns) -> Int64:
    """The day on which each account was made, UNDATED where that is not known."""
    made = np.full(len(accounts), UNDATED, dtype=np.int64)
    account, day = np.asarray(born["account"], dtype=np.int64), np.asarray(born["day"], dtype=np.int64)
    place = np.minimum(np.searchsorted(accounts, account), len(accounts) - 1)
    known = accounts[place] == account
    made[place[known]] = day[known]
    return made


def _bursts(pairs: Columns, source: Positions, sink: Positions, made: Int64) -> tuple[Int64, Int64]:
    """Pairs (as target * accounts + actor) of lots that are too many, and their weights."""
    count = len(made)
    day = np.asarray(pairs["first_day"])
    said = (day != UNDATED) & (np.asarray(pairs["supplied"]) == 0)
    network, alone = np.asarray(pairs["network"]), np.asarray(pairs["confirmed"]) != 0
    # Whom a table of the network names too was covered by it.
    one_by_one = np.ones(count, dtype=bool)
    for part in stretches(len(day)):
        one_by_one[sink[part][said[part] & ~alone[part]]] = False
    thin, dated = _new(source, sink, day, said, network, alone, one_by_one, made)
    del network, alone
    _leave_vouched(thin, source, sink, said & ~thin, count)
    # Only a target that has more than FREE of them can have too many: the others are not looked at again.
    many = counted(sink, thin, count) > FREE
    for part in stretches(len(sink)):
        said[part] &= many[sink[part]]
    measures = [np.asarray(pairs[name]) for name in MEASURES] if said.any() else []
    keys, weights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    # What a target's lots may bring is its own affair: some targets at a time.
    sizes = np.cumsum(counted(sink, said, count))
    first = 0
    while first < count:
        done = sizes[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(sizes, done + ROWS, side="right")))
        rows = np.flatnonzero(said & (sink >= first) & (sink < last))
        first = last
        if not len(rows):
            continue
        brings = np.stack([values[rows].astype(np.int64) for values in measures])
        # One account's repetitions saturate, as they do where they count (scoring.engine.sql.int_any).
        now, recent = MEASURES.index("now"), MEASURES.index("recent")
        brings[now] = np.minimum(brings[now], ONE)
        brings[recent] = 3 * brings[recent] * ONE // (brings[recent] + 2 * ONE)
        target = sink[rows].astype(np.int64)
        by_sight = one_by_one[target] & ~dated[source[rows]]
        weight = _shares(target, day[rows].astype(np.int64) // 7, thin[rows], brings, by_sight)
        less = weight < ONE
        keys.append(target[less] * count + source[rows[less]])
        weights.append(weight[less])
    return np.concatenate(keys), np.concatenate(weights)


def _new(
    source: Positions,
    sink: Positions,
    day: NDArray[Any],
    said: Bools,
    network: NDArray[Any],
    alone: Bools,
    one_by_one: Bools,
    made: Int64,
) -> tuple[Bools, Bools]:
    """Whether the actor was new on the pair's first day, as far as that can be known, of those `said` alone; and, by
    account, whether the day on which it was made says so."""
    never = np.iinfo(np.int64).max
    seen, reached = np.full(len(made), never), np.full(len(made), never)
    covered_since = np.full(int(network.max(initial=0)) + 1, never)
    for part in stretches(len(day)):
        rows = said[part]
        there, on = sink[part][rows], day[part][rows].astype(np.int64)
        np.minimum.at(reached, there, on)
        np.minimum.at(seen, source[part][rows], on)
        told = ~alone[part][rows]
        np.minimum.at(covered_since, network[part][rows][told], on[told])
    np.minimum(seen, reached, out=seen)
    # Who was seen before it was made was not made then.
    dated = (made != UNDATED) & (made <= seen)
    new = np.zeros(len(day), dtype=bool)
    for part in stretches(len(day)):
        rows = said[part]
        there, by, on = sink[part][rows], source[part][rows], day[part][rows].astype(np.int64)
        since = np.where(one_by_one[there], reached[there], covered_since[network[part][rows]])
        by_sight = (since < on // 7 * 7 - WARM_UP) & (on - seen[by] <= NEW_SINCE_SEEN)
        new[part][rows] = np.where(dated[by], on - made[by] <= NEW_SINCE_MADE, by_sight)
    return new, dated


def _leave_vouched(new: Bools, source: Positions, sink: Positions, grown: Bools, count: int) -> None:
    """Take off `new` the pairs to whose actor somebody of the `grown` pairs reacted, other than their target."""
    listeners = counted(sink, grown, count)
    # Of a single one, it matters who that is.
    listener = np.full(count, -1, dtype=np.int32)
    for part in stretches(len(new)):
        rows = grown[part]
        listener[sink[part][rows]] = source[part][rows]
    for part in stretches(len(new)):
        rows = new[part]
        by, there = source[part][rows], sink[part][rows]
        new[part][rows] = (listeners[by] == 0) | ((listeners[by] == 1) & (listener[by] == there))


def _shares(target: Int64, week: Int64, thin: Bools, brings: Int64, by_sight: Bools) -> Int64:
    """The weight of each pair: new ones of a target and week share what their lot may bring; brings: [measures, n];
    by_sight: new, if at all, by what their one target was seen to get."""
    span = int(week.max() - week.min()) + 1
    keys, lot = np.unique(target * span + (week - week.min()), return_inverse=True)
    lots, count = np.stack(np.divmod(keys, span)), len(keys)

    def summed(of: Bools) -> Int64:
        # Whole numbers below 2 ** 53 add up exactly.
        rows = [np.bincount(lot[of], weights=row[of], minlength=count) for row in brings]
        return np.stack(rows).astype(np.int64)

    new, others = summed(thin), summed(~thin)
    number = np.bincount(lot[thin], minlength=count)
    each = np.minimum(new // np.maximum(number, 1), ONE)
    # Not what is left of one: once these days are over, what fades in them holds nobody back any more.
    each[MEASURES.index("now")] = FREE_NOW
    opens = np.concatenate([[True], lots[0, 1:] != lots[0, :-1]])
    follows = ~opens
    follows[1:] &= lots[1, 1:] == lots[1, :-1] + 1
    # What a lot may bring in any case, new ones of the week before have used up: one lot on two weeks' border is one.
    alone = 2 * np.bincount(lot[thin & by_sight], minlength=count) > number
    free = np.where(alone, FREE_ALONE, FREE)
    free[follows] -= np.minimum(number[np.flatnonzero(follows) - 1], free[follows])
    part = np.where(alone, ESTABLISHED_ALONE, ESTABLISHED)
    first = np.flatnonzero(opens)
    nth = np.arange(count) - first[np.cumsum(opens) - 1]
    share = np.full(count, ONE, dtype=np.int64)
    before = np.zeros_like(new)
    order = np.argsort(nth, kind="stable")
    # The first weeks of all targets, then the second ones: each builds on what the one before let through.
    for place in np.split(order, np.flatnonzero(np.diff(nth[order])) + 1):
        later = place[nth[place] > 0]
        before[:, later] = before[:, later - 1] + others[:, later - 1] + new[:, later - 1] * share[later - 1] // ONE
        most = free[place] * each[:, place] + before[:, place] // part[place] + COMPANY * others[:, place]
        by_measure = np.where(new[:, place] > 0, most * ONE // np.maximum(new[:, place], 1), ONE)
        share[place] = np.minimum(ONE, by_measure.min(axis=0))
    return np.where(thin, np.maximum(share[lot], 1), ONE)
