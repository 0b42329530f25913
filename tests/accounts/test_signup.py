"""Joining: sign-up, confirming, and what is not given away on the way."""

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import joining
from accounts.models import Membership, Person, User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
FIELDS = {
    "handle": "Alice",
    "email": "alice@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "birth_year": "1980",
}


def sign_up(client: Client, **fields: str):
    return client.post("/accounts/signup/", FIELDS | fields)


def errors(response, field: str) -> list[str]:
    assert response.status_code == 200
    return response.context["form"].errors.get(field, [])


def link_in(message) -> str:
    return re.search(r"https?://[^/]+(/\S+)", message.body).group(1)


def test_sign_up_makes_user_person_and_membership(client: Client) -> None:
    response = sign_up(client, handle="@Alice")
    assert response.status_code == 302
    assert response.url == "/accounts/confirm-email/"
    person = Person.objects.get()
    assert (person.handle, person.birth_year, person.kind) == ("Alice", 1980, "person")
    assert Membership.objects.get().role == "owner"
    assert person.users.get() == User.objects.get(email="alice@example.org")


def test_the_page_appears_once_the_address_is_confirmed(client: Client) -> None:
    sign_up(client)
    assert Client().get("/alice").status_code == 404
    assert client.get("/settings").status_code == 302
    [message] = mail.outbox
    address = link_in(message)
    page = client.get(address)
    assert b"alice@example.org" in page.content
    assert Client().get("/alice").status_code == 404, "following a link is not confirming: mail scanners follow links"
    assert client.post(address).url == "/welcome"
    assert client.get("/settings").status_code == 200, "the browser that signed up is logged in at once"
    assert EmailAddress.objects.get().verified
    assert Client().get("/alice").status_code == 200


def test_confirming_in_another_browser_asks_for_the_password(client: Client) -> None:
    sign_up(client)
    other = Client()
    assert other.post(link_in(mail.outbox[0])).url == "/accounts/login/"
    assert other.get("/settings").status_code == 302


def test_confirming_a_second_address_later_shows_nobody_who_hid(client: Client, alice: Person) -> None:
    Person.objects.update(visibility="hidden")
    user = alice.users.get()
    User.objects.update(last_login=timezone.now())
    client.force_login(user)
    client.post("/accounts/email/", {"action_add": "1", "email": "other@example.org"})
    client.post(link_in(mail.outbox[-1]))
    assert EmailAddress.objects.get(email="other@example.org").verified
    assert Person.objects.get().visibility == "hidden"


def test_a_child_may_join_but_has_no_public_page(client: Client) -> None:
    sign_up(client, birth_year=str(timezone.now().year - 13))
    client.post(link_in(mail.outbox[0]))
    assert Person.objects.get().visibility == "public"
    assert Client().get("/alice").status_code == 404
    client.force_login(User.objects.get())
    assert client.get("/alice").status_code == 200
    assert b"You are under 16" in client.get("/settings").content


@pytest.mark.parametrize(
    ("handle", "part"),
    [
        ("alice", "taken"),
        ("AIice", "looks like one"),
        ("admin", "reserved"),
        ("adrnin", "reserved"),
        ("a", "2 to 30"),
        ("al ice", "letters"),
        ("", "required"),
    ],
)
def test_a_handle_that_cannot_be_had_is_refused_with_a_reason(
    client: Client, alice: Person, handle: str, part: str
) -> None:
    response = sign_up(client, handle=handle, email="new@example.org")
    assert part in errors(response, "handle")[0]
    assert 'aria-invalid="true"' in response.content.decode()
    assert 'id="id_handle_error"' in response.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize("year", ["1850", "2400", "abc", ""])
def test_an_impossible_year_of_birth_is_refused(client: Client, year: str) -> None:
    assert errors(sign_up(client, birth_year=year), "birth_year")
    assert not User.objects.exists()


def test_the_form_keeps_what_was_typed_but_for_the_password(client: Client) -> None:
    page = sign_up(client, password2="something else").content.decode()
    assert 'value="alice@example.org"' in page
    assert 'value="Alice"' in page
    assert PASSWORD not in page


