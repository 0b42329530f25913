"""Telling a person something: to everybody who speaks for them, once it is true, as each of them wants it."""

from datetime import UTC, date, datetime

import pytest
from celery import current_app
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.template import engines
from django.utils import translation

from accounts.matters import kinds_of
from accounts.models import Membership, Notification, NotificationChoice, Person, PushSubscription, User
from accounts.notify import KINDS, MATTERS, Kind, Matter, glimpse_of, notify, register, register_matter

KNOWN = {
    "day": date(2026, 12, 6),
    "name": "Alice Archer",
    "network": "Twitter/X",
    "handle": "alice & co",
    "account": "alice & co",
    "due": datetime(2026, 11, 29, 12, tzinfo=UTC),
    "file_name": "a & b.zip",
    "topic": "Magic & tricks",
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
    "before": 41.2,
    "after": 47.1,
    "causes": [("posts", 7.0), ("fading", -1.6), ("else", 0.5)],
    "networks": [("Twitter/X", 6.1), ("LinkedIn", -0.2)],
    "names": "Audience (level 3)",
    "earned": [("Audience", 3, 2045, "followers & connections")],
    "member": "Carol & Co",
    "team": "Acme & Sons",
    "role": "editor",
    "title": "Headset & case",
    "brand": "Acme & Sons",
    "opens": datetime(2026, 12, 3, 9, tzinfo=UTC),
    "closes": datetime(2026, 12, 5, 9, tzinfo=UTC),
    "until": datetime(2026, 12, 4, 9, tzinfo=UTC),
    "lottery": False,
    "staggered": True,
    "calendar": "/perks/1/calendar.ics",
    "variant": "L",
    "drawn": True,
    "rank": 12,
    "tickets": 345,
    "answer": "We are sorry & send another one.",
    "carrier": "Gull Post",
    "question": "Which bees & which flowers?",
    "author": "Bob & Sons",
    "upheld": True,
    "is_answer": True,
    "ground": "advertising or spam",
    "note": "It sells honey & hives.",
    "reason": "Advertising & spam.",
    "who": "Bob & Sons",
    "number": 7,
    "given": [("Bob & Sons", "Bees & flowers"), ("Somebody", "Tea")],
    "others": 5,
    "url": "/settings/import/1",
}
FORMULA_CHANGED = KINDS["formula_changed"].needs


