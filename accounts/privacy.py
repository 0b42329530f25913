"""Letting go: everything that is kept about a person or an account, to hand it out or to erase it in one step.

Upper apps register what they keep, in AppConfig.ready; a test walks all models and fails where one that points at a
person, a user or an account has no entry. Who may see whom is PersonQuerySet.visible_to.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.urls import reverse

from accounts import admin_log, holdings, outbox, teams
from accounts.collectors import Busy, keeping, no_collecting, wait_for_collectors
from accounts.models import (
    Account,
    AccountClaim,
    ApiKey,
    Consent,
    Credential,
    Cursor,
    Erasure,
    ExportJob,
    Findable,
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
    Watched,
    WatchList,
)
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from accounts.notify import notify
from accounts.team_log import account, note

__all__ = [
    "GO_WITH_THE_USER",
    "OWN_MODELS",
    "REGISTRY",
    "Busy",
    "Entry",
    "NotDue",
    "count_person",
    "delete_after_commit",
    "erase_accounts",
    "erase_person",
    "export_person",
    "goes_with",
    "keeping",
    "register",
    "unlink",
    "users_of_nobody_else",
]

# What was removed, in numbers by kind ("days of history": 90).
Removed = Mapping[str, int]
Export = Callable[[Person], Any]
Erase = Callable[[Person, datetime], Removed]
EraseAccounts = Callable[[Sequence[int], datetime], Removed]
Count = Callable[[Person], Removed]
Purge = Callable[[str, datetime], Removed]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one app keeps: `models` are those that `erase` and `erase_accounts` empty, as "app.Model"."""

    name: str
    export: Export
    erase: Erase
    erase_accounts: EraseAccounts | None
    models: frozenset[str]
    count: Count | None = None
    changed: Callable[[Person], None] | None = None
    purge: Purge | None = None


REGISTRY: dict[str, Entry] = {}


def register(
    name: str,
    export: Export,
    erase: Erase,
    *,
    models: Iterable[str],
    erase_accounts: EraseAccounts | None = None,
    count: Count | None = None,
    changed: Callable[[Person], None] | None = None,
    purge: Purge | None = None,
) -> None:
    """Add what an app keeps. Raises ValueError for a second entry of one name, LookupError for an unknown model.

    `export(person)` returns what JSON can carry; `erase(person, at)` removes what belongs to the person, and
    `erase_accounts(ids, at)` what belongs to accounts (both run in one transaction, before ours; files go after the
    commit). Both return what was removed in numbers by kind; `count(person)` tells that beforehand. `changed(person)`
    is called after accounts of a living person were let go, and `purge(network, before)` removes what a network's API
    told before that time and has not told since.
    """
    if name in REGISTRY:
        raise ValueError(f"{name!r} is registered twice")
    labels = frozenset(apps.get_model(label)._meta.label for label in models)
    REGISTRY[name] = Entry(name, export, erase, erase_accounts, labels, count, changed, purge)


# What this app and the ones below it keep: emptied by erase_person itself, last. An OptOut and a DeletionReceipt name
# nobody, and a NetworkApp is our own.
OWN_MODELS = (
    *(Person, Membership, User, Account, LinkedAccount, Credential, Cursor, Spending, AccountClaim, Pause),
    *(Consent, Erasure, ExportJob, LogEntry, Session, FormerHandle, WatchList, Watched),
    # Made of the others by the database, which removes it with the person.
    Findable,
    # They go with the log-in, and a notification with the person it is about.
    *(Notification, NotificationChoice, PushSubscription, ApiKey),
    # Of an organisation: they go with it, and lines of others' lose the name of who is erased.
    *(TeamInvitation, TeamChange),
)
# Tables of Django and allauth that the user takes along, with how they would be looked up.
GO_WITH_THE_USER = (
    *("account.EmailAddress", "account.EmailConfirmation", "socialaccount.SocialAccount", "socialaccount.SocialToken"),
    *("accounts.User_groups", "accounts.User_user_permissions"),
    *("mfa.Authenticator", "usersessions.UserSession"),
)


def export_person(person: Person) -> dict[str, Any]:
    """Everything kept about `person`, by the name of its entry; JSON can carry it."""
    return {"person": holdings.export(person)} | {entry.name: entry.export(person) for entry in REGISTRY.values()}


def count_person(person: Person) -> dict[str, int]:
    """What erasing `person` would remove, in numbers by kind; nothing is removed."""
    users = list(users_of_nobody_else(person).values_list("pk", flat=True))
    numbers = Counter(holdings.counted(person, users))
    for entry in REGISTRY.values():
        if entry.count is not None:
            numbers.update(entry.count(person))
    return {kind: number for kind, number in numbers.items() if number}


