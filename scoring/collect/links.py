"""Which person an account belongs to: made here when a data export or a table shows whose account it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from accounts import linking, opt_out
from accounts.models import LinkedAccount, Person
from accounts.networks.base import Owner, Spec
from scoring.collect.keys import unfit
from scoring.collect.summary import Refused

# Ids of people of whom an export gives no number: their handle, their number elsewhere, their name.
PASSING = re.compile("@|id:|name:")
# Networks whose accounts go by their names, which may change.
BY_NAME = frozenset({"instagram", "threads", "tiktok"})


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


def as_known(*, person: Person, spec: Spec, owner: Owner) -> Owner:
    """`owner` of an export, by the id of the person's account that is the same one.

    Some exports name their owner otherwise than the API (accounts.networks: "@alice", "id:...", "name:..."). Where the
    one account that the network itself has proved bears no other name, the export is of that: nothing counts twice.
    """
    proved = [link.account for link in twins(person=person, network=spec.slug, proof=LinkedAccount.Proof.NETWORK)]
    if not PASSING.match(owner.external_id):
        # One that goes by its name is known by its first one, and its handle is the newest.
        called = [account for account in proved if account.handle.lower() == owner.external_id]
        return replace(owner, external_id=called[0].external_id) if called and spec.slug in BY_NAME else owner
    names = {name.casefold() for name in (owner.name, owner.handle, "")}
    if len(proved) == 1 and proved[0].handle.casefold() in names and not PASSING.match(proved[0].external_id):
        return replace(owner, external_id=proved[0].external_id, handle=proved[0].handle)
    return owner


def twins(*, person: Person, network: str, proof: str) -> list[LinkedAccount]:
    """The profiles of `person` at `network` that were proved in this way."""
    links = LinkedAccount.objects.filter(person=person, account__network=network, proof=proof)
    return list(links.filter(kind=LinkedAccount.Kind.PROFILE).select_related("account").order_by("pk"))


def counted_twice(link: LinkedAccount) -> LinkedAccount | None:
    """An account that an export brought and that may be the same as `link`, under an id that its API does not know."""
    if link.proof != LinkedAccount.Proof.NETWORK or link.kind != LinkedAccount.Kind.PROFILE:
        return None
    uploaded = twins(person=link.person, network=link.account.network, proof=LinkedAccount.Proof.UPLOAD)
    return next((one for one in uploaded if PASSING.match(one.account.external_id)), None)


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
