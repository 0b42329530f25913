"""What each +K of the last 90 days weighs, 0 to 1, and what they come to for topics and answers; by each daily run.

A weight is a product. Everything in it can be read off the +K of those 90 days, scores, and linked accounts:

new         0 while who gave it has been here for less than a day, or has linked no account; else 1.
standing    by the giver's score: STANDING without any, 1 from FULL_STANDING points on, in between by rule of three.
spread      who gives to more than SPREAD different people gives each of them less: sqrt(SPREAD / people). Giving to
            one more never makes all of it together less.
repetition  of one giver's +K to one person, in whichever topics, the first counts whole and each later one half of the
            one before: all of them together never reach two.
favour      between two who give to each other: from FAVOUR down to FAVOUR - RETURNED, by how much of all that the giver
            gives, or of all that the receiver gets (the larger share), goes between two such. One friend among ten
            costs a few hundredths of all of it; two who know nobody else count for a fifth.
ring        how likely a +K comes back by way of one other person: r gave x, x gave g. Above RING_FROM it costs, at
            RING_TO and above all but RING_LEAST. Small closed groups are like that, large ones are not.
circle      groups of nine and more in which most give to most (scoring.engine.circles), which count next to nothing.

Another +K never makes less of all that its receiver has got (circles aside), and nothing that one does raises the
weight of what one gives, but giving to others too. What the score makes of +K is not this: it is read from the log,
where the same guards stand as for reactions (scoring.engine.guards), and capped.

Cost: sorting, and a look-up for each two +K in a row among people who give to at most FEW others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from accounts.networks.klout import OWN
from scoring import columns
from scoring.engine.circles import circles
from scoring.features.base import ONE
from scoring.plus_k.purse import start_of

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

WINDOW = timedelta(days=90)
NEW = timedelta(days=1)
STANDING, FULL_STANDING = 0.3, 30.0
SPREAD = 30
REPEATED = 0.5
FAVOUR, RETURNED = 0.8, 0.6
RING_FROM, RING_TO, RING_LEAST = 0.05, 0.25, 0.2
# Rings among people who give to more than that are circles' affair.
FEW = 16
# Look-ups in memory at a time.
STEPS = 1 << 21
# Weights that differ by less are the same.
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Given:
    """The +K of a window [n], sorted by giver, receiver and time; giver and receiver as places in `people`."""

    number: Int64
    giver: Int64
    receiver: Int64
    topic: Int64
    answer: Int64
    weight: Float64
    people: Int64


@dataclass(frozen=True, slots=True)
class Pairs:
    """Who gave to whom [m], sorted by giver and receiver; `of` says which pair each +K is of, `nth` its turn in it."""

    giver: Int64
    receiver: Int64
    of: Int64
    nth: Int64
    count: int

    @property
    def keys(self) -> Int64:
        return self.giver * self.count + self.receiver


def write(*, as_of: date) -> int:
    """Weigh all +K given in the 90 days before `as_of`, 0:00 UTC; returns how many weights changed.

    Writes Endorsement.weight, PersonTopic.plus_k and Answer.weight, in one transaction. Set-wise.
    """
    with transaction.atomic():
        given = read(as_of)
        weights = weights_of(given, standing_of(given.people, as_of))
        changed = np.abs(weights - given.weight) > SAME
        _write_weights(given.number[changed], weights[changed])
        _write_topics(given, weights)
        _write_answers(given, weights)
    return int(changed.sum())


def read(as_of: date) -> Given:
    """The +K of the window that were not taken back."""
    rows = columns.read(
        connection,
        """
        SELECT id, giver_id, receiver_id, topic_id, coalesce(answer_id, 0), weight, given_at
        FROM scoring_endorsement WHERE given_at >= %s AND given_at < %s AND undone_at IS NULL
        """,
        [start_of(as_of) - WINDOW, start_of(as_of)],
        {
            **dict.fromkeys(("id", "giver", "receiver", "topic", "answer"), "int8"),
            "weight": "float8",
            "given_at": "timestamptz",
        },
    )
    order = np.lexsort((rows["id"], rows["given_at"], rows["receiver"], rows["giver"]))
    rows = {name: column[order] for name, column in rows.items()}
    people, place = np.unique(np.concatenate([rows["giver"], rows["receiver"]]), return_inverse=True)
    count = len(order)
    return Given(
        number=rows["id"],
        giver=place[:count],
        receiver=place[count:],
        topic=rows["topic"],
        answer=rows["answer"],
        weight=rows["weight"],
        people=people,
    )


def standing_of(people: Int64, as_of: date) -> Float64:
    """What a +K of each of `people` (ids, sorted) weighs by who they are: new and standing."""
    found = columns.read(
        connection,
        """
        WITH linked AS (
            SELECT DISTINCT link.person_id FROM accounts_linkedaccount AS link
            JOIN accounts_account AS account ON account.id = link.account_id WHERE account.network <> %s
        )
        SELECT person.id, CASE WHEN person.created_at > %s OR linked.person_id IS NULL THEN -1.0::float8
            ELSE coalesce(score.score, 0.0)::float8 END
        FROM accounts_person AS person
        LEFT JOIN linked ON linked.person_id = person.id
        LEFT JOIN scoring_score AS score ON score.person_id = person.id
        WHERE person.id = ANY(%s::bigint[])
        """,
        [OWN, start_of(as_of) - NEW, people.tolist()],
        {"person": "int8", "score": "float8"},
    )
    standing = np.zeros(len(people))
    place = np.searchsorted(people, found["person"])
    score = found["score"]
    by_score = STANDING + (1 - STANDING) * np.clip(score, 0, FULL_STANDING) / FULL_STANDING
    standing[place] = np.where(score < 0, 0.0, by_score)
    return standing


def weights_of(given: Given, standing: Float64) -> Float64:
    """The weight of each +K [n], by the standing of everybody in `given.people`."""
    if not len(given.number):
        return np.zeros(0)
    pairs = pairs_of(given)
    different = np.bincount(pairs.giver, minlength=pairs.count)
    spread = np.sqrt(np.minimum(1.0, SPREAD / np.maximum(different, 1)))
    base = standing[given.giver] * spread[given.giver] * REPEATED ** np.minimum(pairs.nth, 60)
    of_pair = np.bincount(pairs.of, weights=base, minlength=len(pairs.giver)).astype(np.float64)
    together = favour(pairs, of_pair) * ring(pairs, different) * circle(pairs)
    return np.clip(base * together[pairs.of], 0.0, 1.0)


def pairs_of(given: Given) -> Pairs:
    count = len(given.people)
    key = given.giver * count + given.receiver
    first = np.concatenate([[True], key[1:] != key[:-1]])
    of = np.cumsum(first) - 1
    begin = np.flatnonzero(first)
    giver, receiver = given.giver[begin], given.receiver[begin]
    return Pairs(giver, receiver, of, np.arange(len(key)) - begin[of], count)


def favour(pairs: Pairs, base: Float64) -> Float64:
    """What giving back leaves of each pair [m]; base: what the pair would weigh."""
    returned = has(pairs.keys, pairs.receiver * pairs.count + pairs.giver)
    worst = np.zeros(len(base))
    for end in (pairs.giver, pairs.receiver):
        whole = np.bincount(end, weights=base, minlength=pairs.count)
        between = np.bincount(end, weights=base * returned, minlength=pairs.count)
        share = np.divide(between, whole, out=np.zeros(pairs.count), where=whole > 0)
        worst = np.maximum(worst, share[end])
    return np.where(returned, FAVOUR - RETURNED * worst, 1.0)


def ring(pairs: Pairs, different: Int64) -> Float64:
    """What coming back by way of one other leaves of each pair [m]; different: to how many each gives."""
    back = np.zeros(len(pairs.giver))
    few = np.flatnonzero(different[pairs.giver] <= FEW)
    begin = np.searchsorted(pairs.giver, np.arange(pairs.count))
    wanted = few[(different[pairs.receiver[few]] <= FEW) & (different[pairs.receiver[few]] > 0)]
    keys = pairs.keys
    for part in stretches(different[pairs.receiver[wanted]]):
        edge = wanted[part]
        number = different[pairs.receiver[edge]]
        one = np.repeat(edge, number)
        step = np.arange(len(one)) - np.repeat(np.cumsum(number) - number, number)
        between = pairs.receiver[begin[pairs.receiver[one]] + step]
        returns = has(keys, between * pairs.count + pairs.giver[one])
        likely = returns / (different[pairs.receiver[one]] * np.maximum(different[between], 1))
        back += np.bincount(one, weights=likely, minlength=len(back))
    return 1.0 - (1.0 - RING_LEAST) * np.clip((back - RING_FROM) / (RING_TO - RING_FROM), 0.0, 1.0)


def circle(pairs: Pairs) -> Float64:
    """What large closed groups leave of each pair [m]."""
    left = np.ones(len(pairs.giver))
    network = np.zeros(len(pairs.giver), dtype=np.int64)
    positions = np.int32 if pairs.count < 2**31 else np.int64
    found, weight = circles(pairs.giver.astype(positions), pairs.receiver.astype(positions), network, pairs.count)
    # circles() names target * accounts + actor.
    receiver, giver = np.divmod(found, pairs.count)
    np.minimum.at(left, np.searchsorted(pairs.keys, giver * pairs.count + receiver), weight / ONE)
    return left


def has(keys: Int64, wanted: Int64) -> NDArray[np.bool_]:
    """Which of `wanted` are among `keys`, which are sorted and not empty."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: NDArray[np.bool_] = keys[place] == wanted
    return found


