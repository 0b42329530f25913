"""What people are told of questions and answers, and of what the staff decides about what they wrote."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import notify

MATTER, DECISIONS = "questions", "moderation"


def register() -> None:
    """Make the matters and the kinds known (AppConfig.ready)."""
    notify.register_matter(
        MATTER,
        notify.Matter(
            _("Questions and answers"),
            _(
                "Somebody asks about a topic that you know about (twice a day at most), or has answered you; what came "
                "of something you reported."
            ),
            glimpse=_("There is a question, or an answer, for you."),
        ),
    )
    notify.register_matter(
        DECISIONS,
        notify.Matter(
            _("Decisions of our staff"),
            _("Something you wrote is held, was removed or is shown again; you may not write for some days."),
            mandatory=True,
            glimpse=_("Our staff has decided something about what you wrote."),
        ),
    )
    for name, subject, needs, matter in (
        ("question_asked", _("You know about %(topic)s: %(question)s"), {"question", "topic", "url"}, MATTER),
        ("question_answered", _("Your question was answered: %(question)s"), {"question", "author", "url"}, MATTER),
        ("report_decided", _("Our staff has looked at what you reported"), {"upheld", "is_answer", "url"}, MATTER),
        ("post_held", _("What you wrote waits for our staff"), {"ground", "is_answer", "url"}, DECISIONS),
        ("post_removed", _("What you wrote was removed"), {"ground", "note", "is_answer", "url"}, DECISIONS),
        ("post_shown", _("What you wrote is on the page"), {"is_answer", "url"}, DECISIONS),
        ("objection_refused", _("What you wrote stays removed"), {"note", "is_answer", "url"}, DECISIONS),
        ("silenced", _("You cannot write here for some days"), {"until", "reason", "url"}, DECISIONS),
        ("silence_ended", _("You can write here again"), {"url"}, DECISIONS),
    ):
        notify.register(name, notify.Kind(subject, frozenset(needs), matter))
