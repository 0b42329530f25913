"""The edges and pairs of the log in plain numpy: the rows of int_edges.sql and int_pairs.sql, several times faster.

Interactions are packed into words that sort as edges do (kernel_words.py), a partition of targets at a time, so that
sorting and adding up stay in a processor's cache; numpy lets go of the interpreter meanwhile, so that threads count.
Whole numbers alone are added: the order of rows and the number of threads change nothing. tests/scoring/engine/
test_kernel.py holds every row to the SQL's.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine.base import Columns
from scoring.engine.kernel_words import (
    CONFIRMED,
    NOT_SUPPLIED,
    PARTITION_ROWS,
    VERB_BITS,
    Layout,
    Unfit,
    lay_out,
    of_columns,
    of_file,
)
from scoring.features.base import ONE, Int64
from scoring.features.catalogue import ASIDE_VERBS, STANDING_VERBS, VERBS

# A row's word, its edge and its pair at the most.
BYTES_PER_ROW = 90
WINDOWS = ("now", "recent", "long")
# What the table `decay` says of a day, and how it is put together over events.
FADING: Mapping[str, np.ufunc] = {**dict.fromkeys(WINDOWS, np.add), "weeks": np.bitwise_or}
# The types of the SQL's columns; the tables here hold narrower ones.
SMALL, WHOLE, LARGE = "SMALLINT", "INTEGER", "BIGINT"
EDGE_COLUMNS: Mapping[str, str] = {
    "target": LARGE,
    "actor": LARGE,
    "verb": SMALL,
    "network": SMALL,
    "own": WHOLE,
    "confirmed": WHOLE,
    "supplied": WHOLE,
    "first_day": LARGE,
    "events": LARGE,
    **dict.fromkeys(FADING, LARGE),
}
PAIR_COLUMNS: Mapping[str, str] = {
    "target": LARGE,
    "actor": LARGE,
    "network": SMALL,
    "confirmed": WHOLE,
    "supplied": WHOLE,
    "first_day": LARGE,
    **dict.fromkeys(FADING, LARGE),
    "lasting": WHOLE,
    "hands": LARGE,
}
NO_DAY = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Reduced:
    """Edges and pairs, sorted by target, actor and verb: pyarrow tables with the columns of int_edges and int_pairs.

    Types are the narrowest that hold the values; accounts are counted from `base`.
    """

    base: int
    edges: pa.Table
    pairs: pa.Table


def reduce(
    *,
    files: Sequence[str],
    newest: Columns,
    relations: Columns,
    erased: Int64,
    owners: Columns,
    pauses: Columns,
    decay: Columns,
    end: int,
    threads: int | None = None,
    memory: int | None = None,
    partition_rows: int = PARTITION_ROWS,
) -> Reduced:
    """All edges and pairs of what happened before day `end` (days since 1970).

    files: Parquet files of the lake. newest: target, actor, verb, network, origin, day of rows that are in none of
    them, all of before `end`. relations: the same without a day. erased, owners, pauses, decay: the tables of
    scoring.engine.steps. memory: bytes that may be needed. Raises Unfit where the rows fit neither into these nor into
    words: then the SQL must do it.
    """
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        found = [*pool.map(lambda path: of_file(path, end), files), of_columns(newest, end), of_columns(relations, end)]
        sources = [source for source in found if source]
        if not sources:
            return Reduced(0, _table([], EDGE_COLUMNS), _table([], PAIR_COLUMNS))
        rows = sum(source.rows for source in sources)
        if memory is not None and rows * BYTES_PER_ROW > memory:
            raise Unfit(f"{rows:,} rows need more than {memory:,} bytes")
        layout = lay_out(sources, pool, partition_rows)
        packed = list(pool.map(lambda source: layout.pack(source.read(), source.day), sources))
        facts = Facts.of(layout, erased=erased, owners=owners, pauses=pauses, decay=decay, end=end)

        def reduced(place: int) -> tuple[Columns, Columns]:
            slices = [words[borders[place] : borders[place + 1]] for words, borders in packed]
            words = np.concatenate(slices)
            words.sort()
            edges = facts.edges(words, int(layout.cuts[place]))
            return edges, _pairs(edges)

        chunks = [chunk for chunk in pool.map(reduced, range(layout.partitions)) if len(chunk[0]["target"])]
        packed.clear()
    _give_back()
    return Reduced(
        layout.numbering.base,
        _table([edges for edges, _ in chunks], EDGE_COLUMNS),
        _table([pairs for _, pairs in chunks], PAIR_COLUMNS),
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sums need to know: of accounts by number, of days by their place in a word."""

    layout: Layout
    erased: NDArray[np.bool_] | None
    # A number for each person, 0 for who is nobody's.
    person: Int64 | None
    pauses: Pauses | None
    # Weight by age in days, and by day, for each window.
    by_age: Mapping[str, Int64]
    by_day: Mapping[str, Int64]
    end: int

    @classmethod
    def of(cls, layout: Layout, *, erased: Int64, owners: Columns, pauses: Columns, decay: Columns, end: int) -> Facts:
        numbering = layout.numbering
        by_age: dict[str, Int64] = {}
        for name in FADING:
            by_age[name] = np.zeros(end - int(decay["day"].min()) + 2, dtype=np.int64)
            by_age[name][end - decay["day"]] = decay[name]
        age = np.clip(end - layout.first_day - np.arange(layout.no_day + 1), 0, len(by_age["long"]) - 1)
        age[layout.no_day] = 0
        _, person = np.unique(owners["person"], return_inverse=True)
        gone = numbering.table(erased, np.ones(len(erased), dtype=np.int64)) > 0
        owner = numbering.table(owners["account"], person.astype(np.int64) + 1)
        return cls(
            layout,
            gone if gone.any() else None,
            owner if owner.any() else None,
            Pauses.of(layout, pauses),
            by_age,
            {name: weights[age] for name, weights in by_age.items()},
            end,
        )

    def edges(self, words: Int64, base: int) -> dict[str, NDArray[Any]]:
        """The edges of sorted `words`, whose targets are counted from `base`."""
        layout, numbering = self.layout, self.layout.numbering
        if self.pauses is not None:
            words = self.pauses.without_left_out(words, base)
        groups = Groups.of(words[1:] ^ words[:-1] >= 1 << layout.verb_shift, len(words))
        leading, others = words[groups.first], words[groups.others]
        edge = leading >> layout.verb_shift
        target = (edge >> layout.target_shift - layout.verb_shift) + base
        actor = edge >> VERB_BITS & (1 << layout.target_shift - layout.actor_shift) - 1
        network = leading >> layout.network_shift & (1 << layout.verb_shift - layout.network_shift) - 1
        day, day_of_others = layout.days(leading), layout.days(others)
        own = target == actor
        if self.person is not None:
            person = self.person[target]
            own |= (person > 0) & (person == self.person[actor])
        own |= _ASIDE[edge & (1 << VERB_BITS) - 1]
        origins = groups.put_together(
            np.bitwise_or,
            (leading & CONFIRMED + NOT_SUPPLIED).astype(np.int8),
            (others & CONFIRMED + NOT_SUPPLIED).astype(np.int8),
        )
        # Of one network the first row is of the first day; and rows without a day are the last.
        first_day = groups.put_together(np.minimum, day.copy(), day_of_others) if layout.networks > 1 else day
        events = groups.put_together(
            np.add, (day < layout.no_day).astype(np.int64), (day_of_others < layout.no_day).astype(np.int64)
        )
        columns = {
            "target": numbering.accounts(target),
            "actor": numbering.accounts(actor),
            "verb": (edge & (1 << VERB_BITS) - 1).astype(np.int8),
            "network": (network + layout.network_base).astype(np.int16),
            "own": own.astype(np.int8),
            "confirmed": origins & np.int8(CONFIRMED),
            "supplied": (origins & np.int8(NOT_SUPPLIED) == 0).astype(np.int8),
            "first_day": np.where(first_day < layout.no_day, first_day + layout.first_day, NO_DAY).astype(np.int32),
            "events": _narrow(np.maximum(events, 1)),
        }
        weights, weights_of_others = self.weights(leading, day, base), self.weights(others, day_of_others, base)
        for name, how in FADING.items():
            columns[name] = _narrow(groups.put_together(how, weights[name], weights_of_others[name]))
        if self.erased is not None:
            kept = ~(self.erased[target] | self.erased[actor])
            if not kept.all():
                return {name: values[kept] for name, values in columns.items()}
        return columns

    def weights(self, words: Int64, day: Int64, base: int) -> dict[str, Int64]:
        """What each of `words` weighs in each window; `day` is its day in the layout."""
        found = {name: weights[day] for name, weights in self.by_day.items()}
        if self.pauses is not None:
            rows, days = self.pauses.fading((words >> self.layout.target_shift) + base, day)
            age = self.end - days
            age[(age < 0) | (age >= len(self.by_age["long"]))] = 0
            for name, weights in self.by_age.items():
                found[name][rows] = weights[age]
        return found


