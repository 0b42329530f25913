"""What the public page of an organisation says of its team."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from accounts.models import Person
from accounts.team_members import named_in_public

register = template.Library()


@register.inclusion_tag("accounts/_page_of_a_team.html", takes_context=True)
def page_of_a_team(context: dict[str, Any], person: Person) -> dict[str, Any]:
    """That a team looks after the page, and the members who want to be named, as far as the reader may see them."""
    if person.kind != Person.Kind.ORGANISATION:
        return {}
    user = context["request"].user
    return {"is_team": True, "named": named_in_public(person, user, timezone.now().date())}
