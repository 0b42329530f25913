"""An account that is linked to one person and proved by another: how it moves, and how the holder may keep it.

Where the holder had only uploaded an export of it, proof by the network moves it at once. Else the holder is told and
has REST days to let go or to object; after an objection the staff decides. Nothing that the earlier holder brought
stays: the account is erased and linked anew.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from accounts import linking, opt_out, privacy
from accounts.models import Account, AccountClaim, LinkedAccount, Person, User
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Spec, checked_id
from accounts.networks.oauth import Tokens
from accounts.notify import notify
from accounts.team_log import account, note, note_account
from accounts.tokens import LostKey, decrypt, encrypt

logger = logging.getLogger(__name__)

# How long the holder has to object, and how long a refusal by the staff holds against the same two.
OBJECT_WITHIN = timedelta(days=7)
REFUSAL_HOLDS = timedelta(days=30)
# How often an account is tried that others link, erase or claim at the same moment.
TRIES = 5
OPEN, DISPUTED = AccountClaim.State.OPEN, AccountClaim.State.DISPUTED
GRANTED, REFUSED = AccountClaim.State.GRANTED, AccountClaim.State.REFUSED


class NotProved(Exception):
    """Only who proves an account by the network itself may claim it."""


class TooLate(Exception):
    """The claim has been decided, or withdrawn, meanwhile."""


def make(
    *,
    person: Person,
    link: LinkedAccount,
    owner: Owner,
    proof: str,
    at: datetime,
    tokens: Tokens | None = None,
    kind: str = LinkedAccount.Kind.PROFILE,
    server: str = "",
    through: LinkedAccount | None = None,
) -> LinkedAccount | AccountClaim:
    """Claim for `person` the account of `link`, another's: the new link where it moves at once, else the claim.

    Asked again, the open claim (with the newer tokens) or the staff's refusal is returned. Raises NotProved.
    """
    if proof != LinkedAccount.Proof.NETWORK:
        raise NotProved
    spec = NETWORKS[link.account.network].spec
    given: dict[str, Any] = {"proof": proof, "kind": kind, "server": server, "tokens": tokens}
    for _ in range(TRIES):
        try:
            if link.person_id != person.pk and link.proof != LinkedAccount.Proof.UPLOAD:
                return _open(person=person, link=link, at=at, due_at=at + OBJECT_WITHIN, **given)
            with transaction.atomic():
                if link.person_id != person.pk:
                    _take(link, proof=LinkedAccount.Proof.UPLOAD, at=at)
                return _link(person=person, holder=link.person, spec=spec, owner=owner, at=at, through=through, **given)
        except privacy.Busy:
            # Their upload is being read just now; the next round of grant_due moves it.
            return _open(person=person, link=link, at=at, due_at=at, **given)
        except (LinkedAccount.DoesNotExist, Account.DoesNotExist, IntegrityError, linking.AlreadyLinked):
            # Somebody was faster: it is free now, another's, or better proved.
            account = {"account__network": spec.slug, "account__external_id": owner.external_id}
            found = LinkedAccount.objects.select_related("account", "person").filter(**account).first()
            link = found or LinkedAccount(account=link.account, person=person)
    raise TooLate


def link_or_claim(
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
    user: User | None = None,
) -> LinkedAccount | AccountClaim:
    """Link the account that `person` has proved, or claim it where it is another's (see `make`); `user` did it.

    Raises NotProved, TooLate, and what linking.link_account does but for AlreadyLinked.
    """
    given: dict[str, Any] = {"kind": kind, "server": server, "through": through, "tokens": tokens}
    for _ in range(TRIES):
        try:
            try:
                made: LinkedAccount | AccountClaim = linking.link_account(
                    person=person, spec=spec, owner=owner, proof=proof, at=at, **given
                )
            except linking.AlreadyLinked as error:
                made = make(person=person, link=error.link, owner=owner, proof=proof, at=at, **given)
        except (LinkedAccount.DoesNotExist, IntegrityError):
            # The account was erased while we had it in hand: the next try finds it free, or another's.
            continue
        if user is not None:
            note_account(made=made, user=user, at=at)
        return made
    raise TooLate


def ask(*, person: Person, spec: Spec, owner: Owner, reason: str, at: datetime) -> AccountClaim:
    """Ask the staff for something public about `person` that nobody can prove, such as an article; due at once.

    Asked again, the undecided request or a refusal of this month is returned. Raises opt_out.OptedOut, ValueError.
    """
    external_id = checked_id(owner.external_id, f"the id of the {spec.label} account")
    with transaction.atomic():
        opt_out.hold()
        opt_out.refuse(spec.slug, external_id)
        account, _ = Account.objects.get_or_create(network=spec.slug, external_id=external_id)
        account = Account.objects.select_for_update().get(pk=account.pk)
        if owner.handle and account.handle != owner.handle:
            Account.objects.filter(pk=account.pk).update(handle=owner.handle)
        mine = AccountClaim.objects.filter(account=account, person=person)
        asked = Q(state__in=[OPEN, DISPUTED]) | Q(state=REFUSED, decided_at__gt=at - REFUSAL_HOLDS)
        if found := mine.filter(asked).order_by("-created_at").first():
            return found
        link = LinkedAccount.objects.filter(account=account).select_related("person").first()
        return AccountClaim.objects.create(
            account=account,
            person=person,
            holder=link.person if link else None,
            proof=LinkedAccount.Proof.OPERATOR,
            state=DISPUTED,
            objection=reason.strip()[:500],
            due_at=at,
        )


def page_of(made: LinkedAccount | AccountClaim) -> str:
    """The address of the page on which its person goes on."""
    return reverse("link_progress" if isinstance(made, LinkedAccount) else "claim", args=[made.pk])


def let_go(*, claim: AccountClaim, at: datetime, user: User | None = None) -> LinkedAccount:
    """The holder gives the account up (`user` for them): it moves now. Raises TooLate, privacy.Busy."""
    holder, about = claim.holder, account(claim)
    link = _grant(claim.pk, at=at, states={OPEN, DISPUTED})
    if holder is not None and user is not None:
        note(person=holder, user=user, action="unlink", about=about, at=at)
    return link


def object_to(*, claim: AccountClaim, reason: str, user: User | None = None, at: datetime | None = None) -> None:
    """The holder (`user` for them) keeps the account until the staff has decided. Raises TooLate."""
    with transaction.atomic():
        if claim.holder is not None and user is not None and at is not None:
            note(person=claim.holder, user=user, action="claim", about=account(claim), at=at)
        claims = AccountClaim.objects.filter(pk=claim.pk, state=OPEN)
        if not claims.update(state=DISPUTED, objection=reason.strip()[:500]):
            raise TooLate
        _tell(claim.person, "claim_disputed", claim.account, url=reverse("claim", args=[claim.pk]))


def decide(*, claim: AccountClaim, granted: bool, at: datetime) -> None:
    """The staff's word. Raises TooLate, privacy.Busy."""
    if granted:
        _grant(claim.pk, at=at, states={OPEN, DISPUTED})
        return
    with transaction.atomic():
        claims = AccountClaim.objects.filter(pk=claim.pk, state__in=[OPEN, DISPUTED])
        if not claims.update(state=REFUSED, sealed=None, decided_at=at):
            raise TooLate
        _tell(claim.person, "claim_refused", claim.account, url=reverse("claim", args=[claim.pk]))
        if claim.holder is not None:
            _tell(claim.holder, "claim_kept", claim.account, url=reverse("networks"))