def stretches(number: Int64) -> Iterator[slice]:
    """Slices whose sums of `number` stay within STEPS, or are of one row."""
    done, begin = np.cumsum(number), 0
    while begin < len(number):
        before = int(done[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(done, before + STEPS, side="right")))
        yield slice(begin, end)
        begin = end


# ---------------------------------------------------------------- writing


def _write_weights(number: Int64, weight: Float64) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE plus_k_weights (id bigint, weight float8) ON COMMIT DROP")
        columns.write(connection, "plus_k_weights", {"id": number, "weight": weight})
        cursor.execute(
            """
            UPDATE scoring_endorsement AS plus_k SET weight = new.weight
            FROM plus_k_weights AS new WHERE plus_k.id = new.id
            """
        )
        cursor.execute("DROP TABLE plus_k_weights")


def _write_topics(given: Given, weights: Float64) -> None:
    """PersonTopic.plus_k; what nobody speaks for any more has none."""
    order = np.lexsort((given.topic, given.receiver))
    receiver, topic = given.receiver[order], given.topic[order]
    begin = _begins(receiver, topic)
    sums = np.add.reduceat(weights[order], begin) if len(begin) else np.zeros(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE plus_k_topics (person bigint, topic bigint, plus_k float8) ON COMMIT DROP"
        )
        found = {"person": given.people[receiver[begin]], "topic": topic[begin], "plus_k": sums}
        columns.write(connection, "plus_k_topics", found)
        # An index, since it is looked through for each row below where statistics do not know yet how many have +K.
        cursor.execute("CREATE INDEX ON plus_k_topics (person, topic); ANALYZE plus_k_topics")
        cursor.execute(
            """
            UPDATE scoring_persontopic AS mine SET plus_k = new.plus_k
            FROM plus_k_topics AS new
            WHERE mine.person_id = new.person AND mine.topic_id = new.topic AND abs(mine.plus_k - new.plus_k) > %s
            """,
            [SAME],
        )
        cursor.execute(
            """
            UPDATE scoring_persontopic AS mine SET plus_k = 0 WHERE plus_k > 0 AND NOT EXISTS (
                SELECT FROM plus_k_topics AS new WHERE mine.person_id = new.person AND mine.topic_id = new.topic
            )
            """
        )
        cursor.execute("DROP TABLE plus_k_topics")


def _write_answers(given: Given, weights: Float64) -> None:
    """Answer.weight, likewise."""
    for_answers = np.flatnonzero(given.answer)
    answer, place = np.unique(given.answer[for_answers], return_inverse=True)
    sums = np.bincount(place, weights=weights[for_answers], minlength=len(answer))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE plus_k_answers (id bigint, weight float8) ON COMMIT DROP")
        columns.write(connection, "plus_k_answers", {"id": answer, "weight": sums})
        cursor.execute(
            """
            UPDATE scoring_answer AS answer SET weight = coalesce(new.weight, 0)
            FROM scoring_answer AS old LEFT JOIN plus_k_answers AS new ON new.id = old.id
            WHERE answer.id = old.id AND (old.weight > 0 OR new.weight > 0)
              AND abs(old.weight - coalesce(new.weight, 0)) > %s
            """,
            [SAME],
        )
        cursor.execute("DROP TABLE plus_k_answers")


def _begins(*sorted_by: Int64) -> Int64:
    """Where rows with the same values begin; rows are sorted by these."""
    new = np.zeros(len(sorted_by[0]), dtype=bool)
    new[:1] = True
    for column in sorted_by:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)
