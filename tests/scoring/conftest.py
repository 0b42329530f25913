"""A small town's worth of fixtures: people, their accounts, and interactions that come through the real import."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from accounts.models import Account, LinkedAccount, Membership, Person, User
from scoring.collect import bulk

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TODAY = date(2026, 11, 1)

Row = tuple[str, str, str, str]


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path) -> Path:
    """A lake of the test's own."""
    settings.LAKE = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def join(db) -> Callable[..., Person]:
    """join("Alice", twitter="1") makes a member with linked accounts, and returns the person."""

    def join(handle: str, *, visibility: str = "public", **accounts: str) -> Person:
        person = Person.objects.create(handle=handle, name=handle, visibility=visibility)
        user = User.objects.create_user(f"{handle.lower()}@example.com", "a long pass phrase")
        Membership.objects.create(user=user, person=person)
        for network, external_id in accounts.items():
            account, _ = Account.objects.get_or_create(
                network=network, external_id=external_id, defaults={"handle": handle.lower()}
            )
            LinkedAccount.objects.create(account=account, person=person)
        return person

    return join


@pytest.fixture
def happen(db, tmp_path: Path) -> Callable[..., None]:
    """happen([(target, actor, verb, occurred_at)], network="twitter") imports these rows as a table is imported."""
    files = iter(range(1_000_000))

    def happen(rows: Iterable[Row], *, network: str = "twitter", at: datetime = AT) -> None:
        path = tmp_path / f"rows-{next(files)}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["target", "actor", "verb", "occurred_at"])
            writer.writerows(rows)
        bulk.import_rows(path=path, network=network, at=at)

    return happen


def replies(target: str, actors: Iterable[str], day: str = "2026-10-25") -> list[Row]:
    """One reply of each of `actors` to `target` on `day`."""
    return [(target, actor, "reply", f"{day}T10:00:00Z") for actor in actors]


def names(prefix: str, number: int) -> list[str]:
    return [f"{prefix}{i}" for i in range(number)]
