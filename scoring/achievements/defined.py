"""Families of the staff's own, for pages that read them together with other things in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scoring.achievements.catalogue import BY_SLUG, Family, family_of
from scoring.models import Definition

# A definition as JSON, in SQL over scoring_definition.
AS_JSON = """json_build_object(
    'slug', slug, 'network', network, 'measure', measure, 'levels', levels, 'symbol', symbol, 'revocable', revocable,
    'name', name, 'unit', unit, 'text', text, 'translations', translations
)"""


def families_from(rows: Iterable[Mapping[str, Any]]) -> list[Family]:
    """The families that rows in the form of AS_JSON describe, in their order. What ships comes before them all."""
    return [family_of(Definition(**row)) for row in rows if row["slug"] not in BY_SLUG]
