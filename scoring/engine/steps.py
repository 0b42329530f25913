"""The one definition of the aggregation, for any engine: the SQL steps in their order and the functions that they call.

An engine brings tables of the names and columns below, declares FUNCTIONS and runs STEPS; each is one file under sql/,
in the subset that DuckDB and Spark share. `standing` (account, value) is made from `int_pairs` by scoring.engine.graph.

lake: target, actor, post, network, verb, origin, day. newest: the same, with key_high, key_low. lake_keys: key_high,
key_low of the lake's rows on the days of newest. relations: target, actor, verb, network, origin. counters: account,
network, name, value, origin. counter_verbs: network, name, verb, level. totals: account, post, verb, total, network,
origin, day. published: account, post, day. erased: account. owners: account, person. decay: day, now, recent, long,
weeks. pauses: account, from_day, until_day, base, keep (scoring.engine.pauses; what is done to an account on days where
keep is negative is left out). A day is a number, counted from 1970; only days before the day of the score are given.
Between `int_pairs` and the graph, `int_guards` (target, actor, weight) is made by scoring.engine.guards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from scoring.engine.graph import UNKNOWN
from scoring.features.base import ONE, Int64
from scoring.features.catalogue import (
    ANY,
    ASIDE_VERBS,
    FEATURES,
    LEVELS,
    NETWORKS,
    ORIGIN_API,
    ORIGIN_ARCHIVE,
    STANDING_VERBS,
    UNCERTAINTY,
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
    "int_levels",
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
    "int_posts_by_verb": ("posts_recent", "most_ever"),
    "int_totals": ("anonymous_recent", "largest_ever"),
    "int_surplus": ("surplus",),
    "int_levels": ("counter",),
}
# Whose verbs, or levels, a step has rows of.
_SOURCES: Mapping[str, str] = {
    "int_verbs": "int_edges",
    "int_posts_by_verb": "int_edges",
    "int_totals": "stg_totals",
    "int_surplus": "stg_counters",
    "int_levels": "counters",
}
_OFFERED_OF_ANY: Mapping[str, tuple[str, ...]] = {
    "int_any": (
        "actors_now",
        "actors_recent",
        "actors_long",
        "standing_recent",
        "standing_long",
        "actors_month",
        "actors_before",
        "returning_month",
        "newcomers_month",
        "regulars_quarter",
        "followers_month",
        "notable_quarter",
        "weeks_quarter",
        "people_ever",
        "confirmed_ever",
    ),
    "int_published": ("published_recent", "reacted_recent"),
}
_SQL = Path(__file__).parent / "sql"


# Table -> the verbs (or levels, by number) that it has rows of; what is not in it has no columns.
Seen = Mapping[str, Collection[int]]
# Rows source, number: what the last step needs columns for; read once the edges and the staged tables are there.
SEEN = """
    SELECT DISTINCT 'int_edges' AS source, CAST(verb AS BIGINT) AS number FROM int_edges
    UNION ALL
    SELECT DISTINCT 'stg_totals', CAST(verb AS BIGINT) FROM stg_totals
    UNION ALL
    SELECT DISTINCT 'stg_counters', CAST(verb AS BIGINT) FROM stg_counters
    UNION ALL
    SELECT DISTINCT 'counters', CAST(v.level AS BIGINT)
    FROM counters AS c
    JOIN counter_verbs AS v ON v.network = c.network AND v.name = c.name
