"""Being erased: asked for by whoever may, hidden at once, with time to change one's mind, and carried out once due."""

import datetime as dt
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from accounts import erasure, privacy
from accounts.models import Erasure, ExportJob, LinkedAccount, Membership, Person, User
from tests.accounts.conftest import PASSWORD, link, logged_in
from tests.scoring.processes import run_python

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAYS = dt.timedelta(days=14)


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake")
    settings.SITE_URL = "https://klout.example"


def confirmed(person: Person) -> Client:
    """A client that has typed the password a moment ago."""
    client = logged_in(person)
    client.get("/settings/erase")
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def test_the_page_says_what_goes_and_offers_a_copy_first(alice: Person) -> None:
    link(alice)
    page = logged_in(alice).get("/settings/erase").content.decode()
    assert "Linked accounts: 1" in page
    assert "/settings/export" in page
    assert "14 days" in page
    assert not Erasure.objects.exists()


def test_it_needs_the_password_typed_again(alice: Person) -> None:
    client = logged_in(alice)
    response = client.post("/settings/erase", {"action": "erase", "handle": "Alice"})
    assert response.status_code == 302
    assert response.url.startswith("/accounts/reauthenticate/")
    assert not Erasure.objects.exists()
    wrong = client.post("/accounts/reauthenticate/?next=/settings/erase", {"password": "wrong"})
    assert wrong.status_code == 200
    assert not Erasure.objects.exists()


