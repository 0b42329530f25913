"""Alice's Mastodon account, linked and not read yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import stamina

from accounts import linking
from accounts.models import Account, Credential, LinkedAccount, Membership, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from accounts.networks.oauth import Tokens
from tests.accounts.conftest import race  # noqa: F401
from tests.fakes.mastodon import TOKEN, FakeMastodon

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def server(settings) -> Iterator[FakeMastodon]:
    with FakeMastodon() as fake, stamina.set_testing(True, attempts=2, cap=True):
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        yield fake


@pytest.fixture
def alice(db) -> Person:
    person = Person.objects.create(handle="Alice")
    user = User.objects.create_user("alice@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    return person


@pytest.fixture
def link(server, alice) -> LinkedAccount:
    return linking.link_account(
        person=alice,
        spec=NETWORKS["mastodon"].spec,
        owner=Owner(f"alice@{server.host}", f"alice@{server.host}"),
        proof=LinkedAccount.Proof.NETWORK,
        at=AT,
        server=server.url,
        tokens=Tokens(TOKEN),
    )


@pytest.fixture
def linked(db) -> Callable[..., LinkedAccount]:
    """linked("Bob", "twitter", "7"): an account with a token, and cursors of its own making for `streams`."""

    def make(handle: str, network: str, external_id: str, *, token: bytes | None = b"x") -> LinkedAccount:
        person = Person.objects.filter(handle=handle).first() or Person.objects.create(handle=handle)
        account = Account.objects.create(network=network, external_id=external_id)
        link = LinkedAccount.objects.create(account=account, person=person, proof="network")
        if token is not None:
            Credential.objects.create(link=link, token=token)
        return link

    return make
