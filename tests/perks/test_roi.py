"""Who saw a campaign is noted once for each member, and each page is counted, whoever looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from accounts.models import Person, User
from perks import hold_out, impressions, roi
from perks.models import CampaignDay, Seen
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def pages(campaign) -> tuple[int, int]:
    """(impressions, views) of the day, with all that was counted added."""
    impressions.fold()
    day = CampaignDay.objects.filter(campaign=campaign, day=AT.date()).first()
    return (day.impressions, day.views) if day else (0, 0)


def test_a_member_is_noted_once_and_each_page_is_counted(alice):
    campaign = make_campaign()
    for minutes in (0, 1, 2):
        roi.note_shown(person=alice, campaigns=[campaign], at=AT + timedelta(minutes=minutes))
    seen = Seen.objects.get(campaign=campaign, person=alice)
    assert (seen.shown_at, seen.viewed_at) == (AT, None)
    assert pages(campaign) == (3, 0)


def test_the_first_view_is_dated_and_stays(alice):
    campaign = make_campaign()
    roi.note_shown(person=alice, campaigns=[campaign], at=AT)
    for minutes in (5, 9):
        roi.note_viewed(person=alice, campaign=campaign, at=AT + timedelta(minutes=minutes))
    seen = Seen.objects.get(campaign=campaign, person=alice)
    assert (seen.shown_at, seen.viewed_at) == (AT, AT + timedelta(minutes=5))
    assert pages(campaign) == (1, 2)


def test_a_view_without_a_list_is_shown_too(alice):
    campaign = make_campaign()
    roi.note_viewed(person=alice, campaign=campaign, at=AT)
    seen = Seen.objects.get(campaign=campaign, person=alice)
    assert seen.shown_at == seen.viewed_at == AT


def test_visitors_are_counted_and_nobody_is_noted():
    first, second = make_campaign(), make_campaign(title="A coat")
    roi.note_shown(person=None, campaigns=[first, second], at=AT)
    roi.note_viewed(person=None, campaign=first, at=AT)
    assert (pages(first), pages(second)) == ((1, 1), (1, 0))
    assert not Seen.objects.exists()


def test_a_page_of_campaigns_costs_one_statement(alice, django_assert_num_queries):
    campaigns = [make_campaign(title=f"Number {number}") for number in range(12)]
    with django_assert_num_queries(1):
        roi.note_shown(person=alice, campaigns=campaigns, at=AT)
    assert Seen.objects.count() == 12
    with django_assert_num_queries(0):
        roi.note_shown(person=None, campaigns=campaigns, at=AT)


def test_the_brands_team_and_the_staff_are_not_counted(alice, bob):
    acme = make_brand()
    campaign, other = make_campaign(acme), make_campaign(make_brand("Zenith"))
    team = make_team(acme, olga="viewer")
    worker = make_member("Wilma")
    User.objects.filter(membership__person=worker).update(is_staff=True)
    team["olga"].membership_set.create(person=bob)
    for person in (bob, worker):
        roi.note_shown(person=person, campaigns=[campaign, other], at=AT)
    # Who works for Acme is a reader of Zenith's like any other.
    assert list(Seen.objects.values_list("campaign", "person")) == [(other.pk, bob.pk)]
    roi.note_viewed(person=None, user=team["olga"], campaign=campaign, at=AT)
    assert pages(campaign) == (0, 0)
    assert pages(other) == (1, 0)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1",
        "Mastodon/4.5 (http.rb; +https://example.social/) Bot/1",
        "curl/8.5.0",
        "python-requests/2.32",
        "",
    ],
)
def test_robots_are_not_counted(agent):
    campaign = make_campaign()
    roi.note_viewed(person=None, campaign=campaign, at=AT, agent=agent)
    assert pages(campaign) == (0, 0)


def test_a_browser_is_no_robot():
    campaign = make_campaign()
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    roi.note_viewed(person=None, campaign=campaign, at=AT, agent=firefox)
    assert pages(campaign) == (0, 1)


def test_who_is_left_out_is_never_counted(alice, bob):
    campaign = make_campaign(hold_out=50)
    people = [alice, bob, *(make_member(f"Guest{number}", None) for number in range(20))]
    left_out = [person for person in people if hold_out.held_out(campaign, person)]
    assert 0 < len(left_out) < len(people)
    for person in people:
        roi.note_shown(person=person, campaigns=[campaign], at=AT)
        roi.note_viewed(person=person, campaign=campaign, at=AT)
    assert set(Seen.objects.values_list("person", flat=True)) == {p.pk for p in people if p not in left_out}
    assert pages(campaign) == (len(people) - len(left_out),) * 2


def test_what_nobody_can_see_is_not_counted(alice):
    campaign = make_campaign(state="draft")
    roi.note_viewed(person=alice, campaign=campaign, at=AT)
    assert not Seen.objects.exists()
    assert pages(campaign) == (0, 0)


def test_counts_are_added_once_however_often_the_task_runs():
    campaign = make_campaign()
    roi.note_viewed(person=None, campaign=campaign, at=AT)
    impressions.fold()
    impressions.fold()
    roi.note_viewed(person=None, campaign=campaign, at=AT)
    assert pages(campaign) == (0, 2)


def test_counts_that_a_killed_task_had_taken_are_added_by_the_next(monkeypatch):
    campaign = make_campaign()
    roi.note_viewed(person=None, campaign=campaign, at=AT)

    def killed(_counts):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(impressions, "_read", killed)
        with pytest.raises(KeyboardInterrupt):
            impressions.fold()
    roi.note_viewed(person=None, campaign=campaign, at=AT)
    assert pages(campaign) == (0, 1)
    assert pages(campaign) == (0, 2)


def test_days_are_utc_days():
    campaign = make_campaign()
    for hour in (0, 23):
        roi.note_viewed(person=None, campaign=campaign, at=AT.replace(hour=hour))
    roi.note_viewed(person=None, campaign=campaign, at=AT.replace(hour=23) + timedelta(hours=2))
    impressions.fold()
    assert dict(campaign.days.values_list("day", "views")) == {AT.date(): 2, AT.date() + timedelta(days=1): 1}


@pytest.mark.django_db(transaction=True)
def test_thousands_of_readers_at_once_wait_for_no_row(race):
    """Twenty readers while the campaign's day is locked by somebody: none waits, and none is lost."""
    campaign = make_campaign()
    CampaignDay.objects.create(campaign=campaign, day=AT.date())
    from django.db import transaction

    with transaction.atomic():
        CampaignDay.objects.select_for_update().get(campaign=campaign)
        answers = race(lambda _: roi.note_viewed(person=None, campaign=campaign, at=AT), 20)
    assert answers == [None] * 20
    assert pages(campaign) == (0, 20)


