"""Packs interactions into words of 64 bits that sort as edges do: target, actor, verb, network, day, origin.

Accounts are numbered densely, targets counted from the start of their partition, so that any number of accounts fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scoring.engine.base import Columns
from scoring.features.base import Int64
from scoring.features.catalogue import ORIGIN_API, ORIGIN_ARCHIVE

DAY = 86_400_000_000  # microseconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The sign bit stays free.
WORD_BITS = 63
VERB_BITS = 5
# The lowest bits: the network itself named it; something else than an upload named it.
CONFIRMED, NOT_SUPPLIED, ORIGIN_BITS = 1, 2, 2
# Rows of a partition: its words and what is made of them stay in a processor's own cache.
PARTITION_ROWS = 150_000
MOST_PARTITIONS = 1 << 16
# A stretch of account numbers this many times the rows is dense enough to be numbered by counting from its start.
SPARSE = 8

READ = ("target", "actor", "verb", "network", "origin")
LIMITED = ("target", "actor", "verb", "network")
# The day of rows that have none.
UNDATED = -(1 << 40)


class Unfit(Exception):
    """The rows do not fit into words; the SQL takes rows of any kind."""


@dataclass(frozen=True, slots=True)
class Source:
    """Rows to pack: columns in memory, or a Parquet file, with `limits` (column -> least and largest value).

    day: of all the rows (days since 1970) or UNDATED; None where each has its own. Rows of day `end` or later are left
    out.
    """

    rows: int
    limits: Mapping[str, tuple[int, int]]
    day: int | None
    end: int
    path: str = ""
    columns: Columns | None = None

    def read(self, names: Sequence[str] = READ) -> dict[str, NDArray[Any]]:
        """The columns named, and `day` where the rows differ in it."""
        if self.columns is not None:
            return {name: np.asarray(self.columns[name]) for name in (*names, *(["day"] if self.day is None else []))}
        file = pq.ParquetFile(self.path)
        found = file.read([*names, *(["occurred_at"] if self.day is None else [])], use_threads=False)
        columns = {name: found.column(name).to_numpy() for name in names}
        if self.day is None:
            moments = found.column("occurred_at").cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
            days = moments // DAY
            columns = {name: values[days < self.end] for name, values in columns.items()} | {
                "day": days[days < self.end]
            }
        return columns


def of_file(path: str, end: int) -> Source | None:
    """A file of the lake by its footer, None where it has nothing of before day `end`.

    Raises Unfit where the footer does not tell the limits.
    """
    metadata = pq.read_metadata(path)
    if not metadata.num_rows:
        return None
    places = {metadata.schema.column(place).path: place for place in range(metadata.num_columns)}
    limits: dict[str, tuple[int, int]] = {}
    for name in (*LIMITED, "occurred_at"):
        found = []
        for number in range(metadata.num_row_groups):
            statistics = metadata.row_group(number).column(places[name]).statistics
            if statistics is None or not statistics.has_min_max or statistics.null_count:
                raise Unfit(f"{path} does not tell the limits of {name}")
            found += [_whole(statistics.min), _whole(statistics.max)]
        limits[name] = min(found), max(found)
    first, last = (moment // DAY for moment in limits.pop("occurred_at"))
    if first >= end:
        return None
    limits["day"] = first, min(last, end - 1)
    return Source(metadata.num_rows, limits, first if first == last else None, end, path)


def _whole(value: int | datetime) -> int:
    """A moment as microseconds since 1970, a number as it is."""
    if not isinstance(value, datetime):
        return int(value)
    since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def of_columns(columns: Columns, end: int) -> Source | None:
    """Rows in memory, all of before day `end`, undated where there is no column `day`; None where there are none."""
    rows = len(columns["target"])
    if not rows:
        return None
    dated = "day" in columns
    names = (*LIMITED, "day") if dated else LIMITED
    limits = {name: (int(columns[name].min()), int(columns[name].max())) for name in names}
    return Source(rows, limits, None if dated else UNDATED, end, columns=columns)


@dataclass(frozen=True, slots=True)
class Numbering:
    """Accounts as numbers below `count`, in the accounts' order: counted from `base`, or by place in `listed`."""

    base: int
    count: int
    listed: Int64 | None = None

    def numbers(self, accounts: NDArray[Any]) -> Int64:
        """The numbers of accounts that have one."""
        if self.listed is None:
            counted: Int64 = accounts.astype(np.int64) - self.base
            return counted
        return np.searchsorted(self.listed, accounts).astype(np.int64, copy=False)

    def accounts(self, numbers: Int64) -> NDArray[Any]:
        """The accounts of `numbers`, counted from `base`."""
        return numbers.astype(np.int32) if self.listed is None else self.listed[numbers]

    def has(self, accounts: Int64) -> NDArray[np.bool_]:
        if self.listed is None:
            # Compared before anything is subtracted, which could overflow.
            return np.asarray((accounts >= self.base) & (accounts <= self.base + (self.count - 1)))
        place = np.minimum(np.searchsorted(self.listed, accounts), self.count - 1)
        return np.asarray(self.listed[place] == accounts)

    def table(self, accounts: Int64, values: Int64) -> Int64:
        """`values` by number, 0 for who is not named."""
        found = np.zeros(self.count, dtype=np.int64)
        here = self.has(accounts)
        found[self.numbers(accounts[here])] = values[here]
        return found


