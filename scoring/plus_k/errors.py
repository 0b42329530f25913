"""What can stand in the way of +K: one class each, with a code that pages and programs share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class CannotGive(Refused):
    """Why a +K is not given, or not taken back."""

    text = _("This +K cannot be given.")


class NoneLeft(CannotGive):
    """`details["renews_at"]` is when there are new ones."""

    code = "none_left"
    text = _("You have given all the +K you had for today. There are new ones tomorrow, from 0:00 UTC.")


class TooSoon(CannotGive):
    """`details["endorsement"]` is the one that was given within the last seven days."""

    code = "too_soon"
    text = _("You have given it already: one to the same person in the same topic, every seven days.")


class NotTheirTopic(CannotGive):
    code = "not_their_topic"
    text = _("That is none of their topics, or they do not show it.")


class NotAllowed(CannotGive):
    """`details["why"]` is "self", "team", "age", "gone" or "role"."""

    code = "not_allowed"


class Silent(CannotGive):
    """The staff has decided that the giver gives none until a day; `details` has `until` and `reason`."""

    code = "silenced"
    text = _("You cannot give +K at the moment.")


class TooLate(CannotGive):
    code = "too_late"
    text = _("A +K can be taken back for ten minutes. This one was given longer ago.")
