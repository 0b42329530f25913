"""Tells people that their first score is there, once: they may have left the page on which they waited for it."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import notify
from accounts.models import Person
from scoring.models import Score, ScoreHistory, ToldScore


def register() -> None:
    """Make the kind of message known (AppConfig.ready, after scoring.tellings)."""
    kind = notify.Kind(_("Your first score is there"), frozenset({"after", "url"}), "score")
    notify.register("first_score", kind)


def tell(*, person_id: int) -> bool:
    """Tell a person of their score where it is the first one; whether they were told.

    The row that later moves are told against makes it once, whoever else tries; who has a day of history had a score
    before there were such rows.
    """
    score = Score.objects.select_related("person", "run").filter(person=person_id).first()
    if score is None or ScoreHistory.objects.filter(person_id=person_id).exists():
        return False
    with transaction.atomic():
        _row, new = ToldScore.objects.get_or_create(
            person_id=person_id, defaults={"score": score.score, "as_of": score.as_of}
        )
        waiting = Person.objects.joined().staying().filter(pk=person_id).exists()
        if new and waiting:
            named = f"?person={score.person.handle}"
            context = {"after": score.score, "url": reverse("welcome") + named}
            notify.notify(person=score.person, kind="first_score", context=context)
    return new and waiting
