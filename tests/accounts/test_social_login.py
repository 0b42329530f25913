"""Signing in by a network: who is new chooses a handle, who is known is let in, and no token stays."""

import logging

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.messages import get_messages
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Credential, LinkedAccount, Person, User
from tests.accounts.conftest import logged_in
from tests.accounts.social import come_back, leave, nothing_leaks, sign_in

pytestmark = pytest.mark.django_db
LOGINS = ("twitter", "facebook", "linkedin", "google")
FORM = {"handle": "alice", "birth_year": "1980"}


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.mark.parametrize("slug", LOGINS)
def test_who_is_new_chooses_a_handle_and_comes_back_without_a_password(plays, client, caplog, slug) -> None:
    caplog.set_level(logging.DEBUG)
    fake = plays(slug)
    arrived = sign_in(client, fake)
    assert arrived.status_code == 302
    assert arrived["Location"] == reverse("socialaccount_signup")
    page = client.get(arrived["Location"])
    assert 'name="handle"' in page.content.decode()
    assert 'name="birth_year"' in page.content.decode()
    assert not User.objects.exists()
    nothing_leaks(fake, page.content.decode(), caplog.text)

    done = client.post(arrived["Location"], FORM | {"email": fake.account["email"]})
    person = Person.objects.get()
    assert person.handle == "alice"
    assert person.birth_year == 1980
    account = SocialAccount.objects.get()
    assert account.extra_data == {}
    # To log in is not to be read.
    assert not Credential.objects.exists()
    assert not LinkedAccount.objects.exists()
    assert not SocialToken.objects.exists()
    nothing_leaks(fake, done.content.decode(), caplog.text)

    EmailAddress.objects.update(verified=True)
    again = Client()
    back = sign_in(again, fake)
    assert back["Location"] == reverse("dashboard")
    assert again.get(reverse("settings")).context["person"] == person
    nothing_leaks(fake, caplog.text)


@pytest.mark.parametrize(("slug", "vouches"), [("google", True), ("linkedin", True), ("facebook", False)])
def test_a_page_is_public_at_once_only_where_the_network_vouches_for_the_address(plays, client, slug, vouches) -> None:
    fake = plays(slug)
    url = sign_in(client, fake)["Location"]
    client.post(url, FORM | {"email": fake.account["email"]})
    visibility = Person.objects.get().visibility
    assert (visibility == Person.Visibility.PUBLIC) == vouches
    # Whoever is not vouched for gets a mail to confirm the address.
    assert bool(mail.outbox) != vouches


def test_another_address_than_the_one_vouched_for_is_confirmed_by_mail(plays, client) -> None:
    fake = plays("google")
    url = sign_in(client, fake)["Location"]
    client.post(url, FORM | {"email": "somebody.else@mail.example"})
    assert Person.objects.get().visibility == Person.Visibility.HIDDEN
    assert [message.to for message in mail.outbox] == [["somebody.else@mail.example"]]


def test_a_network_that_names_my_address_does_not_open_my_account(plays, client, alice) -> None:
    fake = plays("google")
    fake.account["email"] = alice.users.get().email
    url = sign_in(client, fake)["Location"]
    assert url == reverse("socialaccount_signup")
    client.post(url, FORM | {"email": fake.account["email"], "handle": "mallory"})
    assert not SocialAccount.objects.exists()
    assert not Person.objects.filter(handle="mallory").exists()
    assert "_auth_user_id" not in client.session
    assert [message.to for message in mail.outbox] == [[fake.account["email"]]]


def test_a_handle_that_was_taken_meanwhile_can_be_chosen_anew(plays, client, alice, monkeypatch) -> None:
    fake = plays("google")
    url = sign_in(client, fake)["Location"]
    # The form finds it free, as it does when two ask at once; the database has the last word.
    monkeypatch.setattr("accounts.forms.is_handle_free", lambda *args, **kwargs: True)
    refused = client.post(url, FORM | {"email": fake.account["email"], "handle": "alice"})
    assert refused.status_code == 200
    assert "handle" in refused.context["form"].errors
    client.post(url, FORM | {"email": fake.account["email"], "handle": "alicia"})
    assert SocialAccount.objects.get().user.person.handle == "alicia"


