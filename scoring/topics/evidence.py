"""Who has which topics, and why: a stage of the daily run, set-wise for everybody.

Lines are gathered (gathering), those of several meanings dropped that nothing else of their branch bears out, disputed
topics left out, topics above taken along (lifted), +K and answers added to what is there without them, and the tables
TopicEvidence and PersonTopic brought to that: what has not changed is not written again.
"""

# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from accounts.networks import BY_CODE
from scoring import columns, log
from scoring.attempts import again
from scoring.topics import current, expertise
from scoring.topics.gathering import (
    Columns,
    Int64,
    Lines,
    Reactions,
    Spoken,
    attached,
    grouped,
    hashtags,
    nothing,
    owners_now,
    together,
)
from scoring.topics.vocabulary import Vocabulary

# +K given in so many days.
PLUS_K_DAYS = 90
# Strengths are compared as they are stored.
DIGITS = 6
MOST = (1 << 31) - 1


def write(
    *,
    as_of: date,
    at: datetime,
    rows: Mapping[str, Any] | None = None,
    guards: Mapping[str, Any] | None = None,
    persons: Sequence[int] | None = None,
) -> int:
    """Bring the topics that evidence gives, and the lines that say why, to what is known before `as_of`, 0:00 UTC.

    rows: target, actor and post of what was done to members, where the caller has them; read from the log otherwise.
    guards: target, actor, weight of reactions that count less. persons: these alone, between two daily runs.
    Returns how many topics of people came, went or changed.
    """
    known = current.vocabulary(fresh=True)
    owners = owners_now()
    done = log.events(as_of, ("target", "actor", "post")) if rows is None else dict(rows)
    reactions = Reactions.of(done, owners, dict(guards) if guards is not None else None)
    spoken = Spoken(known)
    lines = together(
        [
            hashtags(as_of=as_of, reactions=reactions, spoken=spoken, persons=persons),
            attached(as_of=as_of, spoken=spoken, owners=owners, persons=persons),
        ]
    )
    chosen, disputed = _pairs(CHOSEN, persons), _pairs(DISPUTED, persons)
    lines = lines.take(~_among(lines.person, lines.topic, disputed))
    lines = borne_out(lines, chosen, known)
    lines = lines.take(lines.strength > 0)
    lines = together([lines, lifted(lines, disputed, known)])
    lines = strongest(lines)
    lines = together([lines, given_here(lines, as_of=as_of, chosen=chosen)])
    lines = replace(lines, strength=np.round(lines.strength, DIGITS))
    has, kept = topics_of(lines, chosen)
    return again(lambda: put(has, kept, spoken.words, at=at, persons=persons))


def borne_out(lines: Lines, chosen: Columns, known: Vocabulary) -> Lines:
    """The lines without those that are unsure and have nothing of their branch beside them, by other words.

    What somebody chose for themselves bears out too.
    """
    if lines.sure.all():
        return lines
    unsure = np.flatnonzero(~lines.sure)
    person = np.concatenate([lines.person[lines.sure], chosen["person"]])
    topic = np.concatenate([lines.topic[lines.sure], chosen["topic"]])
    words = np.concatenate([lines.words[lines.sure], np.full(len(chosen["person"]), -1, dtype=np.int64)])
    order = np.argsort(person, kind="stable")
    person, topic, words = person[order], topic[order], words[order]
    first = np.searchsorted(person, lines.person[unsure], side="left")
    number = np.searchsorted(person, lines.person[unsure], side="right") - first
    row = np.repeat(np.arange(len(unsure)), number)
    witness = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    other_words = words[witness] != lines.words[unsure][row]
    row, witness = row[other_words], witness[other_words]
    pairs, place = _by_pair(lines.topic[unsure][row], topic[witness])
    of_branch = np.array([known.related(one, other) for one, other in pairs.tolist()], dtype=bool)
    good = np.zeros(len(unsure), dtype=bool)
    good[row[of_branch[place]]] = True
    keep = lines.sure.copy()
    keep[unsure[good]] = True
    return lines.take(keep)


