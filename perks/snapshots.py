"""Campaigns with all that is asked of them as one value of a query, for a page that has little to spend on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject

from perks.eligibility.wanted import Wanted
from perks.models import (
    AwardRequirement,
    Brand,
    Campaign,
    PartRequirement,
    Tier,
    TopicRequirement,
    Variant,
    Window,
)
from scoring.models import Topic

FIELDS = (
    *("title", "state", "currency", "waiting_list", "per_person", "hold_out", "minimum_score", "minimum_percentile"),
    *("any_topic", "countries", "regions", "languages", "networks", "new_to_brand", "minimum_age", "confirmed_only"),
)
WINDOW = ("id", "kind", "opens_at", "closes_at", "stages")
VARIANT = ("id", "quantity", "claimed", "held", "reserve", "waiting")


def snapshots_of(campaigns: QuerySet[Campaign]) -> ArraySubquery:
    """`campaigns`, in their order, for `taken_up`."""

    def rows(model: Any, *names: str, **others: str) -> ArraySubquery:
        found = model.objects.filter(campaign=OuterRef("pk")).order_by("pk")
        return ArraySubquery(found.values(json=JSONObject(**{name: name for name in names}, **others)))

    return ArraySubquery(
        campaigns.values(
            json=JSONObject(
                id="pk",
                brand="brand_id",
                slug="brand__slug",
                name="brand__name",
                # A decimal as a number of JSON would come back as a float.
                value=Cast("value", TextField()),
                windows=rows(Window, *WINDOW),
                variants=rows(Variant, *VARIANT),
                parts=rows(PartRequirement, "of", "points"),
                topics=rows(TopicRequirement, "topic_id", "expertise", name="topic__name", names="topic__names"),
                awards=rows(AwardRequirement, "family", "level"),
                tiers=rows(Tier, "id", "minimum_score", "name", "benefit"),
                **{name: name for name in FIELDS},
            )
        )
    )


def taken_up(snapshots: Iterable[Mapping[str, Any]]) -> tuple[list[Campaign], dict[int, Wanted]]:
    """The campaigns with brands, windows and stock, and what each wants; nothing more is asked of the database."""
    found, rows = [], {}
    for one in snapshots:
        brand = Brand(pk=one["brand"], slug=one["slug"], name=one["name"])
        campaign = Campaign(
            pk=one["id"], brand=brand, value=Decimal(one["value"]), **{name: one[name] for name in FIELDS}
        )
        times = ("opens_at", "closes_at")
        windows = [
            Window(**window | {name: datetime.fromisoformat(window[name]) for name in times})
            for window in one["windows"]
        ]
        variants = [Variant(**variant) for variant in one["variants"]]
        campaign._prefetched_objects_cache = {"windows": windows, "variants": variants}  # type: ignore[attr-defined]
        found.append(campaign)
        rows[campaign.pk] = Wanted(
            parts=[(part["of"], part["points"]) for part in one["parts"]],
            topics=[
                (Topic(pk=topic["topic_id"], name=topic["name"], names=topic["names"]), topic["expertise"])
                for topic in one["topics"]
            ],
            awards=[(award["family"], award["level"]) for award in one["awards"]],
            tiers=sorted((Tier(**tier) for tier in one["tiers"]), key=lambda tier: tier.minimum_score),
        )
    return found, rows