def test_the_loser_of_a_race_for_a_handle_gets_a_message_and_no_half_account(
    client: Client, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The form saw the handle free, as both do when two send at once; the database did not.
    monkeypatch.setattr("accounts.forms.is_handle_free", lambda handle, but=None: True)
    for handle in ("Alice", "AIice"):
        response = sign_up(client, handle=handle, email="second@example.org")
        assert "taken" in errors(response, "handle")[0]
    assert User.objects.count() == Person.objects.count() == 1
    assert not EmailAddress.objects.filter(email="second@example.org").exists()
    assert mail.outbox == []


def test_the_loser_of_a_race_for_an_address_learns_nothing(
    client: Client, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.forms.SignupForm.clean", lambda self: setattr(self, "account_already_exists", False))
    response = sign_up(client, handle="Other")
    assert response.url == "/accounts/confirm-email/"
    assert User.objects.count() == 1
    assert "already" in mail.outbox[0].subject


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sign_up_at_once_one_gets_the_handle(race: Callable) -> None:
    def attempt(number: int) -> int:
        response = sign_up(Client(), handle=("Lisa", "Iisa")[number], email=f"racer{number}@example.org")
        return response.status_code

    assert sorted(race(attempt, 2)) == [200, 302]
    assert Person.objects.count() == User.objects.count() == Membership.objects.count() == 1


def test_a_known_address_is_answered_like_a_new_one(alice: Person) -> None:
    known, new = Client(), Client()
    first = sign_up(known, handle="Bobby")
    second = sign_up(new, handle="Charlie", email="charlie@example.org")
    assert (first.status_code, first.url) == (second.status_code, second.url)
    pages = [client.get(first.url).content for client in (known, new)]
    assert pages[0].replace(b"alice@", b"charlie@") == pages[1]
    assert User.objects.filter(email="alice@example.org").count() == 1
    # Asking for the handles again tells them apart no more than the pages do.
    for handle in ("Bobby", "Charlie"):
        again = sign_up(Client(), handle=handle, email="dora@example.org")
        assert "taken" in errors(again, "handle")[0]
        assert Client().get(f"/{handle.lower()}").status_code == 404


def test_a_held_handle_is_free_again_for_its_owner(alice: Person) -> None:
    joining.hold_handle("Alice")
    assert joining.is_handle_free("aIice", but=alice)
    assert not joining.is_handle_free("Alice")


def test_log_in_out_and_the_wrong_password(alice: Person, client: Client) -> None:
    wrong = client.post("/accounts/login/", {"login": "alice@example.org", "password": "wrong"})
    unknown = client.post("/accounts/login/", {"login": "nobody@example.org", "password": "wrong"})
    assert wrong.context["form"].errors == unknown.context["form"].errors
    response = client.post("/accounts/login/", {"login": "ALICE@example.org", "password": PASSWORD})
    assert response.url == "/dashboard"
    assert client.get("/settings").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/settings").url.startswith("/accounts/login/")


def test_too_many_wrong_passwords_are_slowed_down_on_a_page_of_ours(alice: Person, client: Client) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": "alice@example.org", "password": "wrong"})
    response = client.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert not response.context["user"].is_authenticated
    for _ in range(30):
        response = client.get("/accounts/signup/")
        response = client.post("/accounts/signup/", {})
    assert response.status_code == 429
    assert 'id="main"' in response.content.decode()


def test_reset_of_a_password_by_mail(alice: Person, client: Client) -> None:
    answers = [
        client.post("/accounts/password/reset/", {"email": f"{who}@example.org"}).url for who in ("alice", "nobody")
    ]
    assert answers[0] == answers[1]
    ours, other = mail.outbox
    assert other.to == ["nobody@example.org"]
    assert "no account" in other.subject
    page = client.get(link_in(ours), follow=True)
    done = client.post(
        page.redirect_chain[-1][0], {"password1": "another odd phrase", "password2": "another odd phrase"}
    )
    assert done.status_code == 302
    assert (
        client.post("/accounts/login/", {"login": "alice@example.org", "password": "another odd phrase"}).status_code
        == 302
    )
    assert client.get(link_in(ours), follow=True).context["token_fail"]


def test_a_log_in_without_a_person_is_asked_for_a_handle(client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff@example.org", PASSWORD))
    assert b"Choose a handle" in client.get("/settings").content
    assert client.post("/settings", {"handle": "admin", "birth_year": "1980"}).context["form"].errors
    assert client.post("/settings", {"handle": "Staffer", "birth_year": "1980"}).url == "/welcome"
    assert Person.objects.get().visibility == "public"
    assert b"Your profile" in client.get("/settings").content


def test_who_has_just_confirmed_is_not_welcomed_back(client: Client) -> None:
    sign_up(client)
    response = client.post(link_in(mail.outbox[0]), follow=True)
    assert "is confirmed." in response.content.decode()
    assert "Welcome back." not in response.content.decode()


def test_what_is_wrong_stands_first_and_has_the_focus(client: Client) -> None:
    page = sign_up(client, handle="a").content.decode()
    assert re.search(r'role="alert" tabindex="-1" autofocus>\s*<p class="notice error"><a href="#id_handle">', page)
    assert "autofocus" not in client.get("/accounts/signup/").content.decode()


@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_a_way_on_that_is_no_address_is_left_out(client: Client, page: str) -> None:
    assert client.get(page, {"next": "http://["}).status_code == 200
