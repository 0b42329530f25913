"""What is kept of levels and of the way there, as tables of people by families: a run compares before it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring import columns
from scoring.features.base import Int64
from scoring.formula.base import Float64

# People compared and written in one transaction: their tables are some hundred megabytes.
SLICE = 100_000
# Fewer people than this are asked for by their numbers, more by where the numbers begin and end.
NUMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far people [n] are in families [f]: value and points (NaN: not known) float64 [n, f], there bool [n, f].

    strange: person and family (its place) of rows that are of nobody among them, or of no such family (then -1).
    """

    there: NDArray[np.bool_]
    value: Float64
    points: Float64
    strange: tuple[Int64, Int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Places first to last of people sorted by number, and the numbers that are theirs: all stretches cover all."""

    part: slice
    after: int
    upto: int


def stretches(persons: Int64) -> Iterator[Stretch]:
    """Pieces of `persons` (sorted, each once) of SLICE at most; at least one, which may be empty."""
    ends = [*range(SLICE, len(persons), SLICE), len(persons)]
    begin, after = 0, np.iinfo(np.int64).min
    for end in ends:
        upto = int(persons[end - 1]) if end < len(persons) else np.iinfo(np.int64).max
        yield Stretch(slice(begin, end), int(after), int(upto))
        begin, after = end, upto


def levels(persons: Int64, slugs: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Of each of `persons` (sorted) and of `slugs`: the highest level that there is, taken away or not, and the lowest
    that was taken away (the largest number for none); int32 [n, f] both."""
    shape = (len(persons), len(slugs))
    highest, closed = np.zeros(shape, dtype=np.int32), np.full(shape, np.iinfo(np.int32).max, dtype=np.int32)
    where, whom = _among("award.person_id", persons)
    query = f"""
        SELECT award.person_id, (named.number - 1)::int, award.level, award.revoked_at IS NOT NULL
        FROM scoring_award AS award
        JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number) ON named.slug = award.family
        WHERE {where}
    """  # noqa: S608 (our own text)
    kinds: dict[str, columns.Type] = {"person": "int8", "family": "int4", "level": "int4", "revoked": "bool"}
    for rows in columns.batches(connection, query, [list(slugs), *whom], kinds):
        place, there = columns.places(persons, rows["person"])
        family, level, revoked = rows["family"][there], rows["level"][there], rows["revoked"][there]
        np.maximum.at(highest, (place, family), level)
        np.minimum.at(closed, (place[revoked], family[revoked]), level[revoked])
    return highest, closed


def progress(persons: Int64, slugs: Sequence[str], stretch: Stretch | None) -> Progress:
    """How far `persons` (sorted) are in `slugs`; with a `stretch` also what else is kept of its numbers."""
    shape = (len(persons), len(slugs))
    there, value, points = np.zeros(shape, dtype=bool), np.zeros(shape), np.full(shape, np.nan)
    if stretch is None:
        where, whom = _among("kept.person_id", persons)
        where += " AND named.slug IS NOT NULL"
    else:
        where, whom = "kept.person_id > %s AND kept.person_id <= %s", [stretch.after, stretch.upto]
    query = f"""
        SELECT kept.person_id, coalesce(named.number - 1, -1)::int, kept.value, coalesce(kept.points, 'NaN')
        FROM scoring_awardprogress AS kept
        LEFT JOIN unnest(%s::text[]) WITH ORDINALITY AS named (slug, number) ON named.slug = kept.family
        WHERE {where}
    """  # noqa: S608 (our own text)
    strange = []
    kinds: dict[str, columns.Type] = {"person": "int8", "family": "int4", "value": "float8", "points": "float8"}
    for rows in columns.batches(connection, query, [list(slugs), *whom], kinds):
        place, known = columns.places(persons, rows["person"])
        asked = known & (rows["family"] >= 0)
        place, family = place[asked[known]], rows["family"][asked]
        there[place, family] = True
        value[place, family], points[place, family] = rows["value"][asked], rows["points"][asked]
        other = ~asked & (stretch is not None)
        strange.append((rows["person"][other], rows["family"][other].astype(np.int64)))
    who, what = (np.concatenate(parts) for parts in zip(*strange, strict=True))
    return Progress(there, value, points, (who, what))


def alive(persons: Int64) -> Int64:
    """Those of `persons` (sorted) who are still there."""
    where, whom = _among("id", persons)
    query = f"SELECT id FROM accounts_person WHERE {where}"  # noqa: S608 (our own text)
    ids = columns.read(connection, query, whom, {"id": "int8"})["id"]
    return persons[np.isin(persons, ids)]


def held(persons: Int64) -> Int64:
    """Those of `persons` (sorted) who are still there, and stay until the caller's transaction ends.

    Who is just being erased is waited for: call it before anything is written that an erasure would wait for.
    """
    query = "SELECT id FROM accounts_person WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE"
    return columns.read(connection, query, [persons.tolist()], {"id": "int8"})["id"]


def _among(column: str, persons: Int64) -> tuple[str, list[Any]]:
    """A condition that holds for all of `persons` (sorted), and perhaps for others."""
    if len(persons) < NUMBERED:
        return f"{column} = ANY(%s::bigint[])", [persons.tolist()]
    return f"{column} BETWEEN %s AND %s", [int(persons[0]), int(persons[-1])]
