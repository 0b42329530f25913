"""What reading may cost: a cap for each person and day, where a network bills by the item (X does).

A person's money is in one purse, or in one of its own for a network that has its own cap. Who reads holds the purse:
another stream waits for it, so that the last cent is spent once; a process that dies lets go of it at once. What a
page cost is stored in the transaction of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from psycopg.errors import LockNotAvailable

from accounts.models import Person, Spending
from accounts.networks.base import Budget, Spec
from scoring.collect.schedule import spread

# The first half of the key of the lock of a purse; the second is the person's id.
LOCK = 0x70757273
LOCK_SQL = "SELECT pg_advisory_lock(%s, %s)"
# How long a stream waits for another of the same person to be done, in PostgreSQL's words.
PATIENCE = "20s"
# The people whose money was spent go on within this time after midnight, not all at once.
MORNING = timedelta(hours=2)


class InUse(Exception):
    """Another stream of this person spends from the purse just now, and takes its time."""


def cap_of(spec: Spec) -> float:
    """US dollars for one person and day; of `spec` alone where it has a cap of its own."""
    return float(settings.NETWORK_DAILY_USD.get(spec.slug, settings.COLLECT_DAILY_USD))


@contextmanager
def purse(*, person: Person, spec: Spec, at: datetime) -> Iterator[Budget]:
    """What may be spent for `person` at a network on the day of `at`, held until the end of the block. Raises InUse."""
    if not spec.cost:
        yield Budget({})
        return
    key = [LOCK, person.pk % 2**31]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute(LOCK_SQL, key)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise InUse from None
        raise
    try:
        yield Budget(spec.cost, max(0.0, cap_of(spec) - spent(person=person, spec=spec, at=at)))
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def spent(*, person: Person, spec: Spec, at: datetime) -> float:
    """US dollars that have left the purse on the day of `at`."""
    rows = Spending.objects.filter(person=person, day=at.astimezone(UTC).date())
    own = settings.NETWORK_DAILY_USD
    rows = rows.filter(network=spec.slug) if spec.slug in own else rows.exclude(network__in=list(own))
    return float(rows.aggregate(sum=Sum("cost"))["sum"] or 0)


def spend(*, person: Person, spec: Spec, items: Mapping[str, int], budget: Budget, at: datetime) -> None:
    """Take what a page cost off the budget, and store it; within the transaction of the page's rows."""
    if not items or not spec.cost:
        return
    cost = budget.spend(items)
    row, _ = Spending.objects.select_for_update().get_or_create(
        person=person, network=spec.slug, day=at.astimezone(UTC).date()
    )
    row.cost += Decimal(cost).quantize(Decimal("0.000001"))
    row.items = {kind: row.items.get(kind, 0) + items.get(kind, 0) for kind in {*row.items, *items}}
    row.save(update_fields=["cost", "items"])


def used_up(budget: Budget) -> bool:
    """Whether not even one item of the cheapest kind can be paid."""
    billed = [kind for kind, price in budget.cost.items() if price > 0]
    return bool(billed) and not any(budget.afford(kind, 1) for kind in billed)


def tomorrow(number: int, at: datetime) -> datetime:
    """When reading goes on after the day's money was spent: after midnight UTC, another time for each `number`."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight + MORNING * spread(number, at)
