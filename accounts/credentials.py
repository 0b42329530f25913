"""What lets us read linked accounts: kept encrypted, refreshed by one process at a time, given back, warned about."""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse

from accounts.calling import http_for, keys_of
from accounts.models import Credential, LinkedAccount
from accounts.naming import name_of
from accounts.networks import NETWORKS, oauth
from accounts.networks.base import Budget, NetworkError, Revoked, Spec, Subject
from accounts.networks.http import Http
from accounts.networks.oauth import Client, Tokens
from accounts.notify import notify
from accounts.tokens import LostKey, decrypt, encrypt

logger = logging.getLogger(__name__)

# How long before access lapses its person is told, once; what never lives longer is not worth a mail.
WARN_BEFORE = timedelta(days=7)
WORTH_A_WARNING = timedelta(days=8)


def keep(link: LinkedAccount, tokens: Tokens, at: datetime) -> None:
    """Store `tokens` for `link`, with the newest of TOKEN_KEYS, in the place of those before. Raises LostKey."""
    Credential.objects.update_or_create(
        link=link,
        defaults={
            "token": encrypt(tokens.access),
            "refresh_token": encrypt(tokens.refresh) if tokens.refresh else None,
            "expires_at": tokens.expires_at,
            "lapses_at": tokens.lapses_at,
            "scopes": list(tokens.scopes),
            "warned_at": None,
        },
    )


def access_token(link: LinkedAccount, at: datetime) -> str:
    """The token to read `link` with, refreshed where it is about to lapse. Not inside a transaction.

    A page without a token of its own is read with that of the account it was linked through. Raises Revoked (connect
    again), LostKey, RateLimited, Unreachable.
    """
    credential = _credential_of(link)
    spec = NETWORKS[link.account.network].spec
    tokens = _tokens(credential)
    if spec.oauth is None or not oauth.is_due(spec.oauth, tokens, at):
        return tokens.access
    try:
        return _refreshed(credential.pk, spec, credential.link.server, at).access
    except NetworkError:
        # A token that is only growing old still opens what it opens; the next call tries again.
        if tokens.expires_at is not None and tokens.expires_at > at + oauth.REFRESH_BEFORE:
            return tokens.access
        raise


def token_proof(spec: Spec, token: str) -> str:
    """Subject.token_proof: the HMAC of `token` under our app's secret, for Meta; "" for all others."""
    secret = settings.NETWORK_KEYS.get(spec.slug, ("", ""))[1]
    if spec.oauth is None or not spec.oauth.dialect or not secret:
        return ""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def subject_of(link: LinkedAccount, token: str, at: datetime, *, budget: Budget) -> Subject:
    """What a connector is told of `link`, whose account it reads with `token` ("" where everybody may read)."""
    spec = NETWORKS[link.account.network].spec
    return Subject(
        link.account.external_id,
        handle=link.account.handle,
        server=link.server,
        kind=link.kind,
        client_id=settings.NETWORK_KEYS.get(spec.slug, ("", ""))[0],
        token_proof=token_proof(spec, token) if token else "",
        now=at,
        budget=budget,
    )


def revoke(link: LinkedAccount, at: datetime) -> bool:
    """Give our access to `link` back to its network; whether that is over now. Never raises, deletes nothing here.

    A page's access ends with that of the account it was linked through.
    """
    spec = NETWORKS[link.account.network].spec if link.account.network in NETWORKS else None
    credential = Credential.objects.filter(link=link).first()
    if spec is None or spec.oauth is None or credential is None or link.through_id is not None:
        return False
    try:
        tokens = _tokens(credential)
    except LostKey as error:
        logger.warning("access to linked account %s cannot be given back: %s", link.pk, error)
        return False
    return give_back(spec, link.server, tokens, at)


