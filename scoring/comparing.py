"""Two formulas compared for an operator: from what was published, else by scoring both on the newest features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring import comparisons, computing, formula, log
from scoring.comparisons import Comparison, Incomparable, Mover, OfFeature, Side

if TYPE_CHECKING:
    from scoring.models import ScoreRun

# More than there can be people.
ALL = 1 << 62


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with the sides it is of; features: what moved of those who move most."""

    comparison: Comparison
    source: str
    old: Side
    new: Side
    features: Mapping[int, Sequence[OfFeature]]

    def farthest(self, number: int | None) -> list[int]:
        """The people who move most, all who move where `number` is None."""
        found: list[int] = comparisons.farthest(self.old, self.new, ALL if number is None else number).tolist()
        return found

    def movers(self, people: Sequence[int]) -> list[Mover]:
        return comparisons.movers(self.old, self.new, people, self.features)


def compare(old: str, new: str) -> Compared:
    """What `new` in place of `old` does to everybody on the newest published day.

    Raises comparisons.Incomparable where nothing was published, or its features are gone, and formula.UnknownFormula.
    """
    run = comparisons.newest_run()
    if run is None:
        raise Incomparable("nobody has been scored yet; run `manage.py recompute`")
    return published(old, new, run) or scored(old, new, run)


def published(old: str, new: str, run: ScoreRun) -> Compared | None:
    """The comparison of what `run` and its shadows published; None where either formula is not among them."""
    sides = [comparisons.published(version, run.as_of) for version in (old, new)]
    if sides[0] is None or sides[1] is None:
        return None
    first, second = comparisons.paired(sides[0], sides[1])
    # A shadow keeps what moves against the formula beside it: forwards, or the other way round.
    if run.formula == old:
        features = comparisons.published_features(new, run.as_of)
    elif run.formula == new:
        features = comparisons.turned(comparisons.published_features(old, run.as_of))
    else:
        features = {}
    comparison = comparisons.compare(first, second, as_of=run.as_of, features=features)
    return Compared(comparison, "as published", first, second, features)


def scored(old: str, new: str, run: ScoreRun) -> Compared:
    """Both formulas on the features that `run` kept."""
    try:
        table, _standing = computing.stored_features(run.as_of, run.formula)
    except log.NoFeatures as error:
        raise Incomparable(f"{error}; run `manage.py recompute`") from None
    members, person = computing.members_table(table, computing.owned_accounts())
    before, after = (formula.get(version).score(members, person) for version in (old, new))
    first, second = comparisons.paired(Side.of(old, before), Side.of(new, after))
    farthest = comparisons.farthest(first, second, comparisons.EXPLAINED)
    features = comparisons.feature_moves(before.leaves(farthest), after.leaves(farthest))
    comparison = comparisons.compare(first, second, as_of=run.as_of, features=features)
    return Compared(comparison, "both scored on the features of that day", first, second, features)