def lifted(lines: Lines, disputed: Columns, known: Vocabulary) -> Lines:
    """Lines for the topics above those of `lines`, weaker: one for each person, topic above and topic below it.

    A wide topic takes CHILDREN_FOR_WIDE of different topics right below it. What somebody disputed is not lifted to.
    """
    if not len(lines):
        return nothing()
    pair, group = _by_pair(lines.person, lines.topic)
    total = expertise.joined(group, lines.source, lines.strength, len(pair))
    # The strongest line of each says what is said of the topic above.
    order = np.lexsort((-lines.strength, group))
    best = order[np.unique(group[order], return_index=True)[1]]
    lifts = known.lifts
    by_topic = np.argsort(lifts["topic"], kind="stable")
    sorted_topic = lifts["topic"][by_topic]
    first = np.searchsorted(sorted_topic, lines.topic[best], side="left")
    number = np.searchsorted(sorted_topic, lines.topic[best], side="right") - first
    row = np.repeat(np.arange(len(best)), number)
    lift = by_topic[first[row] + np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)]
    above, level = lifts["above"][lift], lifts["level"][lift]
    person = lines.person[best][row]
    over, at_group = _by_pair(person, above)
    near = level == 1
    enough = np.bincount(at_group[near], minlength=len(over))[at_group] >= expertise.CHILDREN_FOR_WIDE
    kept = (lifts["wide"][lift] == 0) | (near & enough)
    kept &= ~_among(person, above, disputed)
    share = np.where(level == 1, expertise.LIFT[1], expertise.LIFT[2])
    found = replace(lines.take(best[row]), topic=above, through=lines.topic[best][row], strength=total[row] * share)
    return found.take(kept)


def strongest(lines: Lines) -> Lines:
    """One line for each person, topic, source, network and words: what names the topic itself before what is lifted."""
    order = np.lexsort((-lines.strength, lines.through >= 0))
    ordered = lines.take(order)
    # The order of rows of one group is kept, so that its first is the strongest.
    _, first, _ = grouped(ordered.person, ordered.topic, ordered.source, ordered.network, ordered.words)
    return ordered.take(np.sort(first))


def given_here(lines: Lines, *, as_of: date, chosen: Columns) -> Lines:
    """Lines of +K and of answers that got some, in topics that people have without them."""
    pair, group = _by_pair(lines.person, lines.topic)
    total = expertise.joined(group, lines.source, lines.strength, len(pair))
    had = {"person": pair[:, 0][total >= expertise.LEAST], "topic": pair[:, 1][total >= expertise.LEAST]}
    had = {name: np.concatenate([had[name], chosen[name]]) for name in had}
    since = {"since": as_of - timedelta(days=PLUS_K_DAYS), "until": as_of}
    both = []
    for source, query, formula in (
        (expertise.PLUS_K, PLUS_K, expertise.of_plus_k),
        (expertise.ANSWER, ANSWERS, expertise.of_answers),
    ):
        found = columns.read(connection, query, since, GIVEN)
        mine = _among(found["person"], found["topic"], had)
        row = {name: np.asarray(values)[mine] for name, values in found.items()}
        size = len(row["person"])
        same = np.full(size, -1, dtype=np.int64)
        both.append(
            Lines(
                person=row["person"],
                topic=row["topic"],
                source=np.full(size, expertise.SOURCES.index(source), dtype=np.int64),
                network=np.zeros(size, dtype=np.int64),
                words=same,
                number=row["number"].astype(np.int64),
                people=row["people"].astype(np.int64),
                last_on=row["day"].astype(np.int64),
                strength=formula(row["worth"]),
                through=same,
                sure=np.ones(size, dtype=bool),
            )
        )
    return together(both)


GIVEN: dict[str, Any] = dict.fromkeys(("person", "topic"), "int8") | dict.fromkeys(("number", "people"), "int4")
GIVEN |= {"worth": "float8", "day": "int4"}
_DAY = "max((given.given_at AT TIME ZONE 'UTC')::date) - date '1970-01-01'"
_LATELY = """given.undone_at IS NULL AND given.given_at >= %(since)s::date AT TIME ZONE 'UTC'
    AND given.given_at < %(until)s::date AT TIME ZONE 'UTC' + interval '1 day'"""
PLUS_K = f"""
    SELECT had.person_id, had.topic_id, count(*)::int, count(DISTINCT given.giver_id)::int, max(had.plus_k), {_DAY}
    FROM scoring_persontopic AS had
    JOIN scoring_endorsement AS given ON (given.receiver_id, given.topic_id) = (had.person_id, had.topic_id)
    WHERE had.plus_k > 0 AND {_LATELY}
    GROUP BY had.person_id, had.topic_id
"""
ANSWERS = f"""
    SELECT given.receiver_id, given.topic_id, count(DISTINCT given.answer_id)::int, count(DISTINCT given.giver_id)::int,
           count(DISTINCT given.giver_id)::float8, {_DAY}
    FROM scoring_endorsement AS given
    WHERE given.answer_id IS NOT NULL AND {_LATELY}
    GROUP BY given.receiver_id, given.topic_id
"""


