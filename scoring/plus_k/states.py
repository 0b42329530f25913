"""What a +K button says, for each person and topic that a page shows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection

from accounts.models import Person
from scoring.models import Topic
from scoring.plus_k import purse
from scoring.plus_k.giving import UNDO

# What a message after giving carries on to the button that takes it back (templatetags.plus_k).
UNDO_TAG = "plus-k-"
# (number of the person, number of the topic)
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class State:
    """What a button is for.

    kind: "give"; "given", which can be undone until `until`; "wait", until then there is no other one; "none_left",
    until then; "silenced", until then; "log_in"; or "" where there is no button (oneself, one's own team, no age).
    endorsement: the number of what was given. left: how many there are today. giver: for whom the button gives.
    """

    kind: str
    until: datetime | None = None
    endorsement: int | None = None
    left: int = 0
    giver: Person | None = None


NONE = State("")
LOG_IN = State("log_in")

# All that buttons need to know of the giver, as one value: for pages that put it into a query of their own.
MINE = f"""
    SELECT json_build_object(
        'given', (
            SELECT coalesce(json_agg(json_build_array(id, receiver_id, topic_id, given_at, until, settled_at)), '[]')
            FROM scoring_endorsement
            WHERE giver_id = %(giver)s AND given_at > %(at)s - interval '7 days' AND undone_at IS NULL
              AND until > %(at)s
        ),
        'team', (
            SELECT coalesce(json_agg(DISTINCT theirs.person_id), '[]')
            FROM accounts_membership AS mine JOIN accounts_membership AS theirs USING (user_id)
            WHERE mine.person_id = %(giver)s AND theirs.person_id = ANY(%(people)s)
        ),
        'silenced', (SELECT until FROM scoring_silenced WHERE person_id = %(giver)s AND until > %(at)s),
        'purse', (SELECT row_to_json(purse) FROM ({purse.FACTS}) AS purse)
    )
"""  # noqa: S608 (our own statement)


def states(giver: Person | None, pairs: Collection[Pair], at: datetime) -> dict[Pair, State]:
    """The state of the button of each pair, as `giver` would give; one query, however many pairs.

    giver: None for who is not logged in. Whether a pair is a topic that the person shows is for the caller to know.
    """
    if giver is None or not pairs:
        return told(None, pairs, None, at)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({MINE})::text", asked(giver, {person for person, _topic in pairs}, at))
        return told(giver, pairs, json.loads(cursor.fetchone()[0]), at)


def asked(giver: Person | None, people: Iterable[int], at: datetime) -> dict[str, Any]:
    """What MINE is asked with."""
    return {**purse.asked(giver, at), "people": sorted(people), "at": at}


def told(
    giver: Person | None, pairs: Collection[Pair], mine: Mapping[str, Any] | None, at: datetime
) -> dict[Pair, State]:
    """The states from what MINE said."""
    if giver is None or mine is None:
        return dict.fromkeys(pairs, LOG_IN)
    if not giver.old_enough(at.date()):
        return dict.fromkeys(pairs, NONE)
    found = dict(mine["purse"])
    found["day"] = found["day"] and date.fromisoformat(found["day"])
    today = purse.state_from(**found, at=at)
    given = {(person, topic): rest for *rest, person, topic in map(_turned, mine["given"])}
    team = {giver.pk, *mine["team"]}
    for_all = State("give", left=today.left, giver=giver)
    if mine["silenced"]:
        for_all = State("silenced", until=datetime.fromisoformat(mine["silenced"]), giver=giver)
    elif today.left <= 0:
        for_all = State("none_left", until=today.renews_at, giver=giver)
    return {pair: NONE if pair[0] in team else _state(for_all, given.get(pair), at) for pair in pairs}


def _turned(row: list[Any]) -> tuple[Any, ...]:
    number, receiver, topic, given_at, until, settled_at = row
    return number, given_at, until, settled_at, receiver, topic


def _state(for_all: State, given: list[Any] | None, at: datetime) -> State:
    if given is None:
        return for_all
    number, given_at, until, settled_at = given
    undo = datetime.fromisoformat(given_at) + UNDO
    if settled_at is None and undo > at:
        return replace(for_all, kind="given", until=undo, endorsement=number)
    return replace(for_all, kind="wait", until=datetime.fromisoformat(until), endorsement=number)


def of_topics(giver: Person | None, receiver: Person, topics: Iterable[Topic], at: datetime) -> Mapping[int, State]:
    """Topic's number -> the state of its button beside `receiver`."""
    found = states(giver, [(receiver.pk, topic.pk) for topic in topics], at)
    return {topic: state for (_person, topic), state in found.items()}