def test_somebody_without_a_password_must_have_logged_in_lately(alice: Person) -> None:
    client = logged_in(alice)
    user = alice.users.get()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    User.objects.update(last_login=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    page = client.post("/settings/erase", {"action": "erase", "handle": "Alice"})
    assert "log out and in again" in page.content.decode()
    assert not Erasure.objects.exists()
    User.objects.update(last_login=dt.datetime.now(dt.UTC))
    client.post("/settings/erase", {"action": "erase", "handle": "Alice"})
    assert Erasure.objects.exists()


def test_it_needs_the_handle_typed(alice: Person) -> None:
    client = confirmed(alice)
    assert "not the handle" in client.post("/settings/erase", {"handle": "bob"}).content.decode()
    assert not Erasure.objects.exists()
    assert client.post("/settings/erase", {"handle": "@ALICE"}).url == "/settings/erase"
    assert Erasure.objects.get().person == alice


def test_the_profile_is_hidden_at_once_and_comes_back_as_it_was(
    alice: Person, django_capture_on_commit_callbacks
) -> None:
    Person.objects.update(visibility="members")
    client = confirmed(alice)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/settings/erase", {"handle": "alice"})
    assert Person.objects.get().visibility == "hidden"
    [message] = mail.outbox
    assert "https://klout.example/settings/erase?person=Alice" in message.body
    page = client.get("/settings/erase").content.decode()
    assert "changed my mind" in page
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/settings/erase", {"action": "keep"})
    assert Person.objects.get().visibility == "members"
    assert not Erasure.objects.exists()
    assert len(mail.outbox) == 2


def test_until_then_nobody_sees_it_whatever_the_settings_say(alice: Person, bob: Person) -> None:
    assert Client().get("/alice").status_code == 200
    erasure.ask(person=alice, at=AT)
    Person.objects.filter(pk=alice.pk).update(visibility="public")
    assert Client().get("/alice").status_code == logged_in(bob).get("/alice").status_code == 404
    assert logged_in(alice).get("/alice").status_code == 200


def test_changing_ones_mind_needs_no_password(alice: Person) -> None:
    erasure.ask(person=alice, at=AT)
    logged_in(alice).post("/settings/erase", {"action": "keep"})
    assert not Erasure.objects.exists()


def test_asking_twice_keeps_the_first_day_and_visibility(alice: Person) -> None:
    erasure.ask(person=alice, at=AT)
    again = erasure.ask(person=alice, at=AT + dt.timedelta(days=3))
    assert (again.due_at, again.visibility) == (AT + DAYS, "public")
    assert erasure.withdraw(person=alice)
    assert not erasure.withdraw(person=alice)
    assert Person.objects.get().visibility == "public"


def test_of_an_organisation_only_owners_ask_and_all_are_told(
    alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    firm = Person.objects.create(handle="acme", kind="organisation")
    Membership.objects.create(user=alice.users.get(), person=firm)
    Membership.objects.create(user=bob.users.get(), person=firm, role=Membership.Role.EDITOR)
    assert logged_in(bob).get("/settings/erase?person=acme").status_code == 404
    assert confirmed(bob).post("/settings/erase?person=acme", {"handle": "acme"}).status_code == 404
    client = confirmed(alice)
    assert "2 people speak for this profile" in client.get("/settings/erase?person=acme").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/settings/erase?person=acme", {"handle": "acme"})
    assert [message.to for message in mail.outbox] == [["alice@example.org"], ["bob@example.org"]]
    assert Erasure.objects.get().person == firm
    erasure.carry_out_due(at=AT + dt.timedelta(days=4000))
    assert User.objects.count() == 2
    assert {person.handle for person in Person.objects.all()} == {"Alice", "Bob"}


def test_only_those_who_are_due_are_erased(alice: Person, bob: Person) -> None:
    erasure.ask(person=alice, at=AT)
    erasure.ask(person=bob, at=AT + dt.timedelta(days=1))
    assert erasure.carry_out_due(at=AT + DAYS - dt.timedelta(seconds=1)).erased == 0
    assert erasure.carry_out_due(at=AT + DAYS).erased == 1
    assert Person.objects.get() == bob
    assert erasure.carry_out_due(at=AT + DAYS).erased == 0


def test_one_that_fails_stops_no_other_and_comes_again(
    join: Callable[..., Person], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    people = [join(handle) for handle in ("Alice", "Bob", "Charlie")]
    for person in people:
        erasure.ask(person=person, at=AT)
    erase = privacy.erase_person

    def fail_for_bob(*, person: Person, **given: object) -> dict[str, int]:
        if person.handle == "Bob":
            raise RuntimeError("Bob at bob@example.org")
        return erase(person=person, **given)

    with monkeypatch.context() as patched:
        patched.setattr(privacy, "erase_person", fail_for_bob)
        done = erasure.carry_out_due(at=AT + DAYS)
    assert (done.erased, done.failed) == (2, 1)
    assert Person.objects.get().handle == "Bob"
    assert "bob@" not in caplog.text
    assert erasure.carry_out_due(at=AT + DAYS).erased == 1


def test_a_change_of_mind_in_the_last_moment_counts(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure.ask(person=alice, at=AT)
    give_back = privacy._give_back

    def withdrawn_meanwhile(links: object, at: dt.datetime) -> None:
        erasure.withdraw(person=alice)
        give_back(links, at)

    monkeypatch.setattr(privacy, "_give_back", withdrawn_meanwhile)
    assert erasure.carry_out_due(at=AT + DAYS) == erasure.CarriedOut()
    assert Person.objects.get().visibility == "public"


def test_the_operator_sets_the_days(alice: Person, settings) -> None:
    settings.ERASE_AFTER_DAYS = 0
    erasure.ask(person=alice, at=AT)
    assert erasure.carry_out_due(at=AT).erased == 1


def test_copies_go_too(alice: Person, tmp_path: Path, django_capture_on_commit_callbacks) -> None:
    path = tmp_path / "copy.zip"
    path.write_bytes(b"zip")
    ExportJob.objects.create(person=alice, user=alice.users.get(), state="ready", path=str(path), ready_at=AT)
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(person=alice, at=AT)
    assert not path.exists()


def test_a_picture_left_by_a_process_that_died_is_swept(alice: Person, settings) -> None:
    alice.avatar.save("picture.webp", io.BytesIO(b"picture"))
    mine = Path(alice.avatar.path)
    left = mine.with_name("left.webp")
    fresh = mine.with_name("fresh.webp")
    for path in (left, fresh):
        path.write_bytes(b"picture")
    old = (AT - dt.timedelta(days=2)).timestamp()
    os.utime(left, (old, old))
    os.utime(mine, (old, old))
    os.utime(fresh, (AT.timestamp(), AT.timestamp()))
    assert erasure.sweep_pictures(at=AT) == 1
    assert sorted(path.name for path in mine.parent.iterdir()) == sorted([mine.name, "fresh.webp"])


KILLED = """
import datetime as dt
from accounts import erasure, privacy
step = sys.argv[1]
if step == "accounts":
    privacy._erase_accounts = lambda *args: die()
elif step == "users":
    privacy._erase_users = lambda *args: die()
elif step == "files":
    privacy.delete_after_commit = lambda path: privacy.transaction.on_commit(die)
erasure.carry_out_due(at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["accounts", "users", "files"])
def test_it_can_be_killed_at_any_point_and_is_then_done_again(join: Callable[..., Person], step: str) -> None:
    alice, bob = join("Alice"), join("Bob")
    for person, external_id in ((alice, "1"), (bob, "2")):
        link(person, external_id=external_id)
        ExportJob.objects.create(person=person, user=person.users.get(), state="ready", path="/tmp/nothing.zip")
        erasure.ask(person=person, at=AT)
    ended = run_python(KILLED, step)
    assert ended.returncode == -9, ended.stderr
    # The one under way is whole, or gone: killed after its commit.
    left = Person.objects.count()
    assert left == (1 if step == "files" else 2)
    assert LinkedAccount.objects.count() == User.objects.count() == left
    assert erasure.carry_out_due(at=AT + DAYS).erased == left
    assert not Person.objects.exists()
    assert not LinkedAccount.objects.exists()


def test_what_goes_is_named_in_the_readers_language(as_alice: Client, alice: Person) -> None:
    link(alice)
    with translation.override("de"):
        name = gettext("linked accounts")
    german = as_alice.get("/settings/erase", headers={"accept-language": "de"}).content.decode()
    assert f"{name[0].upper()}{name[1:]}: 1" in german
    assert "Linked accounts: 1" in as_alice.get("/settings/erase").content.decode()
