"""What speaks for somebody's having a topic, gathered set-wise: distinct words are matched once, then joined.

A table of lines, one for each person, topic, source, network and words; no line of it is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS
from scoring import columns
from scoring.features.base import ONE
from scoring.topics import expertise, matching
from scoring.topics.vocabulary import Vocabulary

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]

# Own posts of so many days.
DAYS = 180
# A hashtag says something of its author with so many posts on so many days; or with fewer that moved many.
POSTS, ON_DAYS = 3, 2
MOVED_POSTS, MOVED_PEOPLE = 2, 20
CODES = {slug: network.spec.code for slug, network in NETWORKS.items()}
ATTACHED = dict.fromkeys(("person", "network", "place", "actor", "origin", "source", "day"), "int4")
ATTACHED |= {"person": "int8", "actor": "int8"}


@dataclass(frozen=True, slots=True)
class Lines:
    """Columns of one length. source: a place in expertise.SOURCES. network: its code. words: a place in a list of
    words. number, people, last_on (days since 1970): as in TopicEvidence. through: a topic, or -1.
    sure: as in matching.Match.
    """

    person: Int64
    topic: Int64
    source: Int64
    network: Int64
    words: Int64
    number: Int64
    people: Int64
    last_on: Int64
    strength: Float64
    through: Int64
    sure: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.person)

    def take(self, chosen: NDArray[Any]) -> Lines:
        return Lines(**{column.name: getattr(self, column.name)[chosen] for column in fields(self)})


def together(parts: Sequence[Lines]) -> Lines:
    return Lines(
        **{column.name: np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Lines)}
    )


def nothing() -> Lines:
    none, zeros = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Lines(none, none, none, none, none, none, none, none, zeros, none, np.zeros(0, dtype=bool))


class Spoken:
    """Words that lines name by their place, and what each of them matches."""

    def __init__(self, known: Vocabulary) -> None:
        self.known = known
        self.words: list[str] = []
        # place of the words, topic, sure; and the words that match anything, for joining.
        self.pairs: list[tuple[int, int, bool]] = []
        self.matched: list[tuple[str, str, int]] = []

    def place(self, words: str) -> int:
        self.words.append(words)
        return len(self.words) - 1

    def match(self, source: str, words: str) -> None:
        """Look up what `words` match as a `source`; what matches nothing is forgotten."""
        found = matching.candidates(words, source, vocabulary=self.known)
        if found:
            place = self.place(words)
            self.matched.append((source, words, place))
            self.pairs += [(place, match.topic, match.sure) for match in found]

    def expand(self, place: Int64) -> tuple[Int64, Int64, NDArray[np.bool_]]:
        """For rows by the place of their words: row, topic and sure of each pair."""
        pairs = np.array(sorted(self.pairs), dtype=np.int64).reshape(-1, 3)
        first = np.searchsorted(pairs[:, 0], place, side="left")
        size = np.searchsorted(pairs[:, 0], place, side="right") - first
        row = np.repeat(np.arange(len(place)), size)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        pair = first[row] + offset
        return row, pairs[pair, 1], pairs[pair, 2] == 1


@dataclass(frozen=True, slots=True)
class Reactions:
    """Who reacted to which posts, as far as it counts: target, post and who (an account, or minus a person)."""

    target: Int64
    post: Int64
    who: Int64

    @classmethod
    def of(cls, rows: Columns, owners: Columns, guards: Columns | None) -> Reactions:
        """Of rows of the log; one's own reactions, and those that a guard lets count less, are left out."""
        target, post, actor = (np.asarray(rows[name], dtype=np.int64) for name in ("target", "post", "actor"))
        counts = post != 0
        if guards is not None and len(guards["target"]):
            less = np.asarray(guards["weight"]) < ONE
            bad = _pair(np.asarray(guards["target"])[less], np.asarray(guards["actor"])[less])
            counts &= ~np.isin(_pair(target, actor), bad)
        target, post, actor = target[counts], post[counts], actor[counts]
        of_actor, of_target = _owner(actor, owners), _owner(target, owners)
        others = (of_actor == 0) | (of_actor != of_target)
        who = np.where(of_actor == 0, actor, -of_actor)
        return cls(target[others], post[others], who[others])


def owners_now() -> Columns:
    """account and person of each linked account, sorted by account."""
    found = columns.read(
        connection,
        "SELECT account_id AS account, person_id AS person FROM accounts_linkedaccount ORDER BY account_id",
        [],
        {"account": "int8", "person": "int8"},
    )
    return dict(found)


def _owner(accounts: Int64, owners: Columns) -> Int64:
    """The person of each account; 0 where it is nobody's."""
    account = np.asarray(owners["account"], dtype=np.int64)
    if not len(account):
        return np.zeros(len(accounts), dtype=np.int64)
    place = np.minimum(np.searchsorted(account, accounts), len(account) - 1)
    return np.where(account[place] == accounts, np.asarray(owners["person"], dtype=np.int64)[place], 0)


