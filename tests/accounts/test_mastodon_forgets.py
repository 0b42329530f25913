"""Mastodon's servers drop apps that nobody uses: whoever comes next is not sent into an error of the server's."""

from __future__ import annotations

import pytest

from accounts.models import LinkedAccount, NetworkApp, Person
from tests.accounts.conftest import logged_in
from tests.accounts.social import connect
from tests.fakes.loopback import Reply
from tests.fakes.oauth import FakeOAuth

pytestmark = pytest.mark.django_db


def registered(fake: FakeOAuth) -> int:
    return sum(asked.path == "/api/v1/apps" for asked in fake.asked)


def test_an_app_that_its_server_has_dropped_is_registered_anew(plays, alice: Person) -> None:
    fake, client = plays("mastodon"), logged_in(alice)
    connect(client, fake, alice)
    old = NetworkApp.objects.get().client_id
    # Connected again, the app that is known serves.
    connect(client, fake, alice)
    assert registered(fake) == 1
    fake.clients = {"another-app": "another-secret"}
    back = connect(client, fake, alice)
    assert back["Location"] == f"/settings/accounts/{LinkedAccount.objects.get().pk}"
    assert registered(fake) == 2
    assert NetworkApp.objects.get().client_id != old


def test_a_server_that_gives_apps_no_tokens_still_knows_them(plays, alice: Person) -> None:
    fake, client = plays("mastodon"), logged_in(alice)
    connect(client, fake, alice)
    fake.faults.append(Reply(400, {"error": "unsupported_grant_type"}))
    connect(client, fake, alice)
    assert registered(fake) == 1
