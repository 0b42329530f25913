"""What an engine is given and gives back: columns in, columns out; no Django, no clock, no app model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import FeatureTable

Columns = Mapping[str, NDArray[Any]]


def none(*names: str) -> Columns:
    """Columns of no rows."""
    return dict.fromkeys(names, np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Inputs:
    """The log as of a day, ready to be aggregated.

    lake: paths of Parquet files of closed days, or a pyarrow dataset where the lake is no local folder; columns
      key_high, key_low, occurred_at (timestamp, UTC), target, actor, post (int64), network, verb, origin (int16).
    lake_days: the UTC day of each path, in order.
    newest: the same columns from PostgreSQL, occurred_at as int64 microseconds since 1970; rows of it may be in the
      lake too and count once, by key.
    relations: target, actor, verb, network, origin. counters: account, network, name (numpy str), value, origin.
    totals: account, post, verb, total, occurred_at (int64 microseconds), network, origin.
    erased: accounts to leave out. owners: account and person (int64), of every account that a person linked.
    published: account, post, occurred_at (int64 microseconds): posts of linked accounts. trusted: accounts to which no
    guard applies. born: account, day (since 1970) on which it was made, where that is known. damped: target, actor,
    weight (65,536ths) of pairs that count less by what is known of them besides the log.
    pauses: account, start, end (int64 days since 1970, start <= day < end) of times that do not count as age; and,
      where given, held: 1 for one that goes on and whose own days count only once it ends.
    """

    as_of: date
    lake: list[str] | Any
    lake_days: list[date]
    newest: Columns
    relations: Columns
    counters: Columns
    totals: Columns
    erased: NDArray[np.int64]
    owners: Columns
    pauses: Columns = field(default_factory=lambda: none("account", "start", "end"))
    published: Columns = field(default_factory=lambda: none("account", "post", "occurred_at"))
    trusted: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    born: Columns = field(default_factory=lambda: none("account", "day"))
    damped: Columns = field(default_factory=lambda: none("target", "actor", "weight"))


@dataclass(frozen=True, slots=True)
class Output:
    """features: a row per account seen as target, actor or owner of a counter, and one more for what was supplied.

    standing: int64 [n], in 65,536ths, by row. guards: the table int_guards: target, actor, weight, reason.
    """

    features: FeatureTable
    standing: NDArray[np.int64]
    guards: Columns = field(default_factory=lambda: none("target", "actor", "weight", "reason"))


Progress = Callable[[str, int], None]
