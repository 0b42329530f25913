"""Accounts that are known by their names, after these were changed: read on, and still the same when connected anew."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Account, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Revoked
from scoring.collect import pulling
from scoring.collect.archives import as_known
from tests.accounts.conftest import logged_in
from tests.accounts.social import connect

pytestmark = pytest.mark.django_db
BY_NAME = ["instagram", "threads", "tiktok"]


def profile(link: LinkedAccount) -> None:
    pulling.read_stream(cursor_id=link.cursors.get(stream="profile").pk, at=timezone.now(), due_only=False)


@pytest.mark.parametrize("slug", BY_NAME)
def test_a_renamed_account_is_read_on_and_stays_the_same_when_it_is_connected_again(plays, alice: Person, slug) -> None:
    fake, client = plays(slug), logged_in(alice)
    connect(client, fake, alice)
    link = LinkedAccount.objects.get()
    profile(link)
    fake.account["username"] = "Alice_Ash"
    for granted in fake.access.values():
        granted["account"] = fake.account
    profile(link)
    account = Account.objects.get(pk=link.account_id)
    assert (account.external_id, account.handle.lower()) == ("alicearcher", "alice_ash")
    connect(client, fake, alice)
    assert LinkedAccount.objects.get().account_id == link.account_id
    # Its export calls it by the new name.
    owner = as_known(person=alice, spec=NETWORKS[slug].spec, owner=Owner("alice_ash", "alice_ash"))
    assert owner.external_id == "alicearcher"


@pytest.mark.parametrize("slug", BY_NAME)
def test_the_token_of_another_account_is_refused(plays, alice: Person, slug) -> None:
    fake = plays(slug)
    connect(logged_in(alice), fake, alice)
    link = LinkedAccount.objects.get()
    profile(link)
    fake.account |= {"username": "somebody", "id": "2002"}
    for granted in fake.access.values():
        granted["account"] = fake.account
    with pytest.raises(Revoked):
        profile(link)
    assert Account.objects.get(pk=link.account_id).handle.lower() == "alicearcher"
