"""What can stand in the way of a question, an answer or a report: one class each, with a code."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class QuestionError(Refused):
    """Why something cannot be done with a question, an answer or a report."""

    text = _("This cannot be done.")


class NotAllowed(QuestionError):
    """`details["why"]` is "role", "age", "gone", "new" or "own"."""

    code = "not_allowed"


class Silent(QuestionError):
    """`details` has `until` and `reason`."""

    code = "silenced"
    text = _("You cannot write here at the moment.")


class TooMany(QuestionError):
    """`details["most"]` is how many there may be in a day."""

    code = "too_many"


class Unfit(QuestionError):
    """What was written is empty or too long; `details["field"]` is "title" or "text"."""

    code = "unfit"


class SaidBefore(QuestionError):
    """`details["question"]` is the question where it stands."""

    code = "said_before"
    text = _("You have written the same before.")


class AnsweredAlready(QuestionError):
    """`details["answer"]` is the one that is there."""

    code = "answered"
    text = _("You have answered this question already. You can change your answer for a day.")


class NotNow(QuestionError):
    """The state of a question or an answer does not allow it."""

    code = "not_now"
