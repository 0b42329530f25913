"""Alice, Bob and Charlie, and a cache of each test's own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from django.test import Client

from accounts import context
from accounts.models import Account, LinkedAccount, Membership, Person, User
from tests.accounts.social import plays as plays

PASSWORD = "a long and odd pass phrase"


@pytest.fixture(autouse=True)
def apart(settings, tmp_path: Path) -> None:
    """Rate limits and held handles live in the cache, files under VAR and MEDIA_ROOT: of each test's own."""
    # Slow on purpose elsewhere.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    settings.MEDIA_ROOT = tmp_path / "media"
    context.is_demo.forget()


@pytest.fixture
def join(db) -> Callable[..., Person]:
    """Makes a person with a confirmed log-in: join("Alice")."""

    def make(handle: str, **fields: object) -> Person:
        user = User.objects.create_user(f"{handle.lower()}@example.org", PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        person = Person.objects.create(handle=handle, **{"birth_year": 1980} | fields)
        Membership.objects.create(user=user, person=person)
        return person

    return make


@pytest.fixture
def alice(join) -> Person:
    return join("Alice", name="Alice Archer")


@pytest.fixture
def bob(join) -> Person:
    return join("Bob")


@pytest.fixture
def as_alice(alice: Person) -> Client:
    return logged_in(alice)


def logged_in(person: Person) -> Client:
    client = Client()
    client.force_login(person.users.get())
    return client


def link(
    person: Person, network: str = "mastodon", external_id: str = "1", handle: str = "alice@town.example"
) -> LinkedAccount:
    account = Account.objects.create(network=network, external_id=external_id, handle=handle)
    return LinkedAccount.objects.create(account=account, person=person)


@pytest.fixture
def race() -> Callable[..., list]:
    """race(attempt, n): runs attempt(0) to attempt(n - 1) at once, each on a connection of its own; their answers."""

    def run(attempt: Callable[[int], object], number: int) -> list:
        barrier = threading.Barrier(number)

        def one(index: int) -> object:
            try:
                barrier.wait(timeout=10)
                return attempt(index)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(one, range(number)))

    return run