def give_back(spec: Spec, server: str, tokens: Tokens, at: datetime) -> bool:
    """Tell the network that we no longer want what `tokens` open; whether that is over now. Never raises."""
    if spec.oauth is None or not spec.oauth.revoke_url:
        return False
    try:
        client = keys_of(spec, server)
        with endpoint(spec.oauth.revoke_url.replace("{client_id}", client.id), server, at, client, tokens) as http:
            oauth.revoke(http, spec.oauth, client, tokens)
    except Revoked:
        return True
    except Exception as error:
        # Letting go must not fail for it; what an error says might quote a token.
        logger.warning("access to an account of %s could not be given back: %s", spec.slug, type(error).__name__)
        return False
    return True


def due_warnings(at: datetime) -> QuerySet[Credential]:
    """Credentials that lapse within WARN_BEFORE, whose person does not know yet."""
    return Credential.objects.filter(
        Q(warned_at__isnull=True),
        link__state=LinkedAccount.State.ACTIVE,
        link__through__isnull=True,
        lapses_at__gt=at,
        lapses_at__lte=at + WARN_BEFORE,
        updated_at__lte=F("lapses_at") - WORTH_A_WARNING,
    ).order_by("pk")


def warn_of_lapsing(at: datetime) -> int:
    """Mail everybody whose access to an account is about to lapse, once; how many were told."""
    told = 0
    for pk in list(due_warnings(at).values_list("pk", flat=True)):
        with transaction.atomic():
            # Whoever sets the mark sends the mail; update() also leaves updated_at alone.
            if not Credential.objects.filter(pk=pk, warned_at__isnull=True).update(warned_at=at):
                continue
            credential = Credential.objects.select_related("link__account", "link__person").get(pk=pk)
            link, lapses_at = credential.link, credential.lapses_at
            assert lapses_at is not None
            notify(
                person=link.person,
                kind="link_lapsing",
                context={
                    "network": NETWORKS[link.account.network].spec.label,
                    "handle": name_of(link.account),
                    "day": lapses_at.astimezone(ZoneInfo(link.person.time_zone)).date(),
                    "url": reverse("connect_network", args=[link.account.network]) + f"?person={link.person.handle}",
                },
            )
        told += 1
    return told


def endpoint(url: str, server: str, at: datetime, client: Client, tokens: Tokens) -> Http:
    """The door to an endpoint for tokens; no message that comes through it shows one."""
    secrets = [text for text in (client.secret, tokens.access, tokens.refresh) if text]
    # A row's lock, or somebody who waits for a page, is held meanwhile.
    return http_for(None, at=at, server=oauth.origin_of(url, server), judge=oauth.judge, secrets=secrets, patient=False)


def _credential_of(link: LinkedAccount) -> Credential:
    kept = Credential.objects.select_related("link__account")
    credential = kept.filter(link=link).first()
    if credential is None and link.through_id is not None:
        credential = kept.filter(link=link.through_id).first()
    if credential is None:
        raise Revoked(f"no access to {link.account} is kept")
    return credential


def _tokens(credential: Credential) -> Tokens:
    kept = credential.refresh_token
    return Tokens(
        decrypt(credential.token),
        decrypt(kept) if kept else "",
        credential.expires_at,
        credential.lapses_at,
        tuple(credential.scopes),
    )


def _refreshed(pk: int, spec: Spec, server: str, at: datetime) -> Tokens:
    """Refresh under the row's lock: a refresh token is often good for one use, and a second one ends the access."""
    assert spec.oauth is not None
    # Durable: were the new tokens rolled back with somebody's transaction, nobody would have any.
    with transaction.atomic(durable=True):
        credential = Credential.objects.select_for_update(of=("self",)).select_related("link").get(pk=pk)
        tokens = _tokens(credential)
        if not oauth.is_due(spec.oauth, tokens, at):
            # Another process was faster.
            return tokens
        client = keys_of(spec, server)
        with endpoint(spec.oauth.refresh_url or spec.oauth.token_url, server, at, client, tokens) as http:
            tokens = oauth.refresh(http, spec.oauth, client, tokens, at)
        keep(credential.link, tokens, at)
    return tokens
