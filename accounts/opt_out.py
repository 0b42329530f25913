"""Accounts that must never be known here: kept as HMACs of their ids alone, and left out wherever rows come in.

The key (OPT_OUT_KEY) is kept for good: nobody could make these HMACs anew. What an account is called elsewhere is
left out too: "@handle" where only the handle is known, "name:..." where only a bare name is. A handle taken later is
not known to be the same account's; its id is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import privacy
from accounts.models import Account, OptOut, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Spec
from accounts.notify import notify

# Rows that are being stored hold it together, an opt-out alone: whoever stores after it knows of it.
LOCK = 0x6F70746F
# How long an opt-out waits for that, while somebody looks at a page; and PostgreSQL's code for having waited in vain.
PATIENCE = "3s"
LOCK_NOT_AVAILABLE = "55P03"
# Networks whose ids are the handles themselves.
NAMED_BY_HANDLE = frozenset({"instagram", "threads", "tiktok", "reddit", "mastodon"})
# Linked accounts of which nothing but a bare name is known: an opt-out of a namesake must not take them away.
NAMESAKES = Q(external_id__startswith="name:", link__isnull=False)
# Accounts looked through at once.
BATCH = 100_000


class OptedOut(Exception):
    """The account has opted out: it can be linked again only after its owner has undone that."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(
            _(
                "This %(network)s account has opted out of being known here. If it is yours, undo that first, "
                "at %(address)s."
            )
            % {"network": spec.label, "address": f"{settings.SITE_URL}/opt-out?undo=yes"}
        )


def digest(network: str, external_id: str) -> bytes:
    """The 32 bytes under which an id of `network` is known to have opted out; capitals make no difference."""
    text = f"{network}\x1f{external_id.strip().lower()}".encode(errors="surrogatepass")
    return hmac.digest(settings.OPT_OUT_KEY.encode(), text, "sha256")


def names_of(network: str, owner: Owner) -> list[str]:
    """All that rows may call the account of `owner`: its id, and what stands in for an id where that is not known."""
    handle = owner.handle.strip().removeprefix("@")
    name = re.sub(r"\s+", " ", owner.name).strip()
    found = [owner.external_id, f"@{handle}" if handle else "", f"name:{name.lower()}" if name else ""]
    if network in NAMED_BY_HANDLE and handle:
        found.append(handle.lower())
    if network == "linkedin" and handle:
        found.append(f"in/{handle.removeprefix('in/')}")
    return list(dict.fromkeys(name for name in found if name))


def add(*, network: str, owner: Owner, at: datetime) -> dict[str, int]:
    """Leave the account of `owner` out for good, and erase what is known of it; returns what was, by kind.

    The opt-out stands even where erasing fails: `sweep` finishes it. Raises privacy.Busy where it has to, since
    something is being stored just now, or collected for the person whom the account is linked to.
    """
    names = names_of(network, owner)
    rows = [OptOut(network=network, digest=digest(network, name)) for name in names]
    OptOut.objects.bulk_create(rows, ignore_conflicts=True)
    stored = _wait_for_storing(PATIENCE)
    found = Account.objects.filter(network=network, external_id__in={*names, *(name.lower() for name in names)})
    # Anybody may take a name that somebody else has.
    accounts = set(found.exclude(NAMESAKES & ~Q(external_id=owner.external_id)).values_list("pk", flat=True))
    if owner.external_id.startswith("@"):
        # Told by its handle alone, so that the account that bears it is meant.
        by_handle = Account.objects.filter(network=network, handle__iexact=owner.external_id[1:])
        accounts |= set(by_handle.values_list("pk", flat=True))
    holders = list(Person.objects.filter(links__account__in=accounts).distinct().order_by("pk"))
    removed = privacy.erase_accounts(accounts=sorted(accounts), at=at)
    for holder in holders:
        context = {
            "network": NETWORKS[network].spec.label,
            "handle": owner.handle or owner.external_id,
            "url": reverse("opt_out"),
        }
        notify(person=holder, kind="account_opted_out", context=context)
    if not stored:
        raise privacy.Busy
    return removed


def _wait_for_storing(patience: str) -> bool:
    """Wait until whoever asked `suppressed` before has stored what they had; whether that was within `patience`."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


def undo(*, network: str, owner: Owner) -> bool:
    """Let the account of `owner` be known again; whether it had opted out. What was erased stays erased."""
    digests = [digest(network, name) for name in names_of(network, owner)]
    return bool(OptOut.objects.filter(network=network, digest__in=digests).delete()[0])


def hold() -> None:
    """Until the end of this transaction, keep an opt-out from coming between asking `suppressed` and storing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])


def any_of(network: str) -> bool:
    """Whether anybody of `network` has opted out; where nobody has, no id need be looked at."""
    return OptOut.objects.filter(network=network).exists()


def suppressed(network: str, external_ids: Iterable[str]) -> set[str]:
    """Those of `external_ids` that must not be stored; about a second for a million of them."""
    rows = OptOut.objects.filter(network=network).values_list("digest", flat=True)
    digests = {bytes(row) for row in rows.iterator()}
    if not digests:
        return set()
    return {external_id for external_id, one in _digested(network, external_ids) if one in digests}


def _digested(network: str, external_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Each id with its `digest`: HMAC as RFC 2104 writes it, its two keyed beginnings made once for all of them."""
    key = settings.OPT_OUT_KEY.encode()
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + f"{network}\x1f".encode())
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
    for external_id in external_ids:
        message, whole = inner.copy(), outer.copy()
        message.update(external_id.strip().lower().encode(errors="surrogatepass"))
        whole.update(message.digest())
        yield external_id, whole.digest()


def refuse(network: str, external_id: str) -> None:
    """Raise OptedOut where the account must not be linked. An alias of somebody else is no hindrance: ids alone are."""
    if OptOut.objects.filter(network=network, digest=digest(network, external_id)).exists():
        raise OptedOut(NETWORKS[network].spec)


def sweep(*, at: datetime) -> int:
    """Erase accounts that are known although they have opted out (a process died between the two); how many."""
    erased = 0
    _wait_for_storing("0")
    for network in OptOut.objects.values_list("network", flat=True).distinct().order_by("network"):
        for batch in _batches(network):
            gone = suppressed(network, batch)
            if gone:
                privacy.erase_accounts(accounts=sorted(batch[name] for name in gone), at=at, wait=True)
                erased += len(gone)
    return erased


def _batches(network: str) -> Iterator[dict[str, int]]:
    """The accounts of `network` that an opt-out may be about, id there -> our number."""
    known = Account.objects.filter(network=network).exclude(NAMESAKES)
    rows = known.order_by("pk").values_list("external_id", "pk")
    numbers = rows.iterator(chunk_size=10_000)
    while batch := dict(islice(numbers, BATCH)):
        yield batch
