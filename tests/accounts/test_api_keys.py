"""Keys of the API: shown once, kept as a fingerprint, counted by the day, ended for good, and only their owner's."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiKey, Person, User
from tests.accounts.conftest import logged_in
from tests.scoring.published import publish_score

HERE = "/settings/keys"
FORM = re.compile(r"klout_[\w-]{43}")
TODAY = dt.date(2026, 11, 22)


def make(client: Client, name: str = "my script") -> str:
    [key] = set(FORM.findall(client.post(HERE, {"name": name}).content.decode()))
    return key


def asked(person: Person, key: str) -> int:
    return Client().get(f"/v2/user.json/{person.klout_id}/score", {"key": key}).status_code


def test_a_key_opens_the_api_beside_those_of_the_settings(alice: Person, as_alice: Client, settings) -> None:
    settings.API_KEYS = ["of the operator"]
    publish_score(alice)
    key = make(as_alice)
    assert (asked(alice, key), asked(alice, "of the operator")) == (200, 200)
    assert (asked(alice, key[:-1]), asked(alice, ""), asked(alice, "klout_"), asked(alice, "x" * 5000)) == (403,) * 4


def test_it_is_shown_once_and_only_its_fingerprint_is_kept(as_alice: Client) -> None:
    key = make(as_alice, "Tom & Jerry")
    page = as_alice.get(HERE).content.decode()
    assert key not in page
    assert "Tom &amp; Jerry" in page
    assert f"{key[:12]}…" in page
    stored = ApiKey.objects.get()
    assert (stored.digest, stored.prefix) == (api_keys.digest_of(key), key[:12])
    assert key not in repr(list(ApiKey.objects.values()))
    assert key not in repr(dict(as_alice.session))
    assert "no-store" in as_alice.post(HERE, {"name": "another"})["Cache-Control"]


def test_the_day_of_its_last_use_is_told_and_written_once(alice: Person, django_assert_num_queries) -> None:
    _made, key = api_keys.make(user=alice.users.get(), name="a", at=timezone.now())
    with django_assert_num_queries(2):
        assert api_keys.allowed(key, TODAY) is not None
    with django_assert_num_queries(1):
        assert api_keys.allowed(key, TODAY) is not None
    assert ApiKey.objects.get().last_used_on == TODAY
    assert "last used on" in logged_in(alice).get(HERE).content.decode()


def test_who_ends_a_key_shuts_the_door(alice: Person, as_alice: Client) -> None:
    key = make(as_alice)
    as_alice.post(HERE, {"revoke": ApiKey.objects.get().pk})
    assert api_keys.allowed(key, TODAY) is None
    page = as_alice.get(HERE).content.decode()
    assert "Keys that have ended" in page
    assert as_alice.post(HERE, {"revoke": ApiKey.objects.get().pk}).status_code == 404


def test_nobody_ends_or_sees_the_keys_of_others(alice: Person, bob: Person, as_alice: Client) -> None:
    key = make(as_alice)
    client = logged_in(bob)
    assert key[:12] not in client.get(HERE).content.decode()
    assert client.post(HERE, {"revoke": ApiKey.objects.get().pk}).status_code == 404
    assert api_keys.allowed(key, TODAY) is not None
    for nonsense in ("", "-1", "x", "9" * 40, "²"):
        assert client.post(HERE, {"revoke": nonsense}).status_code == 404


def test_whoever_was_switched_off_has_no_keys(alice: Person, as_alice: Client) -> None:
    key = make(as_alice)
    User.objects.update(is_active=False)
    assert api_keys.allowed(key, TODAY) is None


def test_there_are_ten_living_keys_at_most(alice: Person, as_alice: Client) -> None:
    for number in range(10):
        make(as_alice, f"number {number}")
    refused = as_alice.post(HERE, {"name": "one more"})
    assert "as many as there can be" in refused.content.decode()
    assert ApiKey.objects.count() == 10
    as_alice.post(HERE, {"revoke": ApiKey.objects.first().pk})
    assert make(as_alice, "in its place")


@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_last_one_at_once_do_not_both_get_it(join, race) -> None:
    user = join("Alice").users.get()
    for number in range(9):
        api_keys.make(user=user, name=str(number), at=timezone.now())

    def attempt(_index: int) -> bool:
        try:
            api_keys.make(user=user, name="the last", at=timezone.now())
        except api_keys.TooManyKeys:
            return False
        return True

    assert sorted(race(attempt, 4)) == [False, False, False, True]
    assert ApiKey.objects.count() == 10


def test_a_key_wants_a_name_and_a_log_in(client: Client, as_alice: Client) -> None:
    assert as_alice.post(HERE, {"name": " "}).context["form"].errors
    assert not ApiKey.objects.exists()
    assert client.post(HERE, {"name": "a"}).url.startswith("/accounts/login/")
