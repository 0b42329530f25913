"""The pass on a screen and on paper."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from perks import claims, pass_sheets, passes, qr
from perks.errors import NotNow
from perks.models import Claim, PrintedPass
from perks.passes import PassExpired, PassForged
from tests.perks.campaigns import make_campaign, make_member
from tests.perks.counters import logged_in, make_claim, make_counter
from tests.perks.pdfs import letters_of, modules_of

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def address(claim: Claim, page: str = "pass") -> str:
    return f"/claims/{claim.reference}/{page}"


def test_a_token_says_whose_claim_it_is_for_ninety_seconds(alice: Person) -> None:
    claim = make_claim(alice)
    token = passes.token_for(claim, AT)
    reading = passes.read(token, AT + 89 * SECOND)
    assert (reading.reference, reading.issued_at, reading.paper) == (claim.reference, AT, False)
    with pytest.raises(PassExpired, match="opened again"):
        passes.read(token, AT + 90 * SECOND)
    assert passes.token_for(claim, AT) != token


def test_a_token_that_was_changed_anywhere_is_forged(alice: Person) -> None:
    token = passes.token_for(make_claim(alice), AT)
    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(PassForged):
            passes.read(token[:place] + other + token[place + 1 :], AT)


@pytest.mark.parametrize("token", ["", "A", "ß" * 9, "AAAAAAAA", "A" * 74, "A" * 5000, "1" * 74, "../x"])
def test_what_is_no_token_is_forged(token: str) -> None:
    with pytest.raises(PassForged):
        passes.read(token, AT)


def test_a_token_of_another_key_or_of_tomorrow_is_forged_and_one_of_a_key_before_is_not(
    alice: Person, settings
) -> None:
    claim = make_claim(alice)
    token, key = passes.token_for(claim, AT), settings.SECRET_KEY
    with pytest.raises(PassForged):
        passes.read(token, AT - timedelta(days=1))
    settings.SECRET_KEY = "another"
    with pytest.raises(PassForged):
        passes.read(token, AT)
    settings.SECRET_KEY_FALLBACKS = [key]
    assert passes.read(token, AT).reference == claim.reference


def test_a_typed_code_stands_for_its_token_however_it_is_written(alice: Person) -> None:
    token = passes.token_for(make_claim(alice), AT)
    code = passes.code_for(token)
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4} [2-9A-HJKMNP-Z]{4}", code)
    for typed in (code, code.lower(), code.replace(" ", ""), code.replace(" ", "-"), f" {code} "):
        assert passes.by_code(typed) == token
    with pytest.raises(PassForged):
        passes.by_code("2222 2222")


def test_there_is_no_token_for_what_is_held_used_or_cancelled(alice: Person) -> None:
    claim = make_claim(alice)
    for state in ("held", "redeemed", "cancelled", "expired"):
        claim.state = state
        with pytest.raises(NotNow):
            passes.token_for(claim, AT)


def test_the_page_shows_a_code_that_is_kept_by_nobody(alice: Person) -> None:
    claim = make_claim(alice, title="A bag of coffee")
    response = logged_in(alice).get(address(claim))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    page = response.content.decode()
    assert "A bag of coffee" in page
    assert ">Alice<" in page
    assert "Archer" not in page.split("<main")[1]
    assert 'fill="#fff"' in page
    assert 'fill="#000"' in page
    assert re.search(r'<noscript><meta http-equiv="refresh" content="75"></noscript>', page)
    again = logged_in(alice).get(address(claim)).content.decode()
    picture = re.compile(r'<path d="M[^"]+" fill="#000"/>')
    assert picture.findall(page)[0] != picture.findall(again)[0]


def test_a_pass_is_there_for_who_speaks_for_its_person_alone(alice: Person, bob: Person, client) -> None:
    claim = make_claim(alice)
    for page in ("pass", "pass.pdf", "review", "posted", "problem"):
        assert client.get(address(claim, page)).status_code == 302
        assert logged_in(bob).get(address(claim, page)).status_code == 404
        assert logged_in(bob).post(address(claim, page), {"url": "https://a.example/"}).status_code in (404, 405)
        assert logged_in(alice).get(address(claim, page)).status_code == 200


def test_what_has_a_code_of_its_own_has_no_pass(alice: Person) -> None:
    claim = make_claim(alice, make_campaign(kind="code"))
    assert logged_in(alice).get(address(claim)).status_code == 404


def test_a_pass_that_was_used_says_where_and_shows_no_code(alice: Person) -> None:
    claim = make_claim(alice)
    claims.redeem(claim=claim, counter=make_counter(name="Door nine"))
    page = logged_in(alice).get(address(claim)).content.decode()
    assert "Door nine" in page
    assert "#000" not in page


def test_pages_of_a_pass_ask_the_database_little(alice: Person, django_assert_max_num_queries) -> None:
    claim, client = make_claim(alice), logged_in(alice)
    with django_assert_max_num_queries(8):
        assert client.get(address(claim)).status_code == 200


# ---------------------------------------------------------------- on paper
def test_the_sheet_says_what_it_is_and_holds_the_code(alice: Person) -> None:
    campaign = make_campaign(
        kind="event",
        title="A night of jazz",
        place="The Cellar, Porto",
        takes_place_at=timezone.now() + timedelta(days=3),
    )
    claim = make_claim(alice, campaign)
    response = logged_in(alice).get(address(claim, "pass.pdf"))
    assert response["Content-Type"] == "application/pdf"
    assert "no-store" in response["Cache-Control"]
    text = letters_of(response.content)
    for said in ("A night of jazz", "Acme", "Alice", "The Cellar, Porto", "UTC", "Version 1 of the terms", "Good once"):
        assert said.replace(" ", "") in text.replace(" ", ""), said
    assert "Archer" not in text
    token = passes.paper_token_for(claim, PrintedPass.objects.get(claim=claim))
    assert modules_of(response.content) == qr.modules(passes.address_of(token))


@pytest.mark.parametrize("name", ["Łucja", "Ελένη", "Юлия", "Þór", "نور", "नेहा"])
def test_names_of_all_scripts_stand_on_the_sheet(db, name: str) -> None:
    person = make_member("Charlie", name=f"{name} Xyz")
    claim = make_claim(person)
    text = letters_of(pass_sheets.drawn(claim, pass_sheets.sheet_of(claim, AT)))
    # Letters that join are drawn from right to left.
    assert set(name) <= set(text)


def test_printing_again_is_the_same_sheet_and_another_one_ends_it(alice: Person) -> None:
    claim, client = make_claim(alice), logged_in(alice)
    codes = [modules_of(client.get(address(claim, "pass.pdf")).content) for _time in range(2)]
    assert codes[0] == codes[1]
    client.post(address(claim, "pass.pdf"))
    assert modules_of(client.get(address(claim, "pass.pdf")).content) != codes[0]


def test_a_sheet_is_good_until_the_perk_is_or_for_thirty_days(alice: Person) -> None:
    campaign = make_campaign(kind="voucher")
    assert passes.paper_until(campaign, AT) == AT + timedelta(days=30)
    campaign.takes_place_at = AT + timedelta(days=90)
    assert passes.paper_until(campaign, AT) == AT + timedelta(days=91)
    campaign.use_until = AT + timedelta(days=400)
    assert passes.paper_until(campaign, AT) == campaign.use_until
