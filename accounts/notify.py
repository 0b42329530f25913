"""The one way to tell a person something: a mail to all who speak for the person, once the transaction commits."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: `subject` (a format string), and the names that its texts need from the caller.

    The texts are templates/emails/<kind>.txt and .html; they also get person, site_name and site_url.
    """

    subject: Promise
    needs: frozenset[str]


KINDS: Mapping[str, Kind] = {
    "link_broken": Kind(_("%(network)s no longer lets us read %(handle)s"), frozenset({"network", "handle", "url"})),
    "claim_made": Kind(
        _("Somebody else says that %(account)s at %(network)s is theirs"),
        frozenset({"network", "account", "due", "url"}),
    ),
    "claim_granted": Kind(
        _("%(account)s at %(network)s is linked to you now"), frozenset({"network", "account", "url"})
    ),
    "claim_lost": Kind(
        _("%(account)s at %(network)s is no longer linked to you"), frozenset({"network", "account", "url"})
    ),
    "claim_disputed": Kind(
        _("%(account)s at %(network)s: its holder has objected"), frozenset({"network", "account", "url"})
    ),
    "claim_refused": Kind(
        _("%(account)s at %(network)s is not linked to you"), frozenset({"network", "account", "url"})
    ),
    "claim_kept": Kind(_("%(account)s at %(network)s stays with you"), frozenset({"network", "account", "url"})),
    "link_parked": Kind(
        _("We cannot read %(handle)s on %(network)s"), frozenset({"network", "handle", "days", "error", "url"})
    ),
    "link_lapsing": Kind(
        _("Please connect %(handle)s on %(network)s again before %(day)s"),
        frozenset({"network", "handle", "day", "url"}),
    ),
    "import_done": Kind(
        _("Your %(network)s export has been read"), frozenset({"network", "file_name", "summary", "url"})
    ),
    "access_not_given_back": Kind(
        _("%(network)s could not be told that we no longer read %(handle)s"), frozenset({"network", "handle", "url"})
    ),
    "erasure_asked": Kind(_("%(name)s will be erased on %(day)s"), frozenset({"name", "day", "url"})),
    "erasure_withdrawn": Kind(_("%(name)s stays"), frozenset({"name", "url"})),
    "export_ready": Kind(_("Everything we keep about %(name)s, to download"), frozenset({"name", "day", "url"})),
    "export_failed": Kind(_("Your copy of everything could not be made"), frozenset({"url"})),
    "account_opted_out": Kind(
        _("%(network)s: %(handle)s is no longer known here"), frozenset({"network", "handle", "url"})
    ),
    "formula_changed": Kind(
        _("The way scores are counted has changed"),
        frozenset({"previous", "formula", "since", "old", "new", "points", "higher", "url"}),
    ),
    "rest_over": Kind(_("Your rest is over"), frozenset({"day", "url"})),
    "import_failed": Kind(_("Your upload could not be read"), frozenset({"file_name", "error", "url"})),
}


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