"""


def seen(sources: Iterable[str], numbers: Iterable[int]) -> Seen:
    """The rows of SEEN by source."""
    found: dict[str, set[int]] = {source: set() for source in _SOURCES.values()}
    for source, number in zip(sources, numbers, strict=True):
        found[source].add(int(number))
    return found


def _features(seen: Seen | None) -> dict[str, str]:
    """The columns and joins of the last step for what was `seen` (None: for everything), from the catalogue.

    Raises ValueError where no step offers a measure.
    """
    columns: dict[str, str] = {}
    joins: dict[str, str] = {}
    for feature in FEATURES:
        if feature.ratio:
            continue
        measure = column_of("", feature.measure, feature.window)
        offering = _OFFERED_OF_ANY if feature.verb == ANY else _OFFERED
        step = next((step for step, offered in offering.items() if measure in offered), None)
        if step is None:
            raise ValueError(f"no step of the engine offers {feature.column}")
        joined = f"{step}_{column_of(feature.verb, '', '')}"
        which = ""
        if feature.verb != ANY:
            levels = step == "int_levels"
            number = _LEVEL_NUMBERS[feature.verb] if levels else VERBS[feature.verb].number
            if seen is not None and number not in seen[_SOURCES[step]]:
                continue
            which = f" AND {joined}.{'level' if levels else 'verb'} = {number}"
        joins[joined] = (
            f"LEFT JOIN {step} AS {joined} ON {joined}.account = a.account AND {joined}.supplied = a.supplied{which}"
        )
        columns[feature.column] = f"COALESCE({joined}.{measure}, 0) AS {feature.column}"
    for column in UNCERTAINTY:
        columns[column] = f"COALESCE(int_any_{ANY}.{column.removeprefix(f'{ANY}_')}, 0) AS {column}"
    return {"features": ",\n    ".join(columns.values()), "joins": "\n".join(joins.values())}


_LEVEL_NUMBERS = {name: number for number, name in enumerate(LEVELS, start=1)}


def statement(step: str, seen: Seen | None = None) -> str:
    """The SELECT of a step, complete; the last one has columns for what was `seen` alone (None: for everything)."""
    standing, aside = (
        ", ".join(str(VERBS[verb].number) for verb in sorted(verbs)) for verbs in (STANDING_VERBS, ASIDE_VERBS)
    )
    return Template((_SQL / f"{step}.sql").read_text()).substitute(
        _features(seen) if step == "fct_features" else {},
        one=ONE,
        unknown=UNKNOWN,
        origin_api=ORIGIN_API,
        origin_archive=ORIGIN_ARCHIVE,
        standing_verbs=standing,
        aside_verbs=aside,
        most_people=MOST_PEOPLE,
        most_reactions=MOST_REACTIONS,
        month=MONTH,
        before=BEFORE,
        quarter=QUARTER,
    )


@cache
def weights(half_life: int) -> Int64:
    """Weight of an event by its age in whole days, in 65,536ths, from age 0 until it is 0 for good.

    Computed in decimal, because a processor's own power function may differ in the last bit.
    """
    found: list[int] = []
    with localcontext(prec=40):
        # Within one half-life powers are taken, half a second's worth of them otherwise; beyond it these are halved.
        fractions = [ONE * Decimal(2) ** (Decimal(-day) / half_life) for day in range(half_life)]
        while not found or found[-1]:
            halvings, day = divmod(len(found), half_life)
            found.append(round(fractions[day] / (1 << halvings)))
    table = np.array(found, dtype=np.int64)
    table.flags.writeable = False
    return table


# The week of an event, counted in seven days back from the day before the score's, as a bit: one for each of the last
# twelve, and one for all that is older. Bits of several events are put together.
WEEKS = 12
MONTH, BEFORE, QUARTER = 0b1111, 0b1111 << 4, (1 << WEEKS) - 1


def decay(as_of_day: int) -> dict[str, Int64]:
    """The table `decay`: day, a column for each window that fades, and `weeks`, for each day that still weighs.

    as_of_day: the day of the score (days since 1970); its days are those before it.
    """
    by_window = {name: weights(half_life) for name, half_life in WINDOWS.items() if half_life}
    days = max(len(found) for found in by_window.values())
    ages = np.arange(1, days, dtype=np.int64)
    table = {"day": as_of_day - ages}
    for name, found in by_window.items():
        column = np.zeros(days - 1, dtype=np.int64)
        column[: len(found) - 1] = found[1:]
        table[name] = column
    table["weeks"] = np.left_shift(np.int64(1), np.minimum((ages - 1) // 7, WEEKS))
    return table


def counter_verbs() -> dict[str, list[Any]]:
    """The table `counter_verbs`: network, name, verb (0: it counts none), level (its number among LEVELS, or 0)."""
    rows = [
        row
        for network in NETWORKS.values()
        for row in (
            *((network.code, name, VERBS[verb].number, 0) for name, verb in network.counters.items()),
            *((network.code, name, 0, _LEVEL_NUMBERS[name]) for name in network.levels),
        )
    ]
    names = ("network", "name", "verb", "level")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
