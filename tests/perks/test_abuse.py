"""Rate limits stop machines and nobody else; hints are alike for one device, and name nobody."""

from __future__ import annotations

import logging

import pytest
from django.test import RequestFactory

from accounts.callers import range_of
from accounts.models import Person
from perks import abuse
from perks.errors import TooMany

FIREFOX = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "HTTP_ACCEPT_LANGUAGE": "de,en"}


def asked(address: str = "203.0.113.7", **headers: str):
    return RequestFactory().post("/perks/1/claim", REMOTE_ADDR=address, **(FIREFOX | headers))


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abuse, "LIMITS", {"hold": abuse.Limit(person=3, range=5)})


def tries(number: int, person: Person | None, address: str = "203.0.113.7", now: float = 7200.0) -> int:
    """How many of `number` tries were let through."""
    passed = 0
    for _ in range(number):
        try:
            abuse.check_rate(asked(address), person, "hold", now=now)
            passed += 1
        except TooMany:
            pass
    return passed


@pytest.mark.django_db
def test_one_person_may_try_so_often_in_an_hour_from_wherever(limits, alice: Person, bob: Person) -> None:
    assert tries(2, alice, "203.0.113.7") == 2
    assert tries(3, alice, "198.51.100.7") == 1
    assert tries(1, bob, "192.0.2.9") == 1
    assert tries(1, alice, "192.0.2.9", now=7200.0 + 3600) == 1


@pytest.mark.django_db
def test_a_range_of_addresses_may_try_so_often_whoever_it_is(limits) -> None:
    assert tries(4, None, "203.0.113.7") == 4
    assert tries(4, None, "203.0.113.200") == 1
    assert tries(1, None, "203.0.114.1") == 1


@pytest.mark.django_db
def test_what_is_done_is_counted_apart(limits, alice: Person) -> None:
    assert tries(3, alice) == 3
    abuse.check_rate(asked(), alice, "another", now=7200.0)
    with pytest.raises(TooMany) as caught:
        abuse.check_rate(asked(), alice, "hold", now=7200.0)
    assert str(caught.value)


@pytest.mark.django_db
def test_nobody_is_kept_out_while_the_cache_is_away(limits, alice: Person, monkeypatch, caplog) -> None:
    class Away:
        def __getattr__(self, name: str) -> None:
            raise ConnectionError("no broker at 10.1.2.3")

    monkeypatch.setattr(abuse, "cache", Away())
    with caplog.at_level(logging.WARNING):
        assert tries(9, alice) == 9
    assert "are not counted" in caplog.text


@pytest.mark.django_db
def test_the_limits_that_are_set_let_people_try_again_and_stop_a_machine(alice: Person) -> None:
    assert tries(12, alice) == 10


def test_a_proxy_that_is_trusted_says_who_asks_and_no_other(settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    lied = abuse.hints(asked("203.0.113.7", HTTP_X_FORWARDED_FOR="198.51.100.1"))
    assert lied == abuse.hints(asked("203.0.113.7"))
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    forwarded = abuse.hints(asked("10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.66, 203.0.113.7"))
    assert forwarded == lied


def test_hints_are_alike_for_one_device_and_say_nothing() -> None:
    network, device = abuse.hints(asked())
    assert abuse.hints(asked("203.0.113.250")) == (network, device)
    assert abuse.hints(asked("203.0.112.7"))[0] != network
    assert abuse.hints(asked(HTTP_ACCEPT_LANGUAGE="fr"))[1] != device
    assert abuse.hints(asked(HTTP_SEC_CH_UA_PLATFORM='"Windows"'))[1] != device
    assert (len(network), len(device)) == (abuse.HINT, abuse.HINT)
    assert "203" not in network[:3]


def test_hints_of_another_server_are_others(settings) -> None:
    mine = abuse.hints(asked())
    settings.SECRET_KEY = "another server's key, which is long enough"
    assert not set(mine) & set(abuse.hints(asked()))


def test_nothing_is_said_of_who_says_nothing() -> None:
    assert abuse.hints(asked(HTTP_USER_AGENT=""))[1] == ""
    assert abuse.hints(asked(""))[0] == ""


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_ranges_are_those_that_providers_give_out(address: str, found: str) -> None:
    assert range_of(address) == found
