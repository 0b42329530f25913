"""What a check of eligibility says, and what each criterion must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

from django.db.models import Q

from perks.models import Tier

if TYPE_CHECKING:
    from perks.eligibility.facts import Facts

# Scores and points count as they are read, to a tenth: 44.95 is shown as 45.0 and is enough for 45.
HALF_STEP = 0.05


def reaches(value: float | None, least: float) -> bool:
    """Whether `value` is enough where at least `least` is wanted."""
    return value is not None and value >= least - HALF_STEP


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist.

    have, need: numbers where there are any (points, a percentile, a level). gap: the share of the way that is missing.
    within_reach: whether the person can come to meet it, by time or by what they tell us. url, action: where it is
    changed, and the words of that link; both may be empty.
    """

    code: str
    met: bool
    text: str
    have: float | None = None
    need: float | None = None
    gap: float = 0.0
    within_reach: bool = True
    url: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """How a person stands to a campaign; what a claim keeps of it (score as perks go by it, formula ...) beside."""

    campaign_id: int
    checks: Sequence[Check]
    score: float | None
    percentile: float | None
    formula: str
    scored_on: date | None
    # The highest that the score reaches, of a campaign that has any.
    tier: Tier | None
    held_out: bool

    @property
    def ok(self) -> bool:
        return all(check.met for check in self.checks)

    @property
    def unmet(self) -> list[Check]:
        return [check for check in self.checks if not check.met]

    @property
    def almost(self) -> bool:
        """One or two things are missing, and the person can come to meet them."""
        unmet = self.unmet
        return 1 <= len(unmet) <= 2 and all(check.within_reach for check in unmet)

    @property
    def gap(self) -> float:
        """How far it is in all: 0 where everything is met; each thing that is missing adds up to 1."""
        return sum(check.gap for check in self.unmet)


class Criterion(ABC):
    """Something that a campaign wants of a person, with both its sides.

    `met` and `where` say the same: of the facts of one person, and set-wise of a queryset of people
    (tests/perks/test_eligibility_property.py holds them together).
    """

    code: ClassVar[str]
    # The step of the preview's funnel that it is part of.
    step: ClassVar[str]
    # Whether it is told only where it is not met.
    quiet: ClassVar[bool] = False

    @abstractmethod
    def met(self, facts: Facts) -> bool:
        """Whether the person of `facts` meets it."""

    @abstractmethod
    def where(self, at: datetime) -> Q:
        """The people who meet it, as a condition on Person."""

    @abstractmethod
    def wants(self) -> str:
        """What is wanted, of nobody in particular."""

    @abstractmethod
    def check(self, facts: Facts) -> Check:
        """The line of the checklist for the person of `facts`."""
