"""Which parts of a profile who sees. The profile's own visibility is PersonQuerySet's; a part can only be narrower."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.team_log import note_visibility


class Viewer(IntEnum):
    """Who looks: anybody, somebody who is logged in, or one who speaks for the person."""

    ANYBODY = 0
    MEMBER = 1
    OWN = 2


# What can be shown to fewer people than the profile, and what it is called in the settings.
PARTS: dict[str, str | Promise] = {
    "chart": _("The score of past days"),
    "why": _("Where every point comes from"),
    "moments": _("Posts that moved the score"),
    "networks": _("Linked networks"),
    "topics": _("Topics"),
    "plus_k": _("+K that I was given"),
    "achievements": _("Achievements"),
    "ties": _("Who moves me, and whom I move"),
    "style": _("The style"),
    "badge": _("The badge for other sites"),
    "leaderboards": _("My place on leaderboards"),
    "search": _("Being found by search"),
}
NEEDED: dict[str, Viewer] = {Person.Visibility.PUBLIC: Viewer.ANYBODY, Person.Visibility.MEMBERS: Viewer.MEMBER}


def show(*, person: Person, visibility: str, shown: Mapping[str, str], user: User, at: datetime) -> None:
    """Store who sees the profile, and the parts that fewer see; what `user` changed of an organisation is noted."""
    before = Person(visibility=person.visibility, shown=dict(person.shown))
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(visibility=visibility, shown=dict(shown))
        after = Person(pk=person.pk, kind=person.kind, visibility=visibility, shown=dict(shown))
        note_visibility(before=before, after=after, user=user, at=at)


def may_see(person: Person, part: str, viewer: Viewer) -> bool:
    """Whether `viewer`, who may see the profile, may see this part of it. Raises KeyError for an unknown part."""
    PARTS[part]
    return viewer >= NEEDED.get(person.shown.get(part, Person.Visibility.PUBLIC), Viewer.OWN)


def showing(part: str, viewer: Viewer, *, prefix: str = "") -> Q:
    """The people whose `part` may be seen by `viewer`, for a query; `prefix` leads to the person, as in "person__"."""
    PARTS[part]
    if viewer is Viewer.OWN:
        return Q()
    # What is not known to be allowed is kept back, as `may_see` keeps it.
    allowed = [value for value, needed in NEEDED.items() if viewer >= needed]
    return ~Q(**{f"{prefix}shown__has_key": part}) | Q(**{f"{prefix}shown__{part}__in": allowed})
