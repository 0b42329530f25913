"""The pages of the waiting list, of a lottery and of its draw, as people use them."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Person, User
from perks import campaigns, claims, lottery, waiting
from perks.drawing import PROGRAM
from perks.models import Campaign, Claim, Entry, Variant, WaitingPlace, Window
from perks.states import State
from tests.perks.campaigns import HOUR, make_campaign, make_member
from tests.perks.test_lottery import enter, make_lottery, people
from tests.perks.test_waiting import hold, join, variant_of


@pytest.fixture
def sold_out(db) -> Campaign:
    campaign = make_campaign(stock=1)
    hold(campaign, make_member("Olga"))
    return campaign


@pytest.fixture
def as_alice(alice: Person) -> Client:
    client = Client()
    client.force_login(alice.users.get())
    return client


def page(client: Client, campaign: Campaign, what: str = "wait", status: int = 200) -> str:
    answer = client.get(f"/perks/{campaign.pk}/{what}")
    assert answer.status_code == status, answer
    return " ".join(answer.content.decode().split())


def post(client: Client, campaign: Campaign, what: str, **fields: object) -> int:
    fields.setdefault("variant", campaign.variants.first().pk)
    return client.post(f"/perks/{campaign.pk}/{what}", fields).status_code


def ended(window: Window) -> Window:
    """The window has closed an hour ago."""
    Window.objects.filter(pk=window.pk).update(opens_at=timezone.now() - 60 * HOUR, closes_at=timezone.now() - HOUR)
    window.refresh_from_db()
    return window


# ---------------------------------------------------------------- the waiting list


def test_joining_and_leaving(as_alice: Client, sold_out: Campaign, bob: Person) -> None:
    join(sold_out, bob)
    assert "1 person would be before you" in page(as_alice, sold_out)
    assert post(as_alice, sold_out, "wait", action="join") == 302
    assert post(as_alice, sold_out, "wait", action="join") == 302
    assert "1 person is before you" in page(as_alice, sold_out)
    assert variant_of(sold_out).waiting == 2
    assert post(as_alice, sold_out, "wait", action="leave") == 302
    assert "You have left the waiting list." in page(as_alice, sold_out)
    assert variant_of(sold_out).waiting == 1


def test_an_offer_is_shown_with_its_end_and_can_be_passed_on(
    as_alice: Client, alice: Person, bob: Person, sold_out: Campaign
) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    claims.release(claim=Claim.objects.get())
    waiting.serve(variant_of(sold_out).pk)
    offer = Claim.objects.get(source="waiting")
    shown = page(as_alice, sold_out)
    assert "One is kept for you" in shown
    assert offer.get_absolute_url() in shown
    assert post(as_alice, sold_out, "wait", action="leave") == 302
    offer.refresh_from_db()
    assert offer.state == "released"
    assert waiting.serve(variant_of(sold_out).pk) == 1


def test_while_one_is_free_the_page_leads_to_it(as_alice: Client, db) -> None:
    campaign = make_campaign()
    assert f"/perks/{campaign.pk}/claim" in page(as_alice, campaign)
    assert post(as_alice, campaign, "wait", action="join") == 409
    assert not WaitingPlace.objects.exists()


def test_what_is_left_of_a_perk_that_is_over_is_not_called_free(as_alice: Client, db) -> None:
    over = make_campaign(stock=3, state="ended", opens=-60 * HOUR, closes=-HOUR)
    seen = page(as_alice, over)
    assert "are free" not in seen
    assert seen.count("Over.") == 1


def test_who_does_not_qualify_sees_why(as_alice: Client, sold_out: Campaign) -> None:
    Campaign.objects.update(minimum_score=90)
    shown = page(as_alice, sold_out)
    assert "Not everything is met" in shown
    assert 'value="join"' not in shown
    assert post(as_alice, sold_out, "wait", action="join") == 409


@pytest.mark.parametrize("variant", ["", "x", "0", "-1", "9" * 30, "٣"])
def test_odd_variants_are_not_found(as_alice: Client, sold_out: Campaign, variant: str) -> None:
    assert post(as_alice, sold_out, "wait", action="join", variant=variant) == 404


def test_a_variant_of_another_perk_is_not_found(as_alice: Client, sold_out: Campaign) -> None:
    other = variant_of(make_campaign(stock=0, title="Another"))
    assert post(as_alice, sold_out, "wait", action="join", variant=other.pk) == 404
    assert not WaitingPlace.objects.exists()


def test_nobody_waits_in_anothers_name(as_alice: Client, bob: Person, sold_out: Campaign) -> None:
    assert post(as_alice, sold_out, "wait", action="join", person="Bob") == 404
    viewed = make_member("Viewed")
    Membership.objects.create(
        user=Membership.objects.get(person__handle="Alice").user, person=viewed, role=Membership.Role.VIEWER
    )
    assert post(as_alice, sold_out, "wait", action="join", person="Viewed") == 404
    assert not WaitingPlace.objects.exists()


@pytest.mark.parametrize("what", ["wait", "enter"])
def test_strangers_log_in_first(client: Client, db, what: str) -> None:
    window = make_lottery()
    answer = client.get(f"/perks/{window.campaign_id}/{what}")
    assert answer.status_code == 302
    assert "log-in" in answer["Location"] or "login" in answer["Location"]


@pytest.mark.parametrize("what", ["wait", "enter"])
@pytest.mark.parametrize("state", ["draft", "archived"])
def test_what_is_not_public_has_no_pages(as_alice: Client, what: str, state: str) -> None:
    window = make_lottery()
    Campaign.objects.update(state=state)
    assert window.campaign.title not in page(as_alice, window.campaign, what, status=404)


# ---------------------------------------------------------------- the lottery


def test_entering_and_withdrawing(as_alice: Client, alice: Person) -> None:
    window = make_lottery()
    campaign = window.campaign
    shown = page(as_alice, campaign, "enter")
    assert window.draw.commitment in shown
    assert 'value="enter"' in shown
    assert post(as_alice, campaign, "enter", action="enter") == 302
    assert post(as_alice, campaign, "enter", action="enter") == 302
    entry = Entry.objects.get()
    assert str(entry.ticket) in page(as_alice, campaign, "enter")
    assert (entry.person, entry.score, entry.formula) == (alice, 50.0, "v1")
    assert post(as_alice, campaign, "enter", action="withdraw") == 302
    assert not Entry.objects.exists()


def test_after_the_close_nobody_enters(as_alice: Client) -> None:
    window = ended(make_lottery())
    assert "No more entries" in page(as_alice, window.campaign, "enter")
    assert post(as_alice, window.campaign, "enter", action="enter") == 409


def test_who_was_drawn_sees_it_and_can_take_it(as_alice: Client, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    ended(window)
    lottery.settle(timezone.now())
    shown = page(as_alice, window.campaign, "enter")
    assert "Your ticket came to place 1 of 1" in shown
    assert Claim.objects.get(source="lottery").get_absolute_url() in shown


def test_what_was_ended_before_its_draw_promises_none(as_alice: Client, alice: Person) -> None:
    window = make_lottery()
    campaign = window.campaign
    enter(window, alice)
    pages = [reverse("perk_enter", args=[campaign.pk]), reverse("perk_draw", args=[campaign.pk, window.pk])]
    promises = ("Entries until", "You take part", "takes part", "it is drawn right after that")
    before = "".join(as_alice.get(address).content.decode() for address in pages)
    assert all(promise in before for promise in promises)
    staff = User.objects.create_user(email="staff@klout.example", is_staff=True)
    campaigns.move(campaign=campaign, to=State.ENDED, user=staff, reason="Grounded.", at=timezone.now())
    for address in pages:
        text = as_alice.get(address).content.decode()
        assert "It was ended before its draw" in text
        assert not [promise for promise in promises if promise in text]
    assert '<li class="over">' in as_alice.get(campaign.get_absolute_url()).content.decode()


def test_a_perk_without_a_lottery_has_no_draw(as_alice: Client, sold_out: Campaign) -> None:
    for what in ("enter", f"draw/{sold_out.windows.get().pk}"):
        assert sold_out.title not in page(as_alice, sold_out, what, status=404)


# ---------------------------------------------------------------- the draw


def test_before_the_draw_its_page_shows_the_fingerprint_and_no_ticket(client: Client, alice: Person) -> None:
    window = make_lottery()
    ticket = str(enter(window, alice).ticket)
    shown = page(client, window.campaign, f"draw/{window.pk}")
    assert window.draw.commitment in shown
    assert ticket not in shown
    known = read(client, window)
    assert (known["commitment"], known["seed"], known["tickets"]) == (window.draw.commitment, None, [])


def read(client: Client, window: Window) -> dict:
    answer = client.get(f"/perks/{window.campaign_id}/draw/{window.pk}.json")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.getvalue())


@pytest.mark.parametrize("number", [0, 1, 7])
def test_the_program_on_the_page_agrees_with_the_file_and_with_nothing_else(
    client: Client, db, tmp_path: Path, number: int
) -> None:
    window = make_lottery(stock=2)
    for person in people(number):
        enter(window, person)
    ended(window)
    lottery.settle(timezone.now())
    answer = client.get(f"/perks/{window.campaign_id}/draw/{window.pk}")
    program = answer.content.decode().split("<code>")[-1].split("</code>")[0]
    (tmp_path / "check.py").write_text(html.unescape(program))
    assert html.unescape(program).strip() == PROGRAM.strip()
    assert len(PROGRAM.strip().splitlines()) == 10
    known = read(client, window)

    def run(what: dict) -> subprocess.CompletedProcess:
        (tmp_path / "draw.json").write_text(json.dumps(what))
        return subprocess.run(
            [sys.executable, "check.py", "draw.json"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    right = run(known)
    assert (right.returncode, right.stdout) == (0, f"{number} tickets, in the order of the rule\n")
    wrong: list[dict] = [known | {"seed": "0" * 64}, known | {"tickets_digest": "0" * 64}]
    if number > 1:
        assert [entry["offered"] for entry in known["tickets"]] == [True] * 2 + [False] * (number - 2)
        wrong += [
            known | {"tickets": known["tickets"][1:]},
            known | {"tickets": [known["tickets"][1], known["tickets"][0], *known["tickets"][2:]]},
        ]
    assert [run(one).returncode for one in wrong] == [1] * len(wrong)


def test_one_finds_ones_own_ticket_and_no_names(as_alice: Client, alice: Person, client: Client, monkeypatch) -> None:
    from perks.views import lottery as pages

    monkeypatch.setattr(pages, "PAGE", 2)
    window = make_lottery(stock=1)
    tickets = {person.handle: str(enter(window, person).ticket) for person in [alice, *people(6, "Somebody")]}
    ended(window)
    lottery.settle(timezone.now())
    last = str(Entry.objects.get(rank=7).ticket)
    address = f"/perks/{window.campaign_id}/draw/{window.pk}"
    assert last not in client.get(address).content.decode()
    assert f'id="ticket-{last}" class="sought"' in client.get(f"{address}?ticket={last}").content.decode()
    assert "No ticket of this draw has that number" in client.get(f"{address}?ticket=nothing").content.decode()
    mine = as_alice.get(f"{address}?ticket={tickets['Alice']}").content.decode()
    assert "yours" in mine
    for shown in (mine, client.get(address).content.decode(), json.dumps(read(client, window))):
        assert "Somebody" not in shown
    assert "Alice" not in client.get(f"{address}?ticket={tickets['Alice']}").content.decode()


def test_a_draw_can_be_checked_after_its_campaign_was_put_away(client: Client, alice: Person) -> None:
    window = make_lottery()
    enter(window, alice)
    ended(window)
    lottery.settle(timezone.now())
    Campaign.objects.update(state="archived")
    assert page(client, window.campaign, f"draw/{window.pk}")
    assert len(read(client, window)["tickets"]) == 1


# ---------------------------------------------------------------- what the pages cost


def asked(client: Client, address: str) -> int:
    """How many queries an address asks, once everything that is kept in the cache is there."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def scored(number: int) -> list[Person]:
    return [make_member(f"Scored{place}") for place in range(number)]


