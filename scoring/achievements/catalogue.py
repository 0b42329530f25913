"""Achievements as data: a family counts one thing, its levels are uneven steps of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Family:
    """A family of achievements.

    measure: "score", "networks" (linked), or columns of features joined by "+", summed over a person's accounts.
    levels: the least value of level 1, 2, ..., strictly increasing.
    """

    slug: str
    measure: str
    levels: tuple[int, ...]
    name: Promise | str
    unit: Promise | str

    def level_of(self, value: float) -> int:
        """The level that `value` reaches; 0 for none."""
        return sum(value >= least for least in self.levels)


FAMILIES: tuple[Family, ...] = (
    Family("score", "score", (20, 40, 50, 63, 80, 90), _("Score"), _("points")),
    Family(
        "people", "any_people_ever", (1, 10, 100, 1_000, 10_000, 100_000), _("People moved"), _("people who reacted")
    ),
    Family(
        "followers",
        "follow_actors_ever+follow_surplus+connect_actors_ever+connect_surplus",
        (10, 100, 1_000, 10_000, 100_000, 1_000_000),
        _("Audience"),
        _("followers and connections"),
    ),
    Family("lists", "list_actors_ever+list_surplus", (1, 10, 50, 100, 500, 1_000, 10_000), _("Listed"), _("lists")),
    Family("networks", "networks", (1, 2, 3, 5), _("Networks"), _("networks linked")),
)
BY_SLUG = {family.slug: family for family in FAMILIES}

for _family in FAMILIES:
    if list(_family.levels) != sorted(set(_family.levels)) or _family.levels[0] <= 0:
        raise ValueError(f"the levels of {_family.slug} must be positive and rise")
