"""Who stands on a topic's page: by expertise, by +K, and lately; read by index, whoever may not be seen left out.

`people` is always whom the reader may see there (`people_for`): rows are read a little further than a list is long, and
then looked up among these, so that it takes as long for a million as for a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, F, FilteredRelation, Q, Value, When

from accounts.handles import FORM
from accounts.models import Person, PersonQuerySet
from accounts.visibility import Viewer, showing
from scoring.models import PersonTopic, Topic

# Lines of a page by expertise, and of the other lists; so many rows are read for them at first, and at most.
PAGE, FEW = 20, 6
READ_AT_FIRST, READ = 60, 5_000
LATELY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Line:
    """A person in a list; plus_k is what the +K of 90 days come to, at when they came, where the list says it."""

    person: Person
    expertise: float = 0.0
    plus_k: float = 0.0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mine:
    """What the reader's person has to do with the topic; place None: none (yet)."""

    chosen: bool
    hidden: bool
    expertise: float
    plus_k: float
    place: int | None


@dataclass(slots=True)
class Lists:
    """The lists of a page. after: the handle after which the next page by expertise begins, "" where none does."""

    by_expertise: Sequence[Line] = ()
    after: str = ""
    by_plus_k: Sequence[Line] = ()
    given: Sequence[Line] = ()
    new: Sequence[Line] = ()
    # Whether the reader's person said that it is not theirs.
    disputed: bool = False


def people_for(user: Any, at: date) -> PersonQuerySet:
    """Whom `user` may see on a topic's page: who shows topics, and has not left lists that are by rank.

    tells_plus_k: whether `user` may see the +K that they were given, too.
    """
    viewer = Viewer.MEMBER if user.is_authenticated else Viewer.ANYBODY
    people = Person.objects.visible_to(user, at).filter(showing("topics", viewer), showing("leaderboards", viewer))
    told = Case(When(showing("plus_k", viewer), then=Value(True)), default=Value(False), output_field=BooleanField())
    return people.select_related("score").annotate(tells_plus_k=told)


# One query for all lists. Who hides the topic, or has it no more, is in none of them.
ROWS = """
(SELECT 'expertise' AS list, person_id, expertise AS value, NULL::timestamptz AS at FROM scoring_persontopic
 WHERE topic_id = %(topic)s AND expertise > 0 AND NOT hidden
   AND (%(last)s IS NULL OR expertise < %(last)s OR (expertise = %(last)s AND person_id > %(after)s))
 ORDER BY expertise DESC, person_id LIMIT %(number)s)
UNION ALL
(SELECT 'plus_k', person_id, plus_k, NULL FROM scoring_persontopic
 WHERE topic_id = %(topic)s AND plus_k > 0 AND NOT hidden AND %(first)s
 ORDER BY plus_k DESC, person_id LIMIT %(few)s)
UNION ALL
(SELECT 'given', endorsement.receiver_id, 0, endorsement.given_at FROM scoring_endorsement AS endorsement
 JOIN scoring_persontopic AS theirs
   ON theirs.person_id = endorsement.receiver_id AND theirs.topic_id = endorsement.topic_id AND NOT theirs.hidden
 WHERE endorsement.topic_id = %(topic)s AND endorsement.undone_at IS NULL AND %(first)s
   AND endorsement.given_at > %(since)s
 ORDER BY endorsement.given_at DESC LIMIT %(few)s)
UNION ALL
(SELECT 'new', person_id, 0, added_at FROM scoring_persontopic
 WHERE topic_id = %(topic)s AND chosen AND NOT hidden AND %(first)s AND added_at > %(since)s
 ORDER BY added_at DESC LIMIT %(few)s)
UNION ALL
(SELECT 'dispute', person_id, 0, created_at FROM scoring_topicdispute
 WHERE topic_id = %(topic)s AND person_id = %(me)s)
"""


