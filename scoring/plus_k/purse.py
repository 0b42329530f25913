"""How many +K somebody has to give on a UTC day, and why so many.

Everybody has BASE. More is earned, from what happened in the LOOKING_BACK days before the day:

- giving: one for every DAYS_OF_GIVING different days on which one gave and did not take it back, at most MOST_GIVING;
- answering: one for each answer of one's own that somebody gave +K for, at most MOST_ANSWERS;
- taking part: one for every DAYS_OF_PART different days on which one reacted to a member, or asked or answered, at
  most MOST_PART.

Together at most MOST. Nothing is used up or lost by staying away but that: what was earned goes, one by one, as the
days it was earned on fall out of the last thirty. It is counted when the day's purse is opened, by the first +K of the
day, and stays so until the day is over. What is not given does not carry over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Person

BASE = 5
LOOKING_BACK = 30
DAYS_OF_GIVING, MOST_GIVING = 5, 5
MOST_ANSWERS = 3
DAYS_OF_PART, MOST_PART = 10, 2
MOST = BASE + MOST_GIVING + MOST_ANSWERS + MOST_PART

# The purse as it stands, and what speaks for more; one row.
FACTS = """
    SELECT
        purse.day, purse.allowance, purse.given,
        (
            SELECT count(DISTINCT (mine.given_at AT TIME ZONE 'UTC')::date) FROM scoring_endorsement AS mine
            WHERE mine.giver_id = %(giver)s AND mine.undone_at IS NULL
              AND mine.given_at >= %(first)s AND mine.given_at < %(today)s
        ) AS giving,
        (
            SELECT count(*) FROM scoring_answer AS answer
            WHERE answer.person_id = %(giver)s AND answer.state = 'visible' AND EXISTS (
                SELECT FROM scoring_endorsement AS got
                WHERE got.answer_id = answer.id AND got.undone_at IS NULL
                  AND got.given_at >= %(first)s AND got.given_at < %(today)s
            )
        ) AS answers,
        (
            SELECT count(DISTINCT days.day) FROM (
                SELECT day FROM scoring_activity
                WHERE actor_id = %(giver)s AND day >= %(first)s::date AND day < %(today)s::date
                UNION ALL
                SELECT (created_at AT TIME ZONE 'UTC')::date FROM scoring_question
                WHERE person_id = %(giver)s AND created_at >= %(first)s AND created_at < %(today)s
                UNION ALL
                SELECT (created_at AT TIME ZONE 'UTC')::date FROM scoring_answer
                WHERE person_id = %(giver)s AND created_at >= %(first)s AND created_at < %(today)s
            ) AS days
        ) AS part
    FROM (SELECT 1) AS nothing LEFT JOIN scoring_purse AS purse ON purse.person_id = %(giver)s
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there are `points` +K for a day: `kind` is "base", "giving", "answers" or "part"; `number` is counted days,
    or answers."""

    kind: str
    points: int
    number: int

    @property
    def most(self) -> int:
        return {"base": BASE, "giving": MOST_GIVING, "answers": MOST_ANSWERS, "part": MOST_PART}[self.kind]

    def __str__(self) -> str:
        return _SENTENCES[self.kind](self.number)


def _of_giving(number: int) -> str:
    return ngettext(
        "You gave +K on %(number)s of the last 30 days: one more for every five such days.",
        "You gave +K on %(number)s of the last 30 days: one more for every five such days.",
        number,
    ) % {"number": number}


def _of_answers(number: int) -> str:
    return ngettext(
        "%(number)s answer of yours was given +K in the last 30 days: one more for each.",
        "%(number)s answers of yours were given +K in the last 30 days: one more for each.",
        number,
    ) % {"number": number}


def _of_part(number: int) -> str:
    return ngettext(
        "On %(number)s of the last 30 days you reacted to members, asked or answered: one more for every ten days.",
        "On %(number)s of the last 30 days you reacted to members, asked or answered: one more for every ten days.",
        number,
    ) % {"number": number}


_SENTENCES: Mapping[str, Callable[[int], str]] = {
    "base": lambda _number: _("Everybody has these each day."),
    "giving": _of_giving,
    "answers": _of_answers,
    "part": _of_part,
}


@dataclass(frozen=True, slots=True)
class PurseState:
    """What somebody has on `day`; reasons tell the allowance, and what more there could be."""

    day: date
    allowance: int
    given: int
    reasons: tuple[Reason, ...]

    @property
    def left(self) -> int:
        return self.allowance - self.given

    @property
    def renews_at(self) -> datetime:
        """When the next day begins."""
        return start_of(self.day + timedelta(days=1))


def day_of(at: datetime) -> date:
    return at.astimezone(UTC).date()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def state_of(person: Person, at: datetime) -> PurseState:
    """What `person` has to give on the day of `at`, and why; one query, and nothing is written."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, asked(person, at))
        return state_from(*cursor.fetchone(), at=at)