def tell(person: Person, kind: str, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        notify(person=person, kind=kind, context={name: KNOWN[name] for name in KINDS[kind].needs})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_well_in_text_and_html(
    alice: Person, kind: str, settings, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "https://klout.example"
    # What a template wants and nobody gave it would show.
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "(nothing for %s)")
    choose(alice, KINDS[kind].matter)
    tell(alice, kind, django_capture_on_commit_callbacks)
    [message] = mail.outbox
    [(html, _)] = message.alternatives
    [row] = Notification.objects.all()
    assert message.to == ["alice@example.org"]
    assert message.subject == row.subject
    for text in (message.subject, message.body, html, row.text):
        assert "%(" not in text
        assert "(nothing for" not in text
        assert "{%" not in text
    assert "Hello Alice Archer" in message.body
    assert "https://klout.example/settings/import/1" in message.body
    assert 'href="https://klout.example/settings/import/1"' in html
    assert "&amp;" not in message.body
    assert ("2,045" in message.body) == ("2,045" in html) == bool({"summary", "earned"} & KINDS[kind].needs)
    for name in KINDS[kind].needs & {"handle", "account", "file_name", "error"}:
        assert KNOWN[name] in message.body
        assert KNOWN[name].replace("&", "&amp;") in html
    for name, words in (("due", "29 November 2026, 12:00 UTC"), ("since", "3 November 2026")):
        assert (words in message.body) == (words in html) == (words in row.text) == (name in KINDS[kind].needs)
    # On the site there is no greeting, no foot and no link in words: the line itself leads there.
    assert row.text
    assert row.text in message.body
    assert "Hello" not in row.text
    assert "https://" not in row.text
    assert row.url == "/settings/import/1"


def test_it_tells_each_member_apart_from_the_others(
    alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    Membership.objects.create(user=bob.users.get(), person=alice, role=Membership.Role.EDITOR)
    User.objects.create_user("idle@example.org", is_active=False)
    Membership.objects.create(user=User.objects.get(email="idle@example.org"), person=alice)
    tell(alice, "import_failed", django_capture_on_commit_callbacks)
    assert [message.to for message in mail.outbox] == [["alice@example.org"], ["bob@example.org"]]
    assert set(Notification.objects.values_list("user__email", flat=True)) == {"alice@example.org", "bob@example.org"}


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_told(alice: Person) -> None:
    context = {name: KNOWN[name] for name in KINDS["import_done"].needs}
    with transaction.atomic():
        notify(person=alice, kind="import_done", context=context)
        transaction.set_rollback(True)
    assert mail.outbox == []
    assert not Notification.objects.exists()
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
    # It waits, and goes with the next digest.
    assert Notification.objects.get().in_digest


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


def choose(person: Person, matter: str, mail: str = "now", *, on_site: bool = True, push: bool = False) -> None:
    NotificationChoice.objects.create(user=person.users.get(), matter=matter, mail=mail, on_site=on_site, push=push)


@pytest.mark.parametrize(("wanted", "mails", "waits"), [("now", 1, False), ("digest", 0, True), ("off", 0, False)])
def test_mail_comes_as_it_is_wanted(
    alice: Person, wanted: str, mails: int, waits: bool, django_capture_on_commit_callbacks
) -> None:
    choose(alice, "access", wanted)
    tell(alice, "link_broken", django_capture_on_commit_callbacks)
    assert len(mail.outbox) == mails
    assert Notification.objects.get().in_digest == waits


def test_the_site_leaves_out_what_is_not_wanted_there(alice: Person, django_capture_on_commit_callbacks) -> None:
    choose(alice, "access", on_site=False)
    tell(alice, "link_broken", django_capture_on_commit_callbacks)
    assert not Notification.objects.filter(on_site=True).exists()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("kind", kinds_of("protection"))
def test_what_protects_a_person_cannot_be_turned_off(
    alice: Person, kind: str, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "https://klout.example"
    choose(alice, "protection", "off", on_site=False)
    tell(alice, kind, django_capture_on_commit_callbacks)
    [message] = mail.outbox
    assert "List-Unsubscribe" not in message.extra_headers
    assert "always sent" in message.body
    assert Notification.objects.get().on_site


def test_the_kinds_that_protect_are_the_ones_that_a_stranger_could_have_set_off() -> None:
    assert {"claim_made", "claim_lost", "erasure_asked", "export_ready", "account_opted_out"} <= set(
        kinds_of("protection")
    )
    # What our staff decides about somebody is told to them too, whatever they chose.
    assert {slug for slug, matter in MATTERS.items() if matter.mandatory} == {"protection", "moderation"}


def test_a_mail_says_how_to_stop_it_to_people_and_to_programs(
    alice: Person, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "https://klout.example"
    tell(alice, "link_broken", django_capture_on_commit_callbacks)
    [message] = mail.outbox
    [(html, _)] = message.alternatives
    headers = message.message()
    address = headers["List-Unsubscribe"].strip("<>").replace("\n", "").replace(" ", "")
    assert address.startswith("https://klout.example/unsubscribe/")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"No more mails about \u201cAccess to your networks\u201d: {address}" in message.body
    assert f'href="{address}"' in html


def test_without_https_no_program_is_told_that_one_click_would_do(
    alice: Person, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "http://klout.example"
    tell(alice, "link_broken", django_capture_on_commit_callbacks)
    [message] = mail.outbox
    assert "List-Unsubscribe-Post" not in message.extra_headers
    assert message.extra_headers["List-Unsubscribe"].startswith("<http://klout.example/unsubscribe/")


def test_times_are_those_of_the_reader_and_words_in_their_language(
    alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    Membership.objects.create(user=bob.users.get(), person=alice, role=Membership.Role.EDITOR)
    Person.objects.filter(pk=bob.pk).update(time_zone="Asia/Tokyo")
    User.objects.filter(pk=bob.users.get().pk).update(language="de")
    tell(alice, "claim_made", django_capture_on_commit_callbacks)
    first, second = mail.outbox
    assert "29 November 2026, 12:00 UTC" in first.body
    assert '<html lang="en"' in first.alternatives[0].content
    assert "21:00" in second.body
    assert '<html lang="de"' in second.alternatives[0].content
    assert translation.get_language() == "en"


def test_a_browser_is_woken_if_there_is_one_and_it_is_wanted(
    alice: Person, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    woken: list[list[int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, arguments: woken.append(arguments))
    tell(alice, "link_broken", django_capture_on_commit_callbacks)
    assert woken == []
    PushSubscription.objects.create(
        user=alice.users.get(), endpoint="https://push.example/1", p256dh="k", auth="a", created_at=KNOWN["due"]
    )
    tell(alice, "import_failed", django_capture_on_commit_callbacks)
    assert woken == []
    tell(alice, "link_broken", django_capture_on_commit_callbacks)
    assert woken == [[Notification.objects.filter(kind="link_broken").latest("pk").pk]]


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_locked_screen_stand_no_names_and_no_numbers(
    alice: Person, kind: str, django_capture_on_commit_callbacks
) -> None:
    tell(alice, kind, django_capture_on_commit_callbacks)
    glimpse = glimpse_of(Notification.objects.get())
    assert glimpse.endswith(".")
    assert not any(sign.isdigit() or sign in "%&" for sign in glimpse)
    assert "Alice" not in glimpse


def test_upper_apps_add_their_own_once() -> None:
    before = dict(MATTERS), dict(KINDS)
    try:
        register_matter("fireworks", Matter("Fireworks", "A firework opens that is for you."))
        register("firework_opens", Kind("A firework opens", frozenset({"url"}), "fireworks"))
        assert kinds_of("fireworks") == ["firework_opens"]
        assert next(iter(MATTERS)) == "fireworks"
        with pytest.raises(ValueError, match="twice"):
            register_matter("fireworks", Matter("Fireworks", "Again"))
        with pytest.raises(ValueError, match="twice"):
            register("firework_opens", Kind("Again", frozenset(), "fireworks"))
        with pytest.raises(KeyError):
            register("surprise", Kind("A surprise", frozenset(), "surprises"))
        with pytest.raises(ValueError, match="twice"):
            register_matter("digest", Matter("The digest", "is no matter"))
    finally:
        for known, kept in zip((MATTERS, KINDS), before, strict=True):
            known.clear()
            known.update(kept)
