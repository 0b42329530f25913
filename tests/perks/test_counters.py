"""Counters: how brands make them, and how staff get in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from perks import counters
from perks.counters import CountersPaused, WrongPin
from perks.errors import PerkError
from perks.models import AuditEntry, Counter
from tests.perks.campaigns import make_brand, make_team, second_factor
from tests.perks.counters import PIN, make_counter, phone_at

pytestmark = pytest.mark.django_db


def inside(phone: Client) -> bool:
    return b"Taken here today" in phone.get("/redeem").content


def member(role: str, name: str = "Acme") -> Client:
    client = Client()
    client.force_login(second_factor(make_team(make_brand(name), somebody=role)["somebody"]))
    return client


def test_the_right_number_and_pin_let_in_for_twelve_hours(monkeypatch) -> None:
    counter = make_counter()
    phone = phone_at(counter)
    assert inside(phone)
    cookie = phone.cookies["klout_counter"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/redeem"
    assert cookie["max-age"] == 12 * 3600
    import django.core.signing as signing

    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + 12 * 3600 + 5)
    assert counters.counter_of(cookie.value) is None


def test_the_pin_is_kept_hashed() -> None:
    counter = make_counter()
    assert PIN not in counter.pin_hash
    assert "$" in counter.pin_hash


@pytest.mark.parametrize("change", ["pin", "off", "leave"])
def test_a_new_pin_switching_off_and_leaving_end_it(change: str) -> None:
    counter = make_counter()
    phone, other = phone_at(counter), phone_at(counter)
    if change == "pin":
        counters.change_pin(counter=counter, pin="314159", user=None, at=timezone.now())
    elif change == "off":
        Counter.objects.update(active=False)
    else:
        phone.post("/redeem", {"action": "leave"})
    assert not inside(phone)
    assert inside(other) == (change == "leave")
    if change == "off":
        with pytest.raises(WrongPin):
            counters.let_in(number=counter.number, pin=PIN, addresses="")


def test_a_ticket_that_was_changed_or_is_of_another_key_lets_nobody_in(settings) -> None:
    ticket = counters.ticket_for(make_counter())
    assert counters.counter_of(ticket) is not None
    assert counters.counter_of(ticket[:-2] + "xx") is None
    assert counters.counter_of("x") is None
    settings.SECRET_KEY = "another"
    assert counters.counter_of(ticket) is None


def test_after_five_wrong_pins_not_even_the_right_one_is_taken() -> None:
    counter, other = make_counter(), make_counter(name="Till two")
    inside_already = phone_at(counter)
    for _try in range(5):
        with pytest.raises(WrongPin):
            counters.let_in(number=counter.number, pin="999998", addresses="")
    with pytest.raises(CountersPaused):
        counters.let_in(number=counter.number, pin=PIN, addresses="")
    # The other counter, and phones that are in, go on.
    assert counters.let_in(number=other.number, pin=PIN, addresses="") == other
    assert inside(inside_already)


def test_a_range_of_addresses_that_tries_many_counters_is_paused() -> None:
    tills = [make_counter(name=f"Till {number}") for number in range(7)]
    for till in tills[:5]:
        with pytest.raises(WrongPin):
            counters.let_in(number=till.number, pin="999998", addresses="203.0.113.0/24")
    with pytest.raises(CountersPaused):
        counters.let_in(number=tills[5].number, pin=PIN, addresses="203.0.113.0/24")
    assert counters.let_in(number=tills[5].number, pin=PIN, addresses="198.51.100.0/24") == tills[5]


def test_signing_in_at_ones_own_counter_clears_no_wrong_tries() -> None:
    own, target = make_counter(name="Own"), make_counter(name="Target")
    for _try in range(4):
        with pytest.raises(WrongPin):
            counters.let_in(number=target.number, pin="999998", addresses="203.0.113.0/24")
    counters.let_in(number=own.number, pin=PIN, addresses="203.0.113.0/24")
    with pytest.raises(WrongPin):
        counters.let_in(number=target.number, pin="999998", addresses="203.0.113.0/24")
    with pytest.raises(CountersPaused):
        counters.let_in(number=own.number, pin=PIN, addresses="203.0.113.0/24")


def test_many_phones_of_one_shop_get_in() -> None:
    counter = make_counter()
    assert all(inside(phone_at(counter)) for _phone in range(8))


def test_ten_tries_at_once_are_no_more_than_five(race, transactional_db) -> None:
    counter = make_counter()
    answers = race(lambda _n: counters.let_in(number=counter.number, pin="999998", addresses=""), 10)
    assert sorted(type(answer).__name__ for answer in answers) == ["CountersPaused"] * 5 + ["WrongPin"] * 5


def test_an_unknown_counter_a_wrong_pin_and_one_that_is_off_read_alike(client) -> None:
    counter, off = make_counter(), make_counter(name="Off")
    Counter.objects.filter(pk=off.pk).update(active=False)
    pages = set()
    for number, pin in ((counter.number, "999998"), ("100000", PIN), (off.number, PIN)):
        response = client.post("/redeem", {"action": "enter", "number": number, "pin": pin})
        assert response.status_code == 403
        pages.add(re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode()).replace(number, "N"))
    assert len(pages) == 1
    assert PIN not in pages.pop()


def test_an_unknown_counter_costs_a_hash_as_well(monkeypatch) -> None:
    made = []
    monkeypatch.setattr(counters, "make_password", lambda text: made.append(text))
    with pytest.raises(WrongPin):
        counters.let_in(number="100000", pin=PIN, addresses="")
    assert made


@pytest.mark.parametrize(
    "pin",
    [
        "12345",
        "1" * 13,
        "abcdef",
        "111111",
        "121212",
        "123456",
        "987654",
        "123123",
        "\uff11\uff12\uff13\uff14\uff19\uff18",
    ],
)
def test_a_pin_that_is_short_or_easily_guessed_is_refused(pin: str) -> None:
    with pytest.raises(PerkError):
        counters.checked(pin)


def test_pins_that_are_made_are_good_ones_and_differ() -> None:
    pins = [counters.new_pin() for _pin in range(50)]
    assert all(counters.checked(pin) == pin for pin in pins)
    assert len(set(pins)) > 45


# ---------------------------------------------------------------- made by the brand
def test_an_editor_adds_a_counter_and_sees_its_pin_once() -> None:
    client = member("editor")
    response = client.post("/brands/perks/counter/add/", {"brand": make_brand().pk, "name": "Door nine", "pin": ""})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    counter = Counter.objects.get()
    pin = re.search(r"<dt>PIN</dt><dd>(\d+)</dd>", response.content.decode())[1]
    assert counter.number in response.content.decode()
    assert inside(phone_at(counter, pin))
    for page in ("", f"{counter.pk}/change/", f"{counter.pk}/sign/", f"{counter.pk}/pin/", f"{counter.pk}/history/"):
        again = client.get(f"/brands/perks/counter/{page}")
        assert again.status_code == 200
        assert pin not in again.content.decode()
    kept = f"{list(AuditEntry.objects.values())} {list(LogEntry.objects.values())} {client.cookies}"
    assert "add counter" in kept
    assert pin not in kept
    assert PIN not in kept


def test_a_pin_of_ones_own_is_taken_and_a_bad_one_is_not() -> None:
    client = member("owner")
    sent = {"brand": make_brand().pk, "name": "Door nine", "pin": "123456"}
    assert "among the first" in client.post("/brands/perks/counter/add/", sent).content.decode()
    assert not Counter.objects.exists()
    client.post("/brands/perks/counter/add/", sent | {"pin": "860 421"})
    assert inside(phone_at(Counter.objects.get(), "860421"))


def test_changing_the_pin_shows_it_once_and_is_written_down() -> None:
    counter, client = make_counter(), member("owner")
    phone = phone_at(counter)
    response = client.post(f"/brands/perks/counter/{counter.pk}/pin/", {"pin": ""})
    pin = re.search(r"<dt>PIN</dt><dd>(\d+)</dd>", response.content.decode())[1]
    assert not inside(phone)
    assert inside(phone_at(Counter.objects.get(), pin))
    assert AuditEntry.objects.filter(action="change PIN", about="Till one").exists()


def test_switching_off_in_the_brands_site_is_written_down() -> None:
    counter, client = make_counter(), member("editor")
    phone = phone_at(counter)
    response = client.post(f"/brands/perks/counter/{counter.pk}/change/", {"name": "Till one"})
    assert response.status_code == 302
    assert not inside(phone)
    assert AuditEntry.objects.filter(action="change", changes__active=["True", "False"]).exists()


@pytest.mark.parametrize("role", ["viewer", "fulfilment", "owner of another brand"])
def test_others_have_no_page_of_it(role: str) -> None:
    counter = make_counter()
    client = member("owner", "Bolt") if role.startswith("owner") else member(role)
    for page in ("change/", "pin/", "sign/"):
        address = f"/brands/perks/counter/{counter.pk}/{page}"
        # Django's own page leads back to the start for what is not there.
        assert client.get(address).status_code in (302, 403, 404)
        assert client.post(address, {"pin": "", "name": "Mine"}).status_code in (302, 403, 404)
    counter.refresh_from_db()
    assert counter.name == "Till one"
    assert inside(phone_at(counter))


def test_two_counters_of_one_name_are_refused_kindly() -> None:
    make_counter(name="Door nine")
    sent = {"brand": make_brand().pk, "name": "Door nine", "pin": ""}
    response = member("owner").post("/brands/perks/counter/add/", sent)
    assert response.status_code == 200
    assert "already exists" in response.content.decode()
    assert Counter.objects.count() == 1


def test_a_sign_says_where_and_which_counter_and_no_pin() -> None:
    counter = make_counter(name="Door nine")
    page = member("owner").get(f"/brands/perks/counter/{counter.pk}/sign/").content.decode()
    assert "Door nine" in page
    assert counter.number in page
    assert "/redeem" in page
    assert 'class="qr"' in page
    assert PIN not in page
    assert timedelta(hours=12) == counters.STAYS


@pytest.mark.parametrize("number", ["", "\x00", "1\x002", "9" * 500, "\ud7ff", "-1", "' or 1=1"])
def test_odd_numbers_are_no_counters(client, number: str) -> None:
    assert client.post("/redeem", {"action": "enter", "number": number, "pin": "\x00"}).status_code == 403