@dataclass(frozen=True, slots=True)
class Groups:
    """Runs of rows that belong together: the first of each, all others, and the number of the others' group."""

    first: Int64
    others: Int64
    group: Int64

    @classmethod
    def of(cls, differs: NDArray[np.bool_], rows: int) -> Groups:
        """differs: whether each row but the first is of another group than the one before."""
        new = np.ones(rows, dtype=np.bool_)
        new[1:] = differs
        others = np.flatnonzero(~new)
        return cls(np.flatnonzero(new), others, others - np.arange(1, len(others) + 1))

    def put_together(self, how: np.ufunc, first: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
        """The values of each group: those of its first row, in place, with the others' added by `how`."""
        how.at(first, self.group, others)
        return first


@dataclass(frozen=True, slots=True)
class Pauses:
    """Segments of paused accounts, by account's number and day, as sorted keys."""

    layout: Layout
    number: Int64
    key: Int64
    until: Int64
    base: Int64
    keep: Int64

    @classmethod
    def of(cls, layout: Layout, pauses: Columns) -> Pauses | None:
        here = layout.numbering.has(pauses["account"])
        if not here.any():
            return None
        number = layout.numbering.numbers(pauses["account"][here])
        # A segment that began before the first day covers it, or ends before it and is followed by another.
        start = np.clip(pauses["from_day"][here] - layout.first_day, 0, layout.no_day)
        order = np.lexsort((pauses["from_day"][here], number))
        columns = (pauses[name][here][order] for name in ("until_day", "base", "keep"))
        return cls(layout, number[order], (number * (layout.no_day + 1) + start)[order], *columns)

    def without_left_out(self, words: Int64, base: int) -> Int64:
        """The rows (words, sorted) but those that a pause leaves out."""
        if (self.keep >= 0).all():
            return words
        rows, place, _ = self._inside((words >> self.layout.target_shift) + base, self.layout.days(words))
        return np.delete(words, rows[self.keep[place] < 0])

    def fading(self, target: Int64, day: Int64) -> tuple[Int64, Int64]:
        """Rows that fade as if they were of another day, and that day (since 1970)."""
        rows, place, day = self._inside(target, day)
        return rows, self.base[place] + self.keep[place] * day

    def _inside(self, target: Int64, day: Int64) -> tuple[Int64, Int64, Int64]:
        """Rows of a paused account, the place of the segment that their day is in, and that day (since 1970)."""
        place = np.minimum(np.searchsorted(self.number, target), len(self.number) - 1)
        rows = np.flatnonzero((self.number[place] == target) & (day < self.layout.no_day))
        number, day = target[rows], day[rows]
        place = np.maximum(np.searchsorted(self.key, number * (self.layout.no_day + 1) + day, side="right") - 1, 0)
        day = day + self.layout.first_day
        inside = (self.number[place] == number) & (day < self.until[place])
        return rows[inside], place[inside], day[inside]


def strength(decayed: Int64) -> Int64:
    """`strength` of scoring.engine.steps.FUNCTIONS."""
    return 3 * ONE - 1 - (6 * ONE * ONE - 1) // (decayed + 2 * ONE)


def _pairs(edges: Columns) -> dict[str, NDArray[Any]]:
    """The pairs of edges in their order: a row for each (target, actor), own reactions left out."""
    kept = edges["own"] == 0
    if not kept.all():
        edges = {name: values[kept] for name, values in edges.items()}
    target, actor = edges["target"], edges["actor"]
    groups = Groups.of((target[1:] != target[:-1]) | (actor[1:] != actor[:-1]), len(target))
    lasts = _LASTING[edges["verb"]]

    def together(how: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        return groups.put_together(how, values[groups.first], values[groups.others])

    columns = {"target": target[groups.first], "actor": actor[groups.first]}
    for name in ("network", "supplied", "first_day"):
        columns[name] = together(np.minimum, edges[name])
    columns["confirmed"] = together(np.maximum, edges["confirmed"])
    for name, how in FADING.items():
        columns[name] = _narrow(together(how, np.where(lasts, 0, edges[name].astype(np.int64))))
    columns["lasting"] = together(np.maximum, lasts.astype(np.int8))
    hands = np.where(lasts, ONE, strength(edges["long"].astype(np.int64)))
    return {**columns, "hands": _narrow(together(np.add, hands))}


_LASTING, _ASIDE = np.zeros((2, 1 << VERB_BITS), dtype=np.bool_)
_LASTING[[VERBS[verb].number for verb in STANDING_VERBS]] = True
_ASIDE[[VERBS[verb].number for verb in ASIDE_VERBS]] = True


def _narrow(values: Int64) -> NDArray[Any]:
    """The same, none of them negative, in the least memory that holds them."""
    largest = values.max(initial=0)
    for kind in (np.int16, np.int32):
        if largest <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def _give_back() -> None:
    """Return to the system what short-lived arrays took: glibc keeps it, half as much again as the arrays that stay."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _table(chunks: Sequence[Columns], names: Mapping[str, str]) -> pa.Table:
    """Chunks of columns as one table, without copying them; a day that is none is null."""
    arrays: dict[str, Any] = {}
    for name in names:
        given = [chunk[name] for chunk in chunks]
        wide = np.result_type(*given) if given else np.dtype(np.int64)
        arrays[name] = pa.chunked_array(
            [
                pa.array(values.astype(wide, copy=False), mask=values == NO_DAY if name == "first_day" else None)
                for values in given
            ],
            type=pa.from_numpy_dtype(wide),
        )
    return pa.table(arrays)
