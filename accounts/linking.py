"""Linking: an account becomes a person's own, with what lets us read it and the streams that are to be read."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.dispatch import Signal

from accounts import credentials, opt_out, pauses
from accounts.models import Account, Cursor, LinkedAccount, Pause, Person
from accounts.networks.base import Owner, Spec, checked_id
from accounts.networks.oauth import Tokens

# Sent after the commit with `link` and `at`: there is something to read.
linked = Signal()

Proof = LinkedAccount.Proof
STRENGTH = {Proof.UPLOAD: 0, Proof.OPERATOR: 1, Proof.NETWORK: 2}
NOT_ALLOWED = "You did not allow this to be read."


class AlreadyLinked(Exception):
    """The account is another person's; `link` says whose."""

    def __init__(self, link: LinkedAccount) -> None:
        super().__init__(f"{link.account} is linked to somebody else")
        self.link = link


def link_account(
    *,
    person: Person,
    spec: Spec,
    owner: Owner,
    proof: str,
    at: datetime,
    kind: str = LinkedAccount.Kind.PROFILE,
    server: str = "",
    through: LinkedAccount | None = None,
    tokens: Tokens | None = None,
) -> LinkedAccount:
    """The link between `person` and the account of `owner`; linking again mends it and makes its proof no weaker.

    tokens: kept encrypted. Whatever may be read is due at once, save streams whose scopes were refused. All or nothing.
    Raises AlreadyLinked, opt_out.OptedOut, ValueError (the owner's id is none), LostKey.
    """
    external_id = checked_id(owner.external_id, f"the id of the {spec.label} account")
    with transaction.atomic():
        opt_out.hold()
        opt_out.refuse(spec.slug, external_id)
        account, _ = Account.objects.get_or_create(network=spec.slug, external_id=external_id)
        if owner.handle and account.handle != owner.handle:
            Account.objects.filter(pk=account.pk).update(handle=owner.handle)
        LinkedAccount.objects.get_or_create(
            account=account,
            defaults={"person": person, "kind": kind, "proof": proof, "server": server, "through": through},
        )
        links = LinkedAccount.objects.select_for_update(of=("self",)).select_related("account", "person")
        link = links.get(account=account)
        if link.person_id != person.pk:
            raise AlreadyLinked(link)
        _renew(link, kind=kind, proof=proof, server=server, through=through)
        if tokens is not None:
            credentials.keep(link, tokens, at)
        if tokens is not None or through is not None or proof == Proof.NETWORK or spec.public:
            _mend(link, at)
            _ask_for(link, spec, tokens, at)
        transaction.on_commit(lambda: linked.send_robust(sender=LinkedAccount, link=link, at=at), robust=True)
    return link


def _renew(link: LinkedAccount, *, kind: str, proof: str, server: str, through: LinkedAccount | None) -> None:
    """Keep what is newer, and of two proofs the stronger."""
    stronger = STRENGTH[Proof(proof)] > STRENGTH[Proof(link.proof)]
    new = {
        "kind": kind,
        "proof": proof if stronger else link.proof,
        "server": server or link.server,
        "through": through or link.through,
    }
    changed = [name for name, value in new.items() if getattr(link, name) != value]
    for name in changed:
        setattr(link, name, new[name])
    if changed:
        link.save(update_fields=changed)


def _mend(link: LinkedAccount, at: datetime) -> None:
    """It can be read again: a broken link is whole, and its rest is over."""
    if link.state != LinkedAccount.State.ACTIVE:
        link.state = LinkedAccount.State.ACTIVE
        link.save(update_fields=["state"])
    pauses.end(link=link, reason=Pause.Reason.BROKEN, at=at)


def _ask_for(link: LinkedAccount, spec: Spec, tokens: Tokens | None, at: datetime) -> None:
    """Make every stream due that may be read; one that the person did not allow is left out, or rests."""
    streams = spec.page_streams if link.kind == LinkedAccount.Kind.PAGE else spec.streams
    refused = {
        stream
        for stream in streams
        if tokens is not None and tokens.scopes and not set(spec.needs.get(stream, ())) <= set(tokens.scopes)
    }
    again = {
        "due_at": at,
        "queued_at": None,
        "next_allowed_at": None,
        "failures": 0,
        "failing_since": None,
        "parked_at": None,
        "error": "",
    }
    for stream in streams:
        if stream not in refused:
            Cursor.objects.update_or_create(link=link, stream=stream, defaults=again)
    Cursor.objects.filter(link=link, stream__in=refused).update(parked_at=at, queued_at=None, error=NOT_ALLOWED)
