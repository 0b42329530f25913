"""Who sees what: each choice is stored as it is meant, holds at once, and is the person's own to make."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts import erasure
from accounts.models import Membership, Person
from accounts.views.visibility import SHOWS
from accounts.visibility import PARTS, Viewer, may_see
from tests.accounts.conftest import logged_in

HERE = "/settings/visibility"
EVERYTHING = {f"part-{part}": "public" for part in PARTS}


def choose(client: Client, at: str = HERE, **fields: str):
    return client.post(at, {"visibility": "public"} | EVERYTHING | fields)


def test_the_profile_is_shown_and_hidden(alice: Person, bob: Person, as_alice: Client) -> None:
    for value, for_anybody, for_members in (("public", 200, 200), ("members", 404, 200), ("hidden", 404, 404)):
        assert choose(as_alice, visibility=value).url == HERE
        assert Client().get("/alice").status_code == for_anybody
        assert logged_in(bob).get("/alice").status_code == for_members
        assert as_alice.get("/alice").status_code == 200


def test_a_part_is_stored_only_where_fewer_people_see_it(alice: Person, as_alice: Client) -> None:
    choose(as_alice, **{"part-networks": "members", "part-why": "hidden"})
    alice.refresh_from_db()
    assert alice.shown == {"networks": "members", "why": "hidden"}
    assert [may_see(alice, "networks", viewer) for viewer in Viewer] == [False, True, True]
    assert [may_see(alice, "why", viewer) for viewer in Viewer] == [False, False, True]
    assert may_see(alice, "chart", Viewer.ANYBODY)
    page = as_alice.get(HERE).content.decode()
    assert 'name="part-networks" value="members" required id="id_part-networks_1" checked' in page
    choose(as_alice)
    alice.refresh_from_db()
    assert alice.shown == {}


def test_every_part_says_what_it_shows(as_alice: Client) -> None:
    assert set(SHOWS) == set(PARTS)
    page = as_alice.get(HERE).content.decode()
    for part in PARTS:
        assert page.count(f'name="part-{part}"') == 3
        assert str(SHOWS[part]).replace("'", "&#x27;") in page


def test_it_leads_to_the_profile_as_others_see_it(as_alice: Client) -> None:
    page = as_alice.get(HERE).content.decode()
    for eyes in ("public", "members"):
        assert f'href="/alice?as={eyes}"' in page
        assert as_alice.get(f"/alice?as={eyes}").status_code == 200


@pytest.mark.parametrize("fields", [{"visibility": "some"}, {"part-chart": "some"}, {"part-chart": ""}])
def test_what_is_not_on_offer_changes_nothing(alice: Person, as_alice: Client, fields: dict[str, str]) -> None:
    assert choose(as_alice, **{"part-why": "hidden"} | fields).context["form"].errors
    alice.refresh_from_db()
    assert (alice.visibility, alice.shown) == ("public", {})


def test_nothing_else_of_the_person_is_written(alice: Person, as_alice: Client) -> None:
    choose(as_alice, handle="mallory", name="Mallory", birth_year="2020", visibility="members")
    alice.refresh_from_db()
    assert (alice.handle, alice.name, alice.birth_year) == ("Alice", "Alice Archer", 1980)


def test_who_is_being_erased_stays_hidden_until_that_is_taken_back(alice: Person, as_alice: Client) -> None:
    erasure.ask(person=alice, at=timezone.now())
    page = as_alice.get(HERE).content.decode()
    assert "about to be erased" in page
    assert 'name="visibility"' not in page
    choose(as_alice)
    assert Person.objects.get().visibility == "hidden"
    erasure.withdraw(person=alice)
    assert Person.objects.get().visibility == "public"


def test_the_young_are_told_that_nobody_sees_them_anyway(join) -> None:
    charlie = join("Charlie", birth_year=dt.date.today().year - 12)
    client = logged_in(charlie)
    assert "You are under 16" in client.get(HERE).content.decode()
    choose(client)
    assert Client().get("/charlie").status_code == 404


def test_each_person_one_speaks_for_has_choices_of_its_own(alice: Person, bob: Person, as_alice: Client) -> None:
    assert choose(as_alice, at=f"{HERE}?person=bob").status_code == 404
    role = Membership.objects.create(user=alice.users.get(), person=bob, role=Membership.Role.EDITOR)
    assert choose(as_alice, at=f"{HERE}?person=bob", visibility="hidden").url == f"{HERE}?person=Bob"
    assert dict(Person.objects.values_list("handle", "visibility")) == {"Alice": "public", "Bob": "hidden"}
    Membership.objects.filter(pk=role.pk).update(role=Membership.Role.VIEWER)
    assert choose(as_alice, at=f"{HERE}?person=bob").status_code == 404
    assert Client().get(HERE).url.startswith("/accounts/login/")


def test_another_site_cannot_choose(alice: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice.users.get())
    assert choose(client, visibility="hidden").status_code == 403
    assert Person.objects.get().visibility == "public"


def test_it_takes_few_queries(as_alice: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(8):
        assert as_alice.get(HERE).status_code == 200
