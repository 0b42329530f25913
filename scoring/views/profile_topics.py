"""The topics on a profile: why each is there, what +K was given in it and by whom, and a button to give some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import Person
from accounts.models.people import MINIMUM_AGE
from accounts.visibility import Viewer
from scoring.models import Topic, TopicEvidence
from scoring.plus_k import received, states
from scoring.topics import reasons
from scoring.topics.tree import name_in
from scoring.views.people import Shown

# So many are shown at once, and so many reasons of each.
AT_ONCE, REASONS = 6, 2

# Parts of the one query of a profile, by the names under which `abouts` finds them.
SQL = f"""
    'topics', (
        SELECT coalesce(json_agg(json_build_object(
            'id', topic.id, 'slug', topic.slug, 'name', topic.name, 'names', topic.names, 'chosen', mine.chosen
        ) ORDER BY mine.expertise DESC, mine.plus_k DESC, topic.name), '[]')
        FROM scoring_persontopic AS mine JOIN scoring_topic AS topic ON topic.id = mine.topic_id
        WHERE mine.person_id = %(person)s AND NOT mine.hidden
    ),
    'evidence', (
        SELECT coalesce(json_agg(json_build_object(
            'person_id', line.person_id, 'topic_id', line.topic_id, 'source', line.source, 'network', line.network,
            'words', line.words, 'number', line.number, 'people', line.people, 'last_on', line.last_on,
            'strength', line.strength, 'through_id', line.through_id,
            'through', CASE WHEN through.id IS NOT NULL
                THEN json_build_object('id', through.id, 'name', through.name, 'names', through.names) END
        ) ORDER BY line.strength DESC, line.id), '[]')
        FROM scoring_topicevidence AS line LEFT JOIN scoring_topic AS through ON through.id = line.through_id
        WHERE line.person_id = %(person)s
    ),
    'plus_k', (
        SELECT coalesce(json_object_agg(topic_id, number), '{{}}') FROM (
            SELECT topic_id, count(*) AS number FROM scoring_endorsement
            WHERE receiver_id = %(person)s AND undone_at IS NULL AND given_at > %(since)s GROUP BY topic_id
        ) AS counted
    ),
    'givers', (
        SELECT coalesce(json_agg(json_build_object(
            'topic', newest.topic_id, 'id', giver.id, 'handle', giver.handle, 'name', giver.name,
            'avatar', giver.avatar
        ) ORDER BY newest.given_at DESC, newest.id DESC), '[]')
        FROM (
            SELECT id, topic_id, giver_id, given_at FROM scoring_endorsement
            WHERE receiver_id = %(person)s AND undone_at IS NULL AND given_at > %(since)s
            ORDER BY given_at DESC, id DESC LIMIT {received.LOOKED_AT}
        ) AS newest JOIN accounts_person AS giver ON giver.id = newest.giver_id
        -- As PersonQuerySet.visible_to has it, of others than oneself.
        WHERE giver.visibility = ANY(%(seen)s)
          AND (giver.kind = 'organisation' OR giver.birth_year IS NULL OR giver.birth_year < %(born)s)
          AND EXISTS (SELECT FROM accounts_membership AS member WHERE member.person_id = giver.id)
          AND NOT EXISTS (SELECT FROM accounts_erasure AS leaving WHERE leaving.person_id = giver.id)
    ),
    'mine', ({states.MINE})
"""  # noqa: S608 (our own statements)


@dataclass(frozen=True, slots=True)
class About:
    """A topic of the person's: why it is there (sentences), the +K of 90 days and some who gave them; the button."""

    topic: Topic
    name: str
    why: Sequence[reasons.Why]
    plus_k: int
    givers: Sequence[Person]
    state: states.State

    @property
    def slug(self) -> str:
        return self.topic.slug


def asked(person: Person, reader: Person | None, viewer: Viewer, at: datetime) -> dict[str, Any]:
    """What SQL is asked with. reader: for whom the buttons give, None where there are none."""
    members = [Person.Visibility.MEMBERS] if viewer >= Viewer.MEMBER else []
    return {
        **states.asked(reader, [person.pk], at),
        "person": person.pk,
        "since": at - received.WINDOW,
        "seen": [str(visibility) for visibility in (Person.Visibility.PUBLIC, *members)],
        "born": at.year - MINIMUM_AGE,
    }


def abouts(found: Mapping[str, Any], shown: Shown, reader: Person | None, at: datetime) -> list[About]:
    """The topics as the query tells them, most expert first; +K where the reader may see what was given."""
    person, plus_k = shown.person, shown.sees("plus_k")
    topics = [Topic(pk=one["id"], slug=one["slug"], name=one["name"], names=one["names"]) for one in found["topics"]]
    lines = [evidence(one) for one in found["evidence"]]
    chosen = [(person.pk, one["id"]) for one in found["topics"] if one["chosen"]]
    why = reasons.told({person.pk: person}, lines, chosen, most=REASONS, viewer=shown.viewer)
    pairs = [(person.pk, topic.pk) for topic in topics]
    buttons = dict.fromkeys(pairs, states.NONE) if shown.speaks else states.told(reader, pairs, found["mine"], at)
    givers = named(found["givers"]) if plus_k else {}
    numbers = found["plus_k"] if plus_k else {}
    return [
        About(
            topic=topic,
            name=name_in(topic),
            why=why.get((person.pk, topic.pk), []),
            plus_k=numbers.get(str(topic.pk), 0),
            givers=givers.get(topic.pk, []),
            state=buttons[person.pk, topic.pk],
        )
        for topic in topics
    ]


def evidence(one: Mapping[str, Any]) -> TopicEvidence:
    line = dict(one)
    through = line.pop("through")
    line["last_on"] = line["last_on"] and date.fromisoformat(line["last_on"])
    made = TopicEvidence(**line)
    if through:
        made.through = Topic(pk=through["id"], name=through["name"], names=through["names"])
    return made


def named(given: Iterable[Mapping[str, Any]]) -> dict[int, list[Person]]:
    """Topic's number -> those who gave in it, each once, the newest first."""
    found: dict[int, list[Person]] = {}
    for one in given:
        people = found.setdefault(one["topic"], [])
        if len(people) < received.NAMED and all(one["id"] != other.pk for other in people):
            people.append(Person(pk=one["id"], handle=one["handle"], name=one["name"], avatar=one["avatar"]))
    return found