@pytest.mark.django_db(transaction=True)
def test_tasks_at_once_add_nothing_twice(race):
    campaign = make_campaign()
    for _ in range(7):
        roi.note_viewed(person=None, campaign=campaign, at=AT)
    race(lambda _: impressions.fold(), 8)
    assert campaign.days.get().views == 7


def test_a_cache_that_is_away_costs_no_page(alice, monkeypatch):
    from redis.exceptions import ConnectionError as Away

    def away():
        raise Away("gone")

    monkeypatch.setattr(impressions, "_client", away)
    campaign = make_campaign()
    roi.note_viewed(person=alice, campaign=campaign, at=AT)
    assert Seen.objects.filter(campaign=campaign, person=alice).exists()


def test_the_draw_is_the_same_in_the_database():
    campaign = make_campaign(hold_out=30)
    people = [make_member(f"Guest{number}", None) for number in range(60)]
    in_python = {person.pk for person in people if hold_out.held_out(campaign, person)}
    in_sql = set(Person.objects.filter(hold_out.condition(campaign)).values_list("pk", flat=True))
    assert in_python == in_sql
    assert 5 < len(in_sql) < 35


def test_campaigns_draw_apart_and_a_larger_share_keeps_who_was_drawn():
    first, second = make_campaign(hold_out=20), make_campaign(hold_out=20, title="A coat")
    drawn = {number for number in range(2000) if hold_out.held_out(first, number)}
    assert 320 < len(drawn) < 480
    assert drawn != {number for number in range(2000) if hold_out.held_out(second, number)}
    first.hold_out = 40
    assert drawn < {number for number in range(2000) if hold_out.held_out(first, number)}
    first.hold_out = 0
    assert not any(hold_out.held_out(first, number) for number in range(2000))


def test_each_test_counts_in_a_cache_of_its_own():
    assert not impressions._client().exists(cache.make_key(impressions.WAITING))
