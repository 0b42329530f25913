"""A lottery: entering it, drawing it once, and offers in the order of the places."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from accounts import tokens
from accounts.models import Notification, Person, User
from perks import campaigns, claims, lottery, openings
from perks.drawing import digest_of, in_order
from perks.errors import NotEligible, NotNow, NotOpen
from perks.models import AuditEntry, Campaign, Claim, Draw, Entry, Window
from perks.states import State
from tests.perks.campaigns import HOUR, make_campaign, make_member
from tests.perks.test_waiting import QUALIFIES, assert_counts_agree, variant_of

SECOND = timedelta(seconds=1)


def make_lottery(*, stock: int = 2, winners: int | None = None, **fields: object) -> Window:
    """A lottery that is open, with its seed."""
    campaign = make_campaign(stock=stock, **fields)
    campaign.windows.update(kind="lottery", winners=winners)
    window = campaign.windows.select_related("campaign__brand").get()
    lottery.commit(window=window, at=timezone.now())
    return window


def enter(window: Window, person: Person, at: datetime | None = None) -> Entry:
    variant = variant_of(window.campaign)
    return lottery.enter(window=window, variant=variant, person=person, checklist=QUALIFIES, at=at)


def people(number: int, name: str = "Member") -> list[Person]:
    return [make_member(f"{name}{place}", score=None) for place in range(number)]


def draw(window: Window) -> Draw:
    return lottery.draw(window=window, at=window.closes_at)


def serve(window: Window, later: timedelta = timedelta()) -> int:
    at = window.closes_at + later
    return lottery.serve(window=window, at=at, clock=at)


def ranked(window: Window) -> list[Person]:
    return [entry.person for entry in Entry.objects.filter(window=window).order_by("rank")]


# ---------------------------------------------------------------- the seed


def test_the_seed_is_fixed_when_the_campaign_is_scheduled(db) -> None:
    campaign = make_campaign(state="review", opens=2 * HOUR, closes=60 * HOUR, headline="One line", text="Words")
    campaign.windows.update(kind="lottery")
    window = campaign.windows.get()
    with pytest.raises(ObjectDoesNotExist):
        _ = window.draw
    staff = make_member("Staff").users.get()
    staff.is_staff = True
    staff.save()
    campaigns.move(campaign=campaign, to=State.SCHEDULED, user=staff, reason="It is good.", at=timezone.now())
    found = Draw.objects.get(window=window)
    assert len(found.commitment) == 64
    assert found.seed == ""
    assert hashlib.sha256(bytes.fromhex(tokens.decrypt(found.sealed_seed))).hexdigest() == found.commitment
    assert bytes(found.sealed_seed).find(tokens.decrypt(found.sealed_seed).encode()) == -1


def test_nobody_enters_before_there_is_a_seed(db, alice: Person) -> None:
    campaign = make_campaign()
    campaign.windows.update(kind="lottery")
    with pytest.raises(NotOpen):
        enter(campaign.windows.get(), alice)
    assert not Entry.objects.exists()
    assert lottery.settle(timezone.now())["seeds"] == 1
    assert enter(campaign.windows.get(), alice).rank is None


def test_a_seed_is_never_made_anew(db) -> None:
    window = make_lottery()
    before = Draw.objects.get().commitment
    lottery.commit_all(window.campaign, timezone.now())
    assert lottery.commit(window=window, at=timezone.now()).commitment == before


# ---------------------------------------------------------------- entering


def test_entering_twice_is_one_ticket(db, alice: Person) -> None:
    window = make_lottery()
    assert enter(window, alice).ticket == enter(window, alice).ticket
    assert Entry.objects.count() == 1


def test_entries_are_taken_by_the_second(db, alice: Person, bob: Person) -> None:
    window = make_lottery()
    for at in (window.opens_at - SECOND, window.closes_at):
        with pytest.raises(NotOpen):
            enter(window, alice, at)
    assert enter(window, alice, window.opens_at).person == alice
    assert enter(window, bob, window.closes_at - SECOND).person == bob


@pytest.mark.parametrize("state", ["draft", "paused", "ended"])
def test_entries_are_taken_while_the_campaign_runs(db, alice: Person, state: str) -> None:
    window = make_lottery()
    Campaign.objects.update(state=state)
    with pytest.raises(NotOpen):
        enter(window, alice)


def test_who_does_not_qualify_gets_no_ticket(db, alice: Person) -> None:
    window = make_lottery()
    unmet = type("Unmet", (), vars(QUALIFIES) | {"ok": False})()
    with pytest.raises(NotEligible):
        lottery.enter(window=window, variant=variant_of(window.campaign), person=alice, checklist=unmet)
    assert not Entry.objects.exists()


def test_an_entry_can_be_taken_back_until_the_close(db, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    with pytest.raises(NotNow):
        lottery.withdraw(window=window, person=alice, at=window.closes_at)
    assert lottery.withdraw(window=window, person=alice)
    assert not lottery.withdraw(window=window, person=alice)
    assert not Entry.objects.exists()


# ---------------------------------------------------------------- the draw


def test_the_draw_follows_the_rule_and_is_made_once(db) -> None:
    window = make_lottery()
    for person in people(9):
        enter(window, person)
    with pytest.raises(NotNow):
        lottery.draw(window=window, at=window.closes_at - SECOND)
    first = draw(window)
    tickets = [str(ticket) for ticket in Entry.objects.order_by("rank").values_list("ticket", flat=True)]
    assert tickets == in_order(bytes.fromhex(first.seed), tickets)
    assert first.tickets_digest == digest_of(tickets).hex()
    assert hashlib.sha256(bytes.fromhex(first.seed)).hexdigest() == first.commitment
    again = lottery.draw(window=window, at=window.closes_at + HOUR)
    assert (again.drawn_at, again.seed) == (first.drawn_at, first.seed)
    with pytest.raises(NotOpen):
        enter(window, make_member("Late"), window.closes_at - SECOND)


def test_it_is_not_drawn_before_the_close_by_the_databases_clock(db, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    with pytest.raises(NotNow):
        lottery.draw(window=window)
    Window.objects.update(opens_at=timezone.now() - 50 * HOUR, closes_at=timezone.now() - HOUR)
    assert lottery.draw(window=window).drawn_at is not None


def test_what_was_ended_before_the_close_is_not_drawn(db, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    staff = make_member("Owner").users.get()
    campaigns.move(
        campaign=window.campaign, to=State.ENDED, user=staff, reason="The hall burnt down.", at=timezone.now()
    )
    assert openings.is_ended_early(window.campaign)
    late = window.closes_at + HOUR
    assert lottery.settle(late, clock=late)["drawn"] == 0
    assert Draw.objects.get().drawn_at is None


def test_who_entered_what_is_ended_before_its_draw_is_told_once(db, alice: Person, bob: Person) -> None:
    window = make_lottery()
    for person in (alice, bob):
        enter(window, person)
    assert lottery.settle(timezone.now())["not_drawn"] == 0
    staff = User.objects.create_user(email="staff@klout.example", is_staff=True)
    now = timezone.now()
    campaigns.move(campaign=window.campaign, to=State.ENDED, user=staff, reason="The hall burnt down.", at=now)
    assert lottery.settle(now)["not_drawn"] == 2
    assert lottery.settle(now)["not_drawn"] == 0
    told = Notification.objects.filter(kind="perk_not_drawn")
    assert {notice.person for notice in told} == {alice, bob}


def test_what_somebody_has_entered_is_no_draft_again(db, alice: Person) -> None:
    window = make_lottery(state="scheduled")
    enter(window, alice)
    staff = User.objects.create_user(email="staff@klout.example", is_staff=True)
    with pytest.raises(NotNow):
        campaigns.move(campaign=window.campaign, to=State.DRAFT, user=staff, reason="A slip.", at=timezone.now())


def test_what_the_clock_ended_is_drawn(db, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    late = window.closes_at + SECOND
    campaigns.move(campaign=window.campaign, to=State.ENDED, user=None, at=late)
    assert AuditEntry.objects.filter(action="end").exists()
    found = lottery.settle(late, clock=late)
    assert (found["drawn"], found["offered"]) == (1, 1)


def test_a_draw_that_dies_in_the_middle_leaves_nothing_and_is_made_again(db, monkeypatch) -> None:
    window = make_lottery()
    for person in people(3):
        enter(window, person)

    def dies(*_values: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Draw, "save", dies)
        with pytest.raises(KeyboardInterrupt):
            draw(window)
    assert Draw.objects.get().seed == ""
    assert not Entry.objects.filter(rank__isnull=False).exists()
    draw(window)
    assert sorted(Entry.objects.values_list("rank", flat=True)) == [1, 2, 3]


# ---------------------------------------------------------------- offers


def test_the_first_places_are_offered_what_there_is(db) -> None:
    window = make_lottery(stock=2)
    for person in people(5):
        enter(window, person)
    draw(window)
    assert serve(window) == 2
    assert serve(window) == 0
    offered = [claim.person for claim in Claim.objects.filter(source="lottery").order_by("pk")]
    assert offered == ranked(window)[:2]
    assert_counts_agree(window.campaign)


def test_no_more_win_than_the_brand_wants(db) -> None:
    window = make_lottery(stock=5, winners=2)
    for person in people(4):
        enter(window, person)
    draw(window)
    assert serve(window) == 2
    assert variant_of(window.campaign).left == 3


def test_who_does_not_answer_is_followed_by_the_next_place_and_told(db, django_capture_on_commit_callbacks) -> None:
    window = make_lottery(stock=1)
    for person in people(3):
        enter(window, person)
    draw(window)
    serve(window)
    late = window.closes_at + 25 * HOUR
    assert claims.expire_due(at=late) == 1
    with django_capture_on_commit_callbacks(execute=True):
        found = lottery.settle(late, clock=late)
    assert (found["over"], found["offered"]) == (1, 1)
    first, second, third = ranked(window)
    assert Claim.objects.get(source="lottery", state="held").person == second
    lottery.settle(late, clock=late)
    assert not any(lottery.settle(late, clock=late).values())

    def kinds(person: Person) -> list[str]:
        rows = Notification.objects.filter(user__membership__person=person).order_by("pk")
        return list(rows.values_list("kind", flat=True))

    assert kinds(first) == ["perk_offered", "perk_offer_over"]
    assert kinds(second) == ["perk_offered"]
    assert kinds(third) == ["perk_drawn"]


def test_a_given_back_offer_goes_to_the_next_place(db) -> None:
    window = make_lottery(stock=1)
    for person in people(2):
        enter(window, person)
    draw(window)
    serve(window)
    claims.release(claim=Claim.objects.get(source="lottery"), at=window.closes_at + HOUR)
    assert serve(window, HOUR) == 1
    assert Claim.objects.get(source="lottery", state="held").person == ranked(window)[1]


def test_places_are_served_for_two_weeks_and_no_longer(db) -> None:
    window = make_lottery(stock=1)
    for person in people(2):
        enter(window, person)
    draw(window)
    assert serve(window, timedelta(days=14)) == 0
    assert serve(window, timedelta(days=14) - SECOND) == 1


def test_who_is_gone_is_passed_over(db) -> None:
    window = make_lottery(stock=1)
    for person in people(3):
        enter(window, person)
    draw(window)
    first, second, _third = ranked(window)
    Entry.objects.filter(person=first).update(person=None)
    assert serve(window) == 1
    assert Claim.objects.get(source="lottery").person == second


def test_a_pause_stops_offers_and_not_the_draw(db, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    Campaign.objects.update(state="paused")
    found = lottery.settle(window.closes_at, clock=window.closes_at)
    assert (found["drawn"], found["offered"]) == (1, 0)
    Campaign.objects.update(state="ended")
    assert lottery.settle(window.closes_at, clock=window.closes_at)["offered"] == 1


def test_everybody_hears_their_place_once(db) -> None:
    window = make_lottery(stock=1)
    for person in people(4):
        enter(window, person)
    at = window.closes_at
    for _minute in range(4):
        lottery.settle(at, clock=at)
    assert Notification.objects.filter(kind="perk_drawn").count() == 3
    assert Notification.objects.filter(kind="perk_offered").count() == 1
    assert "place 2 of 4" in Notification.objects.filter(user__membership__person=ranked(window)[1]).get().text


def test_a_later_score_takes_no_ticket_away(db, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    Campaign.objects.update(minimum_score=99)
    draw(window)
    assert serve(window) == 1


# ---------------------------------------------------------------- fairness


def test_every_ticket_comes_to_every_place_about_as_often() -> None:
    """Chi-square over 5 tickets and 5 places in 2,000 draws with fixed seeds; 16 degrees of freedom."""
    tickets, draws = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(5)], 2000
    counts = dict.fromkeys(((ticket, place) for ticket in tickets for place in range(5)), 0)
    for number in range(draws):
        seed = hashlib.sha256(f"seed {number}".encode()).digest()
        for place, ticket in enumerate(in_order(seed, tickets)):
            counts[ticket, place] += 1
    expected = draws / 5
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    # 1 in 1,000 of fair rules would lie above 39.25.
    assert chi_square < 39.25
    # The negative control: a rule that forgets the seed puts the same ticket first each time.
    assert sum((count - expected) ** 2 / expected for count in [draws, 0, 0, 0, 0]) > 39.25


def test_one_entry_more_changes_the_places_of_all_others() -> None:
    seed = hashlib.sha256(b"known beforehand").digest()
    tickets = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(40)]
    before = in_order(seed, tickets)
    after = [
        ticket for ticket in in_order(seed, [*tickets, "ffffffff-0000-4000-8000-000000000000"]) if ticket in tickets
    ]
    assert before != after
    moved = sum(one != other for one, other in zip(before, after, strict=True))
    assert moved > 30