def number(sources: Sequence[Source], pool: Executor) -> Numbering:
    """Numbers for all accounts that the sources name."""
    ends = [source.limits[name] for source in sources for name in ("target", "actor")]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if high - low < SPARSE * sum(source.rows for source in sources) + 1024:
        return Numbering(low, high - low + 1)

    def seen(source: Source) -> Int64:
        columns = source.read(("target", "actor"))
        return np.unique(np.concatenate([columns["target"], columns["actor"]]).astype(np.int64))

    listed = np.unique(np.concatenate(list(pool.map(seen, sources))))
    return Numbering(0, len(listed), listed)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a word each field lies. cuts: the first target of each partition, and the number of accounts last."""

    numbering: Numbering
    network_base: int
    network_shift: int
    first_day: int
    no_day: int
    verb_shift: int
    actor_shift: int
    target_shift: int
    cuts: Int64

    @property
    def partitions(self) -> int:
        return len(self.cuts) - 1

    @property
    def networks(self) -> int:
        """At most this many networks."""
        return 1 << self.verb_shift - self.network_shift

    def days(self, words: Int64) -> Int64:
        """The day of each word, counted from the first; `no_day` for none."""
        return words >> ORIGIN_BITS & (1 << self.network_shift - ORIGIN_BITS) - 1

    def pack(self, columns: Columns, day: int | None) -> tuple[Int64, Int64]:
        """Words of the rows in the order of their targets, and where in them each partition begins and the last ends.

        day: of all rows, None where each has its own.
        """
        target = self.numbering.numbers(columns["target"])
        places = None
        if np.any(target[1:] < target[:-1]):
            places = np.argsort(target, kind="stable")
            target = target[places]
        borders = np.searchsorted(target, self.cuts)
        target -= np.repeat(self.cuts[:-1], np.diff(borders))
        words = target
        words <<= self.target_shift

        def add(values: NDArray[Any], shift: int) -> None:
            placed = values if places is None else values[places]
            np.bitwise_or(words, placed.astype(np.int64) << shift, out=words)

        add(self.numbering.numbers(columns["actor"]), self.actor_shift)
        add(columns["verb"], self.verb_shift)
        if self.verb_shift > self.network_shift:
            add(columns["network"] - self.network_base, self.network_shift)
        if day is None:
            add(columns["day"] - self.first_day, ORIGIN_BITS)
        else:
            words |= np.int64((self.no_day if day == UNDATED else day - self.first_day) << ORIGIN_BITS)
        origin = columns["origin"]
        flags = (origin == ORIGIN_API) * np.int8(CONFIRMED) | (origin != ORIGIN_ARCHIVE) * np.int8(NOT_SUPPLIED)
        add(flags, 0)
        return words, borders


def lay_out(sources: Sequence[Source], pool: Executor, partition_rows: int = PARTITION_ROWS) -> Layout:
    """Fields wide enough for the sources' rows, and partitions of about `partition_rows`. Raises Unfit."""

    def limits(name: str) -> tuple[int, int]:
        given = [source.limits[name] for source in sources if name in source.limits]
        return min((low for low, _ in given), default=0), max((high for _, high in given), default=0)

    verbs, networks, days = limits("verb"), limits("network"), limits("day")
    if verbs[0] < 0 or verbs[1] >> VERB_BITS:
        raise Unfit(f"verbs from {verbs[0]} to {verbs[1]}")
    numbering = number(sources, pool)
    # One more for rows that have no day.
    no_day = days[1] - days[0] + 1
    network_shift = ORIGIN_BITS + no_day.bit_length()
    verb_shift = network_shift + (networks[1] - networks[0]).bit_length()
    actor_shift = verb_shift + VERB_BITS
    target_shift = actor_shift + (numbering.count - 1).bit_length()
    widest = 1 << max(WORD_BITS - target_shift, 0)
    if numbering.count > widest * MOST_PARTITIONS or numbering.count > 1 << 31:
        raise Unfit(f"{numbering.count:,} accounts, {no_day:,} days")
    # Few targets have most of the rows, and the days are alike: one of them tells where to cut.
    largest = max(sources, key=lambda source: source.rows)
    sample = np.sort(numbering.numbers(largest.read(("target",))["target"]))
    wanted = sum(source.rows for source in sources) // partition_rows + 1
    cuts = np.unique(
        np.concatenate(
            [
                sample[np.arange(1, wanted) * len(sample) // wanted],
                np.arange(0, numbering.count, widest),
                [numbering.count],
            ]
        )
    )
    return Layout(
        numbering=numbering,
        network_base=networks[0],
        network_shift=network_shift,
        first_day=days[0],
        no_day=no_day,
        verb_shift=verb_shift,
        actor_shift=actor_shift,
        target_shift=target_shift,
        cuts=cuts,
    )
