"""Pages of somebody who has no score yet lead on to one: for who it is about, and for nobody else."""

import pytest
from django.test import Client

from accounts.models import Membership

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["chart", "why"])
def test_ones_own_page_without_a_score_leads_on_to_one(client: Client, join, page: str) -> None:
    alice = join("Alice")
    way = '<a class="button" href="/welcome">Get a first score</a>'
    client.force_login(Membership.objects.get(person=alice).user)
    assert way in client.get(f"/alice/{page}").content.decode()
    assert way not in Client().get(f"/alice/{page}").content.decode()
