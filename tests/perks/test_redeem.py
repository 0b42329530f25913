"""A pass at the counter: what staff see of it, and that it is taken once."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from perks import claims, pass_sheets, passes, redeeming
from perks.models import Claim, PrintedPass, Redemption, Tier
from perks.passes import PassForged
from perks.redeeming import PassUsed
from tests.perks.campaigns import make_brand, make_campaign, make_member
from tests.perks.counters import PIN, make_claim, make_counter, phone_at

DAY = timedelta(days=1)


def token_of(claim: Claim, ago: timedelta = timedelta()) -> str:
    return passes.token_for(claim, timezone.now() - ago)


def main_of(response) -> str:
    return response.content.decode().split("<main")[1].split("</main>")[0]


def test_staff_see_what_the_perk_needs_and_nothing_else(alice: Person) -> None:
    campaign = make_campaign(kind="lounge", title="The quiet lounge")
    Tier.objects.create(campaign=campaign, minimum_score=40, name="Window", benefit="Entry with a guest")
    claim = make_claim(alice, campaign)
    page = main_of(phone_at(make_counter()).get(f"/redeem/{token_of(claim)}"))
    assert "This pass is good" in page
    assert "The quiet lounge" in page
    assert "Window" in page
    assert "Entry with a guest" in page
    assert "Alice" in page
    for hidden in ("Archer", "/alice", "@alice", "alice@example.org", str(claim.reference), "50.0", "1980"):
        assert hidden not in page
    claim.refresh_from_db()
    # Looking takes nothing.
    assert claim.state == "claimed"


def test_taking_it_counts_once_and_a_second_time_is_told_when_and_where(alice: Person) -> None:
    claim, counter = make_claim(alice), make_counter(name="Door nine")
    phone, token = phone_at(counter), token_of(claim)
    response = phone.post(f"/redeem/{token}", follow=True)
    assert "Taken" in main_of(response)
    assert "A bag of coffee" in main_of(response)
    claim.refresh_from_db()
    assert claim.state == "redeemed"
    assert claim.redemption.counter == counter
    for answer in (phone.post(f"/redeem/{token}"), phone.get(f"/redeem/{token_of_used(claim)}")):
        page = main_of(answer)
        assert "Do not take this pass" in page
        assert "used before" in page
        assert "Door nine" in page
        assert "Take it" not in page
    assert Redemption.objects.count() == 1


def token_of_used(claim: Claim) -> str:
    """A token that was on the screen when the claim was still good, in a picture that somebody took."""
    claim = Claim.objects.get(pk=claim.pk)
    claim.state = "claimed"
    return token_of(claim, ago=timedelta(hours=1))


def test_a_pass_of_another_brand_looks_exactly_like_a_forged_one(alice: Person) -> None:
    claim = make_claim(alice, make_campaign(make_brand("Bolt"), kind="voucher"))
    phone = phone_at(make_counter())
    good, old = token_of(claim), token_of(claim, ago=DAY)
    claims.redeem(claim=make_claim(make_member("Charlie"), claim.campaign), counter=None)
    used = token_of_used(Claim.objects.get(state="redeemed"))
    pages = [
        re.sub(r'name="csrf\w+" value="\w+"', "", main_of(phone.get(f"/redeem/{token}")).replace(token, ""))
        for token in (good, old, used, good[:-3] + "AAA", "AAAA")
    ]
    assert len(set(pages)) == 1
    assert "not a pass that can be taken here" in pages[0]
    for token in (good, old, used):
        with pytest.raises(PassForged):
            redeeming.take(token=token, counter=make_counter(name=f"Till {token[-9:]}"), at=timezone.now())
    claim.refresh_from_db()
    assert claim.state == "claimed"


def test_an_old_code_asks_to_open_the_pass_again(alice: Person) -> None:
    claim = make_claim(alice)
    phone = phone_at(make_counter())
    page = main_of(phone.post(f"/redeem/{token_of(claim, ago=timedelta(seconds=91))}"))
    assert "too old" in page
    assert "opened again" in page
    assert not Redemption.objects.exists()


def test_who_is_not_signed_in_takes_nothing_and_learns_nothing(alice: Person, client) -> None:
    claim, counter = make_claim(alice), make_counter()
    path = f"/redeem/{token_of(claim)}"
    for response in (client.get(path), client.post(path)):
        assert "Number of the counter" in main_of(response)
        assert "coffee" not in main_of(response)
        assert "Alice" not in main_of(response)
    # Signed in on the way, one sees it.
    response = client.post(path, {"action": "enter", "number": counter.number, "pin": PIN}, follow=True)
    assert "This pass is good" in main_of(response)
    claim.refresh_from_db()
    assert claim.state == "claimed"


def test_a_code_that_is_typed_leads_to_the_pass(alice: Person) -> None:
    claim = make_claim(alice)
    code = passes.code_for(token_of(claim))
    phone = phone_at(make_counter())
    assert "This pass is good" in main_of(phone.post("/redeem", {"code": code.lower()}, follow=True))
    response = phone.post("/redeem", {"code": "2222 2222"})
    assert response.status_code == 422
    assert "No pass has this code" in main_of(response)


def test_of_twenty_phones_at_once_one_takes_it(transactional_db, race) -> None:
    alice = make_member("Alice")
    claim, counter = make_claim(alice), make_counter()
    token, at = token_of(claim), timezone.now()
    answers = race(lambda _number: redeeming.take(token=token, counter=counter, at=at), 20)
    assert [type(answer) for answer in answers].count(Redemption) == 1
    assert [type(answer) for answer in answers].count(PassUsed) == 19
    assert Redemption.objects.count() == 1


def test_without_the_guard_several_would_take_it(transactional_db, race, monkeypatch) -> None:
    """The negative control: what looks before it writes, and writes whatever it saw, lets in more than one."""
    claim, counter = make_claim(make_member("Alice")), make_counter()
    token, at = token_of(claim), timezone.now()
    taken = []

    def look_and_write(*, claim: Claim, counter, at):
        taken.append(claim.pk)
        return claim

    monkeypatch.setattr(claims, "redeem", look_and_write)
    race(lambda _number: redeeming.take(token=token, counter=counter, at=at), 20)
    assert len(taken) > 1


def test_a_sheet_of_paper_is_good_once_and_a_newer_one_ends_it(alice: Person) -> None:
    claim, counter, at = make_claim(alice), make_counter(), timezone.now()
    old = passes.paper_token_for(claim, pass_sheets.sheet_of(claim, at))
    new = passes.paper_token_for(claim, pass_sheets.replace(claim=claim, at=at))
    phone = phone_at(counter)
    assert "replaced by another" in main_of(phone.get(f"/redeem/{old}"))
    assert "This pass is good" in main_of(phone.get(f"/redeem/{new}"))
    screen = token_of(claim)
    redeeming.take(token=new, counter=counter, at=at)
    for token in (new, screen, old):
        with pytest.raises(PassUsed):
            redeeming.take(token=token, counter=counter, at=at)


def test_paper_ends_after_thirty_days(alice: Person) -> None:
    claim, counter, at = make_claim(alice), make_counter(), timezone.now()
    token = passes.paper_token_for(claim, pass_sheets.sheet_of(claim, at))
    assert redeeming.look(token=token, counter=counter, at=at + 29 * DAY).first_name == "Alice"
    with pytest.raises(redeeming.Over):
        redeeming.look(token=token, counter=counter, at=at + 30 * DAY)
    PrintedPass.objects.all().delete()
    with pytest.raises(passes.PassReplaced):
        redeeming.look(token=token, counter=counter, at=at)


@pytest.mark.parametrize(
    ("hours", "refusal"), [(-13, redeeming.NotYet), (-11, None), (0, None), (23, None), (24, redeeming.Over)]
)
def test_what_takes_place_is_let_in_around_its_time(alice: Person, hours: int, refusal: type | None) -> None:
    starts = timezone.now() + 20 * DAY
    claim = make_claim(alice, make_campaign(kind="event", takes_place_at=starts))
    at = starts + timedelta(hours=hours)
    token, counter = passes.token_for(claim, at), make_counter()
    if refusal is None:
        assert redeeming.look(token=token, counter=counter, at=at).first_name == "Alice"
    else:
        with pytest.raises(refusal):
            redeeming.take(token=token, counter=counter, at=at)


def test_after_its_use_until_nothing_is_taken(alice: Person) -> None:
    until = timezone.now() + DAY
    claim, counter = make_claim(alice, use_until=until), make_counter()
    assert redeeming.look(token=passes.token_for(claim, until), counter=counter, at=until - timedelta(seconds=1))
    with pytest.raises(redeeming.Over):
        redeeming.take(token=passes.token_for(claim, until), counter=counter, at=until)


def test_what_was_cancelled_is_not_taken(alice: Person) -> None:
    claim, counter = make_claim(alice), make_counter()
    token = token_of(claim)
    claims.cancel(claim=claim, user=None, reason="Out of beans")
    page = main_of(phone_at(counter).post(f"/redeem/{token}"))
    assert "cancelled" in page
    assert not Redemption.objects.exists()


def test_the_list_of_today_is_the_counters_own_and_names_nobody(alice: Person, bob: Person) -> None:
    campaign = make_campaign(kind="voucher", stock=30)
    here, there = make_counter(), make_counter(name="Till two")
    claims.redeem(claim=make_claim(alice, campaign), counter=here)
    claims.redeem(claim=make_claim(bob, campaign), counter=there)
    phone = phone_at(here)
    page = main_of(phone.get("/redeem"))
    assert page.count("<tr><td>") == 1
    assert "Alice" not in page
    assert "Bob" not in page
    Redemption.objects.filter(counter=here).update(at=timezone.now() - 2 * DAY)
    assert "None yet" in main_of(phone.get("/redeem"))


def test_the_list_ends_at_twenty_and_costs_the_same(alice: Person, django_assert_num_queries) -> None:
    campaign, counter = make_campaign(kind="voucher", stock=30, per_person=20), make_counter()
    phone = phone_at(counter)
    phone.get("/redeem")
    with django_assert_num_queries(3):
        phone.get("/redeem")
    for _number in range(20):
        claims.redeem(claim=make_claim(alice, campaign), counter=counter)
    claims.redeem(claim=make_claim(make_member("Charlie"), campaign), counter=counter)
    with django_assert_num_queries(3):
        page = main_of(phone.get("/redeem"))
    assert page.count("<tr><td>") == 20


def test_a_counter_sees_nothing_of_what_another_took(alice: Person) -> None:
    here, there = make_counter(), make_counter(name="Till two")
    redemption = claims.redeem(claim=make_claim(alice), counter=there)
    assert "Alice" not in main_of(phone_at(here).get(f"/redeem?taken={redemption.pk}"))
    assert "Alice" in main_of(phone_at(there).get(f"/redeem?taken={redemption.pk}"))


def test_no_token_no_code_and_no_pin_comes_into_a_log(alice: Person, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    claim, counter = make_claim(alice), make_counter()
    token = token_of(claim)
    code = passes.code_for(token)
    client = Client()
    client.post(f"/redeem/{token}", {"action": "enter", "number": counter.number, "pin": "999998"})
    phone = phone_at(counter)
    phone.post("/redeem", {"code": "7777 7777"})
    phone.post("/redeem", {"code": code}, follow=True)
    phone.post(f"/redeem/{token}")
    phone.post(f"/redeem/{token}")
    phone.get(f"/redeem/{token[:-2]}AA")
    for secret in (token, token[:-2], code, code.replace(" ", ""), PIN, "999998", "7777 7777"):
        assert secret not in caplog.text


def test_pages_of_a_counter_are_kept_nowhere(alice: Person) -> None:
    claim = make_claim(alice)
    phone = phone_at(make_counter())
    for path in ("/redeem", f"/redeem/{token_of(claim)}"):
        response = phone.get(path)
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Robots-Tag"] == "noindex"
        assert response["Permissions-Policy"].startswith("camera=(self)")
