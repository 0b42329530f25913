"""Telling a person something: to everybody who speaks for them, once it is true."""

from datetime import date

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from accounts.models import Membership, Person, User
from accounts.notify import KINDS, notify

KNOWN = {
    "day": "6 December 2026",
    "name": "Alice Archer",
    "network": "Twitter/X",
    "handle": "alice & co",
    "account": "alice & co",
    "due": "29 November 2026, noon",
    "file_name": "a & b.zip",
    "summary": [("tweets", 2045)],
    "days": 3,
    "error": "it holds no account.js",
    "previous": "v1",
    "formula": "v2",
    "since": date(2026, 11, 3),
    "old": 52.34,
    "new": 47.1,
    "points": 5.24,
    "higher": False,
    "url": "/settings/import/1",
}
FORMULA_CHANGED = KINDS["formula_changed"].needs


def tell(person: Person, kind: str, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        notify(person=person, kind=kind, context={name: KNOWN[name] for name in KINDS[kind].needs})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_well_in_text_and_html(
    alice: Person, kind: str, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "https://klout.example"
    tell(alice, kind, django_capture_on_commit_callbacks)
    [message] = mail.outbox
    [(html, _)] = message.alternatives
    assert message.to == ["alice@example.org"]
    assert message.subject
    assert "%(" not in message.subject
    assert "Hello Alice Archer" in message.body
    assert "https://klout.example/settings/import/1" in message.body
    assert 'href="https://klout.example/settings/import/1"' in html
    assert "&amp;" not in message.body
    assert ("2,045" in message.body) == ("2,045" in html) == ("summary" in KINDS[kind].needs)
    for name in KINDS[kind].needs & {"handle", "account", "due", "file_name", "error"}:
        assert KNOWN[name] in message.body
        assert KNOWN[name].replace("&", "&amp;") in html


def test_it_tells_each_member_apart_from_the_others(
    alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    Membership.objects.create(user=bob.users.get(), person=alice, role=Membership.Role.EDITOR)
    User.objects.create_user("idle@example.org", is_active=False)
    Membership.objects.create(user=User.objects.get(email="idle@example.org"), person=alice)
    tell(alice, "import_failed", django_capture_on_commit_callbacks)
    assert [message.to for message in mail.outbox] == [["alice@example.org"], ["bob@example.org"]]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_told(alice: Person) -> None:
    context = {name: KNOWN[name] for name in KINDS["import_done"].needs}
    with transaction.atomic():
        notify(person=alice, kind="import_done", context=context)
        transaction.set_rollback(True)
    assert mail.outbox == []
    with transaction.atomic():
        notify(person=alice, kind="import_done", context=context)
        assert mail.outbox == []
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_loses_nothing_else(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    with transaction.atomic():
        Person.objects.update(name="Saved")
        notify(person=alice, kind="link_broken", context={name: KNOWN[name] for name in KINDS["link_broken"].needs})
    assert Person.objects.get().name == "Saved"


def test_an_unknown_kind_and_a_missing_name_are_refused_at_once(alice: Person) -> None:
    with pytest.raises(KeyError):
        notify(person=alice, kind="surprise", context={})
    with pytest.raises(ValueError, match="url"):
        notify(person=alice, kind="link_broken", context={"network": "X", "handle": "a"})


@pytest.mark.parametrize(("higher", "words"), [(True, "5.2 points higher"), (False, "5.2 points lower")])
def test_a_new_formula_is_told_with_both_scores_and_that_nothing_was_lost(
    alice: Person, higher: bool, words: str, django_capture_on_commit_callbacks
) -> None:
    old, new = (47.1, 52.34) if higher else (52.34, 47.1)
    context = KNOWN | {"old": old, "new": new, "higher": higher}
    with django_capture_on_commit_callbacks(execute=True):
        notify(person=alice, kind="formula_changed", context={name: context[name] for name in FORMULA_CHANGED})
    [message] = mail.outbox
    [(html, _)] = message.alternatives
    for text in (message.body, html):
        assert words in text
        assert "52.3" in text
        assert "47.1" in text
        assert "Since 3 November 2026 scores are counted by the formula v2, in place of v1." in text
        assert "Nothing was lost" in text
