"""What campaigns want beyond their own fields (parts, topics, achievements, tiers): for many of them in one query."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import CharField, F, FloatField, TextField, Value
from django.db.models.functions import Cast

from perks.models import AwardRequirement, Campaign, PartRequirement, Tier, TopicRequirement
from scoring.models import Topic


@dataclass(slots=True)
class Wanted:
    """The rows of one campaign; topics with the expertise they take, tiers from the lowest."""

    parts: list[tuple[str, float]] = field(default_factory=list)
    topics: list[tuple[Topic, float]] = field(default_factory=list)
    awards: list[tuple[str, int]] = field(default_factory=list)
    tiers: list[Tier] = field(default_factory=list)


def wanted(campaigns: Iterable[Campaign]) -> dict[int, Wanted]:
    """campaign's number -> its rows; one query."""
    found = {campaign.pk: Wanted() for campaign in campaigns}
    if not found:
        return {}

    def rows(model: type, kind: str, number: str, text: str, more: str = "", key: str = "pk"):  # type: ignore[no-untyped-def]
        return (
            model.objects.filter(campaign__in=list(found))  # type: ignore[attr-defined]
            .order_by()
            .values_list(
                "campaign_id",
                Value(kind, output_field=CharField()),
                F(key),
                Cast(number, FloatField()),
                Cast(text, TextField()),
                Cast(more, TextField()) if more else Value("", output_field=TextField()),
            )
        )

    parts = rows(PartRequirement, "part", "points", "of")
    topics = rows(TopicRequirement, "topic", "expertise", "topic__name", "topic__names", "topic_id")
    awards = rows(AwardRequirement, "award", "level", "family")
    tiers = rows(Tier, "tier", "minimum_score", "name", "benefit")
    for campaign, kind, pk, number, text, more in sorted(parts.union(topics, awards, tiers, all=True)):
        mine = found[campaign]
        if kind == "part":
            mine.parts.append((text, number))
        elif kind == "topic":
            mine.topics.append((Topic(pk=pk, name=text, names=json.loads(more)), number))
        elif kind == "award":
            mine.awards.append((text, int(number)))
        else:
            mine.tiers.append(Tier(pk=pk, campaign_id=campaign, minimum_score=number, name=text, benefit=more))
    for mine in found.values():
        mine.tiers.sort(key=lambda tier: tier.minimum_score)
    return found
