"""Files of each test's own, Alice and Bob, and many things at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections

from accounts.models import Person
from tests.perks.campaigns import make_member


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
