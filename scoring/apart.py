"""What YouTube would bring to each score: shown beside it, and no part of it unless the operator switches it on.

YouTube's terms bar one measure that mixes its figures with other platforms'. Who answers for that, and wants the sum
all the same, switches to the formula that counts it too (scoring.formula.SWITCHES).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scoring import formula
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Scored


def of_youtube(version: str, table: FeatureTable, person: Int64, scored: Scored) -> dict[str, NDArray[np.float64]]:
    """Columns person and points: what the YouTube accounts of everybody who linked one would add to the score.

    table, person: the rows of linked accounts and whose each is; scored: those people by `version`. Nobody where that
    formula counts YouTube already, or knows nothing of it.
    """
    counting = formula.counting_apart(version)
    network = formula.SWITCHES[formula.YOUTUBE]
    theirs = np.isin(person, person[table.network == network])
    if counting is None or not theirs.any():
        return {"person": np.zeros(0, dtype=np.int64), "points": np.zeros(0)}
    with_it = counting.score(table.take(theirs), person[theirs])
    without = scored.score[np.searchsorted(scored.entity, with_it.entity)]
    # No account lowers a score; the last digits of the one sum may lie below those of the other.
    return {"person": with_it.entity, "points": np.maximum(with_it.score - without, 0.0)}