def lists(topic: Topic, people: PersonQuerySet, *, me: Person | None, at: datetime, after: str = "") -> Lists:
    """All lists of the page of `topic`; with `after`, a handle, the next page by expertise alone. Three queries
    as long as few people keep themselves to themselves, two without `after`."""
    last = place_of(topic, people, after)
    found = Lists()
    given = {
        "topic": topic.pk,
        "me": me.pk if me else 0,
        "since": at - LATELY,
        "few": READ_AT_FIRST,
        "first": last is None,
    }
    seen: dict[int, Person] = {}
    lines: list[Line] = []
    number, read, first = READ_AT_FIRST, 0, True
    while first or (len(lines) <= PAGE and read < READ):
        key = {"last": last[0] if last else None, "after": last[1] if last else 0, "number": number}
        rows = rows_of(given | key)
        seen |= people.in_bulk({person for some in rows.values() for person, _value, _at in some} - seen.keys())
        some = rows.get("expertise", [])
        lines += [Line(seen[person], expertise=value) for person, value, _at in some if person in seen]
        if first:
            found.disputed = bool(rows.get("dispute"))
            told = {pk: one for pk, one in seen.items() if getattr(one, "tells_plus_k", False)}
            found.by_plus_k = [
                Line(told[one], plus_k=value) for one, value, _at in rows.get("plus_k", ()) if one in told
            ]
            found.given = newest(rows.get("given", ()), told)
            found.new = newest(rows.get("new", ()), seen)
        first = False
        read += number
        if len(some) < number:
            break
        last = some[-1][1], some[-1][0]
        given["first"] = False
        number = read
    found.by_expertise = lines[:PAGE]
    found.after = lines[PAGE - 1].person.handle.lower() if len(lines) > PAGE else ""
    found.by_plus_k = found.by_plus_k[:FEW]
    return found


def rows_of(given: dict[str, Any]) -> dict[str, list[tuple[int, float, Any]]]:
    """list -> its (person, value, moment), in order."""
    rows: dict[str, list[tuple[int, float, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ROWS, given)
        for name, person, value, moment in cursor.fetchall():
            rows.setdefault(name, []).append((person, value, moment))
    return rows


def newest(rows: Iterable[tuple[int, float, Any]], seen: dict[int, Person]) -> list[Line]:
    """The first FEW people of `rows`, each once."""
    found: dict[int, Line] = {}
    for person, _value, moment in rows:
        if person in seen and person not in found:
            found[person] = Line(seen[person], at=moment)
    return list(found.values())[:FEW]


def place_of(topic: Topic, people: PersonQuerySet, handle: str) -> tuple[float, int] | None:
    """(expertise, number) of the person with this handle, where the reader sees them in the topic; None else.

    A page that begins after somebody who may not be seen is the first page: it tells nothing of them.
    """
    if not FORM.fullmatch(handle):
        return None
    theirs = PersonTopic.objects.filter(topic=topic, expertise__gt=0, hidden=False)
    found = theirs.filter(person__in=people.by_handle(handle).values("pk")).values_list("expertise", "person").first()
    return found


def topic_called(slug: str, me: Person | None) -> tuple[Topic, Mine | None]:
    """The topic, and what `me` has to do with it; one query. Raises Topic.DoesNotExist."""
    mine = FilteredRelation("person_topics", condition=Q(person_topics__person=me.pk if me else 0))
    columns = {f"my_{name}": F(f"mine__{name}") for name in ("chosen", "hidden", "expertise", "plus_k", "place")}
    found: Any = Topic.objects.annotate(mine=mine).annotate(**columns).get(slug=slug)
    if found.my_chosen is None:
        return found, None
    return found, Mine(found.my_chosen, found.my_hidden, found.my_expertise, found.my_plus_k, found.my_place)


def by_expertise(topic: Topic, user: Any, at: datetime) -> Sequence[Line]:
    """The people with most expertise in `topic` whom `user` may see, at most PAGE."""
    return lists(topic, people_for(user, at.date()), me=None, at=at).by_expertise


def by_plus_k(topic: Topic, user: Any, at: datetime) -> Sequence[Line]:
    """Who got most +K in `topic` in 90 days, as far as `user` may see them, at most FEW."""
    return lists(topic, people_for(user, at.date()), me=None, at=at).by_plus_k


def recent(topic: Topic, user: Any, at: datetime) -> tuple[Sequence[Line], Sequence[Line]]:
    """Who got +K in `topic` lately, and who chose it, the newest first, as far as `user` may see them."""
    found = lists(topic, people_for(user, at.date()), me=None, at=at)
    return found.given, found.new


def has_anybody(topic: Topic) -> bool:
    """Whether anybody has the topic openly: what search engines are told of."""
    return PersonTopic.objects.filter(Q(chosen=True) | Q(expertise__gt=0), topic=topic, hidden=False).exists()
