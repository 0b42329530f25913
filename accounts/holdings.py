"""What this app itself keeps about a person: handed out as JSON can carry it, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import models
from django.utils.translation import gettext_noop as _

from accounts.models import (
    AccountClaim,
    ApiKey,
    Consent,
    Credential,
    Cursor,
    ExportJob,
    FormerHandle,
    LinkedAccount,
    Membership,
    Notification,
    NotificationChoice,
    Pause,
    Person,
    PushSubscription,
    Spending,
    TeamChange,
    TeamInvitation,
    User,
    WatchList,
)


def rows(queryset: models.QuerySet[Any], *fields: str, **renamed: str) -> list[dict[str, Any]]:
    """The `fields` of `queryset` in their own order (`renamed`: new name -> field), dates as ISO 8601."""
    names = [*fields, *renamed]
    found = queryset.order_by(*fields[:3]).values_list(*fields, *renamed.values())
    return [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in found]


def plain(value: Any) -> Any:
    """A value as JSON can carry it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)


def export(person: Person) -> dict[str, Any]:
    """All that this app keeps about `person`. Of other people nothing: who else speaks for an organisation, say."""
    members = list(Membership.objects.filter(person=person).select_related("user").order_by("created_at"))
    # With several members each address is somebody else's, for all but one of them.
    alone = len(members) == 1
    return {
        "handle": person.handle,
        "klout_id": str(person.klout_id),
        "kind": person.kind,
        "name": person.name,
        "bio": person.bio,
        "country": person.country,
        "region": person.region,
        "time_zone": person.time_zone,
        "birth_year": person.birth_year,
        "visibility": person.visibility,
        "shown": person.shown,
        "created_at": person.created_at.isoformat(),
        "members": [
            ({"email": member.user.email} if alone else {})
            | {"role": member.role, "since": member.created_at.isoformat(), "named_in_public": member.is_shown}
            for member in members
        ],
        **(log_in(members[0].user) if alone else {}),
        **_linked(person),
        "consents": rows(Consent.objects.filter(person=person), "at", "subject", "given", "wording"),
        "erasure": [
            {"requested_at": plain(erasure.requested_at), "due_at": plain(erasure.due_at)}
            for erasure in [getattr(person, "erasure", None)]
            if erasure is not None
        ],
        "exports": rows(ExportJob.objects.filter(person=person), "created_at", "state", "ready_at"),
        "former_handles": rows(FormerHandle.objects.filter(person=person), "given_up_at", "handle"),
        "team_invitations": rows(
            TeamInvitation.objects.filter(person=person),
            *("created_at", "role", "expires_at", "accepted_at"),
        ),
        **_changes(person, members, alone),
        "lists": [
            {"name": watched.name, "people": list(watched.people.order_by("handle").values_list("handle", flat=True))}
            for watched in WatchList.objects.filter(owner=person).order_by("name")
        ],
    }


def _changes(person: Person, members: Sequence[Membership], alone: bool) -> dict[str, Any]:
    """Of an organisation what was changed in it; of who has a page of their own what they changed in their teams.

    Who changed it is told by a number of its own for each member, as long as others are among them.
    """
    if person.kind == Person.Kind.ORGANISATION:
        numbers = {member.user_id: place for place, member in enumerate(members, start=1)}
        lines = TeamChange.objects.filter(person=person).order_by("at", "pk")
        return {
            "changes_by_the_team": [
                {"by_member": numbers.get(line.user_id or 0), **_line(line)} for line in lines.iterator(2000)
            ]
        }
    if not alone:
        return {}
    lines = TeamChange.objects.filter(user=members[0].user).select_related("person").order_by("at", "pk")
    seats = Membership.objects.filter(user=members[0].user, person__kind=Person.Kind.ORGANISATION)
    return {
        "teams": rows(seats, "role", "created_at", "is_shown", team="person__handle"),
        # What of a team was before and after is the team's.
        "changed_in_teams": [
            {"team": line.person.handle, "at": line.at.isoformat(), "action": line.action}
            for line in lines.iterator(2000)
        ],
    }


def _line(line: TeamChange) -> dict[str, Any]:
    return {"at": line.at.isoformat(), "action": line.action, "about": line.about, "changes": line.changes}


