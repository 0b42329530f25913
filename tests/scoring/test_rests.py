"""Rests of one's own choice as a member notices them: on the profile, on the chart, and in the score."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from accounts import pauses
from accounts.models import Membership, Pause, Person
from scoring import charts
from scoring.charts import Reading
from tests.scoring.published import AS_OF, publish_score


def rested(person: Person, start: datetime, end: datetime | None) -> Pause:
    return Pause.objects.create(person=person, reason=Pause.Reason.REST, started_at=start, ended_at=end)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# ---------------------------------------------------------------- the profile and its chart


def shaded(rests: list[tuple[date, date]]) -> list[tuple[str | None, str | None]]:
    first, last = date(2026, 8, 3), date(2026, 11, 1)
    markup = charts.line(
        [Reading(first + timedelta(days=day), 40.0) for day in range(91)],
        first=first,
        last=last,
        title="Score by day",
        description="It rested.",
        day_label=str,
        score_label=str,
        rests=rests,
    )
    svg = ElementTree.fromstring(markup)
    return [(rect.get("x"), rect.get("width")) for rect in svg.iter() if rect.get("class") == "resting"]


def test_the_chart_shades_the_days_of_a_rest_and_no_others() -> None:
    assert shaded([(date(2026, 8, 12), date(2026, 8, 29))]) == [("10.00%", "20.00%")]
    cut = [(date(2026, 7, 1), date(2026, 8, 11)), (date(2026, 10, 23), date(2027, 1, 5))]
    assert shaded(cut) == [("0.00%", "10.00%"), ("90.00%", "10.00%")]
    assert shaded([(date(2026, 1, 1), date(2026, 7, 20)), (date(2026, 11, 1), date(2026, 11, 9))]) == []


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    person = join("Alice", twitter="a")
    publish_score(person, history=dict.fromkeys(range(1, 90), 40.0))
    return person


def page(person: Person | None = None) -> str:
    client = Client()
    if person is not None:
        client.force_login(person.users.get())
    response = client.get("/alice")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_rest_that_is_over_is_on_everybodys_chart(alice: Person) -> None:
    rested(alice, midnight(AS_OF - timedelta(days=60)), midnight(AS_OF - timedelta(days=50)))
    for shown in (page(), page(alice)):
        assert shown.count('class="resting"') == 1
        assert "From 2 September 2026 to 11 September 2026 the score rested, so that nothing faded" in shown
        assert "the score is kept" not in shown


def test_a_rest_that_lasted_no_day_is_nothing_to_tell(alice: Person) -> None:
    start = midnight(AS_OF - timedelta(days=60))
    rested(alice, start, start + timedelta(hours=5))
    assert "rested" not in page(alice)


def test_that_somebody_rests_just_now_is_for_the_owner_to_see(alice: Person, join) -> None:
    begun = timezone.now() - timedelta(days=1)
    rested(alice, begun, None)
    Person.objects.filter(pk=alice.pk).update(visibility="public")
    told = f"Resting since {begun.day} {begun:%B %Y}: the score is kept."
    assert told in page(alice)
    assert "counts once the rest ends" in page(alice)
    assert '<a href="/settings/pause?person=Alice">End the rest</a>' in page(alice)
    for shown in (page(), page(join("Bob"))):
        assert not re.search(r"\brest(ing|ed)\b", shown, re.IGNORECASE)
    pauses.end_rest(person=alice, at=timezone.now())
    assert "Resting since" not in page(alice)


def test_who_may_only_look_is_not_led_to_ending_it(alice: Person) -> None:
    rested(alice, timezone.now() - timedelta(days=1), None)
    Membership.objects.update(role=Membership.Role.VIEWER)
    assert "the score is kept" in page(alice)
    assert "/settings/pause" not in page(alice)
