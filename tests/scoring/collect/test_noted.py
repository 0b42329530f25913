"""What a reading could not use, and what it left for the next, is told to its person; nothing is told twice."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Cursor, LinkedAccount
from accounts.networks import mastodon as mastodon_network
from accounts.networks.base import Page
from scoring.collect import pulling
from scoring.collect.connecting import connect
from scoring.collect.summary import Summary
from scoring.models import Interaction, PostTotal, Relation
from tests.accounts.conftest import logged_in
from tests.fakes.mastodon import TOKEN

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = AT - timedelta(days=3)


@pytest.fixture
def link(server, alice) -> LinkedAccount:
    return connect(person=alice, network="mastodon", server=server.url, token=TOKEN, at=AT)


def page_of(link: LinkedAccount) -> str:
    response = logged_in(link.person).get(f"/settings/accounts/{link.pk}")
    return " ".join(response.content.decode().split())


def notifications(link: LinkedAccount) -> Cursor:
    return Cursor.objects.get(link=link, stream="notifications")


def test_what_could_not_be_used_is_said_and_why(server, link, monkeypatch):
    monkeypatch.setattr(mastodon_network, "PAGE", 20)
    server.notify_many(50, START)
    for number in (3, 30):
        server.notifications[number]["created_at"] = "<yesterday>"
    pulling.pull_link(link=link, at=AT)
    noted = notifications(link).noted
    assert (noted["rejected"], len(noted["reasons"]), noted["going"]) == (2, 2, False)
    page = page_of(link)
    assert "2 records could not be used" in page
    assert "&lt;yesterday&gt;" in page
    assert Interaction.objects.count() == 48
    # The next reading had no trouble, and has nothing to say.
    server.notifications[3]["created_at"] = server.notifications[30]["created_at"] = server.notifications[4][
        "created_at"
    ]
    server.notify_many(1, AT)
    pulling.pull_link(link=link, at=AT + timedelta(hours=1))
    assert "could not be used" not in page_of(link)


def test_a_reading_in_several_turns_is_told_of_as_one():
    found = Summary("mastodon", rejected=7, reasons=[f"row {number}: bad" for number in range(5)])
    first = pulling.noted_after(None, found, Page([], {}))
    second = pulling.noted_after(first, Summary("mastodon"), Page([], {}))
    last = pulling.noted_after(second, Summary("mastodon", rejected=1, reasons=["row 9: bad"]), Page([], {}, done=True))
    assert last == {"rejected": 8, "reasons": found.reasons, "partial": False, "going": False}
    assert pulling.noted_after(last, Summary("mastodon"), Page([], {}, done=True)) is None


def test_what_is_left_for_another_day_is_said(link):
    noted = pulling.noted_after(None, Summary("mastodon"), Page([], {}, done=True, partial=True))
    Cursor.objects.filter(link=link, stream="notifications").update(
        noted=noted, pulled_at=AT, due_at=datetime.now(UTC) + timedelta(hours=20)
    )
    page = page_of(link)
    assert "Not all of it has been read yet" in page
    assert "It goes on by itself 19" in page or "It goes on by itself 20" in page


def test_nothing_that_was_found_is_shown_twice(link):
    def told(verb: int, actor: int, post: int = 0) -> None:
        row = {"target": link.account_id, "network": 3, "origin": 1, "occurred_at": AT}
        Interaction.objects.create(key=uuid.uuid4(), actor=actor, verb=verb, post=post, **row)

    # Two of the ten likes of a post are known by name; one more is of a post without a total.
    PostTotal.objects.create(account=link.account_id, post=77, verb=1, total=10, network=3, origin=1, occurred_at=AT)
    told(1, 501, 77)
    told(1, 502, 77)
    told(1, 501, 78)
    # One follower of two was told of twice, as an event and in the list.
    told(5, 501)
    for actor in (501, 502):
        Relation.objects.create(target=link.account_id, actor=actor, verb=5, network=3, origin=1, observed_at=AT)
    page = page_of(link)
    assert '<th scope="row">likes</th><td class="number">11</td>' in page
    assert '<th scope="row">followers</th><td class="number">2</td>' in page
