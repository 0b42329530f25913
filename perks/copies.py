"""New campaigns from what is there: a copy, a template of one's own, one of the built-in patterns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from perks import audit
from perks.completeness import WITH_CODES
from perks.models import Brand, Campaign, Picture, Terms, Tier, Variant
from perks.models.campaigns import DISCLOSURE
from perks.patterns import Pattern

TITLE = 80
# What a copy does not take over.
_OWN = frozenset({"id", "state", "is_template", "created_at", "changed_at", "created_by"})


@transaction.atomic
def duplicate(
    *, campaign: Campaign, user: User, at: datetime, as_template: bool = False, brand: Brand | None = None
) -> Campaign:
    """A draft (or a template) like `campaign`, with everything but claims, codes, and windows that have opened.

    brand: whose it is; the same one's if None. What counts codes begins at none.
    """
    fields = _values(campaign, _OWN)
    owner = brand or campaign.brand
    if not (as_template or campaign.is_template):
        fields["title"] = (_("%(title)s (copy)") % {"title": campaign.title})[:TITLE]
    copy = Campaign.objects.create(**fields | {"brand_id": owner.pk, "created_by": user, "is_template": as_template})
    _copy_rows(campaign.tiers.all(), copy)
    _copy_rows(campaign.part_requirements.all(), copy)
    _copy_rows(campaign.topic_requirements.all(), copy)
    _copy_rows(campaign.award_requirements.all(), copy)
    _copy_rows(campaign.windows.filter(opens_at__gt=at), copy)
    for variant in campaign.variants.all():
        emptied = {"quantity": 0, "reserve": 0} if campaign.kind in WITH_CODES else {}
        values = _values(variant, frozenset({"id", "campaign", "claimed", "held", "waiting"}))
        Variant.objects.create(campaign=copy, **values | emptied)
    for picture in campaign.pictures.all():
        _copy_picture(picture, copy)
    terms = campaign.terms
    if terms is not None:
        Terms.objects.create(campaign=copy, version=1, text=terms.text, disclosure=terms.disclosure)
    _record(copy, user, "add", campaign.title, at)
    return copy


@transaction.atomic
def begin(*, pattern: Pattern | None, brand: Brand, user: User, at: datetime) -> Campaign:
    """A draft after a built-in pattern, in the active language; after none, an empty one."""
    fields = pattern.fields if pattern is not None else (("title", _("Untitled")),)
    values = {name: value if isinstance(value, int | float) else str(value) for name, value in fields}
    kind = pattern.kind if pattern is not None else Campaign.Kind.CODE
    campaign = Campaign.objects.create(brand=brand, kind=kind, created_by=user, **values)
    Variant.objects.create(campaign=campaign)
    if pattern is not None:
        Tier.objects.bulk_create(
            Tier(campaign=campaign, minimum_score=score, name=str(name), benefit=str(benefit))
            for score, name, benefit in pattern.tiers
        )
        Terms.objects.create(
            campaign=campaign, version=1, text=str(pattern.terms), disclosure=DISCLOSURE.format(brand=brand.name)
        )
    _record(campaign, user, "add", pattern.slug if pattern is not None else "", at)
    return campaign


def _values(row: models.Model, without: frozenset[str]) -> dict[str, Any]:
    """The columns of `row` by their attributes, lists copied."""
    return {
        field.attname: list(value) if isinstance(value := getattr(row, field.attname), list) else value
        for field in row._meta.concrete_fields
        if field.name not in without
    }


def _copy_rows(rows: Iterable[Any], campaign: Campaign) -> None:
    for row in rows:
        values = _values(row, frozenset({"id", "campaign"}))
        type(row).objects.create(campaign=campaign, **values)


def _copy_picture(picture: Picture, campaign: Campaign) -> None:
    """With a file of its own; a picture whose file is lost is left out."""
    try:
        with picture.image.open("rb") as file:
            content = ContentFile(file.read(), name=picture.image.name)
    except OSError:
        return
    Picture.objects.create(campaign=campaign, image=content, alternative=picture.alternative, place=picture.place)


def _record(campaign: Campaign, user: User, action: str, about: str, at: datetime) -> None:
    audit.record(brand=campaign.brand, campaign=campaign, user=user, action=action, about=about, at=at)
