"""Files of each test's own, Alice and Bob, and many things at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from accounts.models import Person
from perks.models import Campaign
from tests.perks.campaigns import make_campaign, make_member
from tests.perks.taking import moment


@pytest.fixture(autouse=True)
def apart(settings, tmp_path: Path) -> None:
    """Passwords are hashed fast, files are the test's own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def alice(db) -> Person:
    return make_member("Alice", name="Alice Archer")


@pytest.fixture
def bob(db) -> Person:
    return make_member("Bob")


@pytest.fixture
def campaign() -> Campaign:
    """Two headsets with a code each, from noon to noon."""
    return make_campaign(stock=2, at=moment("12:00"), opens=timedelta(), closes=timedelta(days=1))


@pytest.fixture
def parcel() -> Campaign:
    """Two headsets by post, from noon to noon."""
    return make_campaign(stock=2, kind="shipped", at=moment("12:00"), opens=timedelta(), closes=timedelta(days=1))


@pytest.fixture
def race() -> Callable[..., list]:
    """race(attempt, n): runs attempt(0) to attempt(n - 1) at once, each on a connection of its own; their answers.

    An exception is an answer too.
    """

    def run(attempt: Callable[[int], object], number: int) -> list:
        barrier = threading.Barrier(number)

        def one(index: int) -> object:
            try:
                barrier.wait(timeout=30)
                return attempt(index)
            except Exception as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(one, range(number)))

    return run
