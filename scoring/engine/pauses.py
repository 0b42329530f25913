"""Times that do not count as age: while an account rests, what it was given before does not fade."""

from __future__ import annotations

import numpy as np

from scoring.engine.base import Columns
from scoring.features.base import Int64

# As `keep`: what happened on these days is left out.
LEFT_OUT = -1


def segments(account: Int64, start: Int64, end: Int64, held: Int64 | None = None, *, as_of_day: int) -> Columns:
    """The table `pauses` of scoring.engine.steps from pauses by day (start <= day < end, days since 1970), any order.

    Columns account, from_day, until_day, base, keep: a row for each stretch of days of an account that has a pause; an
    event on a day of that stretch fades as if it had happened on day `base + keep * day`, and one where `keep` is
    LEFT_OUT is not there at all. Pauses of one account that overlap count once. A paused day after the event's own is
    no day of age; the day of the score ends every pause. held: 1 for a pause that goes on and whose own days count only
    once it ends (0 where not said).
    """
    rows: list[tuple[int, int, int, int, int]] = []
    if held is None:
        held = np.zeros(len(account), dtype=np.int64)
    order = np.lexsort((start, account))
    by_account: dict[int, list[tuple[int, int]]] = {}
    held_since: dict[int, int] = {}
    for place in order.tolist():
        first, last = int(start[place]), min(int(end[place]), as_of_day)
        if last <= first:
            continue
        number = int(account[place])
        if held[place]:
            # It goes on: every day from its first on is held.
            last = as_of_day
            held_since[number] = min(first, held_since.get(number, first))
        merged = by_account.setdefault(number, [])
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    for number, pauses in by_account.items():
        rest, until = 0, None
        since = held_since.get(number, as_of_day)
        for first, last in reversed(pauses):
            if until is not None and last < until:
                rows.append((number, last, until, rest, 1))
            # During the pause every day is as fresh as its last one.
            if first < min(last, since):
                rows.append((number, first, min(last, since), last - 1 + rest, 0))
            if since < last:
                rows.append((number, max(first, since), last, 0, LEFT_OUT))
            rest, until = rest + last - first, first
        rows.append((number, -(1 << 31), pauses[0][0], rest, 1))
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return dict(zip(("account", "from_day", "until_day", "base", "keep"), table.T, strict=True))
