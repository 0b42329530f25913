"""How the day's change and the moments read, on the dashboard and in `manage.py explain`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from scoring import days
from scoring.models import DayChange, Moment, Post, Score, ScoreRun
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1")
    publish_score(person, history={1: 49.0})
    return person


def moved(person: Person, *changes: float, url: str = "https://town.example/posts/{}") -> None:
    account = person.links.get().account_id
    for number, change in enumerate(changes, start=1):
        at = datetime(2026, 10, number, 9, tzinfo=UTC)
        Moment.objects.create(
            person=person,
            account=account,
            post=number,
            points=change * 2,
            change=change,
            people=number,
            reactions=3 * number,
            posted_at=at,
        )
        if url:
            Post.objects.create(
                account=account, post=number, external_id=str(number), url=url.format(number), posted_at=at
            )
    Moment.objects.create(person=person, account=0, post=0, points=0.5, change=0.1, people=0, reactions=0)


def change(person: Person, *, days_before: int = 1, **parts: float) -> DayChange:
    parts = {"moments": 0.0, "decay": 0.0, "rest": 0.0, "formula_change": 0.0, **parts}
    since = AS_OF - timedelta(days=days_before)
    return DayChange.objects.create(person=person, as_of=AS_OF, since=since, points=sum(parts.values()), **parts)


def own(client: Client, person: Person) -> Any:
    """The dashboard of who the day is about."""
    client.force_login(user_of(person))
    return client.get(reverse("dashboard"))


def test_the_dashboard_says_what_faded_and_what_came_from_which_posts(client: Client, alice) -> None:
    moved(alice, 0.9, 0.2, 0.06, 0.055)
    change(alice, moments=1.2, decay=-0.4, rest=0.02)
    response = own(client, alice)
    text = text_of(response)
    assert "Since the day before: +1.2 from 4 posts, \N{MINUS SIGN}0.4 faded." in text
    assert "Most by: the post of 1 October 2026 (+0.9), the post of 2 October 2026 (+0.2)" in text
    # Three are named, and what is no tenth of a point is not.
    assert "4 October 2026" not in text
    assert "followers, mentions" not in text
    assert '<a href="https://town.example/posts/1" rel="nofollow noopener">' in response.content.decode()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"decay": -0.3}, "Since the day before: \N{MINUS SIGN}0.3 faded."),
        ({"decay": -0.02, "rest": 0.01}, "nothing moved it by as much as a tenth of a point"),
        ({"rest": 2.0}, "+2.0 from all else: followers, mentions, who reacted, and what became known late"),
        ({"formula_change": -3.5}, "\N{MINUS SIGN}3.5 because the formula changed"),
        ({"moments": -0.2}, "\N{MINUS SIGN}0.2 from 1 post that nobody has reacted to"),
        ({"moments": 0.2}, "+0.2 from 1 post."),
    ],
)
def test_each_part_has_its_own_words(client: Client, alice, parts, words) -> None:
    moved(alice, -0.04 if parts.get("moments", 0) < 0 else 0.04)
    change(alice, **parts)
    assert words in text_of(own(client, alice))


def test_a_longer_while_names_its_day(client: Client, alice) -> None:
    change(alice, days_before=5, decay=-0.3)
    assert "Since 27 October 2026: " in text_of(own(client, alice))


def test_an_address_that_is_none_is_no_link_and_an_unknown_post_has_a_name(client: Client, alice) -> None:
    moved(alice, 0.9, url="javascript:alert(1)")
    change(alice, moments=0.9)
    Moment.objects.update(posted_at=None)
    response = own(client, alice)
    assert "javascript:" not in response.content.decode()
    assert "Most by: a post on Twitter/X (+0.9)" in text_of(response)


def test_nothing_is_told_of_another_day_nor_of_a_score_that_no_run_explained(client: Client, alice) -> None:
    change(alice, decay=-0.4)
    assert "faded" in text_of(own(client, alice))
    ScoreRun.objects.update(kind="provisional", finished_at=datetime(2026, 11, 1, 14, 5, tzinfo=UTC))
    assert "faded" not in text_of(own(client, alice))
    ScoreRun.objects.update(kind="daily")
    DayChange.objects.update(as_of=AS_OF - timedelta(days=1))
    assert "faded" not in text_of(own(client, alice))


def test_it_takes_the_same_queries_however_much_moved(alice, join, django_assert_num_queries) -> None:
    moved(alice, *[0.2] * 25)
    change(alice, moments=5.0)
    bob = join("Bob", twitter="2")
    for person in (alice, bob):
        with django_assert_num_queries(2):
            told = days.day_of(person.pk, AS_OF)
        assert (told is None) == (person == bob)


def explain(*arguments: str) -> str:
    out = StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_lists_moments_and_tells_the_change(alice) -> None:
    moved(alice, 0.2, 0.9, -0.3)
    change(alice, moments=0.9, decay=-0.4)
    lines = explain("alice", "--moments").splitlines()
    assert [line.split()[0] for line in lines] == ["+1.80", "+0.40", "-0.60", "+0.50"]
    assert (
        "the post of 2 October 2026 by @alice: 2 people by name, 6 reactions  https://town.example/posts/2" in lines[0]
    )
    assert lines[-1].endswith("shared: what no single post explains")
    text = explain("alice", "--change")
    assert text.startswith(f"Alice on {AS_OF}: +0.50. Since the day before: +0.9 from 3 posts, ")
    assert "+0.90  the post of 2 October 2026" in text
    assert explain("alice", "--change", "--as-of", AS_OF.isoformat()) == text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody", "--moments"], "nobody with the handle"),
        (["alice", "--moments"], "No post of Alice is known to have moved the score"),
        (["alice", "--change"], "it takes two days"),
        (["alice", "--change", "--as-of", "2026-01-01"], "No run has told Alice's change to 2026-01-01"),
        (["alice", "--moments", "--as-of", "2026-01-01"], "leave --as-of"),
        (["alice", "--change", "--network", "twitter"], "leave --network"),
    ],
)
def test_the_command_says_what_is_wrong(alice, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        explain(*arguments)


def test_a_day_begins_where_the_last_one_ended() -> None:
    day = days.Day(date(2026, 10, 31), date(2026, 11, 1), 0.0, (), ())
    assert day.sentence == "Since the day before: nothing moved it by as much as a tenth of a point."


def test_the_command_names_an_interval_only_where_a_run_has_worked_one_out(alice) -> None:
    assert "to 100.0" not in explain("alice")
    Score.objects.update(low=48.1, high=53.2)
    assert "(48.1 to 53.2)" in explain("alice")
