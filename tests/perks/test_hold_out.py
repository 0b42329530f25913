"""Who is left out is compared with who could have it: known numbers of the intervals, and an honest sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from perks import campaign_days, hold_out, roi
from perks.models import CampaignCount
from perks.results import Arm, HoldOut
from perks.statistics import difference, wilson
from tests.perks.campaigns import make_brand, make_campaign, make_member
from tests.perks.posts import make_account, make_claim, make_post

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("hits", "number", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), pages 857 to 872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_wilsons(hits, number, low, high):
    found = wilson(hits, number)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # The same, pages 873 to 890, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(first, second, low, high):
    found = difference(*first, *second)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    back = difference(*second, *first)
    assert (round(back.low, 4), round(back.high, 4)) == (-high, -low)


def test_of_nobody_nothing_is_known():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert (difference(0, 0, 3, 9).low, difference(0, 0, 3, 9).high) == (-1.0, 1.0)
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


@pytest.mark.parametrize(
    ("left_out", "others", "verdict"),
    [
        ((19, 0), (500, 90), "few"),
        ((200, 10), (200, 12), "chance"),
        ((200, 10), (200, 60), "more"),
        ((200, 60), (200, 10), "less"),
        ((20, 0), (20, 0), "chance"),
    ],
)
def test_what_can_be_said_follows_from_the_interval(left_out, others, verdict):
    first, second = Arm(*left_out, 0), Arm(*others, 0)
    interval = difference(second.posted, second.number, first.posted, first.number)
    assert HoldOut(AT, first, second, second.share - first.share, interval).verdict == verdict


@pytest.mark.django_db
def test_the_daily_count_tells_both_apart_whoever_claimed():
    acme = make_brand("Acme", website="https://www.acme.example/")
    campaign = make_campaign(acme, hold_out=40, hashtag="acme", at=AT, minimum_score=40.0)
    people = [make_member(f"Guest{number}", 50.0) for number in range(30)]
    make_member("Low", 20.0)
    left_out = [person for person in people if hold_out.held_out(campaign, person)]
    others = [person for person in people if person not in left_out]
    assert len(left_out) > 3
    assert len(others) > 5
    make_claim(campaign, others[0], AT)
    # Four of the others, one left out; a second post of one, one before it opened, and one about something else.
    for person in others[:4]:
        make_post(make_account(person), AT + DAY, tags=["acme"], likes=5)
    make_post(make_account(left_out[0]), AT + DAY, links=["https://acme.example/other"], likes=2)
    make_post(others[0].links.get().account, AT + DAY, tags=["acme"], likes=1)
    make_post(make_account(left_out[1]), AT - 2 * DAY, tags=["acme"], likes=50)
    make_post(make_account(left_out[2]), AT + DAY, tags=["other"], links=["https://x.example/acme.example"], likes=50)
    for _ in range(2):
        campaign_days.write(campaign, AT + 2 * DAY)
    counts = CampaignCount.objects.get(campaign=campaign)
    assert (counts.left_out, counts.left_out_posted, counts.left_out_reactions) == (len(left_out), 1, 2)
    assert (counts.others, counts.others_posted, counts.others_reactions) == (len(others), 4, 21)
    found = roi.results(campaign, AT + 2 * DAY).hold_out
    assert found is not None
    assert found.more == pytest.approx(4 / len(others) - 1 / len(left_out))
    assert found.left_out.posted_told is None


@pytest.mark.django_db
def test_without_a_hold_out_nothing_is_compared(alice):
    campaign = make_campaign(at=AT)
    campaign_days.write(campaign, AT)
    assert roi.results(campaign, AT).hold_out is None
