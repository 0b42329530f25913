"""After +K were weighed by the daily run: what those for an answer come to, by which answers are ordered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

# An answer is read for years: its +K are all counted, however old. Those of the day after count tomorrow.


def write(as_of: date) -> int:
    """Write the weight of every answer that has, or had, +K; how many changed. Set-wise."""
    end = datetime.combine(as_of + timedelta(days=1), time(), tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE scoring_answer AS answer SET weight = coalesce(counted.weight, 0)
            FROM scoring_answer AS before
            LEFT JOIN (
                SELECT answer_id, sum(weight) AS weight FROM scoring_endorsement
                WHERE answer_id IS NOT NULL AND undone_at IS NULL AND given_at < %s
                GROUP BY answer_id
            ) AS counted ON counted.answer_id = before.id
            WHERE answer.id = before.id AND (counted.answer_id IS NOT NULL OR before.weight <> 0)
            AND answer.weight IS DISTINCT FROM coalesce(counted.weight, 0)
            """,
            [end],
        )
        return int(cursor.rowcount)
