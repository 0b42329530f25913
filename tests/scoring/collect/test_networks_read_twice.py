"""Networks read through the whole way, from a fake's answers to rows in PostgreSQL: all is kept, and once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from accounts import linking
from accounts.calling import http_for
from accounts.models import Account, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Subject
from accounts.networks.oauth import Tokens
from scoring.collect.pulling import read_stream
from scoring.models import CounterReading, Interaction, PostTotal, Relation
from tests.fakes import foursquare, github, google, linkedin, reddit
from tests.fakes.loopback import Loopback

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = AT - timedelta(days=20)


def of_github() -> Loopback:
    fake = github.FakeGitHub()
    fake.many(120)
    return fake


def of_reddit() -> Loopback:
    fake = reddit.FakeReddit()
    fake.post(1, START)
    for number in range(40):
        for index, where in enumerate(("comments", "selfreply", "mentions")):
            fake.message(where, number + 1000 * index, f"person{number}", START + timedelta(hours=number))
    return fake


def of_foursquare() -> Loopback:
    fake = foursquare.FakeFoursquare()
    for number in range(1, 40):
        fake.checkin(number, START + timedelta(hours=number), likes=2, comments=1)
    fake.tip(99, START, likes=1, saves=2)
    fake.friends.append(fake.person(8))
    return fake


def of_google() -> Loopback:
    fake = google.FakeGoogle()
    fake.video(1, START, viewCount="5000000000")
    for number in range(120):
        fake.thread(number, number % 30, START + timedelta(hours=number))
    fake.subscriber(8, START)
    return fake


def of_linkedin() -> Loopback:
    fake = linkedin.FakeLinkedIn()
    for number in range(60):
        fake.connect(number)
        fake.change("socialActions/likes", number, START + timedelta(minutes=number))
    return fake


CASES: dict[str, tuple[Callable[[], Loopback], Tokens, tuple[int, int, int, int]]] = {
    # Interactions, relations, totals of posts, counters.
    "github": (of_github, Tokens(github.TOKEN), (360, 120, 0, 4)),
    "reddit": (of_reddit, Tokens(reddit.TOKEN), (120, 0, 3, 2)),
    "foursquare": (of_foursquare, Tokens(foursquare.TOKEN), (117, 1, 80, 6)),
    "google": (of_google, Tokens(google.TOKEN), (120, 1, 3, 3)),
    "linkedin": (of_linkedin, Tokens(linkedin.TOKEN), (60, 60, 0, 1)),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slug", list(CASES))
def test_everything_is_kept_once(alice: Person, settings: Any, slug: str) -> None:
    make, tokens, expected = CASES[slug]
    network = NETWORKS[slug]
    origin = "/".join(network.spec.base_url.split("/")[:3])
    with make() as fake, stamina.set_testing(True, attempts=2, cap=True):
        settings.NETWORK_ORIGINS = {origin: fake.url}
        with http_for(network, at=AT, token=tokens.access) as http:
            (profile,) = network.pull(http, Subject("", now=AT), "profile", {})
        owner = profile.records[0]
        assert isinstance(owner, Owner)
        link = linking.link_account(
            person=alice, spec=network.spec, owner=owner, proof=LinkedAccount.Proof.NETWORK, at=AT, tokens=tokens
        )
        _read(link, AT)
        assert _stored() == expected
        _read(link, AT + timedelta(hours=1))
        assert _stored() == expected
    assert Account.objects.get(pk=link.account_id).handle == owner.handle


def _read(link: LinkedAccount, at: datetime) -> None:
    """Read all streams, of which nothing is rejected."""
    for stream in NETWORKS[link.account.network].spec.streams:
        cursor = link.cursors.get(stream=stream)
        found = read_stream(cursor_id=cursor.pk, at=at, due_only=False)
        assert found.state == "read", stream
        assert found.summary is not None
        assert found.summary.reasons == []


def _stored() -> tuple[int, int, int, int]:
    models = (Interaction, Relation, PostTotal, CounterReading)
    return tuple(model.objects.count() for model in models)  # type: ignore[return-value]
