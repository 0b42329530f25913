"""Mails in the reader's language and time zone, with the reason for them at their foot and a way to stop them."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import OuterRef, QuerySet, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from accounts.matters import KINDS, MATTERS
from accounts.models import Membership, Notification, Person, User
from accounts.unsubscribe import ALL, token_of

# What a template of a kind is laid out in: a mail, or its words alone, for the site and the digest.
WORDS = "emails/words.txt"
# Of one digest; the others are told in number, and are on the site.
LINES = 50


def with_zone(users: QuerySet[User]) -> QuerySet[Any]:
    """`users` with the time zone of the person that each speaks for first, as `zone`; None where there is none."""
    memberships = Membership.objects.filter(user=OuterRef("pk")).order_by("-person__kind", "created_at", "pk")
    return users.annotate(zone=Subquery(memberships.values("person__time_zone")[:1]))


@contextmanager
def speaking_to(user: User, zone: str | None) -> Iterator[None]:
    """Words in the language of `user`, times in `zone`."""
    language = user.language if user.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zoneinfo.ZoneInfo(zone or "UTC")):
        yield


def readable(context: Mapping[str, Any]) -> dict[str, Any]:
    """`context` with its dates and times written out, in the language and the zone that are active."""
    return {name: _written(value) for name, value in context.items()}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    return date_format(value, "DATE_FORMAT") if isinstance(value, date) else value


def in_words(*, person: Person, kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of a message, as the site shows them; in the active language and zone."""
    known = _known(person, readable(context))
    return _subject(kind, known), _tidy(render_to_string(f"emails/{kind}.txt", known | {"layout": WORDS}))


def mail_of(*, user: User, person: Person, kind: str, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    """The mail to `user` about `person`; in the active language and zone."""
    written = readable(context)
    known = _known(person, written) | {"subject": _subject(kind, written), "matter": MATTERS[KINDS[kind].matter]}
    if "url" in context:
        known["url"] = settings.SITE_URL + context["url"]
    return compose(user, f"emails/{kind}", known, stops="" if known["matter"].mandatory else KINDS[kind].matter)


def digest_of(user: User, rows: list[Notification]) -> EmailMultiAlternatives:
    """One mail of all of `rows` (with their people); in the active language and zone."""
    people = {row.person_id for row in rows}
    known = {
        **_site(),
        "rows": rows[:LINES],
        "more": len(rows) - LINES,
        # Whom a line is about, where a log-in speaks for several.
        "named": len(people) > 1,
        "person": rows[0].person,
        "digest": user.get_digest_display(),
        "subject": " ".join(render_to_string("emails/digest_subject.txt", {"rows": rows, **_site()}).split()),
        "url": settings.SITE_URL + reverse("notifications"),
    }
    return compose(user, "emails/digest", known, stops=ALL)


def sample_of(user: User) -> EmailMultiAlternatives:
    """A mail that says nothing but that mails arrive; in the active language."""
    known = {**_site(), "subject": gettext("Mails from %(site)s reach you") % {"site": settings.SITE_NAME}}
    return compose(user, "emails/sample", known, stops="")


def compose(user: User, template: str, known: dict[str, Any], *, stops: str) -> EmailMultiAlternatives:
    """A mail to `user` of `template`.txt and .html; `known` has its subject.

    stops: the matter whose mails its header and its foot turn off (unsubscribe.ALL: the digest), "" for none.
    """
    headers = {"Auto-Submitted": "auto-generated"}
    known = known | {"settings_url": settings.SITE_URL + reverse("notification_settings")}
    if stops:
        address = settings.SITE_URL + reverse("unsubscribe", args=[token_of(user, stops)])
        known["unsubscribe_url"] = address
        headers["List-Unsubscribe"] = f"<{address}>"
        # RFC 8058 wants HTTPS, and mail programs ignore the one without the other.
        if address.startswith("https://"):
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = (
        render_to_string(f"{template}.{form}", known | {"layout": f"emails/message.{form}"}) for form in ("txt", "html")
    )
    message = EmailMultiAlternatives(known["subject"], _tidy(text) + "\n", to=[user.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _tidy(text: str) -> str:
    """`text` with one empty line where a template left more."""
    return re.sub(r"\n\s*\n", "\n\n", text).strip()


def _subject(kind: str, written: Mapping[str, Any]) -> str:
    shown = {
        name: number_format(round(value, 1), 1) if isinstance(value, float) else value
        for name, value in written.items()
    }
    # In one line: what networks name accounts goes into it.
    return " ".join((str(KINDS[kind].subject) % shown).split())


def _known(person: Person, written: Mapping[str, Any]) -> dict[str, Any]:
    return {**written, **_site(), "person": person}


def _site() -> dict[str, str]:
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
