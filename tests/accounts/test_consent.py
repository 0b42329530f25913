"""What people agreed to is kept in the words of that day, and never rewritten."""

import datetime as dt
import hashlib

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import consent, privacy
from accounts.models import Consent, Membership, Person
from tests.accounts.conftest import logged_in

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def agree(person: Person, subject: str = "connect:twitter", *, given: bool = True, wording: str = "We read mentions."):
    return consent.record(user=person.users.get(), person=person, subject=subject, given=given, wording=wording, at=AT)


def test_the_wording_is_kept_with_its_fingerprint(alice: Person) -> None:
    row = agree(alice)
    assert row.wording == "We read mentions."
    assert row.wording_hash == hashlib.sha256(b"We read mentions.").hexdigest()
    assert agree(alice, wording="We read replies.").wording_hash != row.wording_hash
    assert agree(alice, wording=" We read mentions.\n").wording_hash == row.wording_hash


def test_nobody_agreed_to_what_they_were_not_shown(alice: Person) -> None:
    with pytest.raises(ValueError, match="wording"):
        agree(alice, wording="  ")
    assert not Consent.objects.exists()


def test_the_last_word_counts(alice: Person, bob: Person) -> None:
    user = alice.users.get()
    assert not consent.is_given(user=user, subject="connect:twitter")
    agree(alice)
    assert consent.is_given(user=user, subject="connect:twitter")
    assert not consent.is_given(user=bob.users.get(), subject="connect:twitter")
    agree(alice, given=False)
    assert not consent.is_given(user=user, subject="connect:twitter")
    assert Consent.objects.count() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_consent SET given = NOT given",
        "UPDATE accounts_consent SET wording = 'We sell everything.'",
        "DELETE FROM accounts_consent",
    ],
)
def test_rows_are_only_added_whatever_the_sql(alice: Person, statement: str) -> None:
    agree(alice)
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Consent.objects.get().wording == "We read mentions."


def test_not_even_erasing_rewrites_them(alice: Person) -> None:
    agree(alice)
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL klout.erasing = 'on'; UPDATE accounts_consent SET given = false")


def test_they_go_with_their_person_and_with_nobody_else(alice: Person, bob: Person) -> None:
    agree(alice)
    agree(bob)
    privacy.erase_person(person=alice, at=AT)
    assert Consent.objects.get().person == bob
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
        Consent.objects.all().delete()


def test_a_log_in_that_stays_keeps_its_answers_about_others(alice: Person) -> None:
    firm = Person.objects.create(handle="acme", kind="organisation")
    user = alice.users.get()
    Membership.objects.create(user=user, person=firm)
    agree(alice)
    consent.record(user=user, person=firm, subject="connect:facebook", given=True, wording="We read pages.", at=AT)
    privacy.erase_person(person=firm, at=AT)
    assert Consent.objects.get().person == alice


def test_one_sees_what_one_agreed_to(alice: Person, bob: Person) -> None:
    agree(alice)
    agree(alice, "connect:linkedin", given=False, wording="We read <b>posts</b>.")
    agree(bob, wording="Nobody else's.")
    page = logged_in(alice).get("/settings/consents").content.decode()
    assert "Reading an account: Twitter/X" in page
    assert "We read mentions." in page
    assert "&lt;b&gt;posts&lt;/b&gt;" in page
    assert "you refused" in page
    assert "Nobody else" not in page
    assert Client().get("/settings/consents").status_code == 302


def test_they_are_in_the_export(alice: Person) -> None:
    agree(alice)
    assert privacy.export_person(alice)["person"]["consents"] == [
        {
            "at": "2026-11-20T12:00:00+00:00",
            "subject": "connect:twitter",
            "given": True,
            "wording": "We read mentions.",
        }
    ]
