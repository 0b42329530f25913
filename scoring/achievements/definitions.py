"""Families that the staff defines: drafted, looked at before they go live, awarded from then on, and retired.

What each step writes is in the moderation log too, with who did it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from scoring import moderation
from scoring.achievements.catalogue import BY_SLUG, rising
from scoring.achievements.terms import parsed
from scoring.models import Award, AwardProgress, Definition, PreviewedAward


class DefinitionRefused(Exception):
    """A definition cannot take this step; `code` says why."""

    code = "refused"


class NotADraft(DefinitionRefused):
    code = "not_a_draft"


class NotLive(DefinitionRefused):
    code = "not_live"


class NotPreviewed(DefinitionRefused):
    code = "not_previewed"


class CannotBeCounted(DefinitionRefused):
    code = "cannot_be_counted"


def counted(definition: Definition) -> dict[str, Any]:
    """What a preview is of: it says nothing any more once one of these has changed."""
    return {"measure": definition.measure, "network": definition.network, "levels": list(definition.levels)}


def previewed(definition: Definition) -> bool:
    """Whether the last preview has come to its end, and is of what the definition counts now."""
    return "people" in definition.preview and definition.preview.get("of") == counted(definition)


def waits(definition: Definition) -> bool:
    """Whether a preview was asked for that has not been made yet."""
    return bool(definition.preview.get("waiting"))


def check(definition: Definition) -> None:
    """Raises CannotBeCounted where nothing could be awarded by what `definition` says."""
    if definition.slug in BY_SLUG:
        raise CannotBeCounted(f"{definition.slug} is an achievement that ships")
    try:
        parsed(definition.measure, definition.network)
    except ValueError as error:
        raise CannotBeCounted(str(error)) from error
    if not rising(tuple(definition.levels)):
        raise CannotBeCounted("levels are above zero and rise")


@transaction.atomic
def ask_preview(*, definition: Definition, user: User, at: datetime) -> None:
    """Note that somebody wants to see who would get a draft; the task looks. Raises NotADraft, CannotBeCounted."""
    row = _locked(definition)
    if row.state != Definition.State.DRAFT:
        raise NotADraft(f"{row.slug} is {row.get_state_display()}")
    check(row)
    row.preview = {**row.preview, "waiting": True, "asked_at": at.isoformat(), "error": ""}
    row.save(update_fields=["preview"])
    moderation.record(user=user, action="preview achievement", about=row.slug, at=at)


@transaction.atomic
def publish(*, definition: Definition, user: User, at: datetime) -> None:
    """Let `definition` be awarded from the next run on.

    Raises NotADraft; NotPreviewed where nobody has seen who would get what it counts now; CannotBeCounted.
    """
    row = _locked(definition)
    if row.state != Definition.State.DRAFT:
        raise NotADraft(f"{row.slug} is {row.get_state_display()}")
    check(row)
    if not previewed(row):
        raise NotPreviewed(f"{row.slug} has no preview of what it counts now")
    row.state, row.live_since = Definition.State.LIVE, at
    row.save(update_fields=["state", "live_since"])
    # It has served its turn: from now on awards say who has it.
    PreviewedAward.objects.filter(definition=row).delete()
    people = row.preview["people"]
    moderation.record(
        user=user, action="publish achievement", about=row.slug, reason=f"previewed: {people} people by level", at=at
    )


@transaction.atomic
def retire(*, definition: Definition, user: User, at: datetime) -> None:
    """Let nobody earn `definition` any more; who has it keeps it. Raises NotLive."""
    row = _locked(definition)
    if row.state != Definition.State.LIVE:
        raise NotLive(f"{row.slug} is {row.get_state_display()}")
    row.state = Definition.State.RETIRED
    row.save(update_fields=["state"])
    AwardProgress.objects.filter(family=row.slug).delete()
    kept = Award.objects.filter(family=row.slug, revoked_at__isnull=True).values("person").distinct().count()
    moderation.record(
        user=user, action="retire achievement", about=row.slug, reason=f"{kept} people keep what they have", at=at
    )


def _locked(definition: Definition) -> Definition:
    return Definition.objects.select_for_update().get(pk=definition.pk)
