"""Rests of one's own choice: how many days a year has, who begins and ends them, and the page for it."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from accounts import holdings, pauses, privacy
from accounts.models import Membership, Pause, Person
from accounts.pauses import AlreadyResting, NoDaysLeft, NotResting
from tests.accounts.conftest import link, logged_in

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def rested(person: Person, start: datetime, end: datetime | None) -> Pause:
    return Pause.objects.create(person=person, reason=Pause.Reason.REST, started_at=start, ended_at=end)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---------------------------------------------------------------- days of a year


def test_a_year_has_sixty_days(alice: Person) -> None:
    assert pauses.days_left(alice, AT) == 60
    rested(alice, day("2026-03-01T20:00"), day("2026-03-15T08:00"))
    assert pauses.days_left(alice, AT) == 46, "the first day counts, the last does not"
    assert pauses.days_left(alice, AT.replace(year=2027)) == 60


def test_a_rest_begun_and_ended_on_one_day_costs_nothing(alice: Person) -> None:
    rested(alice, day("2026-03-01T08:00"), day("2026-03-01T20:00"))
    assert pauses.days_left(alice, AT) == 60


def test_a_rest_ends_by_itself_when_the_days_are_used_up(alice: Person) -> None:
    rested(alice, day("2026-01-10T00:00"), day("2026-03-01T00:00"))
    rest = pauses.begin_rest(person=alice, at=day("2026-08-01T09:00"))
    assert rest.end == day("2026-08-11T00:00")
    assert pauses.rest_of(alice, day("2026-08-10T23:59")) == rest
    assert pauses.rest_of(alice, day("2026-08-11T00:00")) is None
    with pytest.raises(NotResting):
        pauses.end_rest(person=alice, at=day("2026-08-20T00:00"))
    with pytest.raises(NoDaysLeft):
        pauses.begin_rest(person=alice, at=day("2026-12-31T00:00"))
    # What ended by itself is no obstacle to the next year's.
    assert pauses.begin_rest(person=alice, at=day("2027-01-01T00:00")).end == day("2027-03-02T00:00")


def test_a_rest_over_new_year_uses_the_days_of_both_years(alice: Person) -> None:
    rest = pauses.begin_rest(person=alice, at=day("2026-12-22T09:00"))
    assert rest.end == day("2027-03-02T00:00")
    assert pauses.days_left(alice, day("2026-12-31T23:00")) == 51
    assert pauses.days_left(alice, day("2027-01-11T09:00")) == 50


def test_the_days_left_shrink_while_a_rest_goes_on(alice: Person) -> None:
    pauses.begin_rest(person=alice, at=AT)
    assert [pauses.days_left(alice, AT + timedelta(days=days)) for days in (0, 1, 59, 60)] == [60, 59, 1, 0]


def test_a_broken_link_uses_no_days(alice: Person) -> None:
    pauses.begin(link=link(alice), reason=Pause.Reason.BROKEN, at=AT - timedelta(days=10))
    assert pauses.days_left(alice, AT) == 60
    assert pauses.rest_of(alice, AT) is None


spans = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 200)), max_size=12)


@given(spans)
def test_no_year_ever_holds_more_than_sixty_days(given_spans: list[tuple[int, int]]) -> None:
    begun, rows = day("2025-01-01T10:00"), []
    for number, (after, length) in enumerate(sorted(given_spans)):
        start = begun + timedelta(days=after)
        if rows and start < rows[-1].ended_at:
            continue
        rows.append(Pause(pk=number, person_id=1, reason="rest", started_at=start))
        rows[-1].ended_at = start + timedelta(days=length, hours=3)
    rests = pauses.counted(rows).get(1, [])
    years = Counter(date.fromordinal(ordinal).year for rest in rests for ordinal in rest.days)
    assert all(number <= 60 for number in years.values())
    for rest, row in zip(rests, rows, strict=True):
        assert rest.start <= rest.end <= row.ended_at
        full = rest.end < row.ended_at
        assert rest.by_hand != full
        assert not full or years[rest.end.year] == 60 or years[(rest.end - timedelta(days=1)).year] == 60


# ---------------------------------------------------------------- beginning and ending


def test_one_rests_once_at_a_time(alice: Person, bob: Person) -> None:
    pauses.begin_rest(person=alice, at=AT)
    with pytest.raises(AlreadyResting):
        pauses.begin_rest(person=alice, at=AT + timedelta(days=1))
    with pytest.raises(AlreadyResting):
        # A clock that is late.
        pauses.begin_rest(person=alice, at=AT - timedelta(seconds=1))
    pauses.begin_rest(person=bob, at=AT)
    assert Pause.objects.filter(person=alice).count() == 1


def test_ending_is_written_down_once(alice: Person) -> None:
    with pytest.raises(NotResting):
        pauses.end_rest(person=alice, at=AT)
    pauses.begin_rest(person=alice, at=AT)
    rest = pauses.end_rest(person=alice, at=AT + timedelta(days=5))
    assert (rest.end, len(rest.days), rest.by_hand) == (AT + timedelta(days=5), 5, True)
    with pytest.raises(NotResting):
        pauses.end_rest(person=alice, at=AT + timedelta(days=6))
    assert pauses.begin_rest(person=alice, at=AT + timedelta(days=5, hours=1)).end == day("2026-12-31T00:00")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_two_who_begin_at_once_do_not_both_begin(alice: Person, race, monkeypatch, locked: bool) -> None:
    both, days_left = threading.Barrier(2), pauses.days_left

    def together(*arguments: object) -> int:
        # Whoever is let in alone waits in vain.
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        return days_left(*arguments)

    def attempt(_index: int) -> str:
        try:
            pauses.begin_rest(person=alice, at=AT)
        except (AlreadyResting, IntegrityError) as error:
            return type(error).__name__
        return "begun"

    monkeypatch.setattr(pauses, "days_left", together)
    if not locked:
        monkeypatch.setattr(pauses, "_one_at_a_time", lambda person: None)
    outcome = sorted(race(attempt, 2))
    assert outcome == (["AlreadyResting", "begun"] if locked else ["IntegrityError", "begun"])
    assert Pause.objects.count() == 1


def test_rests_are_handed_out_and_erased_with_the_person(alice: Person, bob: Person) -> None:
    pauses.begin_rest(person=alice, at=AT)
    pauses.begin_rest(person=bob, at=AT)
    told = holdings.export(alice)["pauses"]
    assert told == [
        {"started_at": AT.isoformat(), "ended_at": None, "reason": "rest", "network": None, "account": None}
    ]
    privacy.erase_person(person=alice, at=AT)
    assert [pause.person for pause in Pause.objects.all()] == [bob]


def test_who_has_used_up_the_days_is_told_once(alice: Person, bob: Person, django_capture_on_commit_callbacks) -> None:
    begun = day("2026-06-01T09:00")
    pauses.begin_rest(person=alice, at=begun)
    pauses.begin_rest(person=bob, at=begun + timedelta(days=30))
    with django_capture_on_commit_callbacks(execute=True):
        assert pauses.end_used_up(day("2026-07-30T23:59")) == 0
        assert pauses.end_used_up(day("2026-07-31T00:00")) == 1
        assert pauses.end_used_up(day("2026-08-02T00:00")) == 0
    [message] = mail.outbox
    assert message.to == [alice.users.get().email]
    assert f"your rest ended on {date_format(date(2026, 7, 31), 'DATE_FORMAT')}" in message.body
    assert "/settings/pause" in message.body
    assert Pause.objects.get(person=alice).ended_at == day("2026-07-31T00:00")
    assert Pause.objects.get(person=bob).ended_at is None


# ---------------------------------------------------------------- the page


def text(client: Client, path: str = "/settings/pause", **answer: str) -> str:
    response = client.post(path, answer, follow=True) if answer else client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_rest_begins_and_ends_by_a_press(alice: Person, as_alice: Client) -> None:
    year = timezone.now().year
    assert f"60 days of 60 are left in {year}." in text(as_alice)
    page = text(as_alice, action="begin")
    assert "You are resting. Unless you end it before" in page
    assert "the score is kept" in page
    assert pauses.rest_of(alice, timezone.now()) is not None
    settings = text(as_alice, "/settings/networks")
    assert "the score is kept" in settings
    assert 'href="/settings/pause"' in settings
    page = text(as_alice, action="end")
    assert "Your rest has ended." in page
    assert "Begin to rest now" in page
    assert pauses.rest_of(alice, timezone.now()) is None


def test_settings_lead_to_the_page(alice: Person, as_alice: Client) -> None:
    assert '<a href="/settings/pause">Rest</a>' in text(as_alice, "/settings")


def test_what_cannot_be_is_told(alice: Person, as_alice: Client) -> None:
    assert "There is no rest to end" in text(as_alice, action="end")
    assert "Please use one of the buttons" in text(as_alice, action="dance")
    assert "Begin to rest now" in text(as_alice)
    text(as_alice, action="begin")
    assert "You are resting already." in text(as_alice, action="begin")
    assert Pause.objects.count() == 1


def test_without_days_left_there_is_no_button(alice: Person, as_alice: Client, monkeypatch) -> None:
    monkeypatch.setattr(pauses, "days_left", lambda person, at: 0)
    page = text(as_alice)
    assert "No days are left" in page
    assert "Begin to rest now" not in page
    assert "You have used up this year" in text(as_alice, action="begin")
    assert not Pause.objects.exists()


def test_rests_that_are_over_are_listed(alice: Person, as_alice: Client) -> None:
    rested(alice, day("2024-03-01T20:00"), day("2024-03-15T08:00"))
    rested(alice, day("2024-05-01T08:00"), day("2024-05-01T20:00"))
    page = text(as_alice)
    first, last, short = (date_format(date(2024, *when), "DATE_FORMAT") for when in ((3, 1), (3, 14), (5, 1)))
    assert f"{first} to {last}" in page
    assert "14 days" in page
    assert short not in page, "a rest of no day did nothing"


def test_it_is_for_those_who_may_edit_and_for_nobody_else(alice: Person, bob: Person, as_alice: Client) -> None:
    assert Client().get("/settings/pause").status_code == 302
    assert Client().post("/settings/pause", {"action": "begin"}).status_code == 302
    assert as_alice.post("/settings/pause?person=Bob", {"action": "begin"}).status_code == 404
    role = Membership.objects.create(user=alice.users.get(), person=bob, role=Membership.Role.VIEWER)
    assert as_alice.post("/settings/pause?person=Bob", {"action": "begin"}).status_code == 404
    Membership.objects.filter(pk=role.pk).update(role=Membership.Role.EDITOR)
    assert "the score is kept" in text(as_alice, "/settings/pause?person=Bob", action="begin")
    assert [pause.person for pause in Pause.objects.all()] == [bob]
    assert as_alice.delete("/settings/pause").status_code == 405


def test_another_site_cannot_press_the_button(alice: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice.users.get())
    assert client.post("/settings/pause", {"action": "begin"}).status_code == 403
    assert not Pause.objects.exists()


def test_who_has_no_profile_yet_is_led_to_one(bob: Person) -> None:
    client = logged_in(bob)
    Membership.objects.all().delete()
    response = client.get("/settings/pause")
    assert (response.status_code, response["Location"]) == (302, "/settings")
