"""Letting go: everything that is kept about a person or an account, to hand it out or to erase it in one step.

Upper apps register what they keep, in AppConfig.ready; a test walks all models and fails where one that points at a
person, a user or an account has no entry. Who may see whom is PersonQuerySet.visible_to.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction

from accounts.models import Account, Credential, Cursor, LinkedAccount, Membership, Person, User

# The first half of the key of the advisory locks between collecting and erasing; the second is the person's id.
LOCK = 0x6B6C6F75

# What was removed, in numbers by kind ("days of history": 90).
Removed = Mapping[str, int]
Export = Callable[[Person], Any]
Erase = Callable[[Person, datetime], Removed]
EraseAccounts = Callable[[Sequence[int], datetime], Removed]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one app keeps: `models` are those that `erase` and `erase_accounts` empty, as "app.Model"."""

    name: str
    export: Export
    erase: Erase
    erase_accounts: EraseAccounts | None
    models: frozenset[str]


REGISTRY: dict[str, Entry] = {}


def register(
    name: str,
    export: Export,
    erase: Erase,
    *,
    models: Iterable[str],
    erase_accounts: EraseAccounts | None = None,
) -> None:
    """Add what an app keeps. Raises ValueError for a second entry of one name, LookupError for an unknown model.

    `export(person)` returns what JSON can carry; `erase(person, at)` removes what belongs to the person, and
    `erase_accounts(ids, at)` what belongs to accounts (both run in one transaction, before ours; files go after the
    commit). Both return what was removed in numbers by kind.
    """
    if name in REGISTRY:
        raise ValueError(f"{name!r} is registered twice")
    labels = frozenset(apps.get_model(label)._meta.label for label in models)
    REGISTRY[name] = Entry(name, export, erase, erase_accounts, labels)


# What this app and the ones below it keep: emptied by erase_person itself, last.
OWN_MODELS = (Person, Membership, User, Account, LinkedAccount, Credential, Cursor, LogEntry, Session)


def export_person(person: Person) -> dict[str, Any]:
    """Everything kept about `person`, by the name of its entry; JSON can carry it."""
    return {"person": _own_export(person)} | {entry.name: entry.export(person) for entry in REGISTRY.values()}


def _own_export(person: Person) -> dict[str, Any]:
    links = person.links.select_related("account").order_by("linked_at")
    members = Membership.objects.filter(person=person).select_related("user").order_by("created_at")
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
        "created_at": person.created_at.isoformat(),
        "members": [
            {"email": member.user.email, "role": member.role, "since": member.created_at.isoformat()}
            for member in members
        ],
        "accounts": [
            {
                "network": link.account.network,
                "external_id": link.account.external_id,
                "handle": link.account.handle,
                "server": link.server,
                "since": link.linked_at.isoformat(),
            }
            for link in links
        ],
    }


class Busy(Exception):
    """Something is being collected for the person just now; what it writes could not be erased with the rest."""


@contextmanager
def keeping(person: Person) -> Iterator[None]:
    """Hold off erasing `person` while something is collected for them. Raises Person.DoesNotExist if it is done."""
    key = [LOCK, person.pk % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", key)
    try:
        if not Person.objects.filter(pk=person.pk).exists():
            raise Person.DoesNotExist
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", key)


def _wait_for_collectors(person: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, person.pk % 2**31])


def _refuse_while_collecting(person: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, person.pk % 2**31])
        if not cursor.fetchone()[0]:
            raise Busy


def erase_person(*, person: Person, at: datetime) -> dict[str, int]:
    """Erase `person`, their accounts and the log-ins that speak for nobody else; returns what was removed by kind.

    All or nothing. It waits for what is being collected for them. A log-in of the staff stays: others count on it.
    """
    removed: Counter[str] = Counter()
    with transaction.atomic():
        _wait_for_collectors(person)
        Person.objects.select_for_update().get(pk=person.pk)
        accounts = list(person.links.values_list("account", flat=True))
        for entry in REGISTRY.values():
            removed.update(entry.erase(person, at))
        removed.update(_erase_accounts(accounts, at))
        removed.update(_erase_users(person, at))
        _forget_admin_log(Person, [person.pk])
        if person.avatar:
            delete_after_commit(Path(person.avatar.path))
            removed["pictures"] += 1
        person.delete()
        removed["people"] += 1
    return {kind: number for kind, number in removed.items() if number}


def delete_after_commit(path: Path) -> None:
    """Delete a file once the transaction commits; one that cannot be deleted is logged and stops nothing else."""
    transaction.on_commit(lambda: path.unlink(missing_ok=True), robust=True)


def unlink(*, link: LinkedAccount, at: datetime) -> dict[str, int]:
    """Erase a linked account with what was collected from it; the score follows with the next run. Raises Busy."""
    with transaction.atomic():
        _refuse_while_collecting(link.person)
        LinkedAccount.objects.select_for_update().get(pk=link.pk)
        removed = _erase_accounts([link.account_id], at)
    return {kind: number for kind, number in removed.items() if number}


def _erase_accounts(accounts: Sequence[int], at: datetime) -> Counter[str]:
    removed: Counter[str] = Counter()
    if not accounts:
        return removed
    links = LinkedAccount.objects.filter(account__in=accounts)
    _forget_admin_log(LinkedAccount, list(links.values_list("pk", flat=True)))
    _forget_admin_log(Account, accounts)
    links.delete()
    for entry in REGISTRY.values():
        if entry.erase_accounts is not None:
            removed.update(entry.erase_accounts(accounts, at))
    Account.objects.filter(pk__in=accounts).delete()
    removed["linked accounts"] += len(accounts)
    return removed


def users_of_nobody_else(person: Person) -> models.QuerySet[User]:
    """The users that go with `person`: not those who speak for others too, and not the staff."""
    others = Membership.objects.filter(user=models.OuterRef("pk")).exclude(person=person)
    return User.objects.filter(~models.Exists(others), membership__person=person, is_staff=False)


def _erase_users(person: Person, at: datetime) -> Counter[str]:
    users = list(users_of_nobody_else(person).values_list("pk", flat=True))
    memberships = list(Membership.objects.filter(person=person).values_list("pk", flat=True))
    _forget_admin_log(Membership, memberships)
    _forget_admin_log(User, users)
    removed = Counter({"log-ins": len(users), "sessions": _end_sessions(set(users), at)})
    User.objects.filter(pk__in=users).delete()
    return removed


def _end_sessions(users: set[int], at: datetime) -> int:
    """Delete the sessions of `users`; whose a session is stands inside it, so that all living ones are looked at."""
    if not users:
        return 0
    wanted = {str(user) for user in users}
    ended = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=at).iterator()
        if str(session.get_decoded().get("_auth_user_id", "")) in wanted
    ]
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)


def _forget_admin_log(model: type[models.Model], ids: Iterable[int]) -> None:
    """The admin's log names its objects (a handle, an e-mail address): its lines go with them."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=[str(number) for number in ids]
    ).delete()
