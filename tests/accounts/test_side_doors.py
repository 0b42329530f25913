"""Every way to a log-in asks for the second factor of whoever has one, and shuts the others out that it should."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from tests.accounts.conftest import PASSWORD
from tests.accounts.social import sign_in
from tests.accounts.test_mfa import code_for, still, with_app  # noqa: F401  (the clock stands)

pytestmark = pytest.mark.django_db
NEW = "another long pass phrase"


def is_in(client: Client) -> bool:
    return client.get("/settings").status_code == 200


def reset_password(client: Client, address: str) -> None:
    """By the link that is mailed."""
    mail.outbox.clear()
    client.post(reverse("account_reset_password"), {"email": address})
    [link] = re.findall(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    page = client.get(link)
    answer = client.post(page["Location"], {"password1": NEW, "password2": NEW})
    assert answer.status_code == 302


def test_a_network_that_lets_somebody_in_does_not_replace_the_second_factor(
    plays, alice: Person, as_alice: Client
) -> None:
    fake = plays("google")
    user = alice.users.get()
    assert sign_in(Client(), fake)["Location"] == reverse("socialaccount_signup")
    secret = with_app(as_alice)
    SocialAccount.objects.create(user=user, provider="google", uid=fake.account["id"])
    client = Client()
    assert sign_in(client, fake)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert is_in(client)


def test_who_resets_the_password_is_not_in_and_is_asked_for_the_second_factor(alice: Person, as_alice: Client) -> None:
    secret, address = with_app(as_alice), alice.users.get().email
    client = Client()
    reset_password(client, address)
    assert not is_in(client)
    assert client.post(reverse("account_login"), {"login": address, "password": PASSWORD}).status_code == 200
    answer = client.post(reverse("account_login"), {"login": address, "password": NEW})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert is_in(client)


def test_who_was_in_with_the_old_password_is_out_after_a_reset(alice: Person, as_alice: Client) -> None:
    assert is_in(as_alice)
    reset_password(Client(), alice.users.get().email)
    assert not is_in(as_alice)