def test_logging_in_asks_for_identity_alone(plays, client) -> None:
    for slug, scopes in (
        ("twitter", {"users.read", "tweet.read"}),
        ("facebook", {"public_profile", "email"}),
        ("google", {"openid", "email", "profile"}),
        ("linkedin", {"openid", "email", "profile"}),
    ):
        fake = plays(slug)
        sign_in(client, fake)
        asked = next(asked for asked in fake.asked if asked.path == fake.dialect.authorize)
        assert set(asked.param("scope").split(fake.dialect.between)) == scopes
        assert asked.param("access_type") == ""


def test_a_second_way_to_log_in_is_added_to_who_is_logged_in(plays, alice) -> None:
    fake = plays("google")
    client = logged_in(alice)
    back = sign_in(client, fake)
    assert back["Location"] == reverse("socialaccount_connections")
    assert SocialAccount.objects.get().user == alice.users.get()
    assert Person.objects.count() == 1
    nothing_leaks(fake)


def test_a_log_in_of_somebody_else_is_not_added(plays, alice, bob) -> None:
    fake = plays("google")
    sign_in(logged_in(bob), fake)
    client = logged_in(alice)
    sign_in(client, fake)
    assert SocialAccount.objects.get().user == bob.users.get()
    assert client.session["_auth_user_id"] == str(alice.users.get().pk)


def test_saying_no_costs_nothing(plays, client) -> None:
    fake = plays("twitter")
    fake.refuses = "access_denied"
    back = sign_in(client, fake)
    assert back["Location"] == reverse("account_login")
    assert "costs nothing" in said(back)
    assert not User.objects.exists()


@pytest.mark.parametrize("change", ["wrong", "replayed", "of another session", "missing"])
def test_a_state_that_is_not_this_sessions_is_refused(plays, client, change) -> None:
    fake = plays("twitter")
    url = fake.visit(leave(client.post(reverse("sign_in", args=["twitter"])))).removeprefix("http://testserver")
    if change == "wrong":
        url += "x"
    elif change == "replayed":
        client.get(url)
        url = url.replace(next(iter(fake.codes), "code="), "another")
    elif change == "missing":
        url = url.partition("&state=")[0]
    else:
        client = Client()
    before = len(fake.asked)
    back = client.get(url)
    assert back.status_code == 302
    assert back["Location"] == reverse("account_login")
    assert "begin again" in said(back)
    # The code was not even shown to the network.
    assert len(fake.asked) == before
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("what", ["no token", "no id", "hangs up", "an error that quotes the code", "not JSON"])
def test_a_network_that_answers_oddly_is_no_error_of_ours(plays, client, caplog, what) -> None:
    fake = plays("twitter")
    caplog.set_level(logging.DEBUG)
    way = fake.visit(leave(client.post(reverse("sign_in", args=["twitter"]))))
    from tests.fakes.loopback import Reply

    if what == "no id":
        fake.account.pop("id")
        fake.codes[next(iter(fake.codes))]["account"]["id"] = None
    elif what == "no token":
        fake.faults.append(Reply(200, {"token_type": "bearer"}))
    elif what == "hangs up":
        fake.faults.extend([Reply(hang_up=True)] * 9)
    elif what == "not JSON":
        fake.faults.append(Reply(200, body=b"<html>"))
    else:
        code = next(iter(fake.codes))
        fake.faults.append(Reply(400, {"error": "invalid_request", "error_description": f"bad code {code}"}))
    back = client.get(way.removeprefix("http://testserver"))
    assert back["Location"] == reverse("account_login")
    assert said(back)
    assert not SocialAccount.objects.exists()
    if what in ("hangs up", "not JSON", "no token"):
        # Known trouble is told as such, not as an error of ours.
        assert "coming back failed" not in caplog.text
    nothing_leaks(fake, caplog.text.replace(way, ""), said(back))