def _pair(one: Int64, other: Int64) -> NDArray[np.uint64]:
    """A number for each pair, of 64 bits: two pairs with one number are not to be met with."""
    with np.errstate(over="ignore"):
        mixed = one.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        return mixed * np.uint64(0xBF58476D1CE4E5B9) + other.astype(np.uint64) * np.uint64(0x94D049BB133111EB)


# ---------------------------------------------------------------- hashtags
def hashtags(*, as_of: date, reactions: Reactions, spoken: Spoken, persons: Sequence[int] | None) -> Lines:
    """Lines of hashtags of own posts before `as_of`."""
    bounds: dict[str, Any] = {"since": as_of - timedelta(days=DAYS), "until": as_of, "persons": list(persons or ())}
    mine = "AND link.person_id = ANY(%(persons)s)" if persons is not None else ""
    posts = f"""
        FROM scoring_post AS post
        JOIN accounts_linkedaccount AS link ON link.account_id = post.account
        CROSS JOIN LATERAL unnest(post.tags) AS carried (tag)
        {{}}
        WHERE post.posted_at >= %(since)s::date AT TIME ZONE 'UTC'
          AND post.posted_at < %(until)s::date AT TIME ZONE 'UTC'
          AND (post.tags <> '{{{{}}}}' OR post.links <> '{{{{}}}}') {mine}
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT carried.tag {posts.format('')}", bounds)
        for (tag,) in cursor.fetchall():
            spoken.match(expertise.HASHTAG, tag)
    begun = len(spoken.matched)
    if not begun:
        return nothing()
    _bring("evidence_words", spoken.matched)
    found = columns.read(
        connection,
        f"""
        SELECT link.person_id AS person, post.account, post.post, word.place,
               (post.posted_at AT TIME ZONE 'UTC')::date - date '1970-01-01' AS day,
               {network_code("account.network")} AS network
        {
            posts.format('''JOIN pg_temp.evidence_words AS word ON word.source = 'hashtag' AND word.words = carried.tag
                         JOIN accounts_account AS account ON account.id = post.account''')
        }
        """,
        bounds,
        {"person": "int8", "account": "int8", "post": "int8", "place": "int4", "day": "int4", "network": "int4"},
    )
    rows = {name: np.asarray(values, dtype=np.int64) for name, values in found.items()}
    if not len(rows["person"]):
        return nothing()
    group, first, size = grouped(rows["person"], rows["network"], rows["place"])
    days = _distinct(group, rows["day"], size)
    people = _reactors(rows, group, size, reactions)
    number = np.bincount(group, minlength=size)
    last = np.full(size, -1, dtype=np.int64)
    np.maximum.at(last, group, rows["day"])
    enough = ((number >= POSTS) & (days >= ON_DAYS)) | ((number >= MOVED_POSTS) & (people >= MOVED_PEOPLE))
    row, topic, sure = spoken.expand(rows["place"][first])
    kept = enough[row]
    row, topic, sure = row[kept], topic[kept], sure[kept]
    return Lines(
        person=rows["person"][first][row],
        topic=topic,
        source=np.full(len(row), expertise.SOURCES.index(expertise.HASHTAG), dtype=np.int64),
        network=rows["network"][first][row],
        words=rows["place"][first][row],
        number=number[row],
        people=people[row],
        last_on=last[row],
        strength=expertise.of_hashtags(number[row], people[row]),
        through=np.full(len(row), -1, dtype=np.int64),
        sure=sure,
    )


def _reactors(rows: Columns, group: Int64, size: int, reactions: Reactions) -> Int64:
    """By group, how many different people reacted to its posts."""
    post, first = np.unique(rows["post"], return_index=True)
    if not len(reactions.post) or not len(post):
        return np.zeros(size, dtype=np.int64)
    place = np.minimum(np.searchsorted(post, reactions.post), len(post) - 1)
    met = (post[place] == reactions.post) & (rows["account"][first][place] == reactions.target)
    reacted, who = place[met], reactions.who[met]
    # Every post carries one or more tags: its reactions count for each.
    order = np.argsort(rows["post"], kind="stable")
    sorted_post = rows["post"][order]
    begin = np.searchsorted(sorted_post, post[reacted], side="left")
    number = np.searchsorted(sorted_post, post[reacted], side="right") - begin
    reaction = np.repeat(np.arange(len(reacted)), number)
    offset = np.arange(len(reaction)) - np.repeat(np.cumsum(number) - number, number)
    return _distinct(group[order[begin[reaction] + offset]], who[reaction], size)


# ---------------------------------------------------------------- what others say
def attached(*, as_of: date, spoken: Spoken, owners: Columns, persons: Sequence[int] | None) -> Lines:
    """Lines of lists, skills and recommendations; without any strength what somebody says of themselves."""
    given: dict[str, Any] = {"until": as_of, "persons": list(persons or ())}
    said = f"""
        FROM scoring_attachedwords AS said
        JOIN accounts_linkedaccount AS link ON link.account_id = said.account
        {{}}
        WHERE said.observed_at < %(until)s::date AT TIME ZONE 'UTC' + interval '1 day'
        {"AND link.person_id = ANY(%(persons)s)" if persons is not None else ""}
    """
    before = len(spoken.matched)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT said.source, said.words {said.format('')}", given)
        for source, words in cursor.fetchall():
            spoken.match(source, words)
    if len(spoken.matched) == before:
        return nothing()
    _bring("evidence_words", spoken.matched[before:])
    found = columns.read(
        connection,
        f"""
        SELECT link.person_id AS person, said.network::int AS network, word.place, said.actor,
               said.origin::int AS origin,
               array_position(ARRAY{list(expertise.SOURCES)!r}, said.source::text) - 1 AS source,
               (said.observed_at AT TIME ZONE 'UTC')::date - date '1970-01-01' AS day
        {said.format("JOIN pg_temp.evidence_words AS word ON (word.source, word.words) = (said.source, said.words)")}
        """,
        given,
        ATTACHED,
    )
    rows = {name: np.asarray(values, dtype=np.int64) for name, values in found.items()}
    own = (rows["actor"] != 0) & (_owner(rows["actor"], owners) == rows["person"])
    parts = [_of_others({name: values[~own] for name, values in rows.items()}, spoken)]
    # What somebody says of themselves brings nothing; but it tells which of several meanings is meant.
    parts.append(_witnesses({name: values[own] for name, values in rows.items()}, spoken))
    return together(parts)


def _of_others(rows: Columns, spoken: Spoken) -> Lines:
    if not len(rows["person"]):
        return nothing()
    group, first, size = grouped(rows["person"], rows["network"], rows["place"], rows["source"])
    number = np.bincount(group, minlength=size)
    # Those whom the network does not name are one each: every one of them is a row.
    who = np.where(rows["actor"] == 0, -np.arange(1, len(rows["actor"]) + 1), rows["actor"])
    people = _distinct(group, who, size)
    worth = np.where(rows["origin"] == ORIGINS["archive"], expertise.SUPPLIED, 1.0)
    weighed = np.bincount(group, weights=worth, minlength=size)
    last = np.full(size, -1, dtype=np.int64)
    np.maximum.at(last, group, rows["day"])
    source = rows["source"][first]
    by_source = {
        expertise.LIST: expertise.of_lists,
        expertise.SKILL: expertise.of_skills,
        expertise.RECOMMENDATION: expertise.of_recommendations,
    }
    strength = np.zeros(size)
    for name, formula in by_source.items():
        chosen = source == expertise.SOURCES.index(name)
        strength[chosen] = formula(weighed[chosen])
    row, topic, sure = spoken.expand(rows["place"][first])
    return Lines(
        person=rows["person"][first][row],
        topic=topic,
        source=source[row],
        network=rows["network"][first][row],
        words=rows["place"][first][row],
        number=number[row],
        people=people[row],
        last_on=last[row],
        strength=strength[row],
        through=np.full(len(row), -1, dtype=np.int64),
        sure=sure,
    )


def _witnesses(rows: Columns, spoken: Spoken) -> Lines:
    row, topic, sure = spoken.expand(rows["place"])
    row, topic = row[sure], topic[sure]
    zeros = np.zeros(len(row), dtype=np.int64)
    return Lines(
        person=rows["person"][row],
        topic=topic,
        source=rows["source"][row],
        network=rows["network"][row],
        words=rows["place"][row],
        number=zeros,
        people=zeros,
        last_on=rows["day"][row],
        strength=np.zeros(len(row)),
        through=zeros - 1,
        sure=np.ones(len(row), dtype=bool),
    )


# ---------------------------------------------------------------- tables
def network_code(column: str) -> str:
    """SQL for the code of the network whose slug `column` has."""
    cases = " ".join(f"WHEN '{slug}' THEN {code}" for slug, code in CODES.items())
    return f"CASE {column} {cases} ELSE 0 END"


def _bring(table: str, matched: Sequence[tuple[str, str, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        cursor.execute(f"CREATE TEMP TABLE {table} (source text, words text, place int)")
        source, words, place = (list(column) for column in zip(*matched, strict=True))
        columns.write(
            connection,
            table,
            {
                "source": np.array(source, dtype=object),
                "words": np.array(words, dtype=object),
                "place": np.array(place, dtype=np.int32),
            },
            {"source": np.dtype(str), "words": np.dtype(str)},
        )
        cursor.execute(f"ANALYZE {table}")


def grouped(*by: Int64) -> tuple[Int64, Int64, int]:
    """The group of each row by its columns `by`, a row of each group, and how many groups there are."""
    order = np.lexsort(by[::-1])
    changed = np.zeros(len(order), dtype=bool)
    changed[:1] = True
    for column in by:
        changed[1:] |= column[order][1:] != column[order][:-1]
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(changed) - 1
    return group, order[changed], int(changed.sum())


def _distinct(group: Int64, value: Int64, size: int) -> Int64:
    """By group, how many different values there are."""
    if not len(group):
        return np.zeros(size, dtype=np.int64)
    _, first, _ = grouped(group, value)
    return np.bincount(group[first], minlength=size)
