"""X, Facebook, Instagram and Threads read through the whole way, to rows in PostgreSQL: once each, at a known price."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import stamina

from accounts import linking
from accounts.models import Account, LinkedAccount, Person, Spending
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from accounts.networks.oauth import Tokens
from scoring.collect.pulling import attempt, read_stream
from scoring.models import CounterReading, Interaction, PostTotal, Relation
from tests.fakes import facebook, graph, instagram, threads, twitter
from tests.fakes.loopback import Loopback

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def of_twitter() -> Loopback:
    fake = twitter.FakeTwitter()
    own = [fake.post(twitter.ALICE, AT - 20 * DAY + index * HOUR) for index in range(30)]
    for index in range(130):
        fake.mention(fake.person(index), AT - 3 * DAY + index * timedelta(minutes=1))
        fake.repost(fake.person(index), AT - 2 * DAY + index * timedelta(minutes=1), own[index % 3])
        fake.like(fake.person(index), own[0])
    fake.quote(fake.person(1), AT - DAY, own[1])
    fake.followers = [fake.person(index) for index in range(200)]
    fake.listed(fake.person(7))
    return fake


def of_facebook() -> Loopback:
    fake = facebook.FakeFacebook()
    fake.secret = True
    for index in range(60):
        post = fake.post(facebook.ALICE, AT - 20 * DAY + index * HOUR)
        post["reactions"]["summary"]["total_count"] = index
    fake.friends = [{"id": "77", "name": "Bob"}]
    return fake


def of_a_page() -> Loopback:
    fake = facebook.FakeFacebook()
    fake.secret = True
    post = fake.post(facebook.BAKERY, AT - 20 * DAY)
    for index in range(230):
        fake.comment(post, AT - 10 * DAY + index * HOUR, str(index + 1))
    fake.post(facebook.BAKERY, AT - 9 * DAY, author="77")
    fake.tagged = [{"id": "5_5", "created_time": graph.stamp(AT - DAY), "from": {"id": "78", "name": "Charlie"}}]
    return fake


def of_instagram() -> Loopback:
    fake = instagram.FakeInstagram()
    fake.secret = True
    item = fake.post(AT - 20 * DAY, like_count=5)
    fake.insights[item["id"]] = {"shares": 2, "saved": 3}
    for index in range(120):
        fake.comment(item, AT - 10 * DAY + index * HOUR, f"person{index}")
    fake.tags = [{"id": "5", "timestamp": graph.stamp(AT - DAY), "username": "bob"}]
    return fake


def of_threads() -> Loopback:
    fake = threads.FakeThreads()
    fake.secret = True
    item = fake.post(AT - 20 * DAY, likes=4, replies=130, reposts=1)
    for index in range(130):
        fake.reply(item, AT - 10 * DAY + index * HOUR, f"person{index}")
    fake.mentions = [{"id": "5", "timestamp": graph.stamp(AT - DAY), "username": "bob"}]
    return fake


NAME = "alice.bakes_"
CASES: dict[str, tuple[Callable[[], Loopback], str, Owner, str, tuple[int, int, int, int]]] = {
    # Interactions, relations, totals of posts, counters.
    "twitter": (of_twitter, twitter.TOKEN, Owner(twitter.ALICE, "Alice_Example"), "profile", (391, 201, 5, 4)),
    "facebook": (of_facebook, facebook.TOKEN, Owner(facebook.ALICE), "profile", (0, 1, 59, 1)),
    "facebook page": (of_a_page, facebook.PAGE_TOKEN, Owner(facebook.BAKERY, "bakery"), "page", (232, 0, 1, 1)),
    "instagram": (of_instagram, instagram.TOKEN, Owner(NAME, NAME), "profile", (121, 0, 4, 3)),
    "threads": (of_threads, threads.TOKEN, Owner(NAME, NAME), "profile", (131, 0, 3, 1)),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", list(CASES))
def test_everything_is_kept_once(alice: Person, settings: Any, case: str) -> None:
    make, token, owner, kind, expected = CASES[case]
    spec = NETWORKS[case.split()[0]].spec
    settings.NETWORK_KEYS = {spec.slug: ("our-app", graph.SECRET)}
    settings.NETWORK_DAILY_USD = {"twitter": 100}
    with make() as fake, stamina.set_testing(True, attempts=2, cap=True):
        settings.NETWORK_ORIGINS = {"/".join(spec.base_url.split("/")[:3]): fake.url}
        link = _linked(alice, spec, owner, kind, token)
        for at in (AT, AT + HOUR):
            for stream in spec.page_streams if kind == "page" else spec.streams:
                found = read_stream(cursor_id=link.cursors.get(stream=stream).pk, at=at, due_only=False)
                assert found.state == "read", stream
                assert found.summary is not None
                assert found.summary.reasons == []
            assert _stored() == expected
    assert not Account.objects.filter(external_id="").exists()


@pytest.mark.django_db(transaction=True)
def test_days_of_ten_cents_bring_all_of_x_in_and_cost_no_more(alice: Person, settings: Any) -> None:
    settings.NETWORK_DAILY_USD = {"twitter": Decimal("0.10")}
    spec = NETWORKS["twitter"].spec
    with of_twitter() as fake, stamina.set_testing(True, attempts=2, cap=True):
        settings.NETWORK_ORIGINS = {"https://api.x.com": fake.url}
        link = _linked(alice, spec, Owner(twitter.ALICE, "Alice_Example"), "profile", twitter.TOKEN)
        bills = []
        for number in range(6):
            before = fake.bill
            for stream in spec.streams:
                attempt(cursor_id=link.cursors.get(stream=stream).pk, at=AT + number * timedelta(hours=30))
            bills.append(fake.bill - before)
        spent = [round(cost * 1000) for cost in Spending.objects.order_by("day").values_list("cost", flat=True)]
    assert spent == bills
    assert max(bills) <= 100
    assert min(bills) >= 60
    # Something of everything, and what was read is read on from.
    assert Interaction.objects.count() > 40
    assert Relation.objects.count() > 5
    assert PostTotal.objects.count() == 5


def _linked(person: Person, spec: Any, owner: Owner, kind: str, token: str) -> LinkedAccount:
    return linking.link_account(
        person=person,
        spec=spec,
        owner=owner,
        proof=LinkedAccount.Proof.NETWORK,
        at=AT,
        kind=kind,
        tokens=Tokens(token),
    )


def _stored() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Interaction, Relation, PostTotal, CounterReading))
