"""What can stand in the way of a perk: one class each, with a code that pages and programs share."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class PerkError(Refused):
    """Why something cannot be done with a perk."""

    text: str | Promise = _("This cannot be done.")


class NotOpen(PerkError):
    code = "not_open"
    text = _("This perk is not open now.")


class NotEligible(PerkError):
    """`details["checklist"]` says what is not met (perks.eligibility)."""

    code = "not_eligible"
    text = _("This perk wants something that you do not have yet.")


class SoldOut(PerkError):
    code = "sold_out"
    text = _("Everything is taken, or held by others at the moment.")


class AlreadyClaimed(PerkError):
    code = "already_claimed"
    text = _("You have as many of these as one person may have.")


class HoldOver(PerkError):
    code = "hold_over"
    text = _("The time for which this was held for you is over.")


class TermsChanged(PerkError):
    code = "terms_changed"
    text = _("The terms have changed meanwhile. Please read them again.")


class KeyReused(PerkError):
    code = "key_reused"
    text = _("This form was already sent for something else.")


class TooMany(PerkError):
    code = "too_many"
    text = _("That was a lot in a short time. Please wait a little.")


class NotNow(PerkError):
    """The state of a campaign or a claim does not allow it."""

    code = "not_now"