def topics_of(lines: Lines, chosen: Columns) -> tuple[Columns, Lines]:
    """person, topic, expertise of what people have by evidence: what is worth showing, at most expertise.MOST each, and
    what they chose; and the lines of these."""
    pair, group = _by_pair(lines.person, lines.topic)
    total = np.round(expertise.joined(group, lines.source, lines.strength, len(pair)), DIGITS)
    picked = _among(pair[:, 0], pair[:, 1], chosen)
    shown = (total >= expertise.LEAST) & ~picked
    # By person the strongest first; of equals the one with the lower number.
    order = np.lexsort((pair[:, 1], -total, pair[:, 0]))
    order = order[shown[order]]
    person = pair[order, 0]
    place = np.arange(len(order)) - np.searchsorted(person, person, side="left")
    keep = picked.copy()
    keep[order[place < expertise.MOST]] = True
    has = {"person": pair[keep, 0], "topic": pair[keep, 1], "expertise": total[keep]}
    return has, lines.take(keep[group])


# ---------------------------------------------------------------- tables
def put(has: Columns, lines: Lines, words: Sequence[str], *, at: datetime, persons: Sequence[int] | None) -> int:
    """Bring the tables to `has` and `lines`; returns how many rows of PersonTopic came, went or changed."""
    only = "TRUE" if persons is None else "kept.person_id = ANY(%(persons)s)"
    given: dict[str, Any] = {"at": at, "persons": list(persons or ()), "sources": list(expertise.SOURCES)}
    networks = {code: network.spec.slug for code, network in BY_CODE.items()} | {0: ""}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TEMPORARY)
        places = np.unique(lines.words[lines.words >= 0])
        columns.write(connection, "evidence_word", _named(places, [words[place] for place in places.tolist()]))
        codes = np.array(sorted(networks), dtype=np.int64)
        columns.write(connection, "evidence_network", _named(codes, [networks[code] for code in codes.tolist()]))
        columns.write(
            connection,
            "evidence_line",
            {
                "person": lines.person,
                "topic": lines.topic,
                "source": lines.source,
                "network": lines.network,
                "words": lines.words,
                "through": lines.through,
                "number": np.minimum(lines.number, MOST),
                "people": np.minimum(lines.people, MOST),
                "last_on": lines.last_on,
                "strength": lines.strength,
            },
        )
        columns.write(connection, "evidence_topic", has)
        cursor.execute(SPELLED, given)
        cursor.execute("ANALYZE evidence_spelled, evidence_topic")
        cursor.execute(LINES_GONE.format(only=only), given)
        cursor.execute(LINES_CHANGED)
        cursor.execute(TOPICS_CHANGED, given)
        changed: int = cursor.rowcount
        cursor.execute(TOPICS_GONE.format(only=only), given)
        changed += cursor.rowcount
        cursor.execute(TOPICS_WITHOUT.format(only=only), given)
        changed += cursor.rowcount
        cursor.execute(DROPPED)
    return changed


def _named(number: Int64, names: Sequence[str]) -> dict[str, Any]:
    return {"number": number, "name": np.array(names, dtype=object)}


