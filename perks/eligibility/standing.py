"""Criteria of how somebody stands to the house, the brand and the campaign: most are told only where they are unmet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Erasure, Membership, Person
from accounts.models.people import MINIMUM_AGE
from perks import hold_out
from perks.eligibility.base import Check, Criterion
from perks.eligibility.facts import Facts, taken
from perks.models import Campaign, Claim


@dataclass(frozen=True, slots=True)
class Member(Criterion):
    """Somebody who joined, is old enough to be shown here, and stays. Perks go to people, not to organisations."""

    code: ClassVar[str] = "member"
    step: ClassVar[str] = "members"
    quiet: ClassVar[bool] = True

    def met(self, facts: Facts) -> bool:
        person = facts.person
        grown = person.kind == Person.Kind.PERSON and person.old_enough(facts.at.date())
        return facts.joined and not facts.erasing and grown

    def where(self, at: datetime) -> Q:
        me = OuterRef("pk")
        old_enough = Q(birth_year__isnull=True) | Q(birth_year__lt=at.year - MINIMUM_AGE)
        joined = Exists(Membership.objects.filter(person=me))
        return Q(kind=Person.Kind.PERSON) & old_enough & Q(joined) & ~Q(Exists(Erasure.objects.filter(person=me)))

    def wants(self) -> str:
        return _("Members aged %(age)s or more") % {"age": MINIMUM_AGE}

    def check(self, facts: Facts) -> Check:
        if self.met(facts):
            return Check(self.code, True, _("You are a member."))
        if facts.erasing:
            text = _("You have asked us to erase everything about you, so nothing new is given to you.")
            return Check(
                self.code,
                False,
                text,
                gap=1.0,
                within_reach=False,
                url=f"{reverse('erase')}?person={facts.person.handle}",
                action=_("Take that back"),
            )
        text = _("Perks are for people aged %(age)s or more.") % {"age": MINIMUM_AGE}
        if facts.person.kind == Person.Kind.ORGANISATION:
            text = _("Perks go to people, not to organisations.")
        return Check(self.code, False, text, gap=1.0, within_reach=False)


@dataclass(frozen=True, slots=True)
class NewToBrand(Criterion):
    """Somebody who has nothing of the brand; what they have of this campaign itself is the limit's matter."""

    campaign: Campaign
    code: ClassVar[str] = "new_to_brand"
    step: ClassVar[str] = "new_to_brand"

    def met(self, facts: Facts) -> bool:
        return not facts.has_of_brand(self.campaign.brand_id, but=self.campaign.pk)

    def where(self, at: datetime) -> Q:
        others = Claim.objects.filter(
            taken(at), ~Q(campaign=self.campaign.pk), person=OuterRef("pk"), campaign__brand=self.campaign.brand_id
        )
        return ~Q(Exists(others))

    def wants(self) -> str:
        return _("People who have had nothing of %(brand)s yet") % {"brand": self.campaign.brand.name}

    def check(self, facts: Facts) -> Check:
        words = {"brand": self.campaign.brand.name}
        if self.met(facts):
            return Check(self.code, True, _("You have had nothing of %(brand)s yet.") % words)
        text = _("For people who have had nothing of %(brand)s yet; you have had a perk of theirs.") % words
        return Check(self.code, False, text, gap=1.0, within_reach=False)


@dataclass(frozen=True, slots=True)
class NotHeldOut(Criterion):
    """Not one of those who are left out, drawn by chance, so that the brand can compare."""

    campaign: Campaign
    code: ClassVar[str] = "held_out"
    step: ClassVar[str] = "held_out"
    quiet: ClassVar[bool] = True

    def met(self, facts: Facts) -> bool:
        return not hold_out.held_out(self.campaign, facts.person)

    def where(self, at: datetime) -> Q:
        return ~Q(hold_out.condition(self.campaign))

    def wants(self) -> str:
        return _("Not among the %(share)s%% who are left out to compare with") % {"share": self.campaign.hold_out}

    def check(self, facts: Facts) -> Check:
        if self.met(facts):
            return Check(self.code, True, _("You are not left out to compare with."))
        text = _(
            "%(share)s%% of the people who qualify are left out of this one, drawn by chance, so that the brand can see"
            " what it changes. You are one of them this time; it says nothing about you."
        ) % {"share": self.campaign.hold_out}
        return Check(self.code, False, text, gap=1.0, within_reach=False)


@dataclass(frozen=True, slots=True)
class WithinLimit(Criterion):
    """Somebody who has fewer of it than one person may have."""

    campaign: Campaign
    code: ClassVar[str] = "limit"
    step: ClassVar[str] = "limit"
    quiet: ClassVar[bool] = True

    def met(self, facts: Facts) -> bool:
        return facts.has_of_campaign(self.campaign.pk) < self.campaign.per_person

    def where(self, at: datetime) -> Q:
        full = (
            Claim.objects.filter(taken(at), person=OuterRef("pk"), campaign=self.campaign.pk)
            .order_by()
            .values("person")
            .annotate(number=Count("pk"))
            .filter(number__gte=self.campaign.per_person)
        )
        return ~Q(Exists(full))

    def wants(self) -> str:
        most = self.campaign.per_person
        return ngettext("%(number)s for each person", "%(number)s for each person", most) % {"number": most}

    def check(self, facts: Facts) -> Check:
        have, need = facts.has_of_campaign(self.campaign.pk), self.campaign.per_person
        if self.met(facts):
            return Check(self.code, True, _("You have not had it yet."), have, need)
        text = ngettext(
            "You have it: each person may have one.",
            "You have %(number)s of it, as many as each person may have.",
            need,
        ) % {"number": need}
        return Check(self.code, False, text, have, need, gap=1.0, within_reach=False)
