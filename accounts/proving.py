"""Asking a network whose account something is, when a person has pressed the button: by a code, by a key, by its pages.

Every error comes out as Unproved, in words that the person can act on.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import challenges, claims, credentials, opt_out
from accounts.calling import http_for, keys_of
from accounts.models import AccountClaim, LinkedAccount, Person, User
from accounts.naming import written
from accounts.networks import NETWORKS
from accounts.networks.base import BadRecord, Network, NetworkError, Owner, RateLimited, Revoked, Subject
from accounts.networks.http import NotFound
from accounts.networks.oauth import Tokens
from accounts.tokens import LostKey

# Networks that answer `find` with their owner's own links, one a line: there a link to the profile is proof enough.
LINKS_PROVE = frozenset({"blog"})
SESSION_KEY = "proving"


class Unproved(Exception):
    """The account could not be found, or was not shown to be the person's; the message says why."""


def subject_of(person: Person) -> str:
    """Whom a code is for: by a number that is never given twice."""
    return f"person:{person.klout_id}"


def profile_url(person: Person, network: Network) -> str:
    """The address that a link proves an account by; "" where only a code does."""
    return settings.SITE_URL + person.get_absolute_url() if network.spec.slug in LINKS_PROVE else ""


def pending(session: MutableMapping[str, Any], person: Person, network: Network) -> dict[str, str] | None:
    """The account that the person is about to prove: address, external_id and name, all of them public."""
    found = session.get(SESSION_KEY, {}).get(f"{person.pk}:{network.spec.slug}")
    return dict(found) if found else None


def remember(session: MutableMapping[str, Any], person: Person, network: Network, address: str, owner: Owner) -> None:
    name = written(network.spec.slug, owner.handle, owner.external_id)
    known = {"address": address, "external_id": owner.external_id, "name": name}
    session[SESSION_KEY] = session.get(SESSION_KEY, {}) | {f"{person.pk}:{network.spec.slug}": known}


def forget(session: MutableMapping[str, Any], person: Person, network: Network) -> None:
    left = dict(session.get(SESSION_KEY, {}))
    left.pop(f"{person.pk}:{network.spec.slug}", None)
    session[SESSION_KEY] = left


def find(person: Person, network: Network, address: str, at: datetime) -> Owner:
    """The public account at `address`. Raises Unproved."""
    look(person)
    try:
        with http_for(network, at=at, patient=False) as http:
            return network.find(http, address)
    except NetworkError as error:
        raise Unproved(in_words(error, network, person)) from None


def check(person: Person, network: Network, address: str, at: datetime) -> Owner:
    """The account at `address`, which shows the code of `person` now. Raises Unproved."""
    owner = find(person, network, address, at)
    slug = network.spec.slug
    others = LinkedAccount.objects.exclude(person=person).filter(account__network=slug)
    # A link may still lead to a handle that its owner has given up, and that is somebody else's by now.
    held = others.filter(account__external_id=owner.external_id).exists()
    url = "" if held else profile_url(person, network)
    if not challenges.proves(subject_of(person), slug, owner.external_id, owner.about, profile_url=url):
        raise Unproved(
            _("The code is not there yet. Put it there, save, wait a moment, and check again; some take a minute.")
        )
    return owner


def ask(person: Person, network: Network, address: str, reason: str, at: datetime) -> AccountClaim:
    """Ask the staff for what is at `address`, with the person's reason and what speaks for it. Raises Unproved."""
    owner = find(person, network, address, at)
    proved = person.links.filter(account__network__in=LINKS_PROVE, proof=LinkedAccount.Proof.NETWORK)
    sites = set(proved.values_list("account__external_id", flat=True))
    links = [line for line in owner.about.splitlines() if challenges.plain(line) in sites]
    if links:
        reason = f"{reason} [it links to {links[0][:100]}, which is proved to be theirs]"
    try:
        return claims.ask(person=person, spec=network.spec, owner=owner, reason=reason, at=at)
    except (opt_out.OptedOut, ValueError) as error:
        raise Unproved(in_words(error, network, person)) from None