@contextmanager
def _letting_consents_go() -> Iterator[None]:
    """Within a transaction, let rows of Consent go with the person whose they are; a trigger refuses it elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL klout.erasing = 'on'")
        yield
        cursor.execute("SET LOCAL klout.erasing = 'off'")


class NotDue(Exception):
    """The person has changed their mind about being erased, or has time left to."""


def erase_person(*, person: Person, at: datetime, if_due: bool = False) -> dict[str, int]:
    """Erase `person`, their accounts and the log-ins that speak for nobody else; returns what was removed by kind.

    All or nothing. It waits for what is being collected for them. A log-in of the staff stays: others count on it.
    Networks are told first that we give our access back; one that cannot be told stops nothing. if_due: only where
    their Erasure is due; raises NotDue.
    """
    removed: Counter[str] = Counter()
    _give_back(person.links.all(), at)
    with transaction.atomic():
        wait_for_collectors(person)
        Person.objects.select_for_update().get(pk=person.pk)
        if if_due and not Erasure.objects.filter(person=person, due_at__lte=at).exists():
            raise NotDue
        accounts = list(person.links.values_list("account", flat=True))
        _erase_copies([person])
        for entry in REGISTRY.values():
            removed.update(entry.erase(person, at))
        removed.update(_erase_accounts(accounts, at))
        _forget_news_of_joining(person)
        removed.update(_leave_teams(person, at))
        addresses = list(users_of_nobody_else(person).values_list("email", flat=True))
        transaction.on_commit(lambda: outbox.forget(addresses), robust=True)
        with _letting_consents_go():
            for address in addresses:
                TeamInvitation.objects.filter(email__iexact=address).delete()
            removed["log lines of the admin"] += admin_log.forget_names(person, addresses)
            removed.update(_erase_users(person))
            admin_log.forget_rows(Person, [person.pk])
            removed["changes by the team"] += _erase_team_log(person)
            if person.avatar:
                delete_after_commit(Path(person.avatar.path))
                removed["pictures"] += 1
            person.delete()
        removed["people"] += 1
    return {kind: number for kind, number in removed.items() if number}


def delete_after_commit(path: Path) -> None:
    """Delete a file once the transaction commits; one that cannot be deleted is logged and stops nothing else."""
    transaction.on_commit(lambda: path.unlink(missing_ok=True), robust=True)


def goes_with(link: LinkedAccount) -> list[LinkedAccount]:
    """The pages that are read by means of `link`: nobody could read them without it, so that they go with it."""
    return list(LinkedAccount.objects.filter(through=link).select_related("account").order_by("pk"))


def unlink(*, link: LinkedAccount, at: datetime, give_back: bool = True, user: User | None = None) -> dict[str, int]:
    """Erase a linked account, and the pages read by means of it, with all that was collected; the score follows.

    The network is told first that we give our access back; where it cannot be told the person is (by mail). Raises
    Busy, with nothing done. give_back: false where the account moves to another person, whose access would end too.
    user: who wanted it, where somebody did.
    """
    gone = [link, *goes_with(link)]
    removed = erase_accounts(accounts=[one.account_id for one in gone], at=at, give_back=give_back)
    if user is not None:
        for one in gone:
            note(person=one.person, user=user, action="unlink", about=account(one), at=at)
    return removed


def erase_accounts(
    *, accounts: Sequence[int], at: datetime, wait: bool = False, give_back: bool = True
) -> dict[str, int]:
    """Erase accounts, linked or not, with all that is known of them; returns what was removed by kind.

    wait: for what is being collected for the people whose they are; else Busy is raised then, with nothing done.
    """
    removed: Counter[str] = Counter()
    people = list(Person.objects.filter(links__account__in=accounts).distinct().order_by("pk"))
    with ExitStack() as locks:
        for person in people:
            locks.enter_context(no_collecting(person, wait=wait))
        if give_back:
            _give_back(LinkedAccount.objects.filter(account__in=accounts), at)
        with transaction.atomic():
            list(LinkedAccount.objects.select_for_update().filter(account__in=accounts).order_by("pk"))
            removed.update(_erase_accounts(accounts, at))
            # They can have others made, without what has just gone.
            _erase_copies(people)
            for person in people:
                _tell_of_change(person)
    return {kind: number for kind, number in removed.items() if number}


def _tell_of_change(person: Person) -> None:
    for entry in REGISTRY.values():
        if (changed := entry.changed) is not None:
            # The default keeps each call's own: a name in a loop is looked up when the call is made.
            transaction.on_commit(lambda changed=changed: changed(person), robust=True)  # type: ignore[misc]


def _give_back(links: models.QuerySet[LinkedAccount], at: datetime) -> None:
    """Tell the networks that we give back our access to `links`, and the people where a network could not be told."""
    # A page is read with the access to its profile.
    own = links.filter(credential__isnull=False, through__isnull=True)
    for link in own.select_related("account", "person").order_by("pk"):
        # Here and not above: what talks to networks is of no use to the many processes that let nothing go.
        from accounts import credentials

        if not credentials.revoke(link, at):
            network = NETWORKS.get(link.account.network)
            context = {
                "network": network.spec.label if network else link.account.network,
                "handle": name_of(link.account),
                "url": reverse("networks"),
            }
            notify(person=link.person, kind="access_not_given_back", context=context)


def _erase_copies(people: Sequence[Person]) -> None:
    copies = ExportJob.objects.filter(person__in=people).exclude(path="")
    for path in copies.values_list("path", flat=True):
        delete_after_commit(Path(path))
    copies.delete()


def _erase_accounts(accounts: Sequence[int], at: datetime) -> Counter[str]:
    removed: Counter[str] = Counter()
    if not accounts:
        return removed
    links = LinkedAccount.objects.filter(account__in=accounts)
    # An account of Klout itself is none that anybody linked.
    connected = len(accounts) - links.filter(account__network=OWN).count()
    claims = AccountClaim.objects.filter(account__in=accounts)
    for model, rows in ((LinkedAccount, links), (AccountClaim, claims)):
        admin_log.forget_rows(model, list(rows.values_list("pk", flat=True)))
    admin_log.forget_rows(Account, accounts)
    removed["keys to linked accounts"] += Credential.objects.filter(link__in=links).delete()[0]
    claims.delete()
    for entry in REGISTRY.values():
        if entry.erase_accounts is not None:
            removed.update(entry.erase_accounts(accounts, at))
    links.delete()
    Account.objects.filter(pk__in=accounts).delete()
    removed["linked accounts"] += connected
    return removed


def users_of_nobody_else(person: Person) -> models.QuerySet[User]:
    """The users that go with `person`: not those who speak for others too, and not the staff."""
    others = Membership.objects.filter(user=models.OuterRef("pk")).exclude(person=person)
    return User.objects.filter(~models.Exists(others), membership__person=person, is_staff=False)


def _forget_news_of_joining(person: Person) -> None:
    """Delete what owners of teams were told when who speaks for `person` joined: it has the name, or the address."""
    if person.kind != Person.Kind.PERSON:
        return
    users = User.objects.filter(membership__person=person)
    joined = TeamChange.objects.filter(user__in=users.order_by().values("pk"), action="join").values("person")
    told = models.Q(text__contains=person.display_name)
    for address in users.order_by("pk").values_list("email", flat=True):
        told |= models.Q(text__contains=address)
    Notification.objects.filter(told, kind="team_joined", person__in=joined).delete()


def _leave_teams(person: Person, at: datetime) -> Counter[str]:
    """Who erases their only page leaves every team that has another owner, so that the log-in goes too."""
    removed: Counter[str] = Counter()
    if person.kind != Person.Kind.PERSON:
        return removed
    kinds = Membership.objects.filter(user=models.OuterRef("pk")).exclude(person=person)
    going = User.objects.filter(
        ~models.Exists(kinds.filter(person__kind=Person.Kind.PERSON)), membership__person=person, is_staff=False
    )
    others = Membership.objects.filter(user__in=going).exclude(person=person)
    for membership in others.select_related("user", "person").order_by("person_id", "pk"):
        try:
            teams.leave(person=membership.person, user=membership.user, at=at)
        except teams.OnlyOwner:
            # The log-in stays for the team that has no other owner; the page on which this is asked for says so.
            continue
        removed["memberships of teams"] += 1
    return removed


def _erase_team_log(person: Person) -> int:
    """The log of changes goes with its organisation, and its trigger wants to hear which one that is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('klout.erasing', %s, true)", [str(person.pk)])
        removed = TeamChange.objects.filter(person=person).delete()[0]
        cursor.execute("SELECT set_config('klout.erasing', 'on', true)")
    return removed


def _erase_users(person: Person) -> Counter[str]:
    users = list(users_of_nobody_else(person).values_list("pk", flat=True))
    memberships = list(Membership.objects.filter(person=person).values_list("pk", flat=True))
    admin_log.forget_rows(Membership, memberships)
    admin_log.forget_rows(User, users)
    removed = Counter({"log-ins": len(users), "sessions": _end_sessions(set(users))})
    User.objects.filter(pk__in=users).delete()
    return removed


def _end_sessions(users: set[int]) -> int:
    """Delete the sessions of `users`; whose a session is stands inside it, so that all are looked at, dead ones too."""
    if not users:
        return 0
    wanted = {str(user) for user in users}
    ended = [
        session.pk
        for session in Session.objects.iterator()
        if str(session.get_decoded().get("_auth_user_id", "")) in wanted
    ]
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)
