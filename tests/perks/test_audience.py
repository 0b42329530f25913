"""The preview of an audience: what a brand is told of how many, and what it is never told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Person, User
from perks import audience
from perks.errors import TooMany
from perks.models import Campaign, CampaignDay
from perks.previewing import preview_context
from scoring.models import Score
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_score

pytestmark = pytest.mark.django_db
AT = timezone.now()


def make(**fields: Any) -> Campaign:
    return make_campaign(**{"confirmed_only": False, "state": "draft"} | fields)


def town(*scores: float, country: str = "DE") -> None:
    """Members with these scores, the same number each time in one go."""
    first = Person.objects.count()
    users = User.objects.bulk_create(
        User(email=f"m{first + number}@example.org", password="!") for number in range(len(scores))
    )
    people = Person.objects.bulk_create(
        Person(handle=f"m{first + number}", birth_year=1980, country=country) for number in range(len(scores))
    )
    Membership.objects.bulk_create(
        Membership(user=user, person=person) for user, person in zip(users, people, strict=True)
    )
    pattern = make_score(people[0], scores[0])
    Score.objects.bulk_create(
        Score(person=person, score=score, run=pattern.run, as_of=pattern.as_of, reach=1, amplification=1,
              network_part=1, percentile=score, confidence="fair", formula="v1")
        for person, score in zip(people[1:], scores[1:], strict=True)
    )  # fmt: skip


def test_counts_are_rounded_and_close() -> None:
    town(*[30.0] * 200, *[60.0] * 100)
    found = audience.preview(make(minimum_score=45), AT)
    assert found.members.number is not None
    assert abs(found.members.number - 300) <= 20
    assert found.qualify.number in {90, 100, 110}
    [step] = found.steps
    assert step.wants == ("A score of 45 or more",)
    assert 25 <= step.share <= 40
    bars = {bar.least: bar for bar in found.bars}
    assert bars[30].members.number in {190, 200, 210}
    assert bars[30].qualify.few
    assert bars[60].qualify.number in {90, 100, 110}
    assert bars[90].members.few


@pytest.mark.parametrize("number", range(20))
def test_never_a_count_under_twenty(number: int) -> None:
    for people in range(50):
        assert audience.coarse(number, people).number is None


def test_the_same_people_give_the_same_number_and_one_more_gives_no_hint() -> None:
    assert len({audience.coarse(103, 77).number for _time in range(20)}) == 1
    # Whoever compares a set with one that has one person more sees it grow about as often as shrink.
    changes = [
        (audience.coarse(104, people * 31).number or 0) - (audience.coarse(103, people).number or 0)
        for people in range(1, 400)
    ]
    grown, shrunk = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
    assert grown > 20
    assert 0.5 < grown / shrunk < 2.5


def test_what_a_few_lack_is_not_told() -> None:
    town(*[60.0] * 100)
    town(*[60.0] * 5, country="FR")
    found = audience.preview(make(minimum_score=45, countries=["DE"]), AT)
    score, places = found.steps
    assert places.nearly_all
    assert places.left == score.left == found.qualify


def test_nobody_is_named_in_what_a_brand_sees() -> None:
    alice = make_member("Alice", 88.0, name="Alice Archer")
    town(*[60.0] * 30)
    context = preview_context(make(minimum_score=45), AT)
    page = render_to_string("perks/_audience.html", context)
    assert "fewer than 20" in page
    assert "<table" in page
    assert 'class="threshold"' in page
    assert alice.handle not in page
    assert "Archer" not in page


def test_a_score_is_said_in_words_and_among_the_people_here() -> None:
    town(*[30.0] * 180, *[70.0] * 60)
    found = audience.preview(make(minimum_score=63), AT)
    assert str(found.band.name) == "Top 5%"
    assert found.top == 25
    page = render_to_string("perks/_audience.html", preview_context(make(minimum_score=63), AT))
    assert "63 is where the top 5%" in page
    assert "in the top 25%" in page


def test_an_answer_is_kept_and_there_are_so_many_new_ones_in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "PER_HOUR", 3)
    town(*[60.0] * 30)
    campaign = make()
    for least in (41, 42, 43, 43, 43):
        campaign.minimum_score = least
        audience.preview(campaign, AT)
    campaign.minimum_score = 44
    with pytest.raises(TooMany):
        audience.preview(campaign, AT)
    assert "more previews than a brand gets" in preview_context(campaign, AT)["refused"]
    # What was asked before can be looked at, another brand asks for itself, and the next hour is another.
    campaign.minimum_score = 41
    assert audience.preview(campaign, AT)
    assert audience.preview(make(brand=make_brand("Zenith"), minimum_score=44), AT)
    campaign.minimum_score = 45
    assert audience.preview(campaign, AT + timedelta(hours=1))


def test_of_very_many_people_a_sample_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    town(*[60.0] * 400)
    monkeypatch.setattr(audience, "SAMPLE", 100)
    found = audience.preview(make(minimum_score=45), AT)
    assert found.least == 80
    assert found.qualify.number is not None
    assert 360 <= found.qualify.number <= 440


def test_it_costs_the_same_however_many_there_are() -> None:
    costs = []
    for least in (41, 42):
        town(*[60.0] * 30)
        with CaptureQueriesContext(connection) as asked:
            audience.preview(make(minimum_score=least), AT)
        costs.append(len([query for query in asked if query["sql"].startswith("SELECT")]))
    assert costs[0] == costs[1] <= 8


def test_what_to_expect_goes_by_what_was(alice: Person) -> None:
    town(*[60.0] * 200)
    brand = make_brand("Zenith")
    new = make(brand=brand, minimum_score=45, stock=5)
    assert audience.preview(new, AT).expected.past == 0
    over = make(brand=brand, opens=-timedelta(days=9), closes=-timedelta(days=2), state="ended")
    CampaignDay.objects.create(campaign=over, day=AT.date(), eligible=100)
    new.minimum_score = 46
    nobody = audience.preview(new, AT).expected
    assert (nobody.past, nobody.own, nobody.days, nobody.taken) == (1, True, None, 0)
    opened = over.windows.get().opens_at
    for number in range(1, 6):
        # A claim each on the first five days, of a hundred who qualified.
        over.claims.create(
            variant=over.variants.get(), person=alice, ordinal=number, allowed=9, state="claimed", key=f"{number}",
            held_at=opened, expires_at=AT, claimed_at=opened + timedelta(days=number - 1, hours=1),
            terms=over.terms, accepted_at=opened,
        )  # fmt: skip
    new.minimum_score = 47
    found = audience.preview(new, AT).expected
    # About 200 qualify: two a day, so that five are gone on the third day.
    assert found.days == 3


def test_other_brands_count_only_where_there_are_several() -> None:
    town(*[60.0] * 30)
    new = make(minimum_score=45)
    for number in range(3):
        assert audience.preview(new, AT).expected.past == 0
        over = make(
            brand=make_brand(f"Other {number}"), opens=-timedelta(days=9), closes=-timedelta(days=2), state="ended"
        )
        CampaignDay.objects.create(campaign=over, day=AT.date(), eligible=100)
        new.minimum_score = 46 + number
    found = audience.preview(new, AT).expected
    assert found.past == 3
    assert not found.own
