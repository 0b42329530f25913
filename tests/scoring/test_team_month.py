"""A team's month, day by day."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, LinkedAccount, Membership, Person
from accounts.networks.base import VERBS
from accounts.team_log import note
from scoring.models import Activity, Post
from scoring.views.month_days import ACTIVITY_DAYS, Month, month_at, month_of
from scoring.views.month_drawing import bars
from tests.scoring.published import publish_score

TODAY = date(2026, 11, 20)
MONTH = date(2026, 11, 1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(join) -> Person:
    firm = Person.objects.create(handle="acme", kind="organisation", name="Acme")
    Person.objects.update(created_at=datetime(2026, 9, 3, tzinfo=UTC))
    account = Account.objects.create(network="twitter", external_id="a", handle="acme")
    LinkedAccount.objects.create(account=account, person=firm)
    firm.refresh_from_db()
    return firm


def react(firm: Person, day: date, *, post: int, reactions: int, people: int = 1, weight: float = 1.0) -> None:
    Activity.objects.create(
        person=firm,
        day=day,
        account=firm.links.get().account_id,
        network="twitter",
        verb=VERBS["like"],
        post=post,
        people=people,
        reactions=reactions,
        weight=weight,
    )


def post(firm: Person, number: int, at: datetime, url: str = "") -> None:
    account = firm.links.get().account_id
    Post.objects.create(account=account, post=number, external_id=str(number), url=url, posted_at=at)


def of(firm: Person, first: date = MONTH, today: date = TODAY) -> Month:
    return month_of(firm, first, today)


def test_a_day_has_its_score_its_posts_its_reactions_and_its_best_post(firm: Person) -> None:
    publish_score(firm, as_of=date(2026, 11, 3), history={0: 42.0, 1: 41.5, 3: 40.0})
    post(firm, 11, datetime(2026, 11, 3, 23, 59, tzinfo=UTC), "https://posts.example/11")
    post(firm, 12, datetime(2026, 11, 4, 0, 0, tzinfo=UTC))
    react(firm, date(2026, 11, 3), post=11, reactions=3, people=2, weight=5.0)
    react(firm, date(2026, 11, 3), post=12, reactions=9, people=9, weight=1.0)
    react(firm, date(2026, 11, 3), post=0, reactions=4, people=4, weight=9.0)
    found = {day.day.day: day for day in of(firm).days}
    assert len(found) == 30
    third = found[3]
    assert (third.score, third.change, third.posts) == (42.0, 0.5, 1)
    assert (third.reactions, third.people) == (16, 15)
    assert third.best is not None
    assert (third.best.url, third.best.reactions) == ("https://posts.example/11", 3), "what weighed most"
    assert found[2].change is None, "there was no score the day before"
    assert (found[4].posts, found[4].reactions, found[4].best) == (1, 0, None)
    assert found[21].future
    assert not found[20].future
    assert (of(firm).reactions, of(firm).posts) == (16, 2)


def test_a_month_is_no_other_s(firm: Person, join) -> None:
    bob = join("bob", twitter="b")
    react(bob, date(2026, 11, 3), post=11, reactions=5)
    react(firm, date(2026, 10, 31), post=11, reactions=7)
    react(firm, date(2026, 12, 1), post=11, reactions=8)
    assert of(firm).reactions == 0
    assert of(firm, date(2026, 10, 1)).reactions == 7


def test_of_days_before_the_log_begins_nothing_is_made_up(firm: Person) -> None:
    edge = TODAY - timedelta(days=ACTIVITY_DAYS)
    month = of(firm, edge.replace(day=1))
    known = {day.day: day.reactions for day in month.days}
    assert known[edge] == 0
    assert known[edge - timedelta(days=1)] is None
    assert month.is_cut
    assert not of(firm).is_cut


@pytest.mark.parametrize("text", ["", "2026-13", "x", "2999-01", "0000-00", "0001-01", "9999-12", "2026-10-01"])
def test_what_is_no_month_is_this_one(text: str) -> None:
    assert month_at(text, TODAY) == MONTH


def test_from_month_to_month(firm: Person) -> None:
    assert (of(firm).before, of(firm).after) == (date(2026, 10, 1), None)
    october = of(firm, date(2026, 10, 1))
    assert (october.before, october.after) == (date(2026, 9, 1), MONTH)
    assert of(firm, date(2026, 9, 1)).before is None, "there was no team then"


def test_the_drawing_says_what_the_table_says(firm: Person) -> None:
    assert bars(of(firm)) == ""
    publish_score(firm, as_of=date(2026, 11, 3), history={0: 42.0, 1: 41.5})
    for day in (1, 2, 5):
        react(firm, date(2026, 11, day), post=11, reactions=day)
    drawing = bars(of(firm))
    assert drawing.count("<rect") == 3
    assert "8 reactions" in drawing
    assert "Most on 5 November" in drawing
    assert "between 41.5 and 42.0" in drawing
    assert "style=" not in drawing


@pytest.fixture
def client(firm: Person, join) -> Client:
    user = join("vera").users.get()
    Membership.objects.create(user=user, person=firm, role="viewer")
    client = Client()
    client.force_login(user)
    return client


def test_members_see_it_and_nobody_else(firm: Person, client: Client, join) -> None:
    today = timezone.now().date()
    post(firm, 11, timezone.now(), "https://posts.example/11")
    react(firm, today, post=11, reactions=1234, people=77)
    for path in ("/teams/acme/month", f"/teams/ACME/month?month={today:%Y-%m}"):
        page = client.get(path).content.decode()
        assert "1,234" in page
        assert 'href="https://posts.example/11"' in page
    stranger = Client()
    stranger.force_login(join("bob").users.get())
    for path in ("/teams/acme/month", "/teams/acme/month.csv"):
        assert stranger.get(path).status_code == 404
        assert Client().get(path).status_code == 302
    assert client.get("/teams/vera/month").status_code == 404, "a person is no team"
    assert client.post("/teams/acme/month").status_code == 405


def test_it_can_be_taken_along(firm: Person, client: Client) -> None:
    post(firm, 11, datetime(2026, 10, 5, 12, tzinfo=UTC), "=cmd|' /C calc'!A0")
    react(firm, date(2026, 10, 6), post=11, reactions=5, people=4)
    answer = client.get("/teams/acme/month.csv?month=2026-10")
    rows = list(csv.DictReader(b"".join(answer).decode().splitlines()))  # type: ignore[arg-type]
    assert len(rows) == 31
    assert rows[5]["day"] == "2026-10-06"
    assert (rows[5]["reactions"], rows[5]["people"], rows[4]["posts"]) == ("5", "4", "1")
    assert rows[5]["best_post"].startswith("'="), "no spreadsheet runs it"
    assert 'filename="acme-2026-10.csv"' in answer["Content-Disposition"]


def test_a_busy_month_takes_as_many_queries_as_an_empty_one(
    firm: Person, client: Client, django_assert_max_num_queries
) -> None:
    today = timezone.now().date()

    def ask() -> None:
        with django_assert_max_num_queries(10):
            client.get("/teams/acme/month")

    ask()
    for number in range(200):
        post(firm, number + 1, timezone.now() - timedelta(days=number % 9))
        react(firm, today - timedelta(days=number % 9), post=number + 1, reactions=number)
    ask()


def test_the_first_page_of_a_busy_team_takes_twelve_queries(
    firm: Person, client: Client, join, django_assert_max_num_queries
) -> None:
    user = join("Olga").users.get()
    Membership.objects.create(user=user, person=firm, role="owner")
    client.force_login(user)
    now, link = timezone.now(), firm.links.get()
    publish_score(firm, as_of=now.date(), history={0: 42.0, 1: 41.0, 30: 40.0})
    post(firm, 1, now, "https://posts.example/1")
    react(firm, now.date(), post=1, reactions=5)
    note(person=firm, user=user, action="link", about=f"account {link.account_id} twitter", at=now)
    # That a browser was seen is written now and then.
    client.get("/teams")
    with django_assert_max_num_queries(12):
        page = client.get("/teams/acme").content.decode()
    assert "\u221215.7" in page, "since yesterday"
    assert "\u221214.7" in page, "since thirty days ago, which is no day of this month"
