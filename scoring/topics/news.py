"""What people are told about their topics."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import notify

MATTER = "topics"


def register() -> None:
    """Make the matter and its kinds known (AppConfig.ready)."""
    notify.register_matter(
        MATTER,
        notify.Matter(
            _("Your topics"),
            _("What became of a topic of which you said that it is not yours."),
            glimpse=_("There is news of one of your topics."),
        ),
    )
    needs = frozenset({"topic", "reason", "url"})
    notify.register("dispute_upheld", notify.Kind(_("You were right: %(topic)s was a mistake"), needs, MATTER))
    notify.register("dispute_closed", notify.Kind(_("%(topic)s stays away from your profile"), needs, MATTER))
