"""All that criteria ask of a person, read in one query; and the expressions that both sides of a criterion share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    FloatField,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, JSONObject, Least

from accounts.models import Erasure, LinkedAccount, Membership, Person
from perks.models import Claim
from scoring.models import Award, AwardProgress, Component, PersonTopic, Score
from scoring.rests import perk_score

# The score that perks go by (scoring.rests.perk_score): LEAST passes over what is NULL.
PERK_SCORE = Least("score__score", "score__unrested", output_field=FloatField())
# Where a rest has kept the score up, the percentile of whoever stands next below where it would be without.
PERK_PERCENTILE = Case(
    When(
        score__unrested__lt=F("score__score"),
        then=Least(
            "score__percentile",
            Coalesce(
                Subquery(
                    Score.objects.filter(score__lte=OuterRef("score__unrested"))
                    .order_by("-score", "percentile")
                    .values("percentile")[:1]
                ),
                Value(0.0),
            ),
        ),
    ),
    default=F("score__percentile"),
    output_field=FloatField(),
)
# Added up as decimals: the sum of floats depends on the order in which rows are found.
DECIMAL = DecimalField(max_digits=12, decimal_places=6)
POINTS = Sum(Cast("points", DECIMAL))
# Of the person of the query around it, read once for each: asked of every component, it would cost most of a preview.
_PROVED = LinkedAccount.objects.filter(person=OuterRef(OuterRef("pk")), proof=LinkedAccount.Proof.NETWORK)
PROVED_BY_NETWORK = Func(
    F("account"),
    ArraySubquery(_PROVED.values("account_id")),
    template="(%(expressions)s))",
    arg_joiner=" = ANY(",
    output_field=BooleanField(),
)
_DECIMAL_POINTS = Cast("points", DECIMAL)
# Both are for `leaves` of a queryset of people.
CONFIRMED_POINTS = Sum(Case(When(PROVED_BY_NETWORK, then=_DECIMAL_POINTS), default=Value(0), output_field=DECIMAL))
# What the confirmed points are more than the others.
CONFIRMED_OVER_OTHERS = Sum(
    Case(When(PROVED_BY_NETWORK, then=_DECIMAL_POINTS), default=_DECIMAL_POINTS * Value(-1), output_field=DECIMAL)
)


def scaled(points: float, perk: float, score: float) -> float:
    """Points of a part as perks go by them: less by the same share as the score, where a rest has kept it up."""
    return points * perk / score


def leaves(person: OuterRef) -> QuerySet[Component]:
    """What accounts bring to a person's score, without the point that everybody starts with."""
    return Component.objects.filter(~Q(account=0), person=person)


