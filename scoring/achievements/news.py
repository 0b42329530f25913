"""What people are told when the staff takes a level away, or gives it back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import notify

# Decisions of the staff, which scoring.questions.news has made known.
MATTER = "moderation"


def register() -> None:
    """Make the kinds known (AppConfig.ready)."""
    needs = frozenset({"names", "reason", "url"})
    notify.register("award_revoked", notify.Kind(_("An achievement of yours was taken back: %(names)s"), needs, MATTER))
    notify.register("award_given_back", notify.Kind(_("An achievement is yours again: %(names)s"), needs, MATTER))
