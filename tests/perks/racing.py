"""Many people at once, and guards that are taken away so that a test shows what they are for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections, transaction

from accounts.models import Membership, Person, User
from perks.claims import statements
from perks.models import Campaign, Claim
from tests.perks.taking import new_key, take

# Connections at a time: the built-in server has a hundred.
AT_ONCE = 60


def crowd(number: int) -> list[Person]:
    """So many members, each with a user; without scores."""
    users = User.objects.bulk_create(User(email=f"p{i}@example.org", password="!") for i in range(number))
    people = Person.objects.bulk_create(Person(handle=f"person{i}", name=f"Person {i}") for i in range(number))
    Membership.objects.bulk_create(
        Membership(user=user, person=person) for user, person in zip(users, people, strict=True)
    )
    return people


def at_once(*attempts: Callable[[], Any]) -> list[Any]:
    """All `attempts` at once, each on a connection of its own; their answers. An error is an answer."""
    barrier, gate = threading.Barrier(len(attempts)), threading.Semaphore(AT_ONCE)

    def one(attempt: Callable[[], Any]) -> Any:
        if len(attempts) <= AT_ONCE:
            connection.ensure_connection()
        barrier.wait(timeout=30)
        with gate:
            try:
                return attempt()
            except Exception as error:
                return error
            finally:
                connections.close_all()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(one, attempts))


def while_open(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any, bool]:
    """`first` in a transaction, `second` on a connection of its own before that commits: their answers, and whether
    the second one had to wait for the first. An error of the second one is an answer."""

    def beside() -> Any:
        try:
            return second()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            answer = first()
            future = pool.submit(beside)
            for _ in range(1000):
                if future.done() or somebody_waits():
                    break
                time.sleep(0.01)
            waited = not future.done()
        return answer, future.result(), waited


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction the view stays as it was read first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            """SELECT EXISTS (SELECT FROM pg_stat_activity
                              WHERE datname = current_database() AND wait_event_type = 'Lock')"""
        )
        return cursor.fetchone()[0]


def holder(campaign: Campaign, person: Person, **given: Any) -> Callable[[], Claim]:
    """A hold that is ready to be tried: everything that is read before it has been read."""
    values = {
        "variant": given.get("variant") or campaign.variants.get(),
        "terms": campaign.terms,
        "user": person.users.get(),
        "key": new_key(),
    }
    return lambda: take(campaign, person, **values | given)


def held(answers: list[Any]) -> list[Claim]:
    return [answer for answer in answers if isinstance(answer, Claim)]


@contextmanager
def without(statement: str, *guards: str) -> Iterator[None]:
    """The statement of this name without its `guards`: what is left reads first and writes then."""
    before = getattr(statements, statement)
    text = before
    for guard in guards:
        assert guard in text, f"{statement} has no {guard!r}"
        # The last one: what is read before stays.
        text = "".join(text.rsplit(guard, 1))
    setattr(statements, statement, text)
    try:
        yield
    finally:
        setattr(statements, statement, before)


# The second look of HOLD, at the row as it is when the statement has it.
SECOND_LOOK = f" AND v.rules = f.rules AND {statements.ANYBODY}"
ABOUT_RULES = " AND v.rules = f.rules"


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """A constraint or unique index is not there; afterwards it is again, and the claims of the test are gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
        row = cursor.fetchone()
        if row:
            drop, again = (
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
                f"ALTER TABLE {table} ADD CONSTRAINT {name} {row[0]}",
            )
        else:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
            drop, again = f"DROP INDEX {name}", cursor.fetchone()[0]
        cursor.execute(drop)
        try:
            yield
        finally:
            cursor.execute("UPDATE perks_variant SET held = 0, claimed = 0, quantity = 99")
            cursor.execute("TRUNCATE perks_claim CASCADE")
            cursor.execute(again)
