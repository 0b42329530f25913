"""What the page of a question says to search engines, and in the place of what is not there any more."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.models import Answer, Question
from scoring.models.questions import Ground, State
from scoring.questions.showing import Shown

# As \u escapes: within <script> these could end it.
ESCAPED = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def structured(shown: Shown) -> SafeString:
    """The question and its answers as schema.org's QAPage, with the names that everybody on the page may see."""
    question = shown.question
    answers = [line for line in shown.lines if line.answer.state == State.VISIBLE]
    main: dict[str, Any] = {
        "@type": "Question",
        "name": question.title,
        "text": question.text or question.title,
        "answerCount": question.answered,
        "dateCreated": question.created_at.isoformat(),
        **_author(shown.author),
        "suggestedAnswer": [
            {
                "@type": "Answer",
                "text": line.answer.text,
                "upvoteCount": line.answer.plus_k,
                "dateCreated": line.answer.created_at.isoformat(),
                "url": settings.SITE_URL + line.answer.get_absolute_url(),
                **_author(line.author),
            }
            for line in answers
        ],
    }
    page = {"@context": "https://schema.org", "@type": "QAPage", "mainEntity": main}
    # Escaped for the element that it stands in.
    return mark_safe(json.dumps(page, ensure_ascii=False).translate(ESCAPED))  # noqa: S308


def _author(person: Any) -> dict[str, Any]:
    if person is None:
        return {}
    kind = "Organization" if person.kind == "organisation" else "Person"
    url = settings.SITE_URL + person.get_absolute_url()
    return {"author": {"@type": kind, "name": person.display_name, "url": url}}


def gone_lines(question: Question) -> list[str]:
    """What stands for answers that are held or were removed, in one sentence for each ground; one query."""
    rows = Answer.objects.filter(question=question, state__in=[State.HELD, State.REMOVED]).order_by()
    counted = rows.values_list("state", "ground").annotate(number=Count("pk")).order_by("-state", "ground")
    return [_gone(state, ground, number) for state, ground, number in counted]


def _gone(state: str, ground: str, number: int) -> str:
    if state == State.HELD:
        text = ngettext(
            "%(number)s answer waits until our staff has read it.",
            "%(number)s answers wait until our staff has read them.",
            number,
        )
        return text % {"number": number}
    why = Ground(ground).label if ground in Ground.values else _("no ground is noted")
    text = ngettext(
        "%(number)s answer was removed by our staff: %(why)s.",
        "%(number)s answers were removed by our staff: %(why)s.",
        number,
    )
    return text % {"number": number, "why": why}
