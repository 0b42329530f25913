"""What is kept about +K: how it is handed out, and how it is erased (accounts.privacy)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts import privacy
from accounts.models import Notification, Person
from scoring.models import Endorsement, Purse
from scoring.plus_k.news import ONE, SEVERAL


def register() -> None:
    """Tell accounts.privacy what this package keeps; called once, when the app is ready."""
    privacy.register(
        "plus_k", export_person, erase_person, count=count_person, models=["scoring.Endorsement", "scoring.Purse"]
    )


def export_person(person: Person) -> dict[str, Any]:
    """What was given and got. Of others whom members may not see (any more), that there was somebody."""
    given = Endorsement.objects.filter(giver=person).select_related("receiver", "topic").order_by("given_at", "pk")
    got = Endorsement.objects.filter(receiver=person, undone_at=None).select_related("giver", "topic")
    shown = set(_named(got.values("giver")).values_list("pk", flat=True))
    shown |= set(_named(given.order_by().values("receiver")).values_list("pk", flat=True))
    purse = Purse.objects.filter(person=person).first()
    return {
        "given": [
            {
                "to": one.receiver.handle if one.receiver_id in shown else None,
                **_told(one),
                "taken_back_at": _iso(one.undone_at),
            }
            for one in given
        ],
        "received": [
            {"from": one.giver.handle if one.giver_id in shown else None, **_told(one)}
            for one in got.order_by("given_at", "pk")
        ],
        "last_day_of_giving": purse
        and {"day": purse.day.isoformat(), "allowance": purse.allowance, "given": purse.given},
    }


def _named(others: Any) -> Any:
    """Those of `others` whom members may see; who has come of age since is judged by today's year."""
    people = Person.objects.joined().staying().old_enough(timezone.now().date())
    return people.exclude(visibility=Person.Visibility.HIDDEN).filter(pk__in=others)


def _told(one: Endorsement) -> dict[str, Any]:
    return {
        "topic": one.topic.slug,
        "given_at": one.given_at.isoformat(),
        "for_an_answer": one.answer_id is not None,
        "counts_as": one.weight,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def erase_person(person: Person, at: datetime) -> dict[str, int]:
    """Delete what the person gave and got, and news of others that name the person as a giver.

    The log's rows go with the accounts. People are locked by accounts.privacy: nothing is added meanwhile.
    """
    _forget_news(person)
    _count_down(person)
    both = Endorsement.objects.filter(Q(giver=person) | Q(receiver=person))
    return {"+K given and received": both.delete()[0], "days of +K": Purse.objects.filter(person=person).delete()[0]}


def _forget_news(person: Person) -> None:
    told = Endorsement.objects.filter(giver=person, told_at__isnull=False).values("receiver")
    news = Notification.objects.filter(kind__in=[ONE, SEVERAL], person__in=told)
    news.filter(Q(text__contains=person.display_name) | Q(subject__contains=person.display_name)).delete()


def _count_down(person: Person) -> None:
    """Take what the person gave for others' answers off their number."""
    given = Endorsement.objects.filter(giver=person, undone_at=None, answer__isnull=False)
    numbers: Iterable[tuple[int, int]] = given.values_list("answer").annotate(number=Count("pk")).order_by("answer")
    found = list(numbers)
    if found:
        with connection.cursor() as cursor:
            # In order, since others may be erased at the same time who gave for the same answers.
            cursor.execute(
                "SELECT FROM scoring_answer WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                [[answer for answer, _number in found]],
            )
            cursor.execute(
                """
                UPDATE scoring_answer AS answer SET plus_k = greatest(answer.plus_k - less.number, 0)
                FROM unnest(%s::bigint[], %s::int[]) AS less (id, number) WHERE answer.id = less.id
                """,
                [[answer for answer, _number in found], [number for _answer, number in found]],
            )


def count_person(person: Person) -> dict[str, int]:
    """What erasing `person` would remove here."""
    return {_("+K given and received"): Endorsement.objects.filter(Q(giver=person) | Q(receiver=person)).count()}
