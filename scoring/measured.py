"""What is measured of every network, in words, with what the live formula makes of it and how much of it there is here.

`counted` goes with each run (ScoreRun.counts); `sections` puts the catalogue, the formula's own declaration and these
counts side by side, for the page and for the command. Labels are English texts that are translated where they are
shown; `manage.py features --words` hands them to makemessages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scoring.features.base import FeatureTable
from scoring.features.catalogue import COUNTED, FEATURES, NETWORKS, SLUGS, WINDOW_WORDS, Feature
from scoring.formula.base import PARTS
from scoring.formula.declared import SURENESS, Declared, declared
from scoring.formula.explain import SMALL_LABEL, START_LABEL
from scoring.models import ScoreRun

# Changes with every release that measures something else, or calls it by other words.
DIGEST = hashlib.sha256(repr((FEATURES, WINDOW_WORDS)).encode()).hexdigest()[:16]
# In ScoreRun.counts: network -> column -> accounts of which it is more than nothing.
KEY = "features"

PART_WORDS: Mapping[str, Promise | str] = {
    "reach": _("Reach"),
    "amplification": _("Amplification"),
    "network": _("Network"),
}
OWN = _("These count nothing: they are what people do themselves.")
RATIO = _("These count nothing: they compare what is counted already, and are there to be read.")
SURE = _("These count nothing by themselves: they say how much data stands behind a score.")
OFF = _("These count nothing: we show what this network tells, but its points are left out.")
OTHERWISE = _("These count nothing: the same reactions count by another measure, and nothing counts twice.")
# In this order on the page.
REASONS = (OFF, OTHERWISE, SURE, RATIO, OWN)


@dataclass(frozen=True, slots=True)
class Line:
    """A measurement of a network: how it fades in words, the parts it counts in, the accounts that have any of it."""

    feature: Feature
    window: str
    parts: tuple[str, ...]
    reason: Promise | str
    accounts: int


@dataclass(frozen=True, slots=True)
class Section:
    """A network's measurements: those that count, then the others by the reason why they do not."""

    slug: str
    label: str
    lines: tuple[Line, ...]

    @property
    def there(self) -> int:
        """How many of them any account here has."""
        return sum(line.accounts > 0 for line in self.lines)

    @property
    def awaiting(self) -> int:
        return len(self.lines) - self.there

    @property
    def counting(self) -> list[Line]:
        return [line for line in self.lines if line.parts]

    @property
    def others(self) -> list[tuple[Promise | str, list[Line]]]:
        by_reason = [(reason, [line for line in self.lines if line.reason is reason]) for reason in REASONS]
        return [(reason, lines) for reason, lines in by_reason if lines]


def counted(table: FeatureTable) -> dict[str, dict[str, int]]:
    """network -> column -> how many accounts of `table` have more than nothing of it; zeros left out."""
    slugs = np.array([SLUGS.get(code, "") for code in range(max(SLUGS) + 1)])
    inside = (table.network >= 0) & (table.network < len(slugs))
    network = np.where(inside, table.network, 0)
    # What was supplied is a row of its own, right behind its account's.
    again = np.zeros(len(table), dtype=np.bool_)
    again[1:] = table.account[1:] == table.account[:-1]
    wanted = {feature.column for feature in FEATURES}
    found: dict[str, dict[str, int]] = {}
    for column, values in table.columns.items():
        if column in wanted:
            has = values > 0
            has[1:] &= ~(again[1:] & has[:-1])
            for code in np.flatnonzero(numbers := np.bincount(network[has], minlength=len(slugs))).tolist():
                if slugs[code]:
                    found.setdefault(str(slugs[code]), {})[column] = int(numbers[code])
    return found


def newest() -> ScoreRun | None:
    """The newest daily run that was published."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY)
    return done.order_by("-as_of", "-pk").first()


def accounts_of(run: ScoreRun | None) -> Mapping[str, Mapping[str, int]]:
    """What `counted` said of a run; nothing where there was none, or it is older than this."""
    found: Mapping[str, Mapping[str, int]] = (run.counts.get(KEY) or {}) if run else {}
    return found


def sections(version: str, accounts: Mapping[str, Mapping[str, int]]) -> tuple[Section, ...]:
    """Every network with its measurements, as the formula called `version` counts them. Raises UnknownFormula."""
    rules = declared(version)
    return tuple(
        Section(slug, network.label, tuple(_lines(slug, rules, accounts.get(slug, {}))))
        for slug, network in NETWORKS.items()
    )


def _lines(slug: str, rules: Declared, accounts: Mapping[str, int]) -> Iterable[Line]:
    code = NETWORKS[slug].code
    for feature in of_network(slug):
        parts = rules.counts(code, feature.column)
        reason = "" if parts else reason_of(feature, rules, code)
        yield Line(feature, WINDOW_WORDS[feature.window], parts, reason, accounts.get(feature.column, 0))


@cache
def of_network(slug: str) -> tuple[Feature, ...]:
    """A network's measurements, in the catalogue's order."""
    return tuple(feature for feature in COUNTED if feature.network == slug)


def reason_of(feature: Feature, rules: Declared, code: int) -> Promise | str:
    """Why a measurement counts nothing."""
    if feature.own:
        return OWN
    if feature.ratio:
        return RATIO
    if feature.column in SURENESS:
        return SURE
    return OFF if feature.column in rules.parts and rules.weight_of(code) <= 0 else OTHERWISE


def words() -> list[str]:
    """Every text of the catalogue and of the tree of a score that people read, once, sorted."""
    texts = {text for feature in COUNTED for text in (feature.label, feature.unit)}
    return sorted(texts | set(WINDOW_WORDS.values()) | {START_LABEL, SMALL_LABEL})


if set(PART_WORDS) != set(PARTS):
    raise ValueError("a part of the score has no words")
