"""The staff's pages open, find people, and cannot tear holes into what is kept."""

import pytest
from django.contrib import admin
from django.test import Client

from accounts import privacy
from accounts.models import Account, LinkedAccount, Person, User
from tests.accounts.conftest import link, logged_in

OURS = [model for model in admin.site._registry if model._meta.app_label in {"accounts", "scoring"}]


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "phrase"))
    return client


def address(model: type, page: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_opens_and_can_be_searched(staff: Client, alice: Person, model: type) -> None:
    link(alice)
    # Some lead to what is open first.
    assert staff.get(address(model), follow=True).status_code == 200
    if admin.site._registry[model].search_fields:
        assert staff.get(address(model, "?q=alice")).status_code == 200


@pytest.mark.parametrize(
    ("model", "query"),
    [(Person, "archer"), (Person, "alice@example"), (User, "alice"), (Account, "alice@town.example")],
)
def test_people_and_accounts_are_found(staff: Client, alice: Person, bob: Person, model: type, query: str) -> None:
    link(alice)
    link(bob, external_id="2", handle="bob@town.example")
    page = staff.get(address(model), {"q": query})
    assert page.context["cl"].result_count == 1


def test_a_person_can_be_corrected_and_a_reserved_handle_cannot(staff: Client, alice: Person) -> None:
    fields = {
        "kind": "person",
        "handle": "Alice",
        "name": "Alice",
        "visibility": "public",
        "time_zone": "UTC",
        "birth_year": "2001",
        "bio": "",
        "country": "",
        "region": "",
        "membership_set-TOTAL_FORMS": "0",
        "membership_set-INITIAL_FORMS": "0",
    }
    page = address(Person, f"{alice.pk}/change/")
    assert staff.get(page).status_code == 200
    assert staff.post(page, fields).status_code == 302
    assert Person.objects.get().birth_year == 2001
    assert staff.post(page, fields | {"handle": "adrnin"}).status_code == 200
    assert Person.objects.get().handle == "Alice"


def test_rows_that_others_hang_on_cannot_be_deleted_by_hand(staff: Client, alice: Person) -> None:
    linked = link(alice)
    for model, pk in ((Person, alice.pk), (User, alice.users.get().pk), (Account, linked.account_id)):
        assert staff.post(address(model, f"{pk}/delete/"), {"post": "yes"}).status_code == 403


def test_deleting_a_link_erases_what_was_collected(staff: Client, alice: Person, settings, tmp_path) -> None:
    settings.LAKE = str(tmp_path / "lake")
    linked = link(alice)
    staff.post(address(type(linked), f"{linked.pk}/delete/"), {"post": "yes"})
    assert not Account.objects.exists()


def test_a_link_cannot_be_turned_to_another_server_or_person(staff: Client, alice: Person, bob: Person) -> None:
    hers = link(alice)
    sent = {"account": hers.account_id, "person": bob.pk, "kind": "page", "server": "https://evil.example"}
    page = address(LinkedAccount, f"{hers.pk}/change/")
    assert staff.get(page).status_code == 200
    assert staff.post(page, sent | {"proof": "network", "state": "active"}).status_code == 302
    after = LinkedAccount.objects.get(pk=hers.pk)
    assert (after.person, after.kind, after.server) == (alice, "profile", hers.server)
    assert after.proof == "network"


def test_a_link_that_is_being_read_is_not_deleted_and_the_staff_is_told(
    staff: Client, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**given: object) -> None:
        raise privacy.Busy

    linked = link(alice)
    monkeypatch.setattr(privacy, "unlink", busy)
    chosen = {"action": "delete_selected", "_selected_action": [linked.pk], "post": "yes"}
    for path, sent in ((f"{linked.pk}/delete/", {"post": "yes"}), ("", chosen)):
        told = staff.post(address(LinkedAccount, path), sent, follow=True)
        assert "ry again later" in told.content.decode()
    assert LinkedAccount.objects.get() == linked


def test_the_admin_is_for_staff_alone(alice: Person) -> None:
    assert logged_in(alice).get("/admin/accounts/person/").status_code == 302
    assert Client().get("/admin/").status_code == 302


def test_the_admin_of_a_demo_says_that_everybody_is_made_up(staff: Client, monkeypatch) -> None:
    assert "made up" not in staff.get("/admin/").content.decode()
    monkeypatch.setattr("accounts.context.is_demo", lambda: True)
    for path in ("/admin/", address(Person)):
        assert "Everybody here is made up." in staff.get(path).content.decode()
