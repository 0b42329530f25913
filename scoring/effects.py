"""What each linked account does for its person's score: the score once more without it, for all people at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Formula, Scored

# Rows scored at a time: with all their columns some hundred megabytes.
ROWS = 1 << 18


def of_unlinking(scorer: Formula, table: FeatureTable, person: Int64, scored: Scored) -> dict[str, NDArray[Any]]:
    """Columns account, person_id (int64) and points (float64): what removing each account takes off its person's score.

    table, person: the rows of linked accounts, sorted by account, and whose each is; scored: those people's scores.
    Never negative, since no account lowers a score.
    """
    # What was supplied of an account goes with it.
    first = np.flatnonzero(np.diff(table.account, prepend=table.account[:1] - 1))
    account, owner = table.account[first], person[first]
    rows_of = np.append(first, len(table)).astype(np.int64)
    order = np.argsort(owner, kind="stable")
    without: list[NDArray[np.float64]] = [np.zeros(0)]
    for places, left_out, number in _left_out(owner[order]):
        chosen = order[places]
        size = rows_of[chosen + 1] - rows_of[chosen]
        scenario = np.repeat(left_out, size)
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        found = np.ones(number)
        if len(places):
            rest = scorer.score(table.take(np.repeat(rows_of[chosen], size) + offset), scenario)
            found[rest.entity] = rest.score
        without.append(found)
    alone = np.concatenate(without)
    whole = scored.score[np.searchsorted(scored.entity, owner[order])]
    return {"account": account[order], "person_id": owner[order], "points": np.maximum(whole - alone, 0.0)}


def _left_out(person: Int64) -> Iterator[tuple[Int64, Int64, int]]:
    """For stretches of the sorted rows: the rows that remain where one is left out, which one that is (counted from
    the stretch's first), and how many rows the stretch has. A person's rows are never torn apart.
    """
    starts = np.flatnonzero(np.concatenate([[True], person[1:] != person[:-1]])) if len(person) else np.zeros(0, int)
    sizes = np.diff(np.append(starts, len(person)))
    remaining = np.cumsum(sizes * (sizes - 1))
    first = 0
    while first < len(starts):
        done = remaining[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(remaining, done + ROWS, side="right")))
        begin, size = starts[first:last], sizes[first:last]
        number = int(size.sum())
        # Each row beside each row of its person, itself excepted.
        of_row = np.repeat(np.arange(len(size)), size)
        one = np.repeat(np.arange(number), size[of_row])
        offset = np.arange(len(one)) - np.repeat(np.cumsum(size[of_row]) - size[of_row], size[of_row])
        other = begin[of_row[one]] - begin[0] + offset
        keep = other != one
        yield (begin[0] + other[keep]).astype(np.int64), one[keep].astype(np.int64), number
        first = last