def test_a_long_queue_asks_no_more_than_a_short_one(as_alice: Client, alice: Person, sold_out: Campaign) -> None:
    join(sold_out, alice)
    address = f"/perks/{sold_out.pk}/wait"
    few = asked(as_alice, address)
    for person in scored(8):
        join(sold_out, person)
    for name in "SML":
        Variant.objects.create(campaign=sold_out, name=name)
    assert asked(as_alice, address) == few
    assert few <= 12


@pytest.mark.parametrize("what", ["enter", "calendar.ics"])
def test_a_large_lottery_asks_no_more_than_a_small_one(as_alice: Client, alice: Person, what: str) -> None:
    window = make_lottery()
    enter(window, alice)
    address = f"/perks/{window.campaign_id}/{what}"
    few = asked(as_alice, address)
    for person in scored(8):
        enter(window, person)
    for days in range(3, 7):
        opens = timezone.now() + timedelta(days=days)
        Window.objects.create(campaign=window.campaign, opens_at=opens, closes_at=opens + 24 * HOUR)
    assert asked(as_alice, address) == few
    assert few <= 12


def test_a_large_draw_asks_no_more_than_a_small_one(as_alice: Client, alice: Person) -> None:
    window = make_lottery()
    for person in [alice, *scored(1)]:
        enter(window, person)
    lottery.draw(window=window, at=window.closes_at)
    address = f"/perks/{window.campaign_id}/draw/{window.pk}"
    few = asked(as_alice, address)
    Entry.objects.bulk_create(
        Entry(window=window, variant=variant_of(window.campaign), rank=rank, entered_at=timezone.now())
        for rank in range(3, 60)
    )
    assert asked(as_alice, address) == few
    assert few <= 12
