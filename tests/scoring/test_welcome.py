"""The way to a first score: every step follows from what is there, can be skipped, and ends at the dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Cursor, LinkedAccount, Membership, Notification, Person, User
from scoring import first_scores
from scoring.models import ImportJob, ScoreRun
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
REFRESH = '<noscript><meta http-equiv="refresh"'
SCRIPT = "js/progress.js"


@pytest.fixture
def alice(join) -> Person:
    return join("Alice")


@pytest.fixture
def own(client: Client, alice: Person) -> Client:
    client.force_login(user_of(alice))
    return client


def upload(person: Person, **fields: Any) -> ImportJob:
    job = ImportJob(person=person, user=user_of(person), network="twitter", file_name="twitter.zip", path="/x")
    for name, value in fields.items():
        setattr(job, name, value)
    job.save()
    return job


def linked(join, *, streams: int, read: int) -> Person:
    """Bob, with an account on Twitter of whose streams so many have been read."""
    bob = join("Bob", twitter="1")
    link = LinkedAccount.objects.get(person=bob)
    for number in range(streams):
        Cursor.objects.create(link=link, stream=f"s{number}", pulled_at=timezone.now() if number < read else None)
    return bob


def step_of(response: Any) -> str:
    return next(slug for slug, _label, where in response.context["steps"] if where == "now")


def test_it_is_for_who_is_logged_in(client: Client) -> None:
    assert client.get("/welcome")["Location"] == "/accounts/login/?next=/welcome"


def test_a_log_in_without_a_person_chooses_a_handle_and_goes_on(client: Client) -> None:
    client.force_login(User.objects.create_user("staff@example.com", "a long pass phrase"))
    page = client.get("/welcome")
    assert "Choose a handle" in text_of(page)
    assert client.post("/welcome", {"handle": "admin", "birth_year": "1980"}).context["form"].errors
    assert client.post("/welcome", {"handle": "Dana", "birth_year": "1980"})["Location"] == "/welcome"
    assert step_of(client.get("/welcome")) == "connect"


def test_who_has_linked_nothing_is_told_what_is_read_before_connecting(own: Client) -> None:
    page = own.get("/welcome")
    text = text_of(page)
    assert step_of(page) == "connect"
    assert "@Alice is yours." in text
    assert "Nothing is ever posted, liked or followed in your name." in text
    assert "Remove an account in your settings: our access ends" in text
    # A network that needs no app of the operator's: with what it reads, and what never.
    assert reverse("connect_network", args=["mastodon"]) in page.content.decode()
    assert "who boosts, favourites, quotes, mentions and follows you" in text
    assert "your bookmarks, lists and filters" in text
    assert f'href="{reverse("import")}"' in page.content.decode()


def test_a_network_that_is_off_here_is_not_offered(own: Client, settings) -> None:
    address = reverse("connect_network", args=["twitter"])
    assert address not in own.get("/welcome").content.decode()
    settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"twitter": ("id", "secret")}
    assert address in own.get("/welcome").content.decode()


def test_it_can_be_skipped_and_is_found_again(own: Client) -> None:
    assert f'href="{reverse("dashboard")}">Skip for now' in own.get("/welcome").content.decode()
    assert f'href="{reverse("welcome")}"' in own.get("/dashboard").content.decode()


def test_an_account_being_read_shows_how_far_it_is_and_looks_again_by_itself(client: Client, join) -> None:
    client.force_login(user_of(linked(join, streams=4, read=1)))
    page = client.get("/welcome")
    markup = page.content.decode()
    assert step_of(page) == "score"
    assert "Your first score is on its way" in text_of(page)
    # A quarter of one account, of that account and the score.
    assert '<progress max="2" value="0.25"' in markup
    assert REFRESH in markup
    assert SCRIPT in markup
    assert '<a href="">Look again</a>' in markup


def test_an_upload_shows_how_far_it_is(own: Client, alice: Person) -> None:
    upload(alice, state="running", summary={"progress": {"stage": "reading", "done": 30, "total": 40}})
    page = own.get("/welcome")
    assert '<progress max="2" value="0.75"' in page.content.decode()
    assert "twitter.zip" in text_of(page)


def test_once_all_is_read_the_score_is_waited_for(own: Client, alice: Person) -> None:
    upload(alice, state="done", finished_at=timezone.now())
    page = own.get("/welcome")
    assert "Everything has been read. The score is being worked out" in text_of(page)
    assert REFRESH in page.content.decode()


def test_who_waits_for_too_long_is_told_so_and_asked_for_nothing_more(own: Client, alice: Person) -> None:
    upload(alice, state="done", finished_at=timezone.now() - timedelta(hours=1))
    page = own.get("/welcome")
    assert "takes longer than usual" in text_of(page)
    assert REFRESH not in page.content.decode()


def test_what_did_not_work_is_told_beside_the_other_ways(own: Client, alice: Person) -> None:
    job = upload(alice, state="failed", error="it holds no account.js", finished_at=timezone.now())
    page = own.get("/welcome")
    assert step_of(page) == "connect"
    assert "twitter.zip (Twitter/X) could not be read." in text_of(page)
    assert reverse("import_job", args=[job.pk]) in page.content.decode()


def test_a_first_score_is_called_provisional_and_leads_to_the_dashboard(client: Client, join) -> None:
    bob = linked(join, streams=1, read=1)
    bob.links.update(first_read_at=timezone.now())
    publish_score(bob, confidence="provisional")
    ScoreRun.objects.update(kind="provisional")
    client.force_login(user_of(bob))
    page = client.get("/welcome")
    text = text_of(page)
    assert "A first, provisional number" in text
    assert "Higher than 83.2% of everybody scored here." in text
    assert f'href="{reverse("dashboard")}"' in page.content.decode()
    assert REFRESH not in page.content.decode()
    assert SCRIPT not in page.content.decode()


def test_the_pages_of_connecting_lead_back_until_the_score_is_there(client: Client, join) -> None:
    bob = linked(join, streams=1, read=0)
    address = reverse("link_progress", args=[bob.links.get().pk])
    client.force_login(user_of(bob))
    assert "On to your first score" not in text_of(client.get(address))
    client.get("/welcome")
    assert "On to your first score" in text_of(client.get(address))
    bob.links.update(first_read_at=timezone.now())
    Cursor.objects.update(pulled_at=timezone.now())
    publish_score(bob)
    client.get("/welcome")
    assert "On to your first score" not in text_of(client.get(address))


def test_an_organisation_has_a_way_of_its_own(own: Client, alice: Person, join) -> None:
    works = join("Works")
    Membership.objects.create(user=user_of(alice), person=works, role="editor")
    assert "@Works is yours." in text_of(own.get("/welcome?person=Works"))
    assert own.get("/welcome?person=Somebody").status_code == 404


def test_who_may_only_look_connects_nothing(client: Client, alice: Person) -> None:
    viewer = User.objects.create_user("viewer@example.com", "a long pass phrase")
    Membership.objects.create(user=viewer, person=alice, role="viewer")
    client.force_login(viewer)
    assert client.get("/welcome")["Location"] == "/dashboard"


def test_it_takes_few_queries_however_much_is_read(client: Client, join) -> None:
    def queries(person: Person) -> int:
        client.force_login(user_of(person))
        client.get("/welcome")
        with CaptureQueriesContext(connection) as captured:
            client.get("/welcome")
        return len(captured)

    little = queries(linked(join, streams=1, read=0))
    much = join("Charlie", twitter="10", mastodon="11", facebook="12")
    for link in much.links.all():
        for stream in ("a", "b", "c"):
            Cursor.objects.create(link=link, stream=stream)
    for _number in range(5):
        upload(much, state="running")
    assert queries(much) == little <= 12


# ---------------------------------------------------------------- a mail when it is done


def test_a_first_score_is_told_once(alice: Person, django_capture_on_commit_callbacks, join) -> None:
    bob = join("Bob", twitter="1")
    score = publish_score(bob)
    # A score between two nights is no part of the history.
    from scoring.models import ScoreHistory

    ScoreHistory.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        assert first_scores.tell(person_id=bob.pk)
        assert not first_scores.tell(person_id=bob.pk)
        assert not first_scores.tell(person_id=alice.pk), "no score, nothing to tell"
    [message] = mail.outbox
    assert message.to == ["bob@example.com"]
    assert f"{score.score:.1f} of 100" in message.body
    assert Notification.objects.get().url == "/welcome?person=Bob"


def test_who_had_a_score_before_is_not_told_of_a_first_one(join) -> None:
    bob = join("Bob", twitter="1")
    publish_score(bob)
    assert not first_scores.tell(person_id=bob.pk)
    assert not Notification.objects.exists()
