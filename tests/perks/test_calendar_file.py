"""A perk's windows in a file that calendars read."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from accounts.models import Person
from perks.models import Campaign, Window
from tests.perks.campaigns import HOUR, make_campaign, make_member


def events_of(client: Client, campaign: Campaign) -> list:
    answer = client.get(f"/perks/{campaign.pk}/calendar.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def test_each_window_that_has_not_closed_is_an_event_in_utc(db, client: Client) -> None:
    campaign = make_campaign(opens=-50 * HOUR, closes=-HOUR, state="live")
    now = timezone.now().replace(microsecond=0)
    for days in (1, 3):
        Window.objects.create(
            campaign=campaign,
            opens_at=now + timedelta(days=days),
            closes_at=now + timedelta(days=days + 1),
            time_zone="Asia/Tokyo",
        )
    events = events_of(client, campaign)
    assert [event.decoded("dtstart") for event in events] == [now + timedelta(days=1), now + timedelta(days=3)]
    assert {event.decoded("dtstart").tzinfo for event in events} <= {UTC} | {events[0].decoded("dtstart").tzinfo}
    assert b"TZID" not in client.get(f"/perks/{campaign.pk}/calendar.ics").content
    assert len({str(event["uid"]) for event in events}) == 2
    [alarm] = events[0].walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(minutes=-10)


def test_a_file_taken_in_again_moves_the_event(db, client: Client) -> None:
    campaign = make_campaign()
    before = [str(event["uid"]) for event in events_of(client, campaign)]
    campaign.windows.update(closes_at=timezone.now() + timedelta(days=9))
    assert [str(event["uid"]) for event in events_of(client, campaign)] == before


def test_words_with_commas_and_line_breaks_stay_one_value(db, client: Client) -> None:
    title = "Tea, coffee; or\\nBEGIN:VALARM"
    campaign = make_campaign(title=title, headline="One line\r\nATTENDEE:mailto:eve@example.org")
    [event] = events_of(client, campaign)
    assert str(event["summary"]) == f"{title} (Acme)"
    assert "ATTENDEE" in str(event["description"]), "as words"
    assert event.get("attendee") is None
    assert len(event.walk("VALARM")) == 1


def test_a_stage_opens_at_the_readers_own_time(client: Client, alice: Person) -> None:
    campaign = make_campaign(opens=5 * HOUR, closes=60 * HOUR)
    campaign.windows.update(kind="staggered", stages=[[45, 0], [1, 240]])
    opens = campaign.windows.get().opens_at.replace(microsecond=0)
    assert [event.decoded("dtstart") for event in events_of(client, campaign)] == [opens + 4 * HOUR]
    client.force_login(alice.users.get())
    assert [event.decoded("dtstart") for event in events_of(client, campaign)] == [opens]
    client.force_login(make_member("Low", score=20.0).users.get())
    assert [event.decoded("dtstart") for event in events_of(client, campaign)] == [opens + 4 * HOUR]


@pytest.mark.parametrize("state", ["draft", "review", "archived"])
def test_what_nobody_may_see_has_no_calendar(db, client: Client, state: str) -> None:
    campaign = make_campaign(state=state)
    assert client.get(f"/perks/{campaign.pk}/calendar.ics").status_code == 404
