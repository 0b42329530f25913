"""Criteria of the score: itself, its percentile, points of a part or a network, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db.models import (
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.urls import reverse
from django.utils.translation import gettext as _

from perks.eligibility.base import HALF_STEP, Check, Criterion, reaches
from perks.eligibility.facts import (
    CONFIRMED_OVER_OTHERS,
    PERK_PERCENTILE,
    PERK_SCORE,
    POINTS,
    Facts,
    leaves,
)
from perks.eligibility.words import missing, network_name, settings_of, short
from perks.models import Campaign
from perks.money import minor_digits
from scoring.formula.base import PARTS
from scoring.measured import PART_WORDS

COLUMNS = {"reach": "score__reach", "amplification": "score__amplification", "network": "score__network_part"}
# Half of the points, in words.
CONFIRMED = 50


def _share_missing(have: float, need: float) -> float:
    """How much of the way is missing, 0 to 1; never nothing, where a criterion is not met."""
    return min(max((need - have) / need, 0.001), 1.0) if need > 0 else 1.0


def _no_score(code: str, text: str, facts: Facts, need: float) -> Check:
    return Check(
        code,
        False,
        text,
        need=need,
        gap=1.0,
        url=settings_of(facts.person, "connect"),
        action=_("Connect an account to get a score"),
    )


@dataclass(frozen=True, slots=True)
class ScoreOf(Criterion):
    """A score of at least `least`."""

    least: float
    code: ClassVar[str] = "score"
    step: ClassVar[str] = "score"

    def met(self, facts: Facts) -> bool:
        return reaches(facts.score, self.least)

    def where(self, at: datetime) -> Q:
        enough = self.least - HALF_STEP
        # Both columns by themselves, so that the index on the score helps.
        unrested = Q(score__unrested__isnull=True) | Q(score__unrested__gte=enough)
        return Q(score__score__gte=enough) & unrested

    def wants(self) -> str:
        return _("A score of %(need)s or more") % {"need": short(self.least)}

    def check(self, facts: Facts) -> Check:
        need = short(self.least)
        if facts.score is None:
            text = _("A score of %(need)s; you have none yet.") % {"need": need}
            return _no_score(self.code, text, facts, self.least)
        words = {"have": short(facts.score), "need": need}
        if self.met(facts):
            text = _("Score %(have)s: %(need)s or more is wanted.") % words
            return Check(self.code, True, text, facts.score, self.least)
        words["more"] = missing(facts.score, self.least)
        text = _("Score %(have)s of %(need)s: %(more)s more.") % words
        if facts.rested:
            rest = _("A rest keeps the score you see; perks go by what it would be without, and that is %(have)s.")
            text = f"{text} {rest % words}"
        return Check(
            self.code,
            False,
            text,
            facts.score,
            self.least,
            _share_missing(facts.score, self.least),
            url=reverse("why", args=[facts.person.handle.lower()]),
            action=_("See where your points come from"),
        )


@dataclass(frozen=True, slots=True)
class PercentileOf(Criterion):
    """A percentile of at least `least`, among everybody scored here."""

    least: float
    code: ClassVar[str] = "percentile"
    step: ClassVar[str] = "percentile"

    def met(self, facts: Facts) -> bool:
        return reaches(facts.percentile, self.least)

    def where(self, at: datetime) -> Q:
        # The column first: it is compared for everybody, the expression for those few who may qualify.
        enough = self.least - HALF_STEP
        return Q(score__percentile__gte=enough) & Q(GreaterThanOrEqual(PERK_PERCENTILE, enough))

    def wants(self) -> str:
        return _("The top %(need)s%%") % {"need": _top(self.least)}

    def check(self, facts: Facts) -> Check:
        need = _top(self.least)
        if facts.percentile is None:
            text = _("The top %(need)s%%; you have no score yet.") % {"need": need}
            return _no_score(self.code, text, facts, self.least)
        words = {"have": _top(facts.percentile), "need": need}
        if self.met(facts):
            text = _("Top %(have)s%%: the top %(need)s%% is wanted.") % words
            return Check(self.code, True, text, facts.percentile, self.least)
        text = _("Top %(have)s%%, the top %(need)s%% is wanted.") % words
        return Check(
            self.code,
            False,
            text,
            facts.percentile,
            self.least,
            _share_missing(facts.percentile, self.least),
            url=reverse("why", args=[facts.person.handle.lower()]),
            action=_("See where your points come from"),
        )


def _top(percentile: float) -> str:
    """12 for a percentile of 88; nobody is in the top 0%."""
    return short(max(100 - percentile, 0.1))


@dataclass(frozen=True, slots=True)
class PointsOf(Criterion):
    """Points that come from one part of the score, or from one network."""

    of: str
    least: float
    code: ClassVar[str] = "points"
    step: ClassVar[str] = "parts"

    def _have(self, facts: Facts) -> float:
        return (facts.parts if self.of in PARTS else facts.networks).get(self.of, 0.0)

    def met(self, facts: Facts) -> bool:
        return facts.score is not None and reaches(self._have(facts), self.least)

    def where(self, at: datetime) -> Q:
        enough = self.least - HALF_STEP
        if self.of in PARTS:
            points = F(COLUMNS[self.of])
        else:
            sums = leaves(OuterRef("pk")).filter(network=self.of).order_by().values("person")
            points = Coalesce(Subquery(sums.annotate(sum=Cast(POINTS, FloatField())).values("sum")), 0.0)  # type: ignore[assignment]
        # As `scaled` does it, in the same order: floats are exact only then.
        perk = ExpressionWrapper(points * PERK_SCORE / F("score__score"), output_field=FloatField())
        return Q(score__isnull=False) & Q(GreaterThanOrEqual(perk, enough))

    def wants(self) -> str:
        need = short(self.least)
        if self.of in PARTS:
            return _("%(part)s part: %(need)s points or more") % {"part": PART_WORDS[self.of], "need": need}
        return _("Points from %(network)s: %(need)s or more") % {"network": network_name(self.of), "need": need}

    def check(self, facts: Facts) -> Check:
        have, met = self._have(facts), self.met(facts)
        words = {"have": short(have), "need": short(self.least)}
        if self.of in PARTS:
            words["part"] = str(PART_WORDS[self.of])
            text = _("%(part)s part: %(have)s of %(need)s points.") % words
        else:
            words["network"] = network_name(self.of)
            text = _("Points from %(network)s: %(have)s of %(need)s.") % words
        if met:
            return Check(self.code, True, text, have, self.least)
        url, action = reverse("why", args=[facts.person.handle.lower()]), _("See where your points come from")
        if self.of not in PARTS and self.of not in facts.linked:
            url = settings_of(facts.person, "connect_network", self.of)
            action = _("Connect %(network)s") % words
        gap = _share_missing(have, self.least)
        return Check(self.code, False, text, have, self.least, gap, url=url, action=action)


@dataclass(frozen=True, slots=True)
class Confirmed(Criterion):
    """At least half of the points come from accounts whose network itself says whose they are."""

    code: ClassVar[str] = "confirmed"
    step: ClassVar[str] = "confirmed"

    def met(self, facts: Facts) -> bool:
        return facts.confirmed > 0 and 2 * facts.confirmed >= facts.points

    def where(self, at: datetime) -> Q:
        sums = leaves(OuterRef("pk")).order_by().values("person").annotate(in_all=POINTS, balance=CONFIRMED_OVER_OTHERS)
        # At least half of them, in one sum: no points are below nothing. Twice is exact in floats too, as `met` has it.
        return Q(Exists(sums.filter(balance__gte=0, in_all__gt=0)))

    def wants(self) -> str:
        return _("At least %(need)s%% of the points from accounts that their networks confirm") % {"need": CONFIRMED}

    def check(self, facts: Facts) -> Check:
        share = 100 * facts.confirmed / facts.points if facts.points > 0 else 0.0
        if self.met(facts):
            text = _("Your networks themselves confirm where %(have)s%% of your points come from.")
            return Check(self.code, True, text % {"have": short(share)}, share, CONFIRMED)
        text = _(
            "At least %(need)s%% of the points come from accounts that their networks confirm; of yours %(have)s%% do."
        ) % {"need": CONFIRMED, "have": short(min(share, CONFIRMED - 0.1))}
        return Check(
            self.code,
            False,
            text,
            share,
            CONFIRMED,
            _share_missing(share, CONFIRMED),
            url=settings_of(facts.person, "connect"),
            action=_("Connect an account instead of uploading its export"),
        )


def wants_confirmed(campaign: Campaign) -> bool:
    """Whether data must be confirmed: as the brand says, else above a value that counts alike in every currency.

    settings.PERKS_CONFIRMED_ABOVE is in units of a currency with two decimals: 50 euros weigh as 5,000 yen, which has
    none.
    """
    if campaign.confirmed_only is not None:
        return campaign.confirmed_only
    above = Decimal(settings.PERKS_CONFIRMED_ABOVE).scaleb(2 - minor_digits(campaign.currency))
    return Decimal(campaign.value) > above
