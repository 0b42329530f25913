"""The devices one is logged in on: listed with what they roughly are, ended one by one or all at once, forgotten."""

import datetime as dt

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts import devices, erasure, privacy
from accounts.models import Person
from tests.accounts.conftest import PASSWORD, logged_in

HERE = "/settings/devices"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
    "Mobile/15E148 Safari/604.1"
)


def log_in(person: Person, agent: str = FIREFOX, address: str = "198.51.100.77") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    answer = client.post("/accounts/login/", {"login": person.users.get().email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def page_of(client: Client) -> str:
    return " ".join(client.get(HERE).content.decode().split())


def test_all_devices_are_listed_this_one_first_and_marked(alice: Person) -> None:
    log_in(alice, IPHONE, "2001:db8:1:2:3:4:5:6")
    here = log_in(alice)
    log_in(alice, "curl/8")
    page = page_of(here)
    order = [page.index(name) for name in ("Firefox on Windows", "An unknown browser", "Safari on iPhone")]
    assert order == sorted(order)
    assert page.count("this device") == 1
    assert page.index("this device") < page.index("An unknown browser")


def test_of_addresses_only_the_network_is_kept(alice: Person) -> None:
    log_in(alice, IPHONE, "2001:db8:1:2:3:4:5:6")
    page = page_of(log_in(alice))
    assert set(UserSession.objects.values_list("ip", flat=True)) == {"198.51.100.0", "2001:db8:1::"}
    assert "198.51.100.*" in page
    assert "2001:db8:1:*" in page


@pytest.mark.parametrize(
    ("address", "kept"),
    [("203.0.113.9", "203.0.113.0"), ("::ffff:203.0.113.9", "203.0.113.0"), ("::1", "::"), ("x", "0.0.0.0")],
)
def test_an_address_is_cut(address: str, kept: str) -> None:
    assert devices.rough(address) == kept


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/142.0 Mobile Safari/537.36 SamsungBrowser/28.0", "Samsung Internet"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox on Android"),
        ("<script>", "An unknown browser"),
    ],
)
def test_browsers_are_called_what_people_call_them(agent: str, name: str) -> None:
    assert devices.named(agent).startswith(name)


def test_one_device_is_logged_out_and_the_others_stay(alice: Person) -> None:
    here, telephone, other = log_in(alice), log_in(alice, IPHONE), log_in(alice, "curl/8")
    ending = UserSession.objects.get(user_agent=IPHONE)
    assert here.post(HERE, {"end": ending.pk}).url == HERE
    assert telephone.get("/settings").url.startswith("/accounts/login/")
    assert (here.get("/settings").status_code, other.get("/settings").status_code) == (200, 200)
    assert not Session.objects.filter(session_key=ending.session_key).exists()


def test_everywhere_else_is_logged_out_at_once(alice: Person, bob: Person) -> None:
    here, telephone, bobs = log_in(alice), log_in(alice, IPHONE), log_in(bob)
    assert "You are logged out on 1 device." in here.post(HERE, {"end": "others"}, follow=True).content.decode()
    assert telephone.get("/settings").status_code == 302
    assert (here.get("/settings").status_code, bobs.get("/settings").status_code) == (200, 200)
    assert "There was no other device" in here.post(HERE, {"end": "others"}, follow=True).content.decode()


def test_nobody_logs_others_out(alice: Person, bob: Person) -> None:
    here, bobs = log_in(alice), log_in(bob)
    mine = UserSession.objects.get(user__email="alice@example.org").pk
    theirs = UserSession.objects.get(user__email="bob@example.org").pk
    for wrong in (theirs, mine, "", "x"):
        assert here.post(HERE, {"end": wrong}).status_code == 404
    assert bobs.get("/settings").status_code == 200
    assert Client().post(HERE, {"end": "others"}).url.startswith("/accounts/login/")


def test_a_new_password_puts_everybody_else_out(alice: Person) -> None:
    here, telephone = log_in(alice), log_in(alice, IPHONE)
    new = "another long pass phrase"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert telephone.get("/settings").status_code == 302
    page = page_of(here)
    assert "Safari on iPhone" not in page
    assert "Firefox on Windows" in page


def test_a_device_is_noted_every_quarter_of_an_hour(alice: Person, empty_cache) -> None:
    here = log_in(alice)
    long_ago = timezone.now() - dt.timedelta(days=2)
    UserSession.objects.update(last_seen_at=long_ago)
    here.get("/settings")
    assert UserSession.objects.get().last_seen_at == long_ago, "its log-in noted it a moment ago"
    empty_cache()
    here.get("/settings")
    seen = UserSession.objects.get().last_seen_at
    assert timezone.now() - seen < dt.timedelta(minutes=1)
    here.get("/settings")
    assert UserSession.objects.get().last_seen_at == seen


def test_without_the_cache_pages_go_on(alice: Person, as_alice: Client, monkeypatch) -> None:
    class Broken:
        def add(self, *_args: object) -> None:
            raise RedisConnectionError

    monkeypatch.setattr(devices, "cache", Broken())
    assert as_alice.get("/settings").status_code == 200


def test_a_session_that_nobody_noted_is_noted_here(alice: Person, as_alice: Client) -> None:
    UserSession.objects.all().delete()
    assert "this device" in page_of(as_alice)


@pytest.mark.parametrize("others", [0, 30])
def test_the_list_takes_few_queries(alice: Person, others: int, django_assert_max_num_queries) -> None:
    here = log_in(alice)
    for number in range(others):
        Session.objects.create(
            session_key=f"key{number}", session_data="", expire_date=timezone.now() + dt.timedelta(days=1)
        )
        UserSession.objects.create(user=alice.users.get(), session_key=f"key{number}", ip="192.0.2.1", user_agent="x")
    with django_assert_max_num_queries(8):
        page = page_of(here)
    assert page.count("An unknown browser") >= others


def test_whoever_is_erased_leaves_no_device_and_no_session(alice: Person, bob: Person) -> None:
    telephone, bobs = log_in(alice, IPHONE), log_in(bob)
    privacy.erase_person(person=alice, at=timezone.now())
    assert [session.user.email for session in UserSession.objects.all()] == ["bob@example.org"]
    assert Session.objects.count() == 1
    assert telephone.get("/settings").status_code == 302
    assert bobs.get("/settings").status_code == 200


def test_what_has_ended_is_forgotten_with_its_address(alice: Person) -> None:
    log_in(alice, IPHONE)
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(days=1))
    log_in(alice)
    assert erasure.sweep_sessions(at=timezone.now()) == 1
    assert [session.user_agent for session in UserSession.objects.all()] == [FIREFOX]


def test_devices_are_in_the_copy_of_everything(alice: Person) -> None:
    log_in(alice)
    [device] = privacy.export_person(alice)["person"]["devices"]
    assert (device["user_agent"], device["address"]) == (FIREFOX, "198.51.100.0")


def test_a_member_without_a_log_in_page_sees_only_their_own(alice: Person, bob: Person) -> None:
    log_in(bob, IPHONE)
    assert "Safari on iPhone" not in page_of(logged_in(alice))
