"""Rests of one's own choice as a member notices them: on the profile, on the chart, and in the score."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from accounts import pauses
from accounts.models import LinkedAccount, Membership, Pause, Person
from accounts.networks.base import ORIGINS
from scoring import charts, daily, formula, rests
from scoring.charts import Band, Line, Picture, Reading
from scoring.models import CounterReading, Relation, Score
from scoring.rests import perk_score
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.published import AS_OF, publish_score


def rested(person: Person, start: datetime, end: datetime | None) -> Pause:
    return Pause.objects.create(person=person, reason=Pause.Reason.REST, started_at=start, ended_at=end)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# ---------------------------------------------------------------- the profile and its chart


def shaded(rests: list[tuple[date, date]]) -> list[tuple[str | None, str | None]]:
    first, last = date(2026, 8, 3), date(2026, 11, 1)
    line = Line("score", "Score", [[Reading(first + timedelta(days=day), 40.0) for day in range(91)]])
    picture = Picture(
        first=first,
        last=last,
        lines=[line],
        title="Score by day",
        description="It rested.",
        day_label=str,
        score_label=str,
        bands=[Band(begin, end) for begin, end in rests],
    )
    markup = charts.draw(picture)
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
    """Alice's profile as `person` sees it, or anybody."""
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


# ---------------------------------------------------------------- the score


def score_of(person: Person, day: date) -> float:
    """What a run of `day` would publish."""
    owners = daily.owned_accounts()
    members, people = daily.members_table(daily.compute(day).features, owners)
    scored = formula.get("v1").score(members, people)
    return float(scored.score[np.searchsorted(scored.entity, person.pk)])


def test_what_happens_in_a_rest_counts_once_it_ends_and_then_as_fresh_as_its_last_day(join, happen) -> None:
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 20), "2026-09-30"))
    before = score_of(alice, date(2026, 10, 1))
    rest = rested(alice, datetime(2026, 10, 1, 12, tzinfo=UTC), None)
    happen(replies("a", names("friend", 20), "2026-10-03"))
    assert score_of(alice, date(2026, 10, 20)) == pytest.approx(before, abs=1e-9), "neither faded nor counted yet"
    Pause.objects.filter(pk=rest.pk).update(ended_at=datetime(2026, 10, 20, 8, tzinfo=UTC))
    after = score_of(alice, date(2026, 10, 22))
    bob = join("Bob", twitter="b")
    # From 30 September to 22 October there are 19 days of rest, and 3 October is as if it were the last of them.
    happen(replies("b", [*names("fan", 20), *names("friend", 20)], "2026-10-19"))
    assert score_of(bob, date(2026, 10, 22)) == pytest.approx(after, abs=0.05)
    assert after > before + 1


def test_sixty_days_are_kept_and_the_sixty_first_fades(join, happen) -> None:
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 20), "2026-05-30"))
    rested(alice, datetime(2026, 6, 1, tzinfo=UTC), None)
    first = score_of(alice, date(2026, 6, 1))
    assert score_of(alice, date(2026, 7, 31)) == pytest.approx(first, abs=1e-9)
    assert score_of(alice, date(2026, 8, 2)) < first - 0.01


def test_perks_go_by_the_score_without_the_rest(join, happen) -> None:
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    happen(replies("a", names("fan", 20), "2026-08-30") + replies("b", names("fan", 20), "2026-08-30"))
    rested(alice, datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC))
    daily.run(as_of=TODAY, at=AT)
    alices, bobs = Score.objects.get(person=alice), Score.objects.get(person=bob)
    assert alices.score > bobs.score + 1
    # Who has the same and never rested is where decay would have left her.
    assert alices.unrested == pytest.approx(bobs.score, abs=1e-6)
    assert perk_score(alices) == alices.unrested
    assert bobs.unrested is None
    assert perk_score(bobs) == bobs.score
    # Nor does a score between two daily runs open what the daily one did not.
    daily.provisional(persons=[alice.pk, bob.pk], at=AT)
    alices, bobs = Score.objects.get(person=alice), Score.objects.get(person=bob)
    assert alices.unrested is not None
    assert perk_score(alices) == pytest.approx(bobs.score, abs=1e-6)


def test_who_is_loved_more_while_resting_gains_no_perk_by_it_either() -> None:
    assert perk_score(Score(score=40.0, unrested=55.0)) == 40.0


