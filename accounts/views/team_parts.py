"""Whose team a page is about: for its members alone; for anybody else as if there were none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import Membership, Person, User
from accounts.team_members import Role


@dataclass(frozen=True, slots=True)
class Team:
    """An organisation, and as what the reader is a member of it."""

    person: Person
    membership: Membership

    @property
    def owned(self) -> bool:
        return self.membership.role == Role.OWNER

    @property
    def edited(self) -> bool:
        return self.membership.role in {Role.OWNER, Role.EDITOR}

    @property
    def handle(self) -> str:
        return self.person.handle.lower()

    def context(self, here: str) -> dict[str, Any]:
        """What the head of each of its pages wants to know; `here` names the page."""
        return {"team": self, "person": self.person, "here": here}


def team_of(request: HttpRequest, handle: str, *, owner: bool = False, also: tuple[str, ...] = ()) -> Team:
    """The team of `handle`, with the person and what of it is asked for `also`, in one query.

    Raises Http404 for who is no member, and PermissionDenied with `owner` for who does not own it.
    """
    assert isinstance(request.user, User)
    sought = handle.lower().replace("\x00", " ")
    mine = Membership.objects.filter(user=request.user, person__kind=Person.Kind.ORGANISATION)
    found = mine.select_related("person", *(f"person__{name}" for name in also))
    membership = found.filter(person__handle__iexact=sought).first()
    if membership is None:
        raise Http404
    team = Team(membership.person, membership)
    if owner and not team.owned:
        raise PermissionDenied
    return team