def _linked(person: Person) -> dict[str, Any]:
    """The accounts, how each is read and what that has cost. Of tokens there is only to say that there are some."""
    links = LinkedAccount.objects.filter(person=person)
    mine = {"link__person": person}
    return {
        "accounts": [
            {
                "network": link.account.network,
                "external_id": link.account.external_id,
                "handle": link.account.handle,
                "server": link.server,
                "since": link.linked_at.isoformat(),
                "kind": link.kind,
                "proof": link.proof,
                "state": link.state,
                "first_read_at": plain(link.first_read_at),
            }
            for link in links.select_related("account").order_by("linked_at", "pk")
        ],
        "access": rows(
            Credential.objects.filter(**mine),
            *("expires_at", "lapses_at", "scopes", "updated_at"),
            network="link__account__network",
            account="link__account__external_id",
        ),
        "readings": rows(
            Cursor.objects.filter(**mine),
            *("stream", "pulled_at", "due_at", "parked_at", "error", "value"),
            network="link__account__network",
            account="link__account__external_id",
        ),
        "pauses": rows(
            Pause.objects.filter(person=person),
            *("started_at", "ended_at", "reason"),
            network="link__account__network",
            account="link__account__external_id",
        ),
        "claims": rows(
            AccountClaim.objects.filter(person=person),
            *("created_at", "state", "proof", "due_at", "decided_at"),
            network="account__network",
            account="account__external_id",
        ),
        # Who claims it is somebody else: only that it was claimed, and what the person said to it.
        "claims_by_others": rows(
            AccountClaim.objects.filter(holder=person).exclude(person=person),
            *("created_at", "state", "objection", "decided_at"),
            network="account__network",
            account="account__external_id",
        ),
        "spending": rows(Spending.objects.filter(person=person), "day", "network", "cost", "items"),
    }


def log_in(user: User) -> dict[str, Any]:
    """How `user` logs in: addresses, and the networks that vouch for them."""
    found: dict[str, Any] = {
        "log_in": {
            "email": user.email,
            "joined": plain(user.date_joined),
            "last_log_in": plain(user.last_login),
            "language": user.language,
            "digest": user.digest,
        },
        "notifications": rows(
            Notification.objects.filter(user=user), "created_at", "kind", "subject", "text", "url", "read_at"
        ),
        "told_how": rows(NotificationChoice.objects.filter(user=user), "matter", "mail", "on_site", "push"),
        "browsers_to_wake": rows(PushSubscription.objects.filter(user=user), "created_at", "browser", "endpoint"),
        "api_keys": rows(
            ApiKey.objects.filter(user=user), "created_at", "name", "prefix", "last_used_on", "revoked_at"
        ),
        "second_factors": rows(Authenticator.objects.filter(user=user), "created_at", "type", "last_used_at"),
        "devices": rows(
            UserSession.objects.filter(user=user), "created_at", "last_seen_at", "user_agent", address="ip"
        ),
        "email_addresses": rows(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
    }
    if apps.is_installed("allauth.socialaccount"):
        model = apps.get_model("socialaccount", "SocialAccount")
        found["log_ins_by_networks"] = rows(
            model._default_manager.filter(user=user), "provider", "uid", "date_joined", "last_login", "extra_data"
        )
    return found


def counted(person: Person, users: Sequence[int]) -> dict[str, int]:
    """What would go with `person`, in numbers by kind (pages translate it); `users` are the log-ins that go too."""
    numbers = {
        _("linked accounts"): LinkedAccount.objects.connected().filter(person=person).count(),
        _("keys to linked accounts"): Credential.objects.filter(link__person=person).count(),
        _("claims to accounts"): AccountClaim.objects.filter(person=person).count(),
        _("answers about what may be read"): Consent.objects.filter(
            models.Q(person=person) | models.Q(user__in=users)
        ).count(),
        _("exports of your data"): ExportJob.objects.filter(person=person).count(),
        _("log-ins"): len(users),
        _("pictures"): int(bool(person.avatar)),
        _("former handles"): FormerHandle.objects.filter(person=person).count(),
        _("lists of people"): WatchList.objects.filter(owner=person).count(),
        _("notifications"): Notification.objects.filter(models.Q(person=person) | models.Q(user__in=users)).count(),
        _("invitations to the team"): TeamInvitation.objects.filter(person=person).count(),
        _("changes by the team"): TeamChange.objects.filter(person=person).count(),
        _("keys of the API"): ApiKey.objects.filter(user__in=users).count(),
    }
    return {kind: number for kind, number in numbers.items() if number}
