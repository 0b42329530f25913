"""The dashboard: what a person is told of their score, of what keeps it from being fresh, and of what comes next."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Credential, Cursor, LinkedAccount, Membership, Pause, Person, User
from scoring import bands, daily
from scoring.achievements import progress
from scoring.formula import get, population
from scoring.models import Award, AwardProgress, DayChange, Moment, Post, Suggestion, Suspicion, Trust
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 7: 50.6, 30: 53.0})
    return person


@pytest.fixture
def own(client: Client, alice: Person) -> Client:
    client.force_login(user_of(alice))
    return client


def link_of(person: Person, network: str = "twitter") -> LinkedAccount:
    return person.links.get(account__network=network)


def seen(client: Client, path: str = "/dashboard") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return text_of(response)


def read(link: LinkedAccount, at: datetime, **fields: Any) -> Cursor:
    LinkedAccount.objects.filter(pk=link.pk).update(first_read_at=at)
    return Cursor.objects.create(link=link, stream="posts", pulled_at=at, **fields)


# ---------------------------------------------------------------- whose it is


def test_nobody_else_gets_to_see_it(client: Client, alice: Person, join) -> None:
    assert client.get("/dashboard")["Location"] == "/accounts/login/?next=/dashboard"
    client.force_login(user_of(join("Bob")))
    assert client.get("/dashboard?person=alice").status_code == 404
    assert "49.6" not in seen(client)


def test_who_speaks_for_several_switches_between_them(own: Client, alice: Person, join) -> None:
    assert "People you speak for" not in own.get("/dashboard").content.decode()
    works = join("Works", twitter="9")
    Person.objects.filter(pk=works.pk).update(kind="organisation")
    publish_score(works, features=[])
    Membership.objects.create(user=user_of(alice), person=works, role="viewer")
    assert "Alice's score" in seen(own)
    page = own.get("/dashboard?person=Works")
    assert "Works's score" in text_of(page)
    # Who may only look is not offered what only editors may do.
    assert reverse("connect") not in page.content.decode()
    assert f"{reverse('connect')}?person=Alice" in own.get("/dashboard").content.decode()


def test_a_log_in_without_a_person_begins_with_a_handle(client: Client) -> None:
    client.force_login(User.objects.create_user("staff@example.com", "a long pass phrase"))
    assert client.get("/dashboard")["Location"] == reverse("welcome")


def test_without_a_score_it_says_what_to_do_next(client: Client, join) -> None:
    client.force_login(user_of(join("Bob")))
    page = client.get("/dashboard")
    assert "There is no score yet" in text_of(page)
    assert f'href="{reverse("welcome")}"' in page.content.decode()
    client.force_login(user_of(join("Charlie", twitter="5")))
    assert "Your first score is being worked out." in seen(client)


# ---------------------------------------------------------------- where the score stands


def test_it_tells_changes_percentile_band_and_how_sure_it_is(own: Client) -> None:
    text = seen(own)
    assert "1 day +0.6 7 days \N{MINUS SIGN}1.0 30 days \N{MINUS SIGN}3.4" in text
    assert "Average Higher than 83.2% of everybody scored here." in text
    assert "40 is the middle of the scale" in text
    assert "Fair: enough people reacted to go by" in text


@pytest.mark.parametrize(
    ("score", "named"), [(1.0, "Starting"), (39.9, "Established"), (39.96, "Average"), (50.0, "Considerable")]
)
def test_the_bands_go_by_the_number_as_it_is_shown(score: float, named: str) -> None:
    assert bands.band_of(score).name == named


def test_the_words_of_the_bands_are_true_of_the_people_the_scale_was_set_on() -> None:
    table, entity = population.reference()
    scores = get("v1").score(table, entity).score

    def share(least: float) -> float:
        return float((scores >= least).mean())

    assert share(40) == pytest.approx(0.5, abs=0.005)
    assert share(50) == pytest.approx(0.3, abs=0.02), "three in ten"
    assert share(63) == pytest.approx(0.05, abs=0.002)
    assert 0.001 <= share(75) <= 0.002, "one or two in a thousand"
    assert bands.band_of(63.0).name == "Top 5%"


@pytest.mark.parametrize(
    ("people", "said"),
    [(1, "Nobody else is scored here yet."), (7, "which is only 7 so far"), (20, "of everybody scored here.")],
)
def test_a_percentile_among_few_says_so(own: Client, alice: Person, people: int, said: str) -> None:
    run = alice.score.run
    run.counts = {"population": people}
    run.save()
    assert said in seen(own)


def test_it_tells_why_it_moved_since_yesterday(own: Client, alice: Person) -> None:
    DayChange.objects.create(
        person=alice, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=1.0, decay=-0.4, rest=0.0
    )
    posted = datetime(2026, 10, 31, 9, tzinfo=timezone.get_current_timezone())
    account = link_of(alice).account_id
    Moment.objects.create(
        person=alice, account=account, post=7, points=2.5, change=1.0, people=4, reactions=5, posted_at=posted
    )
    Post.objects.create(account=account, post=7, external_id="7", url="https://x.com/alice/7", posted_at=posted)
    text = seen(own)
    assert "Since the day before: +1.0 from 1 post, \N{MINUS SIGN}0.4 faded." in text
    assert "the post of 31 October 2026 (+1.0)" in text


def test_a_score_between_two_nights_does_not_pass_off_an_old_day_as_its_own(own: Client, alice: Person) -> None:
    DayChange.objects.create(
        person=alice, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=1.0, decay=-0.4, rest=0.0
    )
    alice.score.run.kind = "provisional"
    alice.score.run.save()
    text = seen(own)
    assert "faded" not in text
    assert "why it moved is told with the next daily score" in text


def test_each_part_has_its_points_its_meaning_and_a_line(own: Client) -> None:
    response = own.get("/dashboard")
    text, markup = text_of(response), response.content.decode()
    assert "Reach 21.8 points" in text
    assert "How far they carry what you post" in text
    for name in ("reach", "amplification", "network"):
        assert f'<svg class="sparkline {name}"' in markup


def test_the_chart_begins_with_the_first_score_where_there_are_only_weeks(own: Client, alice: Person, join) -> None:
    assert "Since the first score" in seen(own)
    bob = join("Bob", twitter="7")
    publish_score(bob, history=dict.fromkeys(range(1, 91), 40.0))
    own.force_login(user_of(bob))
    assert "The last 90 days" in seen(own)
    charlie = join("Charlie", twitter="8")
    publish_score(charlie, history={2: 40.0})
    own.force_login(user_of(charlie))
    assert "The last 90 days" in seen(own)


# ---------------------------------------------------------------- how fresh it is


def test_a_network_that_locked_us_out_is_told_with_the_way_back(own: Client, alice: Person) -> None:
    link, at = link_of(alice), timezone.now()
    read(link, at - timedelta(days=4))
    LinkedAccount.objects.filter(pk=link.pk).update(state="broken")
    Pause.objects.create(person=alice, link=link, reason="broken", started_at=at - timedelta(days=3, minutes=5))
    page = own.get("/dashboard")
    assert "Stale: Twitter/X disconnected 3\xa0days ago." in page.content.decode()
    assert f'href="{reverse("connect_network", args=["twitter"])}"' in page.content.decode()
    assert "Reconnect Twitter/X" in text_of(page)


def test_what_was_given_up_what_lapses_and_what_is_stale_are_told_apart(own: Client, alice: Person) -> None:
    at, link = timezone.now(), link_of(alice)
    cursor = read(link, at - timedelta(hours=1))
    assert "up to date" in seen(own)
    cursor.pulled_at = at - timedelta(days=5)
    cursor.save()
    assert "Stale: Twitter/X was last read 5" in seen(own)
    lapsing = Credential.objects.create(link=link, token=b"", lapses_at=at + timedelta(days=6))
    Credential.objects.filter(pk=lapsing.pk).update(updated_at=at - timedelta(days=30))
    assert "Our access to Twitter/X ends on" in seen(own)
    cursor.parked_at, cursor.failing_since = at, at - timedelta(days=9)
    cursor.save()
    assert "Stale: Twitter/X could not be read for 1" in seen(own)


def test_what_its_owner_did_not_allow_is_no_trouble(own: Client, alice: Person) -> None:
    link, at = link_of(alice), timezone.now()
    read(link, at)
    Cursor.objects.create(link=link, stream="tagged", parked_at=at)
    assert "Stale:" not in seen(own)


def test_access_that_never_lasts_long_is_not_called_ending(own: Client, alice: Person) -> None:
    link, at = link_of(alice), timezone.now()
    read(link, at)
    Credential.objects.create(link=link, token=b"", lapses_at=at + timedelta(days=6))
    assert "Our access to" not in seen(own)


# ---------------------------------------------------------------- what comes next


def test_the_next_achievement_is_the_nearest_one(own: Client, alice: Person) -> None:
    assert "Next achievement" not in seen(own), "nothing is known before a run has counted"
    AwardProgress.objects.create(person=alice, family="lists", value=72.9)
    AwardProgress.objects.create(person=alice, family="people", value=11)
    Award.objects.create(person=alice, family="lists", level=3, earned_on=AS_OF)
    page = own.get("/dashboard")
    assert "Listed Level 4 72 of 100 lists" in text_of(page)
    assert '<progress max="100" value="72"' in page.content.decode()


def test_a_level_once_earned_is_not_the_next_one_again(alice: Person) -> None:
    AwardProgress.objects.create(person=alice, family="lists", value=40)
    Award.objects.create(person=alice, family="lists", level=5, earned_on=AS_OF)
    step = next(step for step in progress.next_steps(alice.pk) if step.family.slug == "lists")
    assert (step.level, step.have, step.least) == (6, 40, 1000)


def test_who_has_earned_everything_has_no_next_one(alice: Person) -> None:
    AwardProgress.objects.create(person=alice, family="networks", value=9)
    assert "networks" not in {step.family.slug for step in progress.next_steps(alice.pk)}


def test_the_daily_run_and_a_score_in_between_both_keep_how_far_people_are(join, happen) -> None:
    alice, bob = join("Alice", twitter="1"), join("Bob", twitter="2")
    happen(replies("1", names("p", 12)))
    daily.run(as_of=TODAY, at=AT)
    people = AwardProgress.objects.filter(family="people")
    assert people.get(person=alice).value == pytest.approx(12, abs=0.01)
    happen(replies("2", names("q", 3)))
    daily.provisional(persons=[bob.pk], at=AT)
    assert people.get(person=bob).value == pytest.approx(3, abs=0.01)
    assert people.filter(person=alice).exists(), "the others are left alone"


def test_it_says_what_would_raise_it_and_what_counts_less(own: Client, alice: Person) -> None:
    account = link_of(alice).account_id
    Suggestion.objects.create(
        person=alice,
        rank=1,
        network="twitter",
        account=account,
        feature="reply_actors_recent",
        value=3,
        attainable=15,
        points=1.8,
    )
    # Of a catalogue that is no more.
    Suggestion.objects.create(
        person=alice, rank=2, network="twitter", account=account, feature="gone", value=3, attainable=15, points=9.0
    )
    Suspicion.objects.create(person=alice, account=account, reason="burst", people=5, counted_as=1.7, points=0.3)
    Trust.objects.create(account=link_of(alice, "mastodon").account_id, given_at=timezone.now())
    text = seen(own)
    assert "If 12 more people replied to you lately, as is usual at your next five points. +1.8" in text
    assert "+9.0" not in text
    assert "Twitter/X @alice The reactions of 5 new accounts" in text
    assert "Mastodon @alice Somebody of the staff looked at who reacts here" in text


def test_the_posts_that_bring_most_are_three(own: Client, alice: Person) -> None:
    for number in range(1, 6):
        Moment.objects.create(
            person=alice, account=link_of(alice).account_id, post=number, points=number, people=number, reactions=9
        )
    text = seen(own)
    assert "+5.0" in text
    assert "+3.0" in text
    assert "+2.0" not in text


def test_a_rest_that_goes_on_is_told(own: Client, alice: Person) -> None:
    Pause.objects.create(person=alice, reason="rest", started_at=timezone.now() - timedelta(days=2))
    text = seen(own)
    assert "Resting since" in text
    assert "the score is kept" in text


# ---------------------------------------------------------------- how much it takes


def queries(client: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get("/dashboard").status_code == 200
    return len(captured)


def test_it_takes_the_same_few_queries_however_much_there_is(own: Client, alice: Person, join) -> None:
    little = queries(own)
    rich = join("Bob", twitter="30", mastodon="31", facebook="32", linkedin="33")
    publish_score(rich, history={day: 40.0 + day / 10 for day in range(1, 91)})
    at = timezone.now()
    for link in rich.links.all():
        for stream in ("profile", "posts", "tags"):
            Cursor.objects.create(link=link, stream=stream, pulled_at=at)
        Suspicion.objects.create(
            person=rich, account=link.account_id, reason="burst", people=5, counted_as=1.7, points=0.3
        )
        for post in range(1, 30):
            Moment.objects.create(
                person=rich, account=link.account_id, post=post, points=0.3, change=0.1, people=3, reactions=3
            )
    for family in ("score", "people", "followers", "lists"):
        AwardProgress.objects.create(person=rich, family=family, value=3)
        Award.objects.create(person=rich, family=family, level=1, earned_on=date(2026, 10, 1))
    DayChange.objects.create(
        person=rich, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=1.0, decay=-0.4, rest=0.0
    )
    user = user_of(rich)
    for number in range(3):
        Membership.objects.create(user=user, person=join(f"Other{number}", twitter=f"4{number}"))
    client = Client()
    client.force_login(user)
    assert queries(client) == little <= MOST_QUERIES


def test_a_first_score_has_no_chart_of_one_dot_and_no_suggestions_yet(client: Client, join) -> None:
    bob = join("Bob", twitter="3")
    score = publish_score(bob, confidence="provisional")
    score.run.kind = "provisional"
    score.run.save()
    client.force_login(user_of(bob))
    page = client.get("/dashboard")
    assert 'class="chart"' not in page.content.decode()
    assert "Provisional Higher than" in text_of(page)
    assert "look again tomorrow" in text_of(page)