def grant_due(at: datetime) -> int:
    """Grant every open claim whose holder had time enough to object; how many moved. One that fails stops no other."""
    moved = 0
    due = AccountClaim.objects.filter(state=OPEN, due_at__lte=at).order_by("created_at", "pk")
    for pk in list(due.values_list("pk", flat=True)):
        try:
            _grant(pk, at=at, states={OPEN})
        except (TooLate, privacy.Busy):
            continue
        except Exception as error:
            # Without the message and the trace: they may quote whose account it is.
            logger.error("claim %s could not be granted: %s", pk, type(error).__name__)  # noqa: TRY400
        else:
            moved += 1
    return moved


def waiting_for(person: Person) -> list[AccountClaim]:
    """The undecided claims that `person` has made, or is to answer; the newest first."""
    claims = AccountClaim.objects.filter(Q(person=person) | Q(holder=person), state__in=[OPEN, DISPUTED])
    return list(claims.select_related("account").order_by("-created_at", "-pk"))


def open_claim_on(link: LinkedAccount) -> AccountClaim | None:
    """The oldest claim that the holder of `link` has not answered with an objection."""
    claims = AccountClaim.objects.filter(account=link.account_id, state=OPEN).exclude(person=link.person_id)
    return claims.select_related("account", "person", "holder").order_by("created_at", "pk").first()


def _open(
    *,
    person: Person,
    link: LinkedAccount,
    at: datetime,
    due_at: datetime,
    proof: str,
    kind: str,
    server: str,
    tokens: Tokens | None,
) -> AccountClaim:
    with transaction.atomic():
        # Against a claim of the same person at the same time, and the account being erased meanwhile.
        account = Account.objects.select_for_update().get(pk=link.account_id)
        mine = AccountClaim.objects.filter(account=account, person=person)
        refused = mine.filter(state=REFUSED, holder=link.person_id, decided_at__gt=at - REFUSAL_HOLDS)
        if found := refused.order_by("-decided_at").first():
            return found
        given = {"kind": kind, "server": server, "proof": proof, "sealed": _seal(tokens)}
        if found := mine.filter(state__in=[OPEN, DISPUTED]).first():
            for name, value in given.items():
                setattr(found, name, value)
            found.save(update_fields=list(given))
            return found
        claim = AccountClaim.objects.create(account=account, person=person, holder=link.person, due_at=due_at, **given)
        _tell(link.person, "claim_made", account, url=reverse("claim", args=[claim.pk]), due_at=due_at)
    return claim


