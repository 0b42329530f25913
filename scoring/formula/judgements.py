"""Reads pairs of people whom humans compared: one row a pair, the counters of both, and who was chosen."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scoring.features import catalogue
from scoring.features.base import FeatureTable
from scoring.formula import counters
from scoring.formula.base import Float64
from scoring.formula.fitting import Judged

# PeerIndex's names of counters -> ours. Its three network features are of no stated meaning, and left out.
NAMES: Mapping[str, str] = {
    "follower_count": "followers",
    "following_count": "following",
    "listed_count": "listed",
    "mentions_received": "mentions_received",
    "retweets_received": "retweets_received",
    "mentions_sent": "mentions_sent",
    "retweets_sent": "retweets_sent",
    "posts": "posts",
}
SIDES = ("A", "B")
CHOICE = "Choice"


class BadPairs(ValueError):
    """The table of pairs cannot be read; the message names the row and the reason."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was read: the judged people, and their counters by our names (float64 [n])."""

    judged: Judged
    values: Mapping[str, Float64]


def read(path: Path, *, network: str = "twitter") -> Pairs:
    """The pairs in a CSV table with the columns Choice (1: A, 0: B), A_<counter> and B_<counter>.

    A person is a row of values: the same values on both sides, or in several pairs, are one person. All columns of a
    side tell people apart, also those that are not counters. Raises BadPairs, and OSError where there is no such file.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.reader(file)
        header = [cell.strip() for cell in next(table, [])]
        places = [[place for place, name in enumerate(header) if name.startswith(f"{side}_")] for side in SIDES]
        names = [[header[place].partition("_")[2] for place in side] for side in places]
        if CHOICE not in header or not names[0] or names[0] != names[1] or not set(NAMES) & set(names[0]):
            raise BadPairs(f"the header needs {CHOICE} and the same counters as A_... and B_...; it names {header[:6]}")
        rows = [values_of(cells, len(header), number) for number, cells in enumerate(table, start=2) if any(cells)]
    if not rows:
        raise BadPairs("there are no pairs below the header")
    values = np.array(rows)
    chosen = values[:, header.index(CHOICE)]
    if not np.isin(chosen, (0, 1)).all():
        raise BadPairs(f"row {int(np.argmin(np.isin(chosen, (0, 1)))) + 2}: {CHOICE} is neither 0 nor 1")
    people, which = np.unique(np.concatenate([values[:, side] for side in places]), axis=0, return_inverse=True)
    first, second = which.ravel().reshape(2, -1)
    found = {NAMES[name]: people[:, place] for place, name in enumerate(names[0]) if name in NAMES}
    return Pairs(Judged(table_of(found, network), first, second, chosen == 1), found)


def values_of(cells: list[str], width: int, number: int) -> list[float]:
    try:
        values = [float(cell) for cell in cells]
    except ValueError as error:
        raise BadPairs(f"row {number}: {error}") from None
    if len(values) != width:
        raise BadPairs(f"row {number} has {len(values)} cells, not {width}")
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise BadPairs(f"row {number}: a counter is a number from 0 up")
    return values


def table_of(values: Mapping[str, Float64], network: str) -> FeatureTable:
    """Features of people by their counters, one row each, as score_counters scores them."""
    rows = len(next(iter(values.values())))
    account = np.arange(rows, dtype=np.int64)
    code = np.full(rows, catalogue.NETWORKS[network].code, dtype=np.int64)
    return FeatureTable(account, code, counters.columns_of(values, network))
