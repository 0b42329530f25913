"""The open networks, Twitch, TikTok and Bing, from a fake's answers to rows in PostgreSQL: all is kept, and once."""

from collections.abc import Callable
from dataclasses import dataclass
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
from tests.fakes import bing, blog, bluesky, mastodon, tiktok, twitch, wikipedia
from tests.fakes.loopback import Loopback

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = AT - timedelta(days=20)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def of_bluesky() -> Loopback:
    fake = bluesky.FakeBluesky()
    names = [f"p{first}{second}" for first in LETTERS for second in "abcdef"]
    fake.follow(*names)
    for number in range(15):
        post = fake.post(f"3k{number:02}", START + timedelta(hours=number))
        fake.like(post, names[number], START + timedelta(hours=number + 1))
        fake.like(post, names[number + 1], START + timedelta(hours=number + 2))
        fake.repost(post, names[number])
        fake.quote(post, names[number], START + timedelta(hours=number + 1))
    return fake


def of_blog() -> Loopback:
    fake = blog.FakeBlog()
    for number in range(5):
        fake.entry(f"e{number}", START + timedelta(days=number))
        fake.comment(f"e{number}", 2 * number, START + timedelta(days=6), "Bob", "https://bob.example")
        fake.comment(f"e{number}", 2 * number + 1, START + timedelta(days=6), "Charlie")
    return fake


def of_article() -> Loopback:
    fake = wikipedia.FakeWikipedia()
    fake.backlinks, fake.links = ["Bob", "Charlie"], ["Poetry"]
    fake.views = {(AT - timedelta(days=number)).date(): number for number in range(1, 31)}
    return fake


def of_editor() -> Loopback:
    fake = wikipedia.FakeWikipedia()
    for number in range(510):
        fake.thank(f"Person {number % 40}", START + timedelta(minutes=number))
    return fake


def of_twitch() -> Loopback:
    fake = twitch.FakeTwitch()
    for number in range(1, 151):
        fake.follow(number, START + timedelta(minutes=number))
        fake.subscriptions.append(fake.subscriber(f"person{number}", str(number)))
    fake.cheers += [(START + timedelta(days=number), str(number % 3), 100) for number in range(14)]
    fake.video(1, START, 300)
    return fake


def of_tiktok() -> Loopback:
    fake = tiktok.FakeTikTok()
    for number in range(1, 31):
        fake.video(number, START + timedelta(minutes=number), like_count=5, view_count=300)
    return fake


def of_bing() -> Loopback:
    fake = bing.FakeBing()
    for number in range(1, 8):
        fake.count(number)
    return fake


def of_mastodon() -> Loopback:
    fake = mastodon.FakeMastodon()
    fake.notify_many(203, START)
    fake.follow(*(f"person{number}@other.example" for number in range(100)))
    fake.post(1, START, favourites_count=30, reblogs_count=2)
    return fake


@dataclass
class Case:
    """rows: interactions, relations, totals of posts, counters."""

    slug: str
    make: Callable[[], Loopback]
    rows: tuple[int, int, int, int]
    token: str = ""
    owner: str = ""


CASES = [
    Case("bluesky", of_bluesky, (60, 156, 45, 3), owner=bluesky.did("alice")),
    Case("blog", of_blog, (5, 0, 5, 1)),
    Case("wikipedia", of_article, (0, 0, 0, 3), owner="en:Ada_Lovelace"),
    Case("wikipedia", of_editor, (510, 0, 0, 0), wikipedia.TOKEN),
    # Each of three people cheered in both of two weeks.
    Case("twitch", of_twitch, (6, 300, 1, 3), twitch.TOKEN),
    Case("tiktok", of_tiktok, (0, 0, 60, 4), tiktok.TOKEN),
    Case("bing", of_bing, (0, 0, 0, 1), bing.KEY),
    Case("mastodon", of_mastodon, (203, 100, 2, 3), mastodon.TOKEN),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.make.__name__[3:])
def test_everything_is_kept_once(alice: Person, settings: Any, case: Case) -> None:
    network = NETWORKS[case.slug]
    with case.make() as fake, stamina.set_testing(True, attempts=2, cap=True):
        if network.spec.base_url:
            settings.NETWORK_ORIGINS = {"/".join(network.spec.base_url.split("/")[:3]): fake.url}
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        settings.NETWORK_KEYS = {**settings.NETWORK_KEYS, "twitch": (twitch.CLIENT, "a secret")}
        server = fake.url if case.slug == "mastodon" else ""
        wanted = Subject(fake.id if isinstance(fake, blog.FakeBlog) else case.owner, client_id=twitch.CLIENT, now=AT)
        with http_for(network, at=AT, server=server, token=case.token) as http:
            (profile,) = network.pull(http, wanted, "profile", {})
        owner = profile.records[0]
        assert isinstance(owner, Owner)
        link = linking.link_account(
            person=alice,
            spec=network.spec,
            owner=owner,
            proof=LinkedAccount.Proof.NETWORK,
            at=AT,
            server=server,
            tokens=Tokens(case.token) if case.token else None,
        )
        _read(link, AT)
        assert _stored() == case.rows
        _read(link, AT + timedelta(hours=1))
        assert _stored() == case.rows
    assert Account.objects.get(pk=link.account_id).handle == owner.handle


def _read(link: LinkedAccount, at: datetime) -> None:
    """Read all streams, of which nothing is rejected."""
    for stream in NETWORKS[link.account.network].spec.streams:
        cursor = link.cursors.get(stream=stream)
        found = read_stream(cursor_id=cursor.pk, at=at, due_only=False)
        assert found.state == "read", stream
        assert found.summary is not None
        assert found.summary.reasons == []


def _stored() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Interaction, Relation, PostTotal, CounterReading))
