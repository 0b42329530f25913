"""Mails to a brand's team: to those who may publish, in the language of each."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from accounts.mailing import compose, speaking_to, with_zone
from accounts.models import User
from perks.models import Brand
from perks.roles import roles_that

log = logging.getLogger(__name__)


def tell_team(*, brand: Brand, template: str, subject: str, path: str, context: dict[str, Any]) -> None:
    """Mail emails/<template>.txt and .html after the commit; what a mail server refuses is logged.

    subject: an English sentence with %(name)s of `context`, translated for each; path: what the mail leads to.
    """
    roles = roles_that("publish")
    members = User.objects.filter(is_active=True, brand_memberships__brand=brand, brand_memberships__role__in=roles)
    numbers = sorted(set(members.values_list("pk", flat=True)))
    if numbers:
        transaction.on_commit(lambda: _send(numbers, template, subject, path, context), robust=True)


def _send(numbers: list[int], template: str, subject: str, path: str, context: dict[str, Any]) -> None:
    for user in with_zone(User.objects.filter(pk__in=numbers).order_by("pk")):
        with speaking_to(user, user.zone):
            known = {
                **context,
                "site_name": settings.SITE_NAME,
                "site_url": settings.SITE_URL,
                # A line's end in a title would be another header; no mail goes out with one.
                "subject": " ".join((gettext(subject) % context).split()),
                "url": settings.SITE_URL + path,
            }
            message = compose(user, f"emails/{template}", known, stops="")
        try:
            message.send()
        except Exception as error:
            # The address is the user's, and no mail server's answer goes into a log with it.
            log.warning("a mail about a campaign to user %s was not sent: %s", user.pk, type(error).__name__)