def asked(giver: Person | None, at: datetime) -> dict[str, Any]:
    """What FACTS is asked with; of nobody, it says nothing."""
    today = day_of(at)
    return {
        "giver": giver.pk if giver else None,
        "first": start_of(today - timedelta(days=LOOKING_BACK)),
        "today": start_of(today),
    }


def state_from(
    day: date | None,
    allowance: int | None,
    given: int | None,
    giving: int,
    answers: int,
    part: int,
    *,
    at: datetime,
) -> PurseState:
    """A purse from the row that FACTS finds."""
    reasons = reasons_for(giving, answers, part)
    if day is not None and allowance is not None and given is not None and day >= day_of(at):
        return PurseState(day, allowance, given, reasons)
    return PurseState(day_of(at), sum(reason.points for reason in reasons), 0, reasons)


def reasons_for(giving: int, answers: int, part: int) -> tuple[Reason, ...]:
    """What so many days of giving, answers that got +K, and days of taking part bring; the base first."""
    return (
        Reason("base", BASE, BASE),
        Reason("giving", min(giving // DAYS_OF_GIVING, MOST_GIVING), giving),
        Reason("answers", min(answers, MOST_ANSWERS), answers),
        Reason("part", min(part // DAYS_OF_PART, MOST_PART), part),
    )


# One statement: the row is looked at again once it is held. A day that is over gives way to the new one, never back.
TAKE = """
    INSERT INTO scoring_purse AS purse (person_id, day, allowance, given) VALUES (%(person)s, %(day)s, %(allowance)s, 1)
    ON CONFLICT (person_id) DO UPDATE SET
        day = greatest(purse.day, excluded.day),
        allowance = CASE WHEN purse.day < excluded.day THEN excluded.allowance ELSE purse.allowance END,
        given = CASE WHEN purse.day < excluded.day THEN 1 ELSE purse.given + 1 END
    WHERE purse.day < excluded.day OR purse.given < purse.allowance
    RETURNING day
"""


def take(person: Person, at: datetime) -> date | None:
    """Take one out of the purse, within the caller's transaction, which holds its row from then on.

    Returns the day that it is taken from, which is a later one than that of `at` where others began it meanwhile; None
    where none is left.
    """
    today = day_of(at)
    allowance = state_of(person, at).allowance
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"person": person.pk, "day": today, "allowance": allowance})
        row = cursor.fetchone()
    return row[0] if row else None


def lock(person_id: int) -> datetime:
    """Hold the row of a purse, if there is one, until the caller's transaction ends; what time it is then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM scoring_purse WHERE person_id = %s FOR UPDATE", [person_id])
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def put_back(person_id: int, *, given_at: datetime, at: datetime) -> bool:
    """Put back what was taken at `given_at`; whether that was possible: not where its day is over."""
    day = day_of(given_at)
    if day != day_of(at):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_purse SET given = given - 1 WHERE person_id = %s AND day = %s AND given > 0",
            [person_id, day],
        )
        return bool(cursor.rowcount)