def by_key(person: Person, network: Network, address: str, key: str, at: datetime) -> tuple[Owner, Tokens]:
    """The site that `key` opens, and the key for keeping. Raises Unproved."""
    look(person)
    try:
        with http_for(network, at=at, token=key, patient=False) as http:
            page = next(iter(network.pull(http, Subject("", handle=address, now=at), network.spec.streams[0], {})))
    except NetworkError as error:
        raise Unproved(in_words(error, network, person)) from None
    owner = next((record for record in page.records if isinstance(record, Owner)), None)
    if owner is None:
        raise Unproved(_("%(network)s does not say that this site is yours.") % {"network": network.spec.label})
    return owner, Tokens(key)


def pages(link: LinkedAccount, network: Network, at: datetime) -> list[tuple[Owner, str]]:
    """The pages that the account of `link` runs, with their tokens. Raises Unproved."""
    look(link.person)
    try:
        token = credentials.access_token(link, at)
        subject = Subject(
            link.account.external_id,
            link.account.handle,
            link.server,
            client_id=keys_of(network.spec, link.server).id if network.spec.oauth else "",
            token_proof=credentials.token_proof(network.spec, token),
            now=at,
        )
        with http_for(network, at=at, server=link.server, token=token, patient=False) as http:
            found = network.pages(http, subject)
    except (NetworkError, LostKey) as error:
        raise Unproved(in_words(error, network, link.person)) from None
    if not found:
        raise Unproved(_("%(network)s names no page that you run.") % {"network": network.spec.label})
    return found


def link(
    person: Person,
    network: Network,
    owner: Owner,
    at: datetime,
    *,
    tokens: Tokens | None = None,
    kind: str = LinkedAccount.Kind.PROFILE,
    server: str = "",
    through: LinkedAccount | None = None,
    user: User | None = None,
) -> LinkedAccount | AccountClaim:
    """Link the account that was proved, or claim it where it is another's; `user` did it. Raises Unproved."""
    try:
        return claims.link_or_claim(
            person=person,
            spec=network.spec,
            owner=owner,
            proof=LinkedAccount.Proof.NETWORK,
            at=at,
            kind=kind,
            server=server,
            through=through,
            tokens=tokens,
            user=user,
        )
    except (opt_out.OptedOut, LostKey, ValueError, claims.TooLate) as error:
        raise Unproved(in_words(error, network, person)) from None


def link_page(
    through: LinkedAccount, person: Person, owner: Owner, token: str, at: datetime, *, user: User | None = None
) -> LinkedAccount | AccountClaim:
    """Link a page that the account `through` runs to `person`. Raises Unproved."""
    tokens = Tokens(token) if token else None
    given: dict[str, Any] = {
        "kind": LinkedAccount.Kind.PAGE,
        "server": through.server,
        "through": through,
        "user": user,
    }
    return link(person, NETWORKS[through.account.network], owner, at, tokens=tokens, **given)


def in_words(error: Exception, network: Network, person: Person) -> str:
    """What a network's error means for who is waiting. What the network itself said is left out but for an address."""
    name = {"network": network.spec.label}
    if isinstance(error, Unproved | opt_out.OptedOut):
        return str(error)
    if isinstance(error, BadRecord):
        return error.reason[:1].upper() + error.reason[1:] + "."
    if isinstance(error, NotFound):
        return _("%(network)s has nothing at this address. Please check how it is written.") % name
    if isinstance(error, RateLimited):
        until = date_format(error.until.astimezone(ZoneInfo(person.time_zone)), "DATETIME_FORMAT")
        return _("%(network)s asks us to wait until %(until)s.") % (name | {"until": until})
    if isinstance(error, Revoked):
        return _("%(network)s does not let us look. Is it the right one, and still good?") % name
    if isinstance(error, LostKey):
        return _("Nothing of %(network)s can be connected here at the moment: the operator must set a key.") % name
    if isinstance(error, ValueError):
        return _("%(network)s did not say whose account it is.") % name
    return _("%(network)s did not answer. Please try again in a while.") % name


def look(person: Person) -> None:
    """Count a look at a network. Raises Unproved where there were too many of late."""
    if not challenges.may_look(subject_of(person)):
        minutes = challenges.SECONDS // 60
        raise Unproved(_("That was often. Please wait %(minutes)s minutes, then try again.") % {"minutes": minutes})
