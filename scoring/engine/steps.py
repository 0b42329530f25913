"""The one definition of the aggregation, for any engine: the SQL steps in their order and the functions that they call.

An engine brings tables of the names and columns below, declares FUNCTIONS and runs STEPS; each is one file under sql/,
in the subset that DuckDB and Spark share. `standing` (account, value) is made from `int_pairs` by scoring.engine.graph.

lake: target, actor, post, network, verb, origin, day. newest: the same, with key_high, key_low. lake_keys: key_high,
key_low of the lake's rows on the days of newest. relations: target, actor, verb, network, origin. counters: account,
network, name, value, origin. counter_verbs: network, name, verb. totals: account, post, verb, total, network, origin, day.
published: account, post, day. erased: account. owners: account, person. decay: day, now, recent, long. pauses: account,
from_day, until_day, base, keep. A day is a number, counted from 1970; only days before the day of the score are given.
Between `int_pairs` and the graph, `int_guards` (target, actor, weight) is made by scoring.engine.guards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from string import Template

import numpy as np

from scoring.engine.graph import UNKNOWN
from scoring.features.base import ONE, Int64
from scoring.features.catalogue import (
    ANY,
    FEATURES,
    NETWORKS,
    ORIGIN_API,
    ORIGIN_ARCHIVE,
    STANDING_VERBS,
    VERBS,
    WINDOWS,
    column_of,
)

# No network has as many people, nor a post as many reactions; beyond these the products below would not fit 64 bits.
MOST_PEOPLE = 1 << 46
MOST_REACTIONS = (1 << 31) - 1

# name -> (arguments, definition). `quotient` is the engine's own division of whole numbers that are not negative.
FUNCTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    # From 65,536ths x 65,536ths back to 65,536ths.
    "unit": (("product",), f"quotient(product, {ONE})"),
    # 3 d / (d + 2): one fresh event is one, ever more are three. Written so that nothing is multiplied by d.
    "strength": (("decayed",), f"{3 * ONE - 1} - quotient({6 * ONE * ONE - 1}, decayed + {2 * ONE})"),
    # 50 s / (s + 49): one reaction is one, ever more to the same post are fifty.
    "saturated": (("reactions",), f"{50 * ONE - 1} - quotient({2450 * ONE - 1}, reactions + 49)"),
}

# Before the graph, and after it; a view is read where it is used, a table is kept.
BEFORE_GRAPH = ("stg_interactions", "stg_relations", "int_edges", "int_pairs")
AFTER_GRAPH = (
    "stg_counters",
    "stg_totals",
    "stg_published",
    "int_posts",
    "int_posts_by_verb",
    "int_published",
    "int_totals",
    "int_verbs",
    "int_any",
    "int_surplus",
    "int_accounts",
    "fct_features",
)
VIEWS = frozenset({"stg_interactions", "stg_relations", "stg_published", "fct_features"})

# Which step offers which measures of a verb to the last one, and which of all verbs together.
_OFFERED: Mapping[str, tuple[str, ...]] = {
    "int_verbs": (
        "actors_recent",
        "actors_long",
        "events_recent",
        "standing_recent",
        "actors_ever",
        "standing_ever",
    ),
    "int_posts_by_verb": ("posts_recent",),
    "int_totals": ("anonymous_recent",),
    "int_surplus": ("surplus",),
}
_OFFERED_OF_ANY: Mapping[str, tuple[str, ...]] = {
    "int_any": (
        "actors_now",
        "actors_recent",
        "actors_long",
        "standing_recent",
        "standing_long",
        "people_ever",
        "confirmed_ever",
    ),
    "int_published": ("published_recent", "reacted_recent"),
}
_SQL = Path(__file__).parent / "sql"


def _features(verbs: Collection[int]) -> dict[str, str]:
    """The columns and joins of the last step for `verbs`, from the catalogue.

    Raises ValueError where no step offers a measure.
    """
    columns: dict[str, str] = {}
    joins: dict[str, str] = {}
    for feature in FEATURES:
        measure = column_of("", feature.measure, feature.window)
        offering = _OFFERED_OF_ANY if feature.verb == ANY else _OFFERED
        step = next((step for step, offered in offering.items() if measure in offered), None)
        if step is None:
            raise ValueError(f"no step of the engine offers {feature.column}")
        if feature.verb != ANY and VERBS[feature.verb].number not in verbs:
            continue
        joined = f"{step}_{column_of(feature.verb, '', '')}"
        which = "" if feature.verb == ANY else f" AND {joined}.verb = {VERBS[feature.verb].number}"
        joins[joined] = (
            f"LEFT JOIN {step} AS {joined} ON {joined}.account = a.account AND {joined}.supplied = a.supplied{which}"
        )
        columns[feature.column] = f"COALESCE({joined}.{measure}, 0) AS {feature.column}"
    return {"features": ",\n    ".join(columns.values()), "joins": "\n".join(joins.values())}


ALL_VERBS = frozenset(verb.number for verb in VERBS.values())


def statement(step: str, verbs: Collection[int] = ALL_VERBS) -> str:
    """The SELECT of a step, complete; the last one has columns for `verbs` alone."""
    standing = ", ".join(str(VERBS[verb].number) for verb in sorted(STANDING_VERBS))
    return Template((_SQL / f"{step}.sql").read_text()).substitute(
        _features(verbs),
        one=ONE,
        unknown=UNKNOWN,
        origin_api=ORIGIN_API,
        origin_archive=ORIGIN_ARCHIVE,
        standing_verbs=standing,
        most_people=MOST_PEOPLE,
        most_reactions=MOST_REACTIONS,
    )


@cache
def weights(half_life: int) -> Int64:
    """Weight of an event by its age in whole days, in 65,536ths, from age 0 until it is 0 for good.

    Computed in decimal, because a processor's own power function may differ in the last bit.
    """
    found: list[int] = []
    with localcontext(prec=40):
        while not found or found[-1]:
            found.append(round(ONE * Decimal(2) ** (Decimal(-len(found)) / half_life)))
    table = np.array(found, dtype=np.int64)
    table.flags.writeable = False
    return table


def decay(as_of_day: int) -> dict[str, Int64]:
    """The table `decay`: day and a column for each window that fades, for each day before `as_of_day` (days since 1970) that still weighs."""
    by_window = {name: weights(half_life) for name, half_life in WINDOWS.items() if half_life}
    days = max(len(found) for found in by_window.values())
    table = {"day": as_of_day - np.arange(1, days, dtype=np.int64)}
    for name, found in by_window.items():
        column = np.zeros(days - 1, dtype=np.int64)
        column[: len(found) - 1] = found[1:]
        table[name] = column
    return table


def counter_verbs() -> tuple[list[int], list[str], list[int]]:
    """The table `counter_verbs`: network, name, verb."""
    rows = [
        (network.code, name, VERBS[verb].number)
        for network in NETWORKS.values()
        for name, verb in network.counters.items()
    ]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