DROPPED = """
    DROP TABLE IF EXISTS pg_temp.evidence_word, pg_temp.evidence_network, pg_temp.evidence_line, pg_temp.evidence_topic,
        pg_temp.evidence_spelled, pg_temp.evidence_words
"""
TEMPORARY = f"""
    {DROPPED};
    CREATE TEMP TABLE evidence_word (number bigint, name text) ON COMMIT DROP;
    CREATE TEMP TABLE evidence_network (number bigint, name text) ON COMMIT DROP;
    CREATE TEMP TABLE evidence_line (
        person bigint, topic bigint, source bigint, network bigint, words bigint, through bigint, number bigint,
        people bigint, last_on bigint, strength float8
    ) ON COMMIT DROP;
    CREATE TEMP TABLE evidence_topic (person bigint, topic bigint, expertise float8) ON COMMIT DROP
"""
# Joined to people and topics: somebody may have been erased, or a topic deleted, while the run went on; or disputed.
SPELLED = """
    CREATE TEMP TABLE evidence_spelled ON COMMIT DROP AS
    SELECT line.person AS person_id, line.topic AS topic_id, (%(sources)s::text[])[line.source + 1] AS source,
           coalesce(network.name, '') AS network, left(coalesce(word.name, ''), 200) AS words,
           nullif(line.through, -1) AS through_id, line.number::int, line.people::int,
           CASE WHEN line.last_on >= 0 THEN date '1970-01-01' + line.last_on::int END AS last_on, line.strength
    FROM evidence_line AS line
    JOIN accounts_person AS person ON person.id = line.person
    JOIN scoring_topic AS topic ON topic.id = line.topic
    LEFT JOIN evidence_word AS word ON word.number = line.words
    LEFT JOIN evidence_network AS network ON network.number = line.network
    WHERE NOT EXISTS (
        SELECT FROM scoring_topicdispute AS dispute
        WHERE (dispute.person_id, dispute.topic_id) = (line.person, line.topic)
    )
"""
LINES_GONE = """
    DELETE FROM scoring_topicevidence AS kept
    WHERE {only} AND NOT EXISTS (
        SELECT FROM evidence_spelled AS new
        WHERE (new.person_id, new.topic_id, new.source, new.network, new.words)
            = (kept.person_id, kept.topic_id, kept.source, kept.network, kept.words)
    )
"""
LINES_CHANGED = """
    INSERT INTO scoring_topicevidence AS kept
        (person_id, topic_id, source, network, words, through_id, number, people, last_on, strength)
    SELECT person_id, topic_id, source, network, words, through_id, number, people, last_on, strength
    FROM evidence_spelled
    ON CONFLICT (person_id, topic_id, source, network, words) DO UPDATE SET
        through_id = excluded.through_id, number = excluded.number, people = excluded.people,
        last_on = excluded.last_on, strength = excluded.strength
    WHERE (kept.through_id, kept.number, kept.people, kept.last_on, kept.strength)
        IS DISTINCT FROM (excluded.through_id, excluded.number, excluded.people, excluded.last_on, excluded.strength)
"""
# A dispute that came in while the run went on is asked for once more here.
TOPICS_CHANGED = """
    INSERT INTO scoring_persontopic AS kept (person_id, topic_id, chosen, hidden, expertise, plus_k, added_at)
    SELECT new.person, new.topic, false, false, new.expertise, 0, %(at)s
    FROM evidence_topic AS new
    JOIN accounts_person AS person ON person.id = new.person
    JOIN scoring_topic AS topic ON topic.id = new.topic
    WHERE NOT EXISTS (
        SELECT FROM scoring_topicdispute AS dispute
        WHERE (dispute.person_id, dispute.topic_id) = (new.person, new.topic)
    )
    ON CONFLICT (person_id, topic_id) DO UPDATE SET expertise = excluded.expertise
    WHERE kept.expertise <> excluded.expertise
"""
# What somebody hides is kept as hidden: it would be seen again when evidence comes back.
TOPICS_GONE = """
    DELETE FROM scoring_persontopic AS kept
    WHERE {only} AND NOT kept.chosen AND NOT kept.hidden AND NOT EXISTS (
        SELECT FROM evidence_topic AS new WHERE (new.person, new.topic) = (kept.person_id, kept.topic_id)
    )
"""
TOPICS_WITHOUT = """
    UPDATE scoring_persontopic AS kept SET expertise = 0
    WHERE {only} AND kept.expertise <> 0 AND NOT EXISTS (
        SELECT FROM evidence_topic AS new WHERE (new.person, new.topic) = (kept.person_id, kept.topic_id)
    )
"""


CHOSEN = "SELECT person_id AS person, topic_id AS topic FROM scoring_persontopic WHERE chosen"
DISPUTED = "SELECT person_id AS person, topic_id AS topic FROM scoring_topicdispute WHERE TRUE"


def _pairs(query: str, persons: Sequence[int] | None) -> Columns:
    mine = "" if persons is None else " AND person_id = ANY(%s)"
    found = columns.read(
        connection, query + mine, [] if persons is None else [list(persons)], {"person": "int8", "topic": "int8"}
    )
    return dict(found)


def _by_pair(person: Int64, topic: Int64) -> tuple[Int64, Int64]:
    """The different pairs [n, 2], and the pair of each row."""
    if not len(person):
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    pairs, group = np.unique(_code(person, topic), return_inverse=True)
    return np.stack([pairs >> 32, pairs & 0xFFFFFFFF], axis=1), group.reshape(-1)


def _among(person: Int64, topic: Int64, pairs: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    return np.asarray(np.isin(_code(person, topic), _code(pairs["person"], pairs["topic"])))


def _code(person: NDArray[Any], topic: NDArray[Any]) -> Int64:
    """One number for a person and a topic: neither table will have more rows than fit."""
    return np.asarray((np.asarray(person, dtype=np.int64) << 32) | np.asarray(topic, dtype=np.int64))
