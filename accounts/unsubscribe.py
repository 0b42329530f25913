"""Stopping the mails of one matter by a signed link, without a log-in (RFC 8058), and undoing that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.db import transaction

from accounts.choices import MAILS, choices_of, waits_no_more
from accounts.matters import ALL, DIGEST, MATTERS, NOW, OFF
from accounts.models import NotificationChoice, User

__all__ = ["ALL", "Stop", "WrongToken", "stop", "stopped_by", "token_of", "undo"]

SALT, UNDO_SALT = "accounts.unsubscribe", "accounts.unsubscribe.undo"
# Mails are found again after months; what they could stop by then is still only mail.
GOOD_FOR = timedelta(days=400)


class WrongToken(Exception):
    """The link was cut off, is too old, or is about somebody or something that is no more."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Whose mails a link stops, and the matter (ALL: everything that comes in the digest)."""

    user: User
    matter: str


def token_of(user: User, matter: str) -> str:
    """What names `user` and `matter` in a link."""
    return signing.dumps([user.pk, matter], salt=SALT)


def stopped_by(token: str) -> Stop:
    """What a link stops. Raises WrongToken."""
    try:
        pk, matter = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise WrongToken from error
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or (matter != ALL and (matter not in MATTERS or MATTERS[matter].mandatory)):
        raise WrongToken
    return Stop(user, matter)


def stop(found: Stop) -> str:
    """Turn the mails off, also those that wait; returns what undoes it. Twice is the same as once."""
    with transaction.atomic():
        choices = choices_of(found.user)
        if found.matter == ALL:
            turned = [slug for slug, choice in choices.items() if choice.mail == DIGEST]
        else:
            turned = [found.matter]
        before = {slug: choices[slug].mail for slug in turned}
        _set_mail(found.user, dict.fromkeys(turned, OFF))
        for slug in turned:
            waits_no_more(found.user, slug)
    return signing.dumps([found.user.pk, before], salt=UNDO_SALT)


def undo(found: Stop, undoing: str) -> None:
    """Have the mails come again as they did before `stop`. Raises WrongToken."""
    try:
        pk, before = signing.loads(undoing, salt=UNDO_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise WrongToken from error
    if pk != found.user.pk:
        raise WrongToken
    # Who stopped them twice wants them as they come to everybody.
    wanted = {slug: MATTERS[slug].mail if mail == OFF else mail for slug, mail in before.items() if slug in MATTERS}
    _set_mail(found.user, {slug: mail if mail != OFF else NOW for slug, mail in wanted.items()})


def _set_mail(user: User, mails: Mapping[str, str]) -> None:
    for slug, mail in mails.items():
        if mail not in MAILS or MATTERS[slug].mandatory:
            continue
        usual = MATTERS[slug]
        NotificationChoice.objects.update_or_create(
            user=user,
            matter=slug,
            defaults={"mail": mail},
            create_defaults={"mail": mail, "on_site": usual.on_site, "push": usual.push},
        )
