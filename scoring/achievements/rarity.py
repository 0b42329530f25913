"""How rare a level is, as the last daily run counted it, and how that reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from scoring.models import Rarity
from scoring.numbers import points

# Of fewer people than this no number is told: it would be about them more than about the level.
FEW = 20
# The least share that is written as one, in percent; from WHOLE on without decimals.
LEAST, WHOLE = 0.1, 10


@dataclass(frozen=True, slots=True)
class Rare:
    """`people` of `among` have it; among is 0 where nobody has counted yet."""

    people: int = 0
    among: int = 0

    @property
    def told(self) -> bool:
        """Whether there is anything to say."""
        return self.among > 0

    @property
    def short(self) -> str:
        """A word or a share: 1.3%."""
        if not self.told:
            return ""
        if not self.people:
            return _("nobody yet")
        return _("few") if self.people < FEW else self._share()

    @property
    def sentence(self) -> str:
        """1.3% of 12,400 people have it."""
        if not self.told:
            return ""
        if not self.people:
            return _("Nobody has it yet.")
        if self.people < FEW:
            return _("Few people have it.")
        among = number_format(self.among, force_grouping=True)
        return _("%(share)s of %(among)s people have it.") % {"share": self._share(), "among": among}

    def _share(self) -> str:
        share = 100 * self.people / self.among
        if share < LEAST:
            return _("Less than %(share)s%%") % {"share": points(LEAST, 1)}
        # Only what everybody has is had by all of them, however the number would be rounded.
        if share >= WHOLE:
            return _("%(share)s%%") % {"share": points(100 if self.people >= self.among else min(share, 99), 0)}
        return _("%(share)s%%") % {"share": points(share, 1)}


class Rarities:
    """The rarity of every level there is; what the run has no row of, nobody has."""

    def __init__(self, rows: Iterable[tuple[str, int, int, int]]) -> None:
        self._rows = {(family, level): Rare(people, among) for family, level, people, among in rows}
        self.among = max((rare.among for rare in self._rows.values()), default=0)

    def of(self, family: str, level: int) -> Rare:
        return self._rows.get((family, level)) or Rare(0, self.among)


def rarities() -> Rarities:
    """One query: a row for each level of each family."""
    return Rarities(Rarity.objects.values_list("family", "level", "people", "among"))
