"""Which person an account belongs to: made here when a data export or a token shows whose account it is."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Account, LinkedAccount, Person
from accounts.networks.base import Owner, Spec
from scoring.collect.keys import unfit
from scoring.collect.summary import Refused


class AlreadyLinked(Refused):
    """The account is linked to another person."""


def check_free(*, person: Person, spec: Spec, owner: Owner) -> None:
    """Raise Refused where `owner` cannot be an account of `person`: its id is no id, or it is another's."""
    for what, text in (("the owner's id", owner.external_id), ("the owner's handle", owner.handle)):
        if reason := unfit(what, text):
            raise Refused(reason)
    if not owner.external_id:
        raise Refused("the owner's id is empty")
    links = LinkedAccount.objects.filter(account__network=spec.slug, account__external_id=owner.external_id)
    if links.exclude(person=person).exists():
        raise AlreadyLinked(
            f"the {spec.label} account {owner.handle or owner.external_id} is linked to somebody else; "
            f"they must remove it first"
        )


def link_owner(*, person: Person, spec: Spec, owner: Owner, server: str = "") -> LinkedAccount:
    """The link between `person` and the account of `owner`, made where there is none. Raises Refused, AlreadyLinked."""
    check_free(person=person, spec=spec, owner=owner)
    with transaction.atomic():
        account, _ = Account.objects.get_or_create(network=spec.slug, external_id=owner.external_id)
        if owner.handle and account.handle != owner.handle:
            Account.objects.filter(pk=account.pk).update(handle=owner.handle)
        link, _ = LinkedAccount.objects.get_or_create(account=account, defaults={"person": person, "server": server})
        if server and link.server != server:
            LinkedAccount.objects.filter(pk=link.pk).update(server=server)
    if link.person_id != person.pk:
        # Somebody else was faster.
        check_free(person=person, spec=spec, owner=owner)
    return LinkedAccount.objects.select_related("account", "person").get(pk=link.pk)
