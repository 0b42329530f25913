"""Criteria of who somebody is, as they say themselves: places, languages, age, topics, achievements, networks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import LinkedAccount, Membership, Person
from perks.eligibility.base import Check, Criterion
from perks.eligibility.facts import Facts
from perks.eligibility.words import either, language_name, network_name, place_name, settings_of, short
from scoring.achievements.catalogue import BY_SLUG
from scoring.models import Award, PersonTopic, Topic
from scoring.topics import name_in


@dataclass(frozen=True, slots=True)
class TopicsOf(Criterion):
    """One of some topics, each with the expertise it takes; what a person hides never counts and is never named."""

    topics: tuple[tuple[Topic, float], ...]
    code: ClassVar[str] = "topic"
    step: ClassVar[str] = "topics"

    def met(self, facts: Facts) -> bool:
        return any(self._gap(facts, topic, least) == 0 for topic, least in self.topics)

    def where(self, at: datetime) -> Q:
        one = Q()
        for topic, least in self.topics:
            one |= Q(topic=topic.pk, expertise__gte=least)
        return Q(Exists(PersonTopic.objects.filter(one, person=OuterRef("pk"), hidden=False)))

    def wants(self) -> str:
        names = []
        for topic, least in self.topics:
            words = {"topic": name_in(topic), "need": short(100 * least)}
            names.append(_("%(topic)s (expertise %(need)s of 100)") % words if least > 0 else words["topic"])
        return _("Topic: %(topics)s") % {"topics": either(names)}

    def check(self, facts: Facts) -> Check:
        gaps = [(self._gap(facts, topic, least), topic, least) for topic, least in self.topics]
        gap, topic, least = min(gaps, key=lambda one: one[0])
        have = facts.topics.get(topic.pk)
        words = {"topic": name_in(topic), "have": short(100 * (have or 0)), "need": short(100 * least)}
        if gap == 0:
            text = _("%(topic)s is among your topics.") % words
            if least > 0:
                text = _("Expertise in %(topic)s: %(have)s of 100, %(need)s or more is wanted.") % words
            return Check(self.code, True, text, have, least)
        if have is not None:
            text = _("Expertise in %(topic)s: %(have)s of %(need)s.") % words
        else:
            words["topics"] = either([name_in(topic) for topic, _least in self.topics])
            text = _("For people with this topic: %(topics)s.") % words
            if len(self.topics) > 1:
                text = _("For people with one of these topics: %(topics)s.") % words
        url = settings_of(facts.person, "topics")
        return Check(self.code, False, text, have, least, gap, url=url, action=_("See your topics"))

    @staticmethod
    def _gap(facts: Facts, topic: Topic, least: float) -> float:
        have = facts.topics.get(topic.pk)
        if have is None:
            return 1.0
        return 0.0 if have >= least else max((least - have) / least, 0.001)


@dataclass(frozen=True, slots=True)
class LivesIn(Criterion):
    """A country or a region, as the person states it. A region narrows its own country; other countries are whole."""

    countries: tuple[str, ...]
    regions: tuple[str, ...]
    code: ClassVar[str] = "place"
    step: ClassVar[str] = "places"

    @property
    def whole(self) -> list[str]:
        narrowed = {region.partition("-")[0] for region in self.regions}
        return [country for country in self.countries if country not in narrowed]

    def met(self, facts: Facts) -> bool:
        return facts.person.country in self.whole or facts.person.region in self.regions

    def where(self, at: datetime) -> Q:
        return Q(country__in=self.whole) | Q(region__in=self.regions)

    def wants(self) -> str:
        return _("People in %(places)s") % {"places": self._places()}

    def _places(self) -> str:
        return either(sorted(place_name(code) for code in (*self.whole, *self.regions)))

    def check(self, facts: Facts) -> Check:
        person = facts.person
        stated = person.region if person.region in self.regions else person.country
        if self.met(facts):
            return Check(self.code, True, _("You live here: %(place)s.") % {"place": place_name(stated)})
        words = {"places": self._places()}
        url, action = settings_of(person, "settings"), _("Say where you live")
        # Only the region is missing.
        of_country = any(region.startswith(f"{person.country}-") for region in self.regions) and not person.region
        if not person.country or of_country:
            text = _("For people in %(places)s. We do not know where you live.") % words
            return Check(self.code, False, text, gap=1.0, url=url, action=action)
        words["place"] = place_name(person.region or person.country)
        text = _("For people in %(places)s. You told us that you live here: %(place)s.") % words
        return Check(self.code, False, text, gap=1.0, within_reach=False, url=url, action=_("Change where you live"))


@dataclass(frozen=True, slots=True)
class Reads(Criterion):
    """One of some languages: the one that the person chose for the pages, or the site's."""

    languages: tuple[str, ...]
    code: ClassVar[str] = "language"
    step: ClassVar[str] = "languages"

    def met(self, facts: Facts) -> bool:
        return not facts.languages.isdisjoint(self.languages)

    def where(self, at: datetime) -> Q:
        codes = list(self.languages)
        if settings.LANGUAGE_CODE in codes:
            codes.append("")
        return Q(Exists(Membership.objects.filter(person=OuterRef("pk"), user__language__in=codes)))

    def wants(self) -> str:
        return _("People who read these pages in %(languages)s") % {"languages": self._names()}

    def _names(self) -> str:
        return either(sorted(language_name(code) for code in self.languages))

    def check(self, facts: Facts) -> Check:
        words = {"languages": self._names()}
        if self.met(facts):
            read = sorted(language_name(code) for code in facts.languages.intersection(self.languages))
            text = _("You read these pages in %(language)s.") % {"language": read[0]}
            return Check(self.code, True, text)
        text = _("For people who read these pages in %(languages)s.") % words
        action = _("Choose your language")
        return Check(self.code, False, text, gap=1.0, url=reverse("preferences"), action=action)


