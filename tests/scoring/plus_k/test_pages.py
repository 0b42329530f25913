"""The pages of +K: the button, who gave what, one's own page; what others see of it and what it costs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Person, TeamChange
from scoring.models import Endorsement, PersonTopic, Purse, Silenced, Tie
from scoring.plus_k import received
from tests.scoring.plus_k.giving import DAY, MINUTE, a_topic, about, crowd, plus_k
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1")
    about(person, "beekeeping", "boats")
    return person


@pytest.fixture
def bob(join) -> Person:
    return join("Bob", twitter="2")


def give(client: Client, handle: str = "alice", topic: str = "beekeeping", **more: str):
    return client.post(f"/{handle}/plus-k", {"topic": topic, "next": f"/{handle}"} | more, follow=True)


def as_(person: Person) -> Client:
    client = Client()
    client.force_login(user_of(person))
    return client


def queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


# ---------------------------------------------------------------- giving


def test_one_click_gives_and_another_takes_it_back(alice, bob) -> None:
    client = as_(bob)
    assert "Give Alice +K in Beekeeping" in client.get("/alice").content.decode()
    page = give(client)
    assert page.redirect_chain == [("/alice", 302)]
    said = text_of(page)
    assert "You gave Alice +K in Beekeeping. Until" in said
    assert "you can take it back." in said
    assert "Undo until" in text_of(page)
    [given] = Endorsement.objects.all()
    assert (given.giver, given.user) == (bob, user_of(bob))
    # The message has a button of its own.
    assert page.content.decode().count(f'action="/plus-k/{given.pk}/undo"') == 2
    page = client.post(f"/plus-k/{given.pk}/undo", {"next": "/alice"}, follow=True)
    assert "Taken back: your +K for Alice in Beekeeping." in text_of(page)
    assert "Give Alice +K in Beekeeping" in page.content.decode()
    assert Purse.objects.get().given == 0


def test_a_second_click_says_that_it_is_given(alice, bob) -> None:
    client = as_(bob)
    give(client)
    page = give(client)
    assert page.status_code == 200
    assert "You have given it already." in text_of(page)
    assert Endorsement.objects.count() == 1


def test_who_is_not_logged_in_is_led_to_it_and_gets_no_cookie(client, alice) -> None:
    page = client.get("/alice")
    assert "Log in to give Alice +K in Beekeeping" in page.content.decode()
    assert not page.cookies
    assert client.post("/alice/plus-k", {"topic": "beekeeping"}).url == "/accounts/login/?next=/alice"
    assert not Endorsement.objects.exists()


@pytest.mark.parametrize(
    ("handle", "topic", "status"), [("nobody", "beekeeping", 404), ("alice", "nothing", 404), ("Alice", "boats", 200)]
)
def test_what_is_not_there_is_given_nothing(alice, bob, handle: str, topic: str, status: int) -> None:
    assert as_(bob).post(f"/{handle}/plus-k", {"topic": topic, "next": "/bob"}, follow=True).status_code == status


def test_a_get_changes_nothing_and_next_leads_nowhere_else(alice, bob) -> None:
    client = as_(bob)
    assert client.get("/alice/plus-k?topic=beekeeping").status_code == 200
    assert not Endorsement.objects.exists()
    assert client.get("/plus-k/1/undo").status_code == 405
    assert client.post("/alice/plus-k", {"topic": "boats", "next": "https://evil.example/"}).url == "/alice"


def test_a_form_without_its_token_gives_nothing(alice, bob) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of(bob))
    assert client.post("/alice/plus-k", {"topic": "beekeeping"}).status_code == 403
    assert not Endorsement.objects.exists()


def test_nobody_takes_back_what_another_gave(alice, bob, join) -> None:
    given = plus_k(bob, alice, a_topic(), timezone.now())
    assert as_(join("Carol")).post(f"/plus-k/{given.pk}/undo").status_code == 404
    assert as_(bob).post(f"/plus-k/{10**30}/undo").status_code == 404
    assert Endorsement.objects.get().undone_at is None


def test_an_editor_gives_for_the_organisation_and_the_log_says_who(alice, bob, join) -> None:
    acme = join("Acme", twitter="3")
    Person.objects.filter(pk=acme.pk).update(kind=Person.Kind.ORGANISATION)
    Membership.objects.create(user=user_of(bob), person=acme, role=Membership.Role.EDITOR)
    give(as_(bob), giver="acme")
    assert (Endorsement.objects.get().giver, Endorsement.objects.get().user) == (acme, user_of(bob))
    [line] = TeamChange.objects.filter(person=acme)
    assert (line.action, line.about, line.user) == ("plus-k", "Beekeeping", user_of(bob))
    assert give(as_(bob), topic="boats", giver="alice").status_code == 404
    assert Endorsement.objects.count() == 1


@pytest.mark.parametrize("state", ["wait", "none left", "silenced", "own", "team"])
def test_the_button_says_why_there_is_nothing_to_click(alice, bob, state: str) -> None:
    now, reader, words = timezone.now(), bob, ""
    if state == "wait":
        plus_k(bob, alice, a_topic(), now - DAY)
        words = "given, again from"
    elif state == "none left":
        Purse.objects.create(person=bob, day=now.date(), allowance=5, given=5)
        words = "None left today, new ones at"
    elif state == "silenced":
        Silenced.objects.create(person=bob, until=now + DAY, reason="Spam", created_at=now)
        words = "You can give +K again on"
    elif state == "own":
        reader = alice
    else:
        Membership.objects.create(user=user_of(bob), person=alice, role=Membership.Role.VIEWER)
    page = as_(reader).get("/alice")
    assert words in text_of(page)
    assert "Give Alice +K in Beekeeping" not in page.content.decode()


# ---------------------------------------------------------------- who gave what


def test_a_profile_counts_and_names_whom_the_reader_may_see(alice, bob, join) -> None:
    now = timezone.now()
    for giver in (bob, join("Carol", visibility="members"), join("Dave", visibility="hidden")):
        plus_k(giver, alice, a_topic(), now)
    plus_k(bob, alice, a_topic("boats"), now - 91 * DAY)
    for client, named in ((Client(), {"Bob"}), (as_(join("Erin")), {"Bob", "Carol"})):
        for path in ("/alice", "/alice/plus-k"):
            text = text_of(client.get(path))
            assert {name for name in ("Bob", "Carol", "Dave") if name in text} == named
        assert "3 +K in 90 days" in text_of(client.get("/alice"))
        assert text.count("Somebody") == 3 - len(named)


@pytest.mark.parametrize("part", ["plus_k", "topics"])
def test_who_keeps_it_back_shows_nobody(alice, bob, part: str) -> None:
    plus_k(bob, alice, a_topic(), timezone.now())
    Person.objects.filter(pk=alice.pk).update(shown={part: "hidden"})
    assert Client().get("/alice/plus-k").status_code == 404
    assert "+K in 90 days" not in text_of(Client().get("/alice"))
    assert as_(alice).get("/alice/plus-k").status_code == 200


def test_hidden_topics_are_not_told_by_what_was_given_in_them(alice, bob) -> None:
    plus_k(bob, alice, a_topic(), timezone.now())
    PersonTopic.objects.filter(topic=a_topic()).update(hidden=True)
    for path in ("/alice", "/alice/plus-k"):
        assert "Beekeeping" not in text_of(Client().get(path))


def test_who_gave_comes_in_pages_by_key(alice, monkeypatch) -> None:
    monkeypatch.setattr(received, "given_to", partial(received.given_to, most=4))
    now = timezone.now()
    for number, giver in enumerate(crowd(10)):
        plus_k(giver, alice, a_topic(), now - number * MINUTE)
    found, path = [], "/alice/plus-k"
    while path:
        page = Client().get(path)
        found += [row.giver.handle for row, _name in page.context["rows"]]
        path = page.context["next_at"] and f"/alice/plus-k{page.context['next_at']}"
    assert found == [f"person{number}" for number in range(10)]
    for odd in ("x", "1-", "-", "9" * 40 + "-1", "1-2-3", "\x00"):
        assert Client().get("/alice/plus-k", {"after": odd}).status_code == 200


# ---------------------------------------------------------------- one's own page


def test_the_own_page_tells_what_there_is_and_what_was(alice, bob) -> None:
    now = timezone.now()
    Tie.objects.create(influencer=alice, influencee=bob, weight=1.0, reactions=1, follows=False)
    given = plus_k(bob, alice, a_topic(), now)
    page = as_(bob).get("/plus-k")
    text = text_of(page)
    assert "4 of 5 +K left" in text
    assert "Everybody has these each day." in text
    assert f'action="/plus-k/{given.pk}/undo"' in page.content.decode()
    assert "Give Alice +K in Boats" in page.content.decode()
    assert "Bob" in text_of(as_(alice).get("/plus-k")).partition("What you were given")[2]
    assert Client().get("/plus-k").url.startswith("/accounts/login/")


def test_the_dashboard_says_how_many_are_left(alice, bob) -> None:
    assert "You have given no +K yet today" in text_of(as_(bob).get("/dashboard"))
    plus_k(bob, alice, a_topic(), timezone.now())
    assert "4 of 5 +K left today" in text_of(as_(bob).get("/dashboard"))


def test_pages_cost_the_same_however_much_there_is(alice, bob) -> None:
    now, paths = timezone.now(), ("/alice", "/alice/plus-k", "/plus-k", "/dashboard")
    for person in (alice, bob):
        publish_score(person)
    plus_k(bob, alice, a_topic(), now)
    Tie.objects.create(influencer=alice, influencee=bob, weight=1.0, reactions=1, follows=False)
    before = {path: queries(as_(bob), path) for path in paths}
    others = crowd(25)
    for number, other in enumerate(others):
        plus_k(other, alice, a_topic(), now - timedelta(hours=number))
        Tie.objects.create(influencer=other, influencee=bob, weight=1.0, reactions=1, follows=False)
        if number < 4:
            plus_k(bob, other, a_topic(), now)
    about(alice, *(f"topic-{number}" for number in range(15)))
    after = {path: queries(as_(bob), path) for path in paths}
    assert after == before
    assert max(after.values()) <= 12
