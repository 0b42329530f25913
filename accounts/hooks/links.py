"""Which links a network means by its own number of a user, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts import pauses
from accounts.models import Credential, LinkedAccount, Pause
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.notify import notify


def of_user(network: str, user_id: str) -> QuerySet[LinkedAccount]:
    """The links to the account that `network` calls `user_id`.

    That is the account's own id, or where we know it by another (Instagram and Threads: by its name, as exports do)
    the `user_ids` that its profile stream leaves on its cursor; they go with the link.
    """
    known = Q(account__external_id=user_id) | Q(cursors__stream="profile", cursors__value__user_ids__contains=[user_id])
    pages = Q(through__isnull=True)
    return LinkedAccount.objects.filter(known & pages, account__network=network).distinct()


def moment(value: Any, at: datetime) -> datetime:
    """When a message was sent, in seconds since 1970; `at`, where it does not say so in a way that can be."""
    try:
        sent = datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return at
    return min(sent, at)


def break_off(link: LinkedAccount, *, sent: datetime, at: datetime) -> bool:
    """Delete what let us read `link`, mark it broken and tell its person; whether that was new.

    Access given after the message was `sent` is not meant by it.
    """
    with transaction.atomic():
        locked = LinkedAccount.objects.select_for_update(of=("self",)).select_related("account", "person")
        found = locked.filter(pk=link.pk).first()
        if found is None or Credential.objects.filter(link=found, updated_at__gt=sent).exists():
            return False
        if not Credential.objects.filter(link=found).delete()[0] and found.state == LinkedAccount.State.BROKEN:
            return False
        for broken in [found, *LinkedAccount.objects.select_related("person").filter(through=found)]:
            Credential.objects.filter(link=broken).delete()
            LinkedAccount.objects.filter(pk=broken.pk).update(state=LinkedAccount.State.BROKEN)
            pauses.begin(link=broken, reason=Pause.Reason.BROKEN, at=at)
        context = {
            "network": NETWORKS[found.account.network].spec.label,
            "handle": name_of(found.account),
            "url": reverse("networks"),
        }
        notify(person=found.person, kind="link_broken", context=context)
    return True