def test_a_token_endpoint_that_sends_us_elsewhere_is_not_followed(plays, client) -> None:
    from tests.fakes.loopback import Reply

    fake, other = plays("twitter"), plays("github")
    way = fake.visit(leave(client.post(reverse("sign_in", args=["twitter"]))))
    fake.faults.append(Reply(307, headers={"Location": f"{other.url}/2/oauth2/token"}))
    back = client.get(way.removeprefix("http://testserver"))
    assert back["Location"] == reverse("account_login")
    assert not other.asked


def test_a_network_without_keys_signs_nobody_in(client, settings) -> None:
    settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"twitter": ("", "")}
    assert client.post(reverse("sign_in", args=["twitter"])).status_code == 404


def test_allauths_own_ways_to_a_network_lead_nowhere(plays, client) -> None:
    plays("twitter")
    # Theirs would take scopes and purposes from the address.
    assert client.get("/accounts/twitter_oauth2/login/?scope=dm.read&process=connect").status_code == 404


def test_a_way_to_log_in_can_be_removed_even_when_its_network_is_off(plays, alice, settings) -> None:
    fake = plays("google")
    client = logged_in(alice)
    sign_in(client, fake)
    page = reverse("socialaccount_connections")
    assert "Add one" in client.get(page).content.decode()
    settings.NETWORK_KEYS = {}
    # Nothing is offered where there is nothing to choose.
    assert "Add one" not in client.get(page).content.decode()
    assert "Google" in client.get(page).content.decode()
    done = client.post(page, {"account": SocialAccount.objects.get().pk})
    assert done.status_code == 302
    assert not SocialAccount.objects.exists()


def test_the_last_way_in_is_not_removed(plays, client) -> None:
    fake = plays("google")
    url = sign_in(client, fake)["Location"]
    client.post(url, FORM | {"email": fake.account["email"]})
    # There is no password: without the network nobody could log in.
    client.post(reverse("socialaccount_connections"), {"account": SocialAccount.objects.get().pk})
    assert SocialAccount.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "got"), [("/settings/connect", "/settings/connect"), ("//evil.example", "dashboard")]
)
def test_after_the_log_in_one_goes_on_to_where_one_wanted_and_to_no_other_site(plays, client, wanted, got) -> None:
    fake = plays("google")
    url = sign_in(client, fake)["Location"]
    client.post(url, FORM | {"email": fake.account["email"]})
    again = Client()
    back = come_back(again, fake, again.post(reverse("sign_in", args=["google"]), {"next": wanted}))
    assert back["Location"] == (got if got.startswith("/") else reverse(got))


def test_who_is_new_goes_on_to_a_first_score(plays, client) -> None:
    fake = plays("google")
    url = sign_in(client, fake)["Location"]
    done = client.post(url, FORM | {"email": fake.account["email"]})
    assert done["Location"] == reverse("welcome")


def test_an_address_that_was_not_given_there_is_asked_for_here(plays, client) -> None:
    fake = plays("facebook")
    fake.account["email"] = ""
    url = sign_in(client, fake)["Location"]
    refused = client.post(url, FORM)
    assert "email" in refused.context["form"].errors
    client.post(url, FORM | {"email": "alice@mail.example"})
    assert User.objects.get().email == "alice@mail.example"
    assert [message.to for message in mail.outbox] == [["alice@mail.example"]]


def test_an_error_of_ours_on_the_way_back_shows_no_token(plays, client, caplog, monkeypatch) -> None:
    fake = plays("google")

    def fails(request, login) -> None:
        raise RuntimeError(f"with {request._token_answer}")

    monkeypatch.setattr(
        "accounts.social.SocialAdapter.pre_social_login", lambda self, request, login: fails(request, login)
    )
    caplog.set_level(logging.DEBUG)
    back = sign_in(client, fake)
    assert back["Location"] == reverse("account_login")
    # Where it happened is told, so that it can be mended.
    assert "RuntimeError" in caplog.text
    assert "in fails" in caplog.text
    nothing_leaks(fake, caplog.text, said(back))
