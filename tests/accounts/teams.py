"""Teams for tests: an organisation with members in their roles."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from unittest.mock import patch

from django.test import Client

from accounts import teams
from accounts.models import Membership, Person, TeamChange, User

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_team(join: Callable[..., Person], handle: str = "acme", **roles: str) -> tuple[Person, dict[str, User]]:
    """An organisation, and its users by their handles: make_team(join, olga="owner", ed="editor")."""
    firm = Person.objects.create(handle=handle, kind=Person.Kind.ORGANISATION, name=handle.capitalize())
    users = {}
    for name, role in roles.items():
        users[name] = join(name).users.get()
        Membership.objects.create(user=users[name], person=firm, role=role)
    return firm, users


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seat(firm: Person, user: User) -> int:
    return Membership.objects.get(person=firm, user=user).pk


def invited(firm: Person, user: User, email: str, role: str = "editor", *, at: datetime = AT) -> str:
    """The token of an invitation that `user` has sent."""
    token = uuid.uuid4().hex
    with patch.object(teams, "new_token", return_value=token):
        teams.invite(person=firm, email=email, role=role, user=user, at=at)
    return token


def actions(firm: Person) -> list[str]:
    return list(TeamChange.objects.filter(person=firm).order_by("pk").values_list("action", flat=True))
