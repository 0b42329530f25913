"""When a perk is open: by its windows and a score, to the second, whatever the state in the list says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from perks import claims, openings, turning
from perks.errors import NotOpen
from perks.models import AuditEntry, Campaign, Window
from perks.openings import Phase
from tests.perks.campaigns import HOUR, make_campaign, make_member
from tests.perks.test_waiting import QUALIFIES

SECOND = timedelta(seconds=1)
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def staggered(**fields: object) -> Window:
    values = {"kind": "staggered", "opens_at": AT, "closes_at": AT + 48 * HOUR}
    return Window(**values | {"stages": [[63, 0], [40, 60], [1, 120]]} | fields)


def test_a_window_opens_and_closes_on_the_second(db) -> None:
    campaign = make_campaign(at=AT, opens=timedelta(), closes=24 * HOUR, state="scheduled")
    assert openings.state_at(campaign, AT - SECOND).phase == Phase.SOON
    assert openings.state_at(campaign, AT).phase == Phase.OPEN
    assert openings.state_at(campaign, AT + 24 * HOUR - SECOND).phase == Phase.OPEN
    assert openings.state_at(campaign, AT + 24 * HOUR).phase == Phase.ENDED


def test_claims_and_pages_agree_on_the_second_without_any_worker(db) -> None:
    campaign = make_campaign(at=AT, opens=timedelta(), closes=24 * HOUR, state="scheduled")
    alice, terms = make_member("Alice"), campaign.terms
    assert terms is not None
    for at in (AT - SECOND, AT, AT + 24 * HOUR - SECOND, AT + 24 * HOUR):
        values = {"campaign": campaign, "variant": campaign.variants.get(), "person": alice, "user": None}
        try:
            claim = claims.hold(**values, key=str(at), terms=terms, checklist=QUALIFIES, at=at)
        except NotOpen:
            claim = None
        assert (claim is not None) == (openings.state_at(campaign, at).phase == Phase.OPEN), at
        if claim is not None:
            claims.release(claim=claim, at=at)


@pytest.mark.parametrize("score", [None, 12.0, 39.94, 39.96, 40.0, 62.9, 63.0, 100.0])
def test_claims_and_pages_agree_on_the_stage_of_a_score(db, score: float | None) -> None:
    campaign = make_campaign(at=AT, opens=timedelta(), closes=48 * HOUR)
    campaign.windows.update(kind="staggered", stages=[[63, 0], [40, 60], [20, 120]])
    [window] = campaign.windows.all()
    opens = openings.opens_for(window, score, AT)
    assert opens is not None
    alice, terms = make_member("Alice"), campaign.terms
    assert terms is not None
    values = {"campaign": campaign, "variant": campaign.variants.get(), "person": alice, "user": None}
    qualifies = type("Qualifies", (), vars(QUALIFIES) | {"score": score})()
    with pytest.raises(NotOpen):
        claims.hold(**values, key="early", terms=terms, checklist=qualifies, at=opens - SECOND)
    assert claims.hold(**values, key="due", terms=terms, checklist=qualifies, at=opens).state == "held"


def test_higher_scores_come_earlier_and_everybody_comes() -> None:
    window = staggered()
    assert openings.opens_for(window, 70.0, AT) == AT
    assert openings.opens_for(window, 62.95, AT) == AT, "it is shown as 63.0"
    assert openings.opens_for(window, 50.0, AT) == AT + HOUR
    assert openings.opens_for(window, 0.5, AT) == AT + 2 * HOUR
    assert openings.opens_for(window, None, AT) == AT + 2 * HOUR
    assert openings.opens_for(window, 70.0, AT + 48 * HOUR) is None


@pytest.mark.parametrize(
    "stages",
    [
        [],
        "everybody",
        [[63]],
        [[63, "soon"]],
        [[63, True]],
        [[float("nan"), 0]],
        [[63, 30], [1, 60]],
        [[40, 0], [63, 60]],
        [[63, 0], [40, 0]],
        [[163, 0], [1, 60]],
        [[63, 0], [1, 25 * 60]],
        [[63, 0], [1, 10**30]],
    ],
)
def test_stages_that_nobody_could_keep_are_refused(stages: object) -> None:
    with pytest.raises(ValidationError):
        openings.validate_stages(staggered(stages=stages))


def test_whoever_comes_last_has_a_day_too() -> None:
    openings.validate_stages(staggered(stages=[[63, 0], [1, 24 * 60]]))
    with pytest.raises(ValidationError, match="24 hours"):
        openings.validate_stages(staggered(stages=[[63, 0], [1, 24 * 60 + 1]]))
    openings.validate_stages(staggered(stages=[[63, 0], [1, 24 * 60 + 1]], short_reason="The hall is free that long."))


@pytest.mark.parametrize("hours", [1, 6, 24])
def test_stages_by_band_are_good_stages(hours: int) -> None:
    stages = openings.stages_by_band(hours)
    openings.validate_stages(staggered(stages=stages))
    assert stages[0] == [63.0, 0]
    assert stages[-1] == [1, hours * 60]


def test_what_is_told_in_each_state(db) -> None:
    campaign = make_campaign(at=AT, stock=1)

    def told() -> tuple[Phase, str]:
        campaign.refresh_from_db()
        opening = openings.state_at(campaign, AT)
        return opening.phase, opening.words

    assert told() == (Phase.OPEN, "Open until 3 December 2026, 12:00 UTC.")
    campaign.variants.update(held=1)
    phase, words = told()
    assert phase == Phase.SOLD_OUT
    assert words.startswith("All taken at the moment. You can wait")
    Campaign.objects.update(waiting_list=False)
    assert told() == (Phase.SOLD_OUT, "All taken.")
    campaign.variants.update(held=0, waiting=1)
    assert told()[0] == Phase.SOLD_OUT, "what is free is for who waits"
    Campaign.objects.update(state="paused")
    assert told()[0] == Phase.PAUSED
    Campaign.objects.update(state="ended")
    assert told() == (Phase.ENDED, "Over.")
    Campaign.objects.update(state="draft")
    assert told()[0] == Phase.NONE
    with translation.override("de"):
        assert told()[0] == Phase.NONE


def test_the_next_window_is_told_between_two(db) -> None:
    campaign = make_campaign(at=AT, opens=-48 * HOUR, closes=-HOUR)
    later = Window.objects.create(campaign=campaign, opens_at=AT + HOUR, closes_at=AT + 25 * HOUR, kind="lottery")
    opening = openings.state_at(campaign, AT)
    assert (opening.phase, opening.window, opening.opens_at) == (Phase.SOON, later, AT + HOUR)
    assert openings.window_now(campaign, AT) is None
    assert openings.next_window(campaign, AT) == later
    assert openings.state_at(campaign, AT + 2 * HOUR).phase == Phase.ENTER


def test_a_list_asks_nothing_more_for_each_campaign(db, django_assert_num_queries) -> None:
    for number in range(7):
        make_campaign(title=f"Perk {number}", at=AT)
    with django_assert_num_queries(3):
        found = list(Campaign.objects.prefetch_related("windows", "variants"))
        assert {openings.state_at(campaign, AT).phase for campaign in found} == {Phase.OPEN}


def test_the_clock_moves_campaigns_and_twice_is_once(db) -> None:
    campaign = make_campaign(at=AT, opens=timedelta(), closes=24 * HOUR, state="scheduled")
    assert turning.move_due(AT - SECOND) == {"live": 0, "ended": 0}
    assert turning.move_due(AT) == {"live": 1, "ended": 0}
    assert turning.move_due(AT) == {"live": 0, "ended": 0}
    assert turning.move_due(AT + 24 * HOUR) == {"live": 0, "ended": 1}
    assert turning.move_due(AT + 24 * HOUR) == {"live": 0, "ended": 0}
    campaign.refresh_from_db()
    assert campaign.state == "ended"
    actions = AuditEntry.objects.filter(campaign=campaign).order_by("pk").values_list("action", "user")
    assert list(actions) == [("open", None), ("end", None)]


def test_a_worker_who_was_away_for_the_whole_window_ends_it(db) -> None:
    campaign = make_campaign(at=AT, opens=timedelta(), closes=24 * HOUR, state="scheduled")
    assert turning.move_due(AT + 30 * HOUR) == {"live": 0, "ended": 1}
    campaign.refresh_from_db()
    assert campaign.state == "ended"


def test_between_two_windows_and_in_a_pause_nothing_ends(db) -> None:
    campaign = make_campaign(at=AT, opens=-48 * HOUR, closes=-HOUR)
    Window.objects.create(campaign=campaign, opens_at=AT + HOUR, closes_at=AT + 25 * HOUR)
    paused = make_campaign(at=AT, opens=-48 * HOUR, closes=-HOUR, state="paused")
    assert turning.move_due(AT) == {"live": 0, "ended": 0}
    for one, state in ((campaign, "live"), (paused, "paused")):
        one.refresh_from_db()
        assert one.state == state
