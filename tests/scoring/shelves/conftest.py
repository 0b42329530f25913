"""Alice, who has earned something, and a browser in which she is logged in."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Person
from scoring.models import AwardProgress
from tests.scoring.reading import user_of
from tests.scoring.shelves.earning import earn


@pytest.fixture
def alice(join) -> Person:
    """With level 3 of lists, 72 of which bring the next one, and level 1 of people moved."""
    person = join("Alice", twitter="1")
    for level in (1, 2, 3):
        earn(person, "lists", level)
    earn(person, "people", 1)
    AwardProgress.objects.create(person=person, family="lists", value=72.9, points=0.42)
    return person


@pytest.fixture
def own(client: Client, alice: Person) -> Client:
    client.force_login(user_of(alice))
    return client