def _take(link: LinkedAccount, *, at: datetime, proof: str = "") -> None:
    """Erase `link` with all that came by it. Raises DoesNotExist where it is gone or proved otherwise, and Busy."""
    links = LinkedAccount.objects.select_for_update(of=("self",)).select_related("account", "person")
    link = links.get(pk=link.pk, **({"proof": proof} if proof else {}))
    # Not revoked at the network: that would end what the new holder has just given us for the same account.
    privacy.unlink(link=link, at=at, give_back=False)


def _link(
    *,
    person: Person,
    holder: Person | None,
    spec: Spec,
    owner: Owner,
    at: datetime,
    proof: str,
    kind: str,
    server: str,
    tokens: Tokens | None,
    through: LinkedAccount | None = None,
) -> LinkedAccount:
    """Link the account to its new person, and tell whoever does not know."""
    link = linking.link_account(
        person=person,
        spec=spec,
        owner=owner,
        proof=proof,
        at=at,
        kind=kind,
        server=server,
        through=through,
        tokens=tokens,
    )
    if holder is None or holder.pk != person.pk:
        _tell(person, "claim_granted", link.account, url=reverse("link_progress", args=[link.pk]))
    if holder is not None and holder.pk != person.pk:
        _tell(holder, "claim_lost", link.account, url=reverse("networks"))
    return link


def _grant(pk: int, *, at: datetime, states: Collection[str]) -> LinkedAccount:
    """Move the account of the claim. Raises TooLate, privacy.Busy.

    The link is locked before the claim: so does whoever erases an account with its claims.
    """
    with transaction.atomic():
        claim = AccountClaim.objects.filter(pk=pk).select_related("account").first()
        if claim is None:
            raise TooLate
        account = claim.account
        links = LinkedAccount.objects.select_for_update(of=("self",)).select_related("person", "account")
        link = links.filter(account=account).first()
        claims = AccountClaim.objects.select_for_update(of=("self",)).select_related("person", "account")
        claims = claims.filter(account=account, state__in=[OPEN, DISPUTED])
        claim, others = None, []
        for found in claims.order_by("pk"):
            if found.pk != pk:
                others.append(found)
            elif found.state in states:
                claim = found
        if claim is None:
            raise TooLate
        holder = link.person if link else None
        tokens, lost = _unseal(claim)
        if link is not None and link.person_id != claim.person_id:
            _take(link, at=at)
        moved = _link(
            person=claim.person,
            holder=holder,
            spec=NETWORKS[account.network].spec,
            owner=Owner(account.external_id, handle=account.handle),
            at=at,
            proof=claim.proof,
            kind=claim.kind,
            server=claim.server,
            tokens=tokens,
        )
        if lost:
            LinkedAccount.objects.filter(pk=moved.pk).update(state=LinkedAccount.State.BROKEN)
        _settle(claim, GRANTED, moved, at)
        for other in others:
            _settle(other, REFUSED, moved, at)
            if other.person_id != claim.person_id:
                _tell(other.person, "claim_refused", moved.account, url=reverse("claim", args=[other.pk]))
    return moved


def _settle(claim: AccountClaim, state: AccountClaim.State, moved: LinkedAccount, at: datetime) -> None:
    """Write the decided claim again: it went with the account as it was before."""
    created_at = claim.created_at
    claim.account, claim.state, claim.sealed, claim.decided_at = moved.account, state, None, at
    claim.save()
    AccountClaim.objects.filter(pk=claim.pk).update(created_at=created_at)


def _seal(tokens: Tokens | None) -> bytes | None:
    if tokens is None:
        return None
    times = {name: getattr(tokens, name) for name in ("expires_at", "lapses_at")}
    known = {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "scopes": list(tokens.scopes),
        **{name: time.isoformat() if time else None for name, time in times.items()},
    }
    return encrypt(json.dumps(known))


def _unseal(claim: AccountClaim) -> tuple[Tokens | None, bool]:
    """The tokens that came with the claim, and whether they can be read no more."""
    if claim.sealed is None:
        return None, False
    try:
        known = json.loads(decrypt(claim.sealed))
    except LostKey:
        return None, True
    times = {name: datetime.fromisoformat(known[name]) if known[name] else None for name in ("expires_at", "lapses_at")}
    return Tokens(known["access"], known["refresh"], scopes=tuple(known["scopes"]), **times), False


def _tell(person: Person, kind: str, account: Account, *, url: str, due_at: datetime | None = None) -> None:
    context: dict[str, Any] = {
        "network": NETWORKS[account.network].spec.label,
        "account": name_of(account),
        "url": url,
    }
    if due_at is not None:
        context["due"] = due_at
    notify(person=person, kind=kind, context=context)
