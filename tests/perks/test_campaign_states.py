"""A campaign moves only where the declaration lets it, with a reason, by who may, and not while something lacks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from perks import campaigns, states
from perks.campaigns import Incomplete, ReasonWanted, StaffOnly, has_claims, move, resume
from perks.completeness import lacks
from perks.errors import NotNow, PerkError
from perks.models import AuditEntry, Campaign, Variant
from perks.states import State
from perks.turning import follow
from tests.perks.campaigns import HOUR, make_brand, make_campaign, make_team
from tests.perks.test_campaign_pages import claim_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return make_team(make_brand(), olga="owner")["olga"]


@pytest.fixture
def staff() -> User:
    return User.objects.create(email="staff@example.org", is_staff=True)


def complete(state: str, **fields: object) -> Campaign:
    return make_campaign(state=state, kind="shipped", text="It boils.", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_only_declared_moves_are_made(before: State, after: State, staff: User) -> None:
    campaign = complete(before)
    allowed = states.may_follow(before, after)
    try:
        move(campaign=campaign, to=after, user=staff, reason="Because.", at=timezone.now())
        moved = True
    except NotNow:
        moved = False
    assert moved is allowed
    assert Campaign.objects.get(pk=campaign.pk).state == (after if allowed else before)
    assert AuditEntry.objects.filter(campaign=campaign).count() == int(allowed)


def test_the_way_from_draft_to_live_and_back(olga: User, staff: User) -> None:
    campaign = complete("draft")
    at = timezone.now()
    move(campaign=campaign, to=State.REVIEW, user=olga, at=at)
    with pytest.raises(StaffOnly):
        move(campaign=campaign, to=State.SCHEDULED, user=olga, reason="Ours.", at=at)
    with pytest.raises(ReasonWanted):
        move(campaign=campaign, to=State.SCHEDULED, user=staff, reason="  ", at=at)
    move(campaign=campaign, to=State.SCHEDULED, user=staff, reason="Fair.", at=at)
    move(campaign=campaign, to=State.LIVE, user=None, at=at)
    with pytest.raises(ReasonWanted):
        move(campaign=campaign, to=State.PAUSED, user=olga, at=at)
    move(campaign=campaign, to=State.PAUSED, user=olga, reason="Flood.", at=at)
    assert resume(campaign=campaign, user=olga, at=at).state == State.LIVE
    lines = list(AuditEntry.objects.order_by("pk").values_list("action", "reason", "by_staff"))
    assert lines == [
        ("send to review", "", False),
        ("publish", "Fair.", True),
        ("open", "", False),
        ("pause", "Flood.", False),
        ("resume", "", False),
    ]


def test_what_is_resumed_before_its_window_is_scheduled(olga: User) -> None:
    campaign = complete("paused", opens=HOUR, closes=timedelta(days=3))
    assert resume(campaign=campaign, user=olga, at=timezone.now()).state == State.SCHEDULED
    over = complete("paused", opens=-3 * timedelta(days=1), closes=-HOUR)
    with pytest.raises(NotNow, match="last window"):
        resume(campaign=over, user=olga, at=timezone.now())


def test_what_somebody_has_claimed_is_not_taken_back(olga: User) -> None:
    campaign = complete("scheduled")
    claim_one(campaign)
    assert has_claims(campaign)
    with pytest.raises(NotNow, match="paused or ended"):
        move(campaign=campaign, to=State.DRAFT, user=olga, reason="Oh.", at=timezone.now())
    assert Campaign.objects.get(pk=campaign.pk).state == State.SCHEDULED


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "no text"),
        ({"kind": "event", "place": "Hall", "takes_place_at": None}, "when the event"),
        ({"kind": "event"}, "where it can be used"),
        ({"kind": "discount"}, "no tiers"),
        ({"kind": "code", "codes": False, "stock": 3}, "3 codes are missing"),
        ({"stock": 0}, "stock is empty"),
        ({"opens": -5 * timedelta(days=1), "closes": -HOUR}, "still to come"),
    ],
)
def test_what_lacks_is_said_and_keeps_it_from_people(fields: dict, said: str, staff: User) -> None:
    campaign = make_campaign(state="review", **{"kind": "shipped", "text": "It boils."} | fields)
    with pytest.raises(Incomplete) as refused:
        move(campaign=campaign, to=State.SCHEDULED, user=staff, reason="Fair.", at=timezone.now())
    assert any(said in lack.text for lack in refused.value.details["lacks"])
    assert Campaign.objects.get(pk=campaign.pk).state == State.REVIEW


def test_a_complete_one_lacks_nothing() -> None:
    assert lacks(complete("draft"), timezone.now()) == []
    assert lacks(make_campaign(state="draft", text="It boils."), timezone.now()) == []


def test_a_closed_brand_publishes_nothing(staff: User) -> None:
    campaign = complete("review")
    campaign.brand.suspended = True
    campaign.brand.save()
    with pytest.raises(NotNow, match="closed by our staff"):
        move(campaign=campaign, to=State.SCHEDULED, user=staff, reason="Fair.", at=timezone.now())
    assert Campaign.objects.get(pk=campaign.pk).state == State.REVIEW


def test_the_team_is_told_what_the_staff_decided(olga: User, staff: User, django_capture_on_commit_callbacks) -> None:
    campaign = complete("review", title="A kettle")
    with django_capture_on_commit_callbacks(execute=True):
        move(campaign=campaign, to=State.DRAFT, user=staff, reason="Whose kettle is it?", at=timezone.now())
    (sent,) = mail.outbox
    assert sent.to == [olga.email]
    assert sent.subject == "“A kettle” was sent back"
    assert "Whose kettle is it?" in sent.body
    assert f"/brands/perks/campaign/{campaign.pk}/change/" in sent.body


def test_the_team_is_told_once_when_little_is_left(olga: User, django_capture_on_commit_callbacks) -> None:
    campaign = make_campaign(olga.brand_memberships.get().brand, kind="voucher", codes=False, stock=20)
    for claimed, low in ((18, 0), (19, 1), (20, 0)):
        Variant.objects.update(claimed=claimed)
        with django_capture_on_commit_callbacks(execute=True):
            assert follow(timezone.now())["low"] == low
    [message] = mail.outbox
    assert message.to == [olga.email]
    assert "Only 1 of 20 is left" in message.body
    assert f"/brands/perks/campaign/{campaign.pk}/change/?step=stock" in message.body
    Variant.objects.update(quantity=21)
    assert follow(timezone.now())["low"] == 1


def test_a_hook_that_refuses_keeps_the_move_from_being_made(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(campaign: Campaign, at: object) -> None:
        raise PerkError("No seed.")

    monkeypatch.setitem(campaigns._hooks, State.SCHEDULED, [refuse])
    campaign = complete("review")
    with pytest.raises(PerkError, match="No seed"):
        move(campaign=campaign, to=State.SCHEDULED, user=staff, reason="Fair.", at=timezone.now())
    assert Campaign.objects.get(pk=campaign.pk).state == State.REVIEW
    assert not AuditEntry.objects.filter(campaign=campaign).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_it_at_once_one_is_refused(race, staff: User) -> None:
    campaign = complete("live")

    def attempt(number: int) -> object:
        to = State.PAUSED if number % 2 else State.ENDED
        return move(campaign=Campaign.objects.get(pk=campaign.pk), to=to, user=staff, reason="r", at=timezone.now())

    answers = race(attempt, 8)
    done = AuditEntry.objects.filter(campaign=campaign).count()
    # Ended after a pause is a way; nothing follows the end, and nothing is paused twice.
    assert 1 <= done <= 2
    assert sum(isinstance(answer, NotNow) for answer in answers) == 8 - done
    assert Variant.objects.get().quantity == 5
