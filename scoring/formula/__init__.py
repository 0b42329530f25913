"""Formulas by version. A released one is frozen and held by a golden test; a better one is a new file beside it."""

from __future__ import annotations

from collections.abc import Mapping

from scoring.formula import v1
from scoring.formula.base import Formula

VERSIONS: Mapping[str, Formula] = {v1.FORMULA.version: v1.FORMULA}
# The one that tables are scored by unless another is named.
RELEASED = v1.FORMULA.version


class UnknownFormula(ValueError):
    """No formula has that version."""


def get(version: str) -> Formula:
    """The formula called `version`. Raises UnknownFormula, which names those that there are."""
    try:
        return VERSIONS[version]
    except KeyError:
        raise UnknownFormula(f"there is no formula {version!r}; known: {', '.join(sorted(VERSIONS))}") from None
