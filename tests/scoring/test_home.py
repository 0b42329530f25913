"""The front page: who looks somebody up finds them or may search; who is logged in has a short way to their own."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from scoring.models import Score
from scoring.views.home import SAMPLE
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


def test_it_says_what_this_is_how_it_works_and_that_its_example_is_made_up(client: Client) -> None:
    text = text_of(client.get("/"))
    assert "How far do your posts move other people?" in text
    assert "How the score works" in text
    assert text.count("Made up") == 2
    assert "Average" in text


def test_the_example_adds_up_to_its_bubble(client: Client) -> None:
    total = sum(points for _part, _label, points in SAMPLE)
    assert f'aria-label="Score {total:.1f} of 100"' in client.get("/").content.decode()
    assert {part for part, _label, _points in SAMPLE} == {"reach", "amplification", "network"}


def test_a_visitor_is_asked_to_sign_up_and_a_member_is_not(client: Client, join) -> None:
    assert reverse("account_signup") in client.get("/").content.decode()
    client.force_login(user_of(join("Alice")))
    assert reverse("account_signup") not in client.get("/").content.decode()


def test_a_member_has_a_short_way_to_the_dashboard_or_to_a_first_score(client: Client, join) -> None:
    alice = join("Alice", twitter="1")
    client.force_login(user_of(alice))
    page = client.get("/").content.decode()
    assert f'href="{reverse("welcome")}">Get a first score' in page
    score = publish_score(alice)
    page = client.get("/")
    assert f'href="{reverse("dashboard")}">To your dashboard' in page.content.decode()
    assert f"{score.score:.1f}" in text_of(page)
    assert "higher than 83.2% of everybody scored here" in text_of(page)


def test_a_handle_leads_to_its_profile(client: Client, join) -> None:
    join("Alice")
    assert client.get("/", {"handle": " @ALICE "})["Location"] == "/alice"


@pytest.mark.parametrize("visibility", ["hidden", "members"])
def test_who_may_not_be_seen_is_looked_for_like_who_does_not_exist(client: Client, join, visibility: str) -> None:
    address = reverse("search")
    join("Alice", visibility=visibility)
    assert client.get("/", {"handle": "alice"})["Location"] == f"{address}?q=alice"
    assert client.get("/", {"handle": "nobody"})["Location"] == f"{address}?q=nobody"


@pytest.mark.parametrize("typed", ["//evil.example", "<script>alert(1)</script>", "al\x00ice", "\x00", " @ ", ""])
def test_whatever_somebody_types_leads_to_a_page_of_ours(client: Client, typed: str) -> None:
    response = client.get("/", {"handle": typed}, follow=True)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
    assert all(url.startswith(("/search?", "/?")) for url, _status in response.redirect_chain)


def test_a_name_leads_to_a_search(client: Client, join) -> None:
    address = reverse("search")
    join("Alice")
    assert client.get("/", {"handle": "Alice Almeida"})["Location"] == f"{address}?q=Alice+Almeida"
    assert client.get("/", {"handle": "//evil.example"})["Location"] == f"{address}?q=%2F%2Fevil.example"


def test_it_takes_few_queries_for_members_too(client: Client, join, django_assert_max_num_queries) -> None:
    alice = join("Alice", twitter="1")
    publish_score(alice)
    client.force_login(user_of(alice))
    with django_assert_max_num_queries(6):
        client.get("/")
    assert Score.objects.filter(person=Person.objects.get()).exists()
