"""The one way to tell a person something: a mail to all who speak for the person, once the transaction commits."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string

from accounts.matters import KINDS, MATTERS, Kind, Matter, register, register_matter
from accounts.models import Person, User

log = logging.getLogger(__name__)

__all__ = ["KINDS", "MATTERS", "Kind", "Matter", "notify", "register", "register_matter"]


def notify(*, person: Person, kind: str, context: Mapping[str, Any]) -> None:
    """Mail `person`'s members after the commit; what a mail server refuses is logged and loses nothing else.

    `url` in the context is a path on this site. Raises KeyError for an unknown kind, ValueError where a name lacks.
    """
    missing = KINDS[kind].needs - context.keys()
    if missing:
        raise ValueError(f"a message of kind {kind!r} needs {', '.join(sorted(missing))}")
    known = dict(context)
    # No partial: Django wants the name of what failed, which a partial has not.
    transaction.on_commit(lambda: _send(person=person, kind=kind, context=known), robust=True)


def _send(*, person: Person, kind: str, context: dict[str, Any]) -> None:
    known = context | {"person": person, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    if "url" in context:
        known["url"] = settings.SITE_URL + context["url"]
    subject = " ".join((str(KINDS[kind].subject) % known).split())
    text, html = (render_to_string(f"emails/{kind}.{form}", known) for form in ("txt", "html"))
    messages = []
    for user in User.objects.filter(is_active=True, membership__person=person).order_by("pk"):
        message = EmailMultiAlternatives(subject, text, to=[user.email])
        message.attach_alternative(html, "text/html")
        messages.append(message)
    sent = get_connection().send_messages(messages) if messages else 0
    log.info("%s: %s of %s mails sent", kind, sent or 0, len(messages))
