"""Posts of networks that count reactions without naming anybody: nobody reads that no one reacted."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import Membership, Person
from scoring.models import Moment
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1")
    publish_score(person, history={1: 49.0, 5: 48.0})
    Moment.objects.create(
        person=person,
        account=person.links.get().account_id,
        post=1,
        points=3.9,
        change=0.4,
        people=0,
        reactions=17,
        posted_at=datetime.combine(AS_OF - timedelta(days=2), time(1), ZoneInfo("UTC")),
    )
    return person


@pytest.mark.parametrize("page", ["/alice", "/alice/chart?days=all", "/alice/why", "/dashboard"])
def test_reactions_without_names_are_told_as_reactions(client: Client, alice: Person, page: str) -> None:
    client.force_login(Membership.objects.get(person=alice).user)
    text = text_of(client.get(page))
    assert "17 reactions" in text
    assert "0 people reacted" not in text
