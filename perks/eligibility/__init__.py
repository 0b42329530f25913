"""Who may have a perk: criteria as data, asked of one person with words, or of everybody in SQL.

`check` and `eligible_people` go by the same criteria. The score is always the one that perks go by
(scoring.rests.perk_score), and it counts as it is shown, to a tenth (`reaches`).
"""

from perks.eligibility.at_once import Standing, standing
from perks.eligibility.base import Check, Checklist, Criterion, reaches
from perks.eligibility.checking import audience, check, check_many, criteria, eligible_people

__all__ = [
    "Check",
    "Checklist",
    "Criterion",
    "Standing",
    "audience",
    "check",
    "check_many",
    "criteria",
    "eligible_people",
    "reaches",
    "standing",
]
