"""A +K that can no longer be taken back becomes an interaction of network klout, from which the score counts it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from scoring import deeds
from scoring.plus_k.giving import UNDO

# Written in one transaction.
BATCH = 5_000
# What was taken back is kept for so long, for whom it is about to see; then it is gone.
KEEPING_UNDONE = timedelta(days=30)

# Whoever is being erased, and what is being taken back or settled by another process, is left for the next time: this
# one waits for nobody while it holds rows that others wait for.
_DUE = """
    SELECT plus_k.id, plus_k.giver_id, plus_k.receiver_id, topic.slug, plus_k.given_at
    FROM scoring_endorsement AS plus_k
    JOIN scoring_topic AS topic ON topic.id = plus_k.topic_id
    JOIN accounts_person AS giver ON giver.id = plus_k.giver_id
    JOIN accounts_person AS receiver ON receiver.id = plus_k.receiver_id
    WHERE plus_k.settled_at IS NULL AND plus_k.undone_at IS NULL AND plus_k.given_at <= %(until)s
    ORDER BY plus_k.given_at LIMIT %(most)s
    FOR UPDATE OF plus_k SKIP LOCKED
    FOR KEY SHARE OF giver, receiver SKIP LOCKED
"""


def settle(*, at: datetime) -> int:
    """Write every +K given ten minutes before `at` or earlier to the log; how many.

    In transactions of BATCH, each whole or not at all; a +K is known to the log by its key. Any number of processes may
    settle at once.
    """
    settled = 0
    while done := _settle(at):
        settled += done
        if done < BATCH:
            break
    return settled


def _settle(at: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE, {"until": at - UNDO, "most": BATCH})
        due = cursor.fetchall()
        if due:
            deeds.record(
                [
                    deeds.Deed(
                        verb="plus-k",
                        actor=giver,
                        target=receiver,
                        about=topic,
                        key=f"plus-k {number}",
                        occurred_at=given_at,
                    )
                    for number, giver, receiver, topic, given_at in due
                ],
                at,
            )
            numbers = [number for number, *_rest in due]
            cursor.execute("UPDATE scoring_endorsement SET settled_at = %s WHERE id = ANY(%s)", [at, numbers])
    return len(due)


def by_the_database(at: datetime) -> datetime:
    """The earlier of `at` and what time it is at the database, by whose clock +K is given and taken back.

    A worker whose clock is ahead would cut somebody's ten minutes short.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT least(%s::timestamptz, clock_timestamp())", [at])
        earlier: datetime = cursor.fetchone()[0]
    return earlier


def forget_undone(*, at: datetime) -> int:
    """Delete what was taken back more than thirty days before `at`; how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scoring_endorsement WHERE undone_at < %s", [at - KEEPING_UNDONE])
        return int(cursor.rowcount)
