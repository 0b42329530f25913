"""Who was given +K is told, at most once a day and of all at once; never of what was taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from accounts import notify
from accounts.matters import DIGEST
from accounts.models import Person
from scoring.models import Endorsement, Topic
from scoring.topics.tree import name_in

MATTER = "plus_k"
ONE, SEVERAL = "plus_k_received", "plus_k_received_more"
APART = timedelta(days=1)
# People told in one transaction, and +K that a message names.
BATCH = 100
NAMED = 5


def register() -> None:
    """Make the matter and its kinds of messages known (AppConfig.ready)."""
    notify.register_matter(
        MATTER,
        notify.Matter(
            _("+K"),
            _("Somebody says that you know about one of your topics. You are told once a day at most."),
            mail=DIGEST,
            glimpse=_("Somebody gave you +K."),
        ),
    )
    one = notify.Kind(_("%(who)s gave you +K in %(topic)s"), frozenset({"who", "topic", "url"}), MATTER)
    notify.register(ONE, one)
    more = notify.Kind(_("You were given +K %(number)s times"), frozenset({"number", "given", "others", "url"}), MATTER)
    notify.register(SEVERAL, more)


_DUE = """
    SELECT DISTINCT receiver_id FROM scoring_endorsement AS new
    WHERE told_at IS NULL AND settled_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM scoring_endorsement AS told
        WHERE told.receiver_id = new.receiver_id AND told.settled_at IS NOT NULL AND told.told_at > %s
    )
    ORDER BY receiver_id
"""


def tell(*, at: datetime) -> int:
    """Tell everybody who was given +K since they were last told, unless that was within a day before `at`; how many.

    What was told is noted in the transaction that tells it: nobody is told twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [at - APART])
        people = [person for (person,) in cursor.fetchall()]
    return sum(_tell(people[start : start + BATCH], at) for start in range(0, len(people), BATCH))


def _tell(people: Sequence[int], at: datetime) -> int:
    with transaction.atomic():
        # Another process that tells at the same time leaves these to this one.
        rows = Endorsement.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            receiver__in=people, told_at=None, settled_at__isnull=False
        )
        found: dict[int, list[Endorsement]] = defaultdict(list)
        for row in rows.select_related("topic", "giver").order_by("-given_at", "-pk"):
            found[row.receiver_id].append(row)
        Endorsement.objects.filter(pk__in=[row.pk for given in found.values() for row in given]).update(told_at=at)
        known = Person.objects.joined().staying().in_bulk(list(found))
        givers = {row.giver_id for given in found.values() for row in given}
        shown = Person.objects.joined().staying().old_enough(at.date()).exclude(visibility=Person.Visibility.HIDDEN)
        named = set(shown.filter(pk__in=givers).values_list("pk", flat=True))
        for number, person in known.items():
            _tell_one(person, found[number], named)
    return len(known)


def _tell_one(person: Person, given: Sequence[Endorsement], named: set[int]) -> None:
    told = [(_name(row.giver, row.giver_id in named), _topic_name(row.topic)) for row in given]
    url = reverse("give_plus_k", args=[person.handle.lower()])
    if len(told) == 1:
        [(who, topic)] = told
        context: dict[str, Any] = {"who": who, "topic": topic, "url": url}
        notify.notify(person=person, kind=ONE, context=context)
    else:
        context = {"number": len(told), "given": told[:NAMED], "others": len(told[NAMED:]), "url": url}
        notify.notify(person=person, kind=SEVERAL, context=context)


def _name(giver: Person, shown: bool) -> str | Promise:
    return giver.display_name if shown else _("Somebody")


def _in_readers_language(topic: Topic) -> str:
    return name_in(topic)


_topic_name = lazy(_in_readers_language, str)
