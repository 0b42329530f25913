"""Invitations by mail to a team, whoever's it is: the token is in the mail alone, and its SHA-256 is what is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

GOOD_FOR = timedelta(days=7)
# Open invitations of one team: it is no mailing list.
MOST_OPEN = 50


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def mail(*, to: str, template: str, subject: str, path: str, known: Mapping[str, Any]) -> None:
    """Send emails/<template>.txt and .html to an address of which nothing is known: in the language of who invites.

    subject: made one line. path: of the link, on this site.
    """
    context = {
        **known,
        "days": GOOD_FOR.days,
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "url": settings.SITE_URL + path,
        "subject": " ".join(subject.split()),
    }
    message = EmailMultiAlternatives(
        context["subject"],
        render_to_string(f"emails/{template}.txt", context).strip() + "\n",
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    message.send()
