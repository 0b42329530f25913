"""Who would get a draft, from what the newest run has kept: a queued task, looked at in the admin before it goes live.

The values are those by which the next run, or a backfill of that day, awards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction

from scoring import columns
from scoring.achievements.award import levels_of
from scoring.achievements.awarding import NoSuchDay, kept_day, run_of
from scoring.achievements.catalogue import Family, family_of
from scoring.achievements.definitions import CannotBeCounted, check, counted
from scoring.achievements.measures import Day, values
from scoring.formula.base import Float64
from scoring.models import Definition, PreviewedAward

# Below the first level, values are told apart by these parts of it.
BELOW = (0.25, 0.5, 0.75)


def preview(definition_id: int) -> bool:
    """Make the preview that was asked for, and say whether there is one now; one of a draft that is gone is none.

    What went wrong is told in the definition's `preview`.
    """
    definition = Definition.objects.filter(pk=definition_id, state=Definition.State.DRAFT).first()
    if definition is None:
        return False
    asked = counted(definition)
    try:
        check(definition)
        day, _scored = kept_day(run_of(None))
    except (NoSuchDay, CannotBeCounted) as error:
        _keep(definition_id, asked, {"error": str(error)}, None)
        return False
    family = family_of(definition)
    value = values(day, [family])[family.slug]
    return _keep(definition_id, asked, told(day, family, value), (day, levels_of(value, family), value))


def failed(definition_id: int, error: Exception) -> None:
    """Say that a preview has come to no end."""
    with transaction.atomic():
        row = Definition.objects.select_for_update().filter(pk=definition_id).first()
        if row is not None:
            row.preview = {**row.preview, "waiting": False, "error": f"{type(error).__name__}: {error}"[:500]}
            row.save(update_fields=["preview"])


def told(day: Day, family: Family, value: Float64) -> dict[str, Any]:
    """What the admin shows: among how many, people by level (those who reached it), and a histogram of values."""
    level = levels_of(value, family)
    return {
        "as_of": day.as_of.isoformat(),
        "among": len(day.persons),
        "people": [int(np.count_nonzero(level >= step)) for step in range(1, len(family.levels) + 1)],
        "histogram": histogram(value, family.levels),
        "error": "",
    }


def histogram(value: Float64, levels: Sequence[int]) -> list[tuple[float, float | None, int]]:
    """Rows (from, below, people): nothing at all, parts of the first level, then level by level; the last is open."""
    edges = [0.0, *sorted({part * levels[0] for part in BELOW}), *map(float, levels)]
    nothing = int(np.count_nonzero(value <= 0))
    place = np.searchsorted(edges, value[value > 0], side="right") - 1
    people = np.bincount(place, minlength=len(edges)).tolist()
    ends: list[float | None] = [*edges[1:], None]
    return [(0.0, 0.0, nothing), *zip(edges, ends, people, strict=True)]


def _keep(
    definition_id: int, asked: dict[str, Any], found: dict[str, Any], who: tuple[Day, Any, Float64] | None
) -> bool:
    """Put what was found in the place of the last preview, unless the draft has changed meanwhile or is none now."""
    with transaction.atomic():
        row = Definition.objects.select_for_update().filter(pk=definition_id).first()
        if row is None or row.state != Definition.State.DRAFT or counted(row) != asked:
            return False
        row.preview = {**found, "of": asked, "asked_at": row.preview.get("asked_at", ""), "waiting": False}
        row.save(update_fields=["preview"])
        PreviewedAward.objects.filter(definition=row).delete()
        if who is None:
            return False
        day, level, value = who
        some = level > 0
        with connection.cursor() as cursor:
            cursor.execute(
                """
                DROP TABLE IF EXISTS would_get;
                CREATE TEMP TABLE would_get (person_id bigint, level integer, value float8) ON COMMIT DROP
                """
            )
            columns.write(
                connection,
                "would_get",
                {"person_id": day.persons[some], "level": level[some], "value": value[some]},
            )
            # Joined to people, since somebody may have been erased while it was counted.
            cursor.execute(
                """
                INSERT INTO scoring_previewedaward (definition_id, person_id, level, value)
                SELECT %s, would_get.person_id, would_get.level, would_get.value
                FROM would_get JOIN accounts_person AS person ON person.id = would_get.person_id
                """,
                [row.pk],
            )
    return True
