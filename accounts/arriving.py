"""Coming back from a network: whose account it is, by the network's own word, and what was wanted of it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import claims, credentials, opt_out
from accounts.calling import http_for, keys_of
from accounts.models import LinkedAccount, Membership, Person, User
from accounts.networks import NETWORKS, oauth
from accounts.networks.base import (
    Budget,
    Network,
    NetworkError,
    Owner,
    RateLimited,
    Revoked,
    Spec,
    Subject,
    Unreachable,
)
from accounts.networks.http import NotFound, Rejected4xx
from accounts.networks.oauth import Tokens
from accounts.tokens import LostKey

logger = logging.getLogger(__name__)

EDITORS = (Membership.Role.OWNER, Membership.Role.EDITOR)
# Accounts that are known by their handle in lower case, and those whose log-in names them otherwise than the API.
BY_HANDLE = frozenset({"instagram", "threads", "reddit", "tiktok"})
ONLY_BY_API = frozenset({"google", "wikipedia", "mastodon"})


class Refused(Exception):
    """What was wanted cannot be done; the message is for who wanted it."""


def identity(spec: Spec, login: SocialLogin) -> Owner | None:
    """Whose account it is, as far as a log-in says; None where only the API knows it by our id."""
    known: dict[str, Any] = login.identity
    handle, name = str(known.get("username") or ""), str(known.get("name") or "")
    if spec.slug in ONLY_BY_API:
        return None
    if spec.slug == "linkedin":
        address = next((found.email for found in login.email_addresses if found.verified), "")
        if not address:
            return None
        digest = hashlib.sha256(address.strip().lower().encode()).hexdigest()
        return Owner(f"mail:{digest[:32]}", handle=name, name=name)
    if spec.slug in BY_HANDLE:
        return Owner(handle.lower(), handle=handle, name=name) if handle else None
    return Owner(str(login.account.uid), handle=handle, name=name)


def collect(user: User | AnonymousUser, data: dict[str, Any], answer: Any, login: Owner | None, at: datetime) -> str:
    """Link the account that somebody went to connect, or claim it where it is another's; where they go on.

    data: the state that was kept since they left. answer: the network's, with its tokens. login: whose account it is
    as far as the log-in said. Raises Refused.
    """
    network = NETWORKS[data["slug"]]
    spec = network.spec
    people = Person.objects.of(user, *EDITORS) if isinstance(user, User) else Person.objects.none()
    person = people.filter(pk=data["person"]).first()
    if person is None:
        raise Refused(_("You may no longer change this person's accounts."))
    with _in_words(spec):
        tokens = _lasting(spec, data, answer, at)
        owner = _whose(network, data["server"], tokens, login, at)
        made = claims.link_or_claim(
            person=person,
            spec=spec,
            owner=owner,
            proof=LinkedAccount.Proof.NETWORK,
            at=at,
            server=data["server"],
            tokens=tokens,
            user=user if isinstance(user, User) else None,
        )
    if data["pages"] and spec.page_streams and isinstance(made, LinkedAccount):
        return reverse("choose_pages", args=[made.pk])
    return claims.page_of(made)


def owner_for_opt_out(data: dict[str, Any], answer: Any, login: Owner | None, at: datetime) -> Owner:
    """Whose account it is; the access that said so is given back at once. Raises Refused."""
    network = NETWORKS[data["slug"]]
    spec, declared = network.spec, network.spec.oauth
    assert declared is not None
    with _in_words(spec):
        tokens = oauth.tokens_of(declared, answer, at, asked=tuple(data["scopes"]))
        owner = login or _whose(network, data["server"], tokens, None, at)
    credentials.give_back(spec, data["server"], tokens, at)
    return owner


@contextmanager
def _in_words(spec: Spec) -> Iterator[None]:
    """Whatever a network or our own keys do wrong, for who waits. What the network said stays out of it and of logs."""
    name = {"network": spec.label}
    try:
        yield
    except opt_out.OptedOut as error:
        raise Refused(str(error)) from None
    except (ValueError, claims.TooLate):
        raise Refused(_("%(network)s did not say whose account it is.") % name) from None
    except RateLimited:
        raise Refused(_("%(network)s asks us to wait. Please try again in some minutes.") % name) from None
    except Revoked:
        raise Refused(_("%(network)s does not let us read whose account it is. Please try again.") % name) from None
    except NetworkError as error:
        logger.warning("an account of %s could not be connected: %s", spec.slug, type(error).__name__)
        raise Refused(_("%(network)s did not answer as it should. Please try again later.") % name) from None
    except LostKey:
        logger.error("nothing can be connected: TOKEN_KEYS is empty or has lost a key")  # noqa: TRY400
        raise Refused(_("Nothing can be connected here at the moment; the operator has been told.")) from None


def _lasting(spec: Spec, data: dict[str, Any], answer: Any, at: datetime) -> Tokens:
    """The tokens in `answer`, exchanged for long-lived ones, with the scopes that were granted."""
    declared, server = spec.oauth, data["server"]
    assert declared is not None
    tokens = oauth.tokens_of(declared, answer, at, asked=tuple(data["scopes"]))
    client = keys_of(spec, server)
    if declared.exchange_url:
        with credentials.endpoint(declared.exchange_url, server, at, client, tokens) as http:
            tokens = oauth.exchange(http, declared, client, tokens, at)
    if declared.granted_url:
        origin = oauth.origin_of(declared.granted_url)
        with http_for(None, at=at, server=origin, token=tokens.access, judge=oauth.judge, patient=False) as http:
            tokens = oauth.granted(http, declared, tokens, credentials.token_proof(spec, tokens.access))
    return tokens


def _whose(network: Network, server: str, tokens: Tokens, login: Owner | None, at: datetime) -> Owner:
    """The account that the tokens open, by the API; by the log-in where the API is not read or not open to us."""
    spec = network.spec
    if type(network).pull is Network.pull:
        if login is None:
            raise Unreachable(f"{spec.label} does not say whose account it is")
        return login
    subject = Subject(
        "",
        server=server,
        client_id=keys_of(spec, server).id,
        token_proof=credentials.token_proof(spec, tokens.access),
        now=at,
        budget=Budget(spec.cost),
    )
    try:
        with http_for(network, at=at, server=server, token=tokens.access, patient=False) as http:
            page = next(iter(network.pull(http, subject, spec.streams[0], {})))
    except (Revoked, NotFound, Rejected4xx):
        # The same token has just told the log-in whose it is; only what we read there was refused.
        if login is None:
            raise
        return login
    found = next((record for record in page.records if isinstance(record, Owner)), None) or login
    if found is None:
        raise Unreachable(f"{spec.label} does not say whose account it is")
    return _under_its_first_name(spec, found, page.cursor.get("user_ids", []))


def _under_its_first_name(spec: Spec, owner: Owner, numbers: list[str]) -> Owner:
    """`owner` by the id that its account has here already, where that is known by its name and was renamed since."""
    same = LinkedAccount.objects.filter(account__network=spec.slug, cursors__stream=spec.streams[0])
    for number in numbers:
        link = same.filter(cursors__value__user_ids__contains=[number]).select_related("account").first()
        if link is not None:
            return replace(owner, external_id=link.account.external_id)
    return owner
