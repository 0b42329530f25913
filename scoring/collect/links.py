"""Which person an account belongs to: made here when a data export or a table shows whose account it is."""

from __future__ import annotations

from datetime import datetime

from accounts import linking, opt_out
from accounts.models import LinkedAccount, Person
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
        raise another_s(spec, owner)


def another_s(spec: Spec, owner: Owner) -> AlreadyLinked:
    return AlreadyLinked(
        f"the {spec.label} account {owner.handle or owner.external_id} is linked to somebody else; "
        "if it is yours, connect it in your settings: that proves it, and moves it to you"
    )


def link_owner(
    *,
    person: Person,
    spec: Spec,
    owner: Owner,
    at: datetime,
    proof: str = LinkedAccount.Proof.OPERATOR,
    server: str = "",
) -> LinkedAccount:
    """The link between `person` and the account of `owner`, made where there is none. Raises Refused, AlreadyLinked."""
    check_free(person=person, spec=spec, owner=owner)
    try:
        return linking.link_account(person=person, spec=spec, owner=owner, proof=proof, at=at, server=server)
    except linking.AlreadyLinked:
        # Somebody else was faster.
        raise another_s(spec, owner) from None
    except (opt_out.OptedOut, ValueError) as error:
        raise Refused(str(error)) from None
