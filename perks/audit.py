"""What was done in a brand's name, written down for good."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from perks.models import AuditEntry, Brand, BrandMembership, Campaign

LONGEST = 500


def record(
    *,
    brand: Brand,
    user: User | None,
    action: str,
    campaign: Campaign | None = None,
    about: str = "",
    reason: str = "",
    changes: Mapping[str, tuple[str, str]] | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """Write a line, in the caller's transaction. `changes`: {field: (before, after)}; nothing that names a claimer."""
    outside = user is not None and not BrandMembership.objects.filter(brand=brand, user=user).exists()
    return AuditEntry.objects.create(
        brand=brand,
        campaign=campaign,
        user=user,
        by_staff=outside,
        at=at or timezone.now(),
        action=action,
        about=about[:200],
        reason=reason,
        changes={name: [before[:LONGEST], after[:LONGEST]] for name, (before, after) in (changes or {}).items()},
    )


def values_of(row: models.Model) -> dict[str, str]:
    """What can be edited of a row, as texts, by the name of its field; secrets (bytes) never."""
    return {
        field.name: _as_text(row, field)
        for field in row._meta.concrete_fields
        if field.editable and not field.primary_key and not isinstance(field, models.BinaryField)
    }


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """{field: (before, after)} of what differs."""
    return {name: (before.get(name, ""), text) for name, text in after.items() if before.get(name, "") != text}


def _as_text(row: models.Model, field: Any) -> str:
    if field.is_relation:
        number = getattr(row, field.attname)
        return "" if number is None else str(number)
    value = getattr(row, field.attname)
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)