@dataclass(frozen=True, slots=True)
class Earned(Criterion):
    """A level of an achievement."""

    family: str
    level: int
    code: ClassVar[str] = "award"
    step: ClassVar[str] = "achievements"

    def met(self, facts: Facts) -> bool:
        return facts.awards.get(self.family, 0) >= self.level

    def where(self, at: datetime) -> Q:
        earned = Award.objects.filter(family=self.family, level__gte=self.level, revoked_at__isnull=True)
        return Q(Exists(earned.filter(person=OuterRef("pk"))))

    def wants(self) -> str:
        family = BY_SLUG.get(self.family)
        words = {"name": family.name if family else self.family, "level": self.level}
        return _("Achievement “%(name)s”, level %(level)s") % words

    def check(self, facts: Facts) -> Check:
        family = BY_SLUG.get(self.family)
        words = {"name": family.name if family else self.family, "level": self.level}
        if self.met(facts):
            text = _("Achievement “%(name)s”, level %(level)s: yours.") % words
            return Check(self.code, True, text, facts.awards[self.family], self.level)
        least = family.levels[self.level - 1] if family and self.level <= len(family.levels) else None
        if family is None or least is None:
            text = _("Achievement “%(name)s”, level %(level)s.") % words
            return Check(self.code, False, text, need=self.level, gap=1.0)
        have = int(facts.progress.get(self.family, 0.0))
        # What is counted now may be enough already: levels are given once a day.
        words |= {"have": short(min(have, least)), "need": short(least), "unit": family.unit}
        text = _("Achievement “%(name)s”, level %(level)s: %(have)s of %(need)s %(unit)s.") % words
        return Check(self.code, False, text, have, least, gap=min(max((least - have) / least, 0.001), 1.0))


@dataclass(frozen=True, slots=True)
class Linked(Criterion):
    """An account of a network that is the person's own."""

    network: str
    code: ClassVar[str] = "linked"
    step: ClassVar[str] = "networks"

    def met(self, facts: Facts) -> bool:
        return self.network in facts.linked

    def where(self, at: datetime) -> Q:
        return Q(Exists(LinkedAccount.objects.filter(person=OuterRef("pk"), account__network=self.network)))

    def wants(self) -> str:
        return _("%(network)s connected") % {"network": network_name(self.network)}

    def check(self, facts: Facts) -> Check:
        words = {"network": network_name(self.network)}
        if self.met(facts):
            return Check(self.code, True, _("%(network)s is connected.") % words)
        return Check(
            self.code,
            False,
            _("%(network)s is not connected yet.") % words,
            gap=1.0,
            url=settings_of(facts.person, "connect_network", self.network),
            action=_("Connect %(network)s") % words,
        )


@dataclass(frozen=True, slots=True)
class AtLeast(Criterion):
    """An age, taken for the youngest that the year of birth allows. What has no such year is not old enough."""

    age: int
    code: ClassVar[str] = "age"
    step: ClassVar[str] = "age"

    def met(self, facts: Facts) -> bool:
        person = facts.person
        if person.kind == Person.Kind.ORGANISATION or person.birth_year is None:
            return False
        return person.birth_year < facts.at.year - self.age

    def where(self, at: datetime) -> Q:
        return Q(kind=Person.Kind.PERSON, birth_year__lt=at.year - self.age)

    def wants(self) -> str:
        return _("People aged %(age)s or more") % {"age": self.age}

    def check(self, facts: Facts) -> Check:
        words = {"age": self.age}
        if self.met(facts):
            return Check(self.code, True, _("You are %(age)s or older.") % words)
        if facts.person.kind == Person.Kind.ORGANISATION:
            text = _("For people aged %(age)s or more, not for organisations.") % words
            return Check(self.code, False, text, gap=1.0, within_reach=False)
        if facts.person.birth_year is None:
            text = _("For people aged %(age)s or more. We do not know in which year you were born.") % words
            url = settings_of(facts.person, "settings")
            return Check(self.code, False, text, gap=1.0, url=url, action=_("Say in which year you were born"))
        text = _("For people aged %(age)s or more, by the year of birth that you gave.") % words
        return Check(self.code, False, text, gap=1.0, within_reach=False)
