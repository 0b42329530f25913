"""Everybody who qualifies is told before a window opens: once, in their own words, with a file for their calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from accounts.models import Notification, Person, User
from perks import announcing
from perks.models import Brand, Campaign, ToldOpening
from tests.perks.campaigns import HOUR, make_campaign, make_member


@pytest.fixture
def at(db) -> datetime:
    return timezone.now()


@pytest.fixture
def soon(at: datetime) -> Campaign:
    return make_campaign(at=at, opens=20 * HOUR, closes=70 * HOUR, state="scheduled", minimum_score=40)


def told_people() -> list[str]:
    return list(ToldOpening.objects.order_by("person__handle").values_list("person__handle", flat=True))


def test_who_qualifies_is_told_before_it_opens(
    soon: Campaign, at: datetime, alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    make_member("Charlie", score=20.0)
    with django_capture_on_commit_callbacks(execute=True):
        assert announcing.tell_of_openings(at) == 2
    assert told_people() == ["Alice", "Bob"]
    notification = Notification.objects.get(user__membership__person=alice)
    assert notification.url == f"/perks/{soon.pk}"
    assert "A headset from Acme opens on" in notification.subject
    assert sorted(message.to[0] for message in mail.outbox) == ["alice@example.org", "bob@example.org"]
    body = mail.outbox[0].body
    assert f"/perks/{soon.pk}/calendar.ics" in body
    [(name, content, kind)] = mail.outbox[0].attachments
    assert (name, kind) == (f"perk-{soon.pk}.ics", "text/calendar")
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert event.decoded("dtstart") == soon.windows.get().opens_at.replace(microsecond=0)


def test_nobody_is_told_twice(soon: Campaign, at: datetime, alice: Person, empty_cache) -> None:
    assert announcing.tell_of_openings(at) == 1
    empty_cache()
    assert announcing.tell_of_openings(at + timedelta(minutes=1)) == 0
    assert Notification.objects.count() == 1
    # Who comes to qualify later is told then.
    make_member("Dora")
    empty_cache()
    assert announcing.tell_of_openings(at + timedelta(minutes=2)) == 1


def test_a_window_whose_people_were_told_is_left_alone_for_a_while(soon: Campaign, at: datetime, alice: Person) -> None:
    announcing.tell_of_openings(at)
    with CaptureQueriesContext(connection) as queries:
        assert announcing.tell_of_openings(at) == 0
    assert not any("perks_toldopening" in query["sql"] for query in queries)


def test_nobody_is_told_once_it_has_opened(soon: Campaign, alice: Person) -> None:
    opens = soon.windows.get().opens_at
    assert announcing.tell_of_openings(opens) == 0
    assert announcing.tell_of_openings(opens - timedelta(seconds=1)) == 1


def test_nobody_is_told_sooner_than_the_brand_wants(soon: Campaign, at: datetime, alice: Person) -> None:
    Campaign.objects.update(tell_hours=2)
    assert announcing.tell_of_openings(at) == 0
    assert announcing.tell_of_openings(at + 18 * HOUR) == 1


def test_even_without_notice_people_get_an_hour(soon: Campaign, at: datetime, alice: Person) -> None:
    Campaign.objects.update(tell_hours=0)
    assert announcing.tell_of_openings(at + 18 * HOUR) == 0
    assert announcing.tell_of_openings(at + 19 * HOUR) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda: Campaign.objects.update(state="draft"),
        lambda: Campaign.objects.update(state="paused"),
        lambda: Brand.objects.update(suspended=True),
        lambda: Campaign.objects.get().variants.update(quantity=0),
        lambda: Campaign.objects.update(minimum_score=90),
    ],
)
def test_nobody_is_told_of_what_they_cannot_have(soon: Campaign, at: datetime, alice: Person, change) -> None:
    change()
    assert announcing.tell_of_openings(at) == 0
    assert told_people() == []


def test_the_young_and_who_leaves_are_not_told(soon: Campaign, at: datetime, alice: Person) -> None:
    make_member("Young", birth_year=at.year - 15)
    assert announcing.tell_of_openings(at) == 1
    assert told_people() == ["Alice"]


def test_who_is_left_out_to_compare_with_is_not_told(soon: Campaign, at: datetime) -> None:
    Campaign.objects.update(hold_out=50)
    people = [make_member(f"Member{number}") for number in range(24)]
    told = announcing.tell_of_openings(at)
    assert 0 < told < len(people)


def test_each_is_told_their_own_time_in_their_language_and_zone(
    soon: Campaign, at: datetime, django_capture_on_commit_callbacks
) -> None:
    opens = soon.windows.get().opens_at
    soon.windows.update(kind="staggered", stages=[[63, 0], [1, 120]])
    make_member("High", score=80.0, time_zone="Asia/Tokyo")
    make_member("Lower", score=50.0, time_zone="Asia/Tokyo")
    User.objects.filter(email="lower@example.org").update(language="de")
    with django_capture_on_commit_callbacks(execute=True):
        assert announcing.tell_of_openings(at) == 2
    files = {}
    for message in mail.outbox:
        [(_name, content, _kind)] = message.attachments
        [event] = Calendar.from_ical(content).walk("VEVENT")
        files[message.to[0]] = event.decoded("dtstart")
    assert files == {
        "high@example.org": opens.replace(microsecond=0),
        "lower@example.org": (opens + 2 * HOUR).replace(microsecond=0),
    }
    [high] = Notification.objects.filter(user__email="high@example.org")
    assert "JST" in high.subject or "+09" in high.subject
    [lower] = Notification.objects.filter(user__email="lower@example.org")
    assert lower.subject != high.subject


def test_a_killed_process_goes_on_where_it_was(soon: Campaign, at: datetime, monkeypatch) -> None:
    people = [make_member(f"Member{number}") for number in range(9)]
    monkeypatch.setattr(announcing, "BATCH", 3)
    genuine, told = announcing._tell_one, []

    def dies_at_the_fifth(window, person, *more) -> None:
        if len(told) == 4:
            raise KeyboardInterrupt
        told.append(person.pk)
        genuine(window, person, *more)

    monkeypatch.setattr(announcing, "_tell_one", dies_at_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        announcing.tell_of_openings(at)
    assert ToldOpening.objects.count() == Notification.objects.count() == 3, "the batch that died is not half told"
    monkeypatch.setattr(announcing, "_tell_one", genuine)
    assert announcing.tell_of_openings(at) == 6
    assert Notification.objects.values("user").distinct().count() == Notification.objects.count() == len(people)


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_everybody_once(race) -> None:
    at = timezone.now()
    make_campaign(at=at, opens=20 * HOUR, closes=70 * HOUR, state="scheduled")
    for number in range(20):
        make_member(f"Member{number}")
    answers = race(lambda _index: announcing.tell_of_openings(at), 4)
    assert sum(answers) == 20
    assert Notification.objects.filter(kind="perk_opens").count() == 20


def test_each_person_costs_what_telling_costs_and_nothing_more(soon: Campaign, at: datetime, empty_cache) -> None:
    for number in range(5):
        make_member(f"Member{number}")
    with CaptureQueriesContext(connection) as few:
        announcing.tell_of_openings(at)
    ToldOpening.objects.all().delete()
    for number in range(5, 15):
        make_member(f"Member{number}")
    empty_cache()
    with CaptureQueriesContext(connection) as more:
        assert announcing.tell_of_openings(at) == 15
    # Whom to tell, how they want it, the rows: three for each.
    assert len(more) - len(few) == 10 * 3


def test_no_more_are_told_in_one_go_than_were_asked_for(soon: Campaign, at: datetime, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "BATCH", 2)
    for number in range(7):
        make_member(f"Member{number}")
    assert announcing.tell_of_openings(at, limit=4) == 4
    assert announcing.tell_of_openings(at, limit=4) == 3
    assert announcing.tell_of_openings(at, limit=4) == 0
