"""Meta's two duties, for Facebook, Instagram and Threads: "delete this user's data" and "this user has removed you".

https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps

from accounts import privacy
from accounts.hooks import links
from accounts.hooks.signatures import BadSignature
from accounts.models import Credential, DeletionReceipt, LinkedAccount

NETWORKS = ("facebook", "instagram", "threads")
# Receipts whose deletion is put off are looked for again by a task, with the links that they are about.
Later = tuple[DeletionReceipt, list[int]]


def user_of(data: dict[str, Any]) -> str:
    """Whom a signed request is about. Raises BadSignature where it names nobody."""
    user_id = data.get("user_id")
    if not isinstance(user_id, str | int) or isinstance(user_id, bool) or not 0 < len(str(user_id)) <= 100:
        raise BadSignature
    return str(user_id)


def delete(network: str, data: dict[str, Any], *, at: datetime) -> Later:
    """Erase what is known of the user, and return a receipt that names nobody; with the links that must wait.

    Something is being collected for those just now: `finish` is to be called with them until nothing is left. Raises
    BadSignature.
    """
    user_id, sent = user_of(data), links.moment(data.get("issued_at"), at)
    # Linked again since: that was agreed to after this was sent.
    meant = list(links.of_user(network, user_id).filter(linked_at__lte=sent))
    log_ins = _forget_log_ins(network, user_id, sent)
    if not meant:
        state = DeletionReceipt.State.DONE if log_ins else DeletionReceipt.State.NOTHING
        return DeletionReceipt.objects.create(network=network, state=state, finished_at=at), []
    receipt = DeletionReceipt.objects.create(network=network)
    # What lets us read them is of no use any more, however long the rest takes.
    Credential.objects.filter(link__in=meant).delete()
    return receipt, finish(receipt, [link.pk for link in meant], at=at)


def finish(receipt: DeletionReceipt, meant: list[int], *, at: datetime) -> list[int]:
    """Erase the links `meant`; returns those that must wait. Done, the receipt says so. Safe to run twice."""
    waiting = []
    for link in LinkedAccount.objects.filter(pk__in=meant).select_related("person"):
        try:
            privacy.unlink(link=link, at=at)
        except privacy.Busy:
            waiting.append(link.pk)
    if not waiting:
        DeletionReceipt.objects.filter(pk=receipt.pk, finished_at=None).update(
            state=DeletionReceipt.State.DONE, finished_at=at
        )
    return waiting


def deauthorize(network: str, data: dict[str, Any], *, at: datetime) -> int:
    """The user took our access back: their links are broken off; how many. Raises BadSignature."""
    user_id, sent = user_of(data), links.moment(data.get("issued_at"), at)
    return sum(links.break_off(link, sent=sent, at=at) for link in links.of_user(network, user_id))


def _forget_log_ins(network: str, user_id: str, sent: datetime) -> int:
    """Delete the network's word for a log-in; who has logged in since the message was sent meant to come back."""
    if not apps.is_installed("allauth.socialaccount"):
        return 0
    accounts = apps.get_model("socialaccount", "SocialAccount")._default_manager
    removed: int = accounts.filter(provider=network, uid=user_id, last_login__lte=sent).delete()[0]
    return removed
