"""Stopping mails by the link at their foot: without a log-in, never by merely opening it, and to be undone."""

import re

import pytest
from django.core import mail, signing
from django.test import Client
from django.urls import reverse

from accounts.choices import choices_of
from accounts.matters import MATTERS
from accounts.models import Notification, NotificationChoice, Person
from accounts.notify import notify
from accounts.unsubscribe import ALL, SALT, token_of

BROKEN = {"network": "Twitter/X", "handle": "alice", "url": "/settings"}


def address_of(person: Person, matter: str = "access") -> str:
    return reverse("unsubscribe", args=[token_of(person.users.get(), matter)])


def mail_about(person: Person, matter: str = "access") -> str:
    return choices_of(person.users.get())[matter].mail


def hidden(response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found.group(1)


def test_opening_the_link_says_what_it_stops_and_stops_nothing(alice: Person, client: Client) -> None:
    for method in (client.get, client.head, client.get):
        response = method(address_of(alice))
        assert response.status_code == 200
    assert "Access to your networks" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert mail_about(alice) == "now"
    assert not NotificationChoice.objects.exists()


def test_one_click_of_a_mail_program_stops_it(alice: Person, django_capture_on_commit_callbacks) -> None:
    # As RFC 8058 has it: a POST with this body, and no cookie, no token of a form, no page before.
    program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        response = program.post(
            address_of(alice), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
        assert response.status_code == 200
    assert mail_about(alice) == "off"
    with django_capture_on_commit_callbacks(execute=True):
        notify(person=alice, kind="link_broken", context=BROKEN)
    assert mail.outbox == []
    assert Notification.objects.get().on_site
    assert mail_about(alice, "uploads") == "now"


def test_the_link_of_a_mail_is_the_one_that_works(
    alice: Person, client: Client, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "https://klout.example"
    with django_capture_on_commit_callbacks(execute=True):
        notify(person=alice, kind="link_broken", context=BROKEN)
    address = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>")
    client.post(address.removeprefix("https://klout.example"))
    assert mail_about(alice) == "off"


@pytest.mark.parametrize("before", ["now", "digest"])
def test_it_can_be_undone(alice: Person, client: Client, before: str) -> None:
    user = alice.users.get()
    NotificationChoice.objects.create(user=user, matter="access", mail=before, on_site=False, push=True)
    undo = hidden(client.post(address_of(alice)), "undo")
    assert mail_about(alice) == "off"
    response = client.post(address_of(alice), {"undo": undo})
    assert "again" in response.content.decode()
    assert mail_about(alice) == before
    row = NotificationChoice.objects.get()
    assert (row.on_site, row.push) == (False, True)


def test_undoing_the_second_click_brings_mails_as_they_usually_come(alice: Person, client: Client) -> None:
    client.post(address_of(alice))
    undo = hidden(client.post(address_of(alice)), "undo")
    client.post(address_of(alice), {"undo": undo})
    assert mail_about(alice) == "now"


def test_what_waits_for_the_digest_is_not_mailed_any_more(alice: Person, client: Client) -> None:
    user = alice.users.get()
    for matter in ("access", "uploads"):
        NotificationChoice.objects.create(user=user, matter=matter, mail="digest", on_site=True, push=False)
    notify(person=alice, kind="link_broken", context=BROKEN)
    notify(person=alice, kind="import_failed", context={"file_name": "a", "error": "b", "url": "/settings/import"})
    client.post(address_of(alice))
    assert list(Notification.objects.filter(in_digest=True).values_list("kind", flat=True)) == ["import_failed"]


def test_the_digest_s_link_stops_all_that_comes_in_it_and_nothing_else(alice: Person, client: Client) -> None:
    user = alice.users.get()
    NotificationChoice.objects.create(user=user, matter="access", mail="digest", on_site=True, push=False)
    response = client.get(address_of(alice, ALL))
    assert "digest" in response.content.decode()
    undo = hidden(client.post(address_of(alice, ALL)), "undo")
    mails = {slug: choice.mail for slug, choice in choices_of(user).items()}
    assert "digest" not in mails.values()
    assert mails["access"] == "off"
    assert mails["uploads"] == "now"
    assert mails["protection"] == "now"
    client.post(address_of(alice, ALL), {"undo": undo})
    assert mail_about(alice) == "digest"
    assert mail_about(alice, "achievements") == "digest"


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "a:b:c",
        signing.dumps([1, "access"], salt="another"),
        signing.dumps("access", salt=SALT),
        signing.dumps([2**40, "access"], salt=SALT),
    ],
    # A token holds the second it was made in: two workers would not collect the same tests.
    ids=["nonsense", "three parts", "of another kind", "of nobody", "of no user"],
)
def test_a_wrong_link_says_so_and_changes_nothing(alice: Person, client: Client, token: str) -> None:
    for method in (client.get, client.post):
        response = method(reverse("unsubscribe", args=[token]))
        assert response.status_code == 404
        assert "This link does not work" in response.content.decode()
    assert not NotificationChoice.objects.exists()


def test_a_link_is_cut_off_from_what_protects_and_from_what_is_no_more(alice: Person, client: Client) -> None:
    for matter in ("protection", "surprises"):
        assert client.post(address_of(alice, matter)).status_code == 404
    assert not NotificationChoice.objects.exists()


def test_a_link_lives_for_a_year_and_not_for_ever(alice: Person, client: Client, monkeypatch) -> None:
    address = address_of(alice)
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 366 * 24 * 3600)
    assert client.get(address).status_code == 200
    monkeypatch.setattr(signing.time, "time", lambda: now + 401 * 24 * 3600)
    assert client.post(address).status_code == 404
    assert mail_about(alice) == "now"


def test_nobody_s_mails_come_again_by_another_s_undo(alice: Person, bob: Person, client: Client) -> None:
    undo = hidden(client.post(address_of(bob)), "undo")
    client.post(address_of(alice))
    assert client.post(address_of(alice), {"undo": undo}).status_code == 404
    assert mail_about(alice) == "off"
    assert mail_about(bob) == "off"


def test_it_logs_nobody_in_and_names_nobody(alice: Person, client: Client) -> None:
    page = client.get(address_of(alice)).content.decode()
    assert "alice" not in page.replace(address_of(alice), "").lower()
    assert client.get(reverse("notifications")).status_code == 302
    assert str(MATTERS["access"].label) in page
