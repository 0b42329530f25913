"""What all tests of topics share: vocabularies that know nothing of the test before, and Alice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from accounts.models import Person
from scoring.topics import current


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    current.forget()
    yield
    current.forget()


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    return join("Alice", mastodon="1")
