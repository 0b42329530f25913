"""Handles that people had: their addresses lead on, and nobody else gets them, not even in a race."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.forms import JoinForm
from accounts.joining import is_handle_conflict, is_handle_free
from accounts.models import FormerHandle, Membership, Person, User

pytestmark = pytest.mark.django_db


def member(handle: str, **facts: object) -> Person:
    person = Person.objects.create(handle=handle, **facts)
    user = User.objects.create_user(f"{handle.lower()}@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    return person


def rename(person: Person, handle: str) -> None:
    person.handle = handle
    person.save()


@pytest.fixture
def alice(db: None) -> Person:
    """Alice, who was called Ally."""
    person = member("Ally")
    rename(person, "Alice")
    return person


def formers(person: Person) -> list[str]:
    return sorted(person.former_handles.values_list("handle", flat=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/ally", "/alice"),
        ("/Ally", "/ally"),
        ("/ally?by=network&x=%C3%A4", "/alice?by=network&x=%C3%A4"),
    ],
)
def test_the_old_address_leads_to_the_new_one_for_good(client: Client, alice: Person, old: str, new: str) -> None:
    response = client.get(old)
    assert (response.status_code, response["Location"]) == (301, new)


@pytest.mark.parametrize("page", ["profile", "chart", "chart_csv", "why", "moments", "moments_feed"])
def test_every_page_of_the_old_handle_leads_on(client: Client, alice: Person, page: str) -> None:
    new = reverse(page, args=["alice"])
    response = client.get(reverse(page, args=["ally"]) + "?days=7")
    assert (response.status_code, response["Location"]) == (301, f"{new}?days=7")


@pytest.mark.parametrize("change", [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}])
def test_an_old_handle_tells_nothing_of_who_may_not_be_seen(
    client: Client, alice: Person, change: dict[str, object]
) -> None:
    Person.objects.filter(pk=alice.pk).update(**change)
    answer, unknown = client.get("/ally"), client.get("/olly")
    # Where the page names its own address, it does so in both.
    assert answer.content.replace(b"/ally", b"/olly") == unknown.content
    assert (answer.status_code, answer.headers) == (404, unknown.headers)
    assert (answer.status_code, answer.content, answer.headers) == (404, unknown.content, unknown.headers)


def test_who_may_see_the_person_is_led_on(client: Client, alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    client.force_login(Membership.objects.get(person=member("Bob")).user)
    assert client.get("/ally")["Location"] == "/alice"


def test_a_former_handle_is_kept_however_a_handle_changes(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(handle="Alicia")
    assert formers(alice) == ["Alice", "Ally"]
    assert all(row.given_up_at <= timezone.now() for row in FormerHandle.objects.all())


def test_other_capitals_are_the_same_handle(alice: Person) -> None:
    rename(alice, "ALICE")
    assert formers(alice) == ["Ally"]


def test_the_settings_keep_it_too(client: Client, alice: Person) -> None:
    client.force_login(Membership.objects.get(person=alice).user)
    page = client.get("/settings")
    data = {
        name: page.context["form"].initial.get(name) or ""
        for name in ("name", "bio", "country", "region", "time_zone", "visibility")
    }
    response = client.post("/settings", {**data, "handle": "Alicia", "birth_year": 1990})
    assert response.status_code == 302
    assert formers(alice) == ["Alice", "Ally"]
    assert client.get("/alice")["Location"] == "/alicia"


def test_ones_own_can_be_taken_back_and_the_other_one_then_leads_there(client: Client, alice: Person) -> None:
    assert is_handle_free("ally", but=alice)
    rename(alice, "ally")
    assert formers(alice) == ["Alice"]
    assert client.get("/alice")["Location"] == "/ally"


def test_one_that_looks_like_an_own_former_one_keeps_both_addresses(client: Client, alice: Person) -> None:
    rename(alice, "AI1y")
    rename(alice, "Aria")
    assert formers(alice) == ["AI1y", "Alice", "Ally"]
    assert client.get("/ally")["Location"] == "/aria"


@pytest.mark.parametrize("handle", ["ally", "ALLY", "a11y", "aIIy"])
def test_nobody_else_gets_it_or_one_like_it(alice: Person, handle: str) -> None:
    assert not is_handle_free(handle)
    form = JoinForm({"handle": handle, "birth_year": 1990})
    assert not form.is_valid()
    assert form.errors.as_data()["handle"][0].code == "handle_taken"
    bob = member("Bob")
    assert not is_handle_free(handle, but=bob)
    for take in (lambda: Person.objects.create(handle=handle), lambda: rename(bob, handle)):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            take()
        assert is_handle_conflict(error.value)


def test_the_admin_is_told_so_as_well(alice: Person) -> None:
    with pytest.raises(Exception, match="taken"):
        Person(handle="ally").full_clean()


def test_with_the_person_the_old_handles_are_gone(alice: Person) -> None:
    alice.delete()
    assert is_handle_free("ally")
    assert Person.objects.create(handle="Ally").pk


# ---------------------------------------------------------------- two at once


def race(alice: Person) -> list[Exception]:
    """Alice becomes Alicia while Bob, whose form found nothing wrong, takes her handle; returns what failed."""
    given_up, asking = threading.Event(), threading.Event()
    failed: list[Exception] = []

    def within(act: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                with transaction.atomic():
                    act()
            except Exception as error:
                failed.append(error)
            finally:
                connection.close()

        return run

    def give_up() -> None:
        Person.objects.filter(pk=alice.pk).update(handle="Alicia")
        given_up.set()
        asking.wait(5)
        # Bob is waiting at the unique index by then.
        threading.Event().wait(0.3)

    def take() -> None:
        given_up.wait(5)
        asking.set()
        Person.objects.create(handle="alice")

    threads = [threading.Thread(target=within(act)) for act in (give_up, take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return failed


@pytest.mark.django_db(transaction=True)
def test_a_handle_that_is_being_given_up_is_not_taken_in_the_same_moment() -> None:
    alice = member("Alice")
    (failed,) = race(alice)
    assert isinstance(failed, IntegrityError)
    assert is_handle_conflict(failed)
    assert not Person.objects.by_handle("alice").exists()
    assert formers(alice) == ["Alice"]


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_it_would_be() -> None:
    alice = member("Alice")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_person DISABLE TRIGGER person_handle_has_changed")
    try:
        assert race(alice) == []
        assert Person.objects.by_handle("alice").exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_person ENABLE TRIGGER person_handle_has_changed")


def test_who_is_not_logged_in_is_not_asked_for(alice: Person) -> None:
    assert Person.objects.visible_to(AnonymousUser(), timezone.now().date()).by_handle("alice").exists()