def taken(at: datetime) -> Q:
    """Claims that somebody has, or holds at `at`."""
    claimed = Q(state__in=[Claim.State.CLAIMED, Claim.State.REDEEMED])
    return claimed | Q(state=Claim.State.HELD, expires_at__gt=at)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a person at a time.

    score, percentile: as perks go by them. parts, networks: points by part and by network, likewise. topics: expertise
    by the topic's number, hidden ones left out. taken: (campaign, brand) -> items had or held.
    """

    person: Person
    at: datetime
    joined: bool = True
    erasing: bool = False
    score: float | None = None
    percentile: float | None = None
    # Without the rests it would be lower than what is shown.
    rested: bool = False
    formula: str = ""
    scored_on: date | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    networks: Mapping[str, float] = field(default_factory=dict)
    points: float = 0.0
    confirmed: float = 0.0
    topics: Mapping[int, float] = field(default_factory=dict)
    awards: Mapping[str, int] = field(default_factory=dict)
    progress: Mapping[str, float] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    taken: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def has_of_campaign(self, campaign: int) -> int:
        return sum(number for (other, _brand), number in self.taken.items() if other == campaign)

    def has_of_brand(self, brand: int, *, but: int) -> bool:
        """Whether they have anything of `brand`, the campaign `but` left out."""
        return any(theirs == brand and campaign != but for campaign, theirs in self.taken)


def facts_of(person: Person, at: datetime) -> Facts:
    """One query. Raises Person.DoesNotExist where the person has gone meanwhile."""
    found = facts_of_each(Person.objects.filter(pk=person.pk), at)
    if not found:
        raise Person.DoesNotExist
    return found[0]


def facts_of_each(people: QuerySet[Person], at: datetime) -> list[Facts]:
    """Of each of `people`, in their order; one query. Meant for the few that one user speaks for."""
    return [facts_from(row, at) for row in with_all(people, at)]


def with_all(people: QuerySet[Person], at: datetime) -> QuerySet[Person]:
    """People with all that `facts_from` takes."""
    me = OuterRef("pk")
    mine = leaves(me).order_by()
    by_network = mine.values("network").annotate(sum=Cast(POINTS, FloatField()))
    in_all = mine.values("person").annotate(
        sum=Cast(POINTS, FloatField()), confirmed=Cast(CONFIRMED_POINTS, FloatField())
    )
    claims = (
        Claim.objects.filter(taken(at), person=me)
        .order_by()
        .values("campaign", "campaign__brand")
        .annotate(number=Count("pk"))
    )
    return people.select_related("score").annotate(
        is_joined=Exists(Membership.objects.filter(person=me)),
        is_erasing=Exists(Erasure.objects.filter(person=me)),
        perk_percentile=PERK_PERCENTILE,
        by_network=ArraySubquery(by_network.values(json=JSONObject(network="network", points="sum"))),
        in_all=ArraySubquery(in_all.values(json=JSONObject(points="sum", confirmed="confirmed"))),
        my_topics=ArraySubquery(
            PersonTopic.objects.filter(person=me, hidden=False).values(
                json=JSONObject(topic="topic_id", expertise="expertise")
            )
        ),
        my_awards=ArraySubquery(
            Award.objects.filter(person=me, revoked_at__isnull=True)
            .values("family")
            .annotate(most=Max("level"))
            .values(json=JSONObject(family="family", level="most"))
        ),
        my_progress=ArraySubquery(
            AwardProgress.objects.filter(person=me).values(json=JSONObject(family="family", value="value"))
        ),
        my_networks=ArraySubquery(LinkedAccount.objects.connected().filter(person=me).values("account__network")),
        my_languages=ArraySubquery(Membership.objects.filter(person=me).values("user__language")),
        my_claims=ArraySubquery(
            claims.values(json=JSONObject(campaign="campaign", brand="campaign__brand", number="number"))
        ),
    )


def facts_from(row: Any, at: datetime) -> Facts:
    """Of a person as `with_all` reads them."""
    score: Score | None = getattr(row, "score", None)
    perk = perk_score(score) if score else None
    parts = {"reach": score.reach, "amplification": score.amplification, "network": score.network_part} if score else {}
    networks = {one["network"]: one["points"] for one in row.by_network}
    if score is not None and perk is not None:
        parts = {name: scaled(points, perk, score.score) for name, points in parts.items()}
        networks = {name: scaled(points, perk, score.score) for name, points in networks.items()}
    points = row.in_all[0] if row.in_all else {"points": 0.0, "confirmed": 0.0}
    return Facts(
        person=row,
        at=at,
        joined=row.is_joined,
        erasing=row.is_erasing,
        score=perk,
        percentile=row.perk_percentile,
        rested=score is not None and perk is not None and perk < score.score,
        formula=score.formula if score else "",
        scored_on=score.as_of if score else None,
        parts=parts,
        networks=networks if score else {},
        points=points["points"],
        confirmed=points["confirmed"],
        topics={one["topic"]: one["expertise"] for one in row.my_topics},
        awards={one["family"]: one["level"] for one in row.my_awards},
        progress={one["family"]: one["value"] for one in row.my_progress},
        linked=frozenset(row.my_networks),
        languages=frozenset(language or settings.LANGUAGE_CODE for language in row.my_languages),
        taken={(one["campaign"], one["brand"]): one["number"] for one in row.my_claims},
    )