def test_a_rest_of_no_day_asks_for_no_second_score(join) -> None:
    alice = join("Alice", twitter="a")
    rested(alice, datetime(2026, 9, 1, 8, tzinfo=UTC), datetime(2026, 9, 1, 20, tzinfo=UTC))
    assert rests.rested_people(TODAY).tolist() == []
    rested(alice, datetime(2026, 9, 2, 8, tzinfo=UTC), datetime(2026, 9, 3, 20, tzinfo=UTC))
    assert rests.rested_people(TODAY).tolist() == [alice.pk]


def reading(account: int, name: str, day: date, value: int, origin: str = "api") -> None:
    CounterReading.objects.create(
        account=account,
        name=name,
        day=day,
        value=value,
        observed_at=midnight(day) + timedelta(hours=10),
        network=1,
        origin=ORIGINS[origin],
    )


def test_counters_stay_as_they_were_until_the_rest_ends(join) -> None:
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    mine, others = alice.links.get().account_id, bob.links.get().account_id
    for account in (mine, others):
        for day, value in ((date(2026, 9, 1), 100), (date(2026, 9, 9), 110), (date(2026, 10, 20), 900)):
            reading(account, "followers", day, value)
    reading(mine, "listed", date(2026, 10, 5), 7)
    reading(mine, "listed", date(2026, 10, 9), 9)
    reading(mine, "followers", date(2026, 9, 2), 50, "archive")

    def counted() -> set[tuple[int, str, int]]:
        counters = daily.inputs(TODAY).counters
        return set(zip(*(counters[name].tolist() for name in ("account", "name", "value")), strict=True))

    resting = rested(alice, midnight(date(2026, 9, 10)), None)
    assert counted() == {
        (mine, "followers", 110),
        (mine, "followers", 50),
        # Read for the first time in the rest: as it was found.
        (mine, "listed", 7),
        (others, "followers", 900),
    }
    Pause.objects.filter(pk=resting.pk).update(ended_at=midnight(date(2026, 10, 30)))
    assert {(mine, "followers", 900), (mine, "listed", 9)} <= counted()


def test_who_began_to_follow_in_a_rest_waits_too(join) -> None:
    alice = join("Alice", twitter="a", google="g")
    LinkedAccount.objects.update(linked_at=midnight(date(2026, 1, 1)))
    mine, tube = (alice.links.get(account__network=network).account_id for network in ("twitter", "google"))
    for number, (target, network, origin, day) in enumerate(
        [
            (mine, 1, "api", date(2026, 9, 1)),
            (mine, 1, "api", date(2026, 10, 1)),
            # An upload tells of who followed long ago.
            (mine, 1, "archive", date(2026, 10, 1)),
            # What may be kept for 30 days only is dated anew each day.
            (tube, 5, "api", date(2026, 10, 1)),
        ]
    ):
        Relation.objects.create(
            target=target,
            actor=1000 + number,
            verb=5,
            network=network,
            origin=ORIGINS[origin],
            observed_at=midnight(day) + timedelta(hours=5),
        )
    resting = rested(alice, midnight(date(2026, 9, 10)), None)
    assert sorted(daily.inputs(TODAY).relations["actor"].tolist()) == [1000, 1002, 1003]
    assert len(daily.inputs(TODAY, resting=False).relations["actor"]) == 4
    # Linked while resting: known as it was found.
    LinkedAccount.objects.update(linked_at=midnight(date(2026, 9, 20)))
    assert len(daily.inputs(TODAY).relations["actor"]) == 4
    Pause.objects.filter(pk=resting.pk).update(ended_at=midnight(date(2026, 10, 30)))
    LinkedAccount.objects.update(linked_at=midnight(date(2026, 1, 1)))
    assert len(daily.inputs(TODAY).relations["actor"]) == 4


def test_a_crashed_run_is_computed_anew_when_a_rest_began_or_ended(join, happen) -> None:
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    seen = {daily.fingerprint_of(TODAY)}
    rest = rested(alice, AT - timedelta(days=3), None)
    seen.add(daily.fingerprint_of(TODAY))
    # Over at midnight rather than going on: the same days, but nothing waits any more.
    Pause.objects.filter(pk=rest.pk).update(ended_at=midnight(TODAY))
    seen.add(daily.fingerprint_of(TODAY))
    assert len(seen) == 3
