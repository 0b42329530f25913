"""Letting go: nothing that points at a person or an account is forgotten when they are."""

import datetime as dt
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from celery import current_app
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client

from accounts import credentials, privacy
from accounts.models import Account, Credential, Cursor, LinkedAccount, Membership, Person, User
from accounts.networks.base import ORIGINS, VERBS
from scoring.models import (
    AccountScore,
    Award,
    Component,
    CounterReading,
    ImportJob,
    Interaction,
    Post,
    PostTotal,
    Relation,
    Score,
    ScoreHistory,
    ScoreRun,
    Tombstone,
)
from scoring.publish import history_partition
from tests.accounts.conftest import link, logged_in

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
NAMES = {"account", "account_id", "target", "actor", "person", "person_id", "user", "user_id"}


def pointing(known: set[type[models.Model]]) -> Iterator[type[models.Model]]:
    """Every model with a column that names a person, a user or an account, or a row that does."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields(include_hidden=True):
            if not field.concrete or (field.auto_created and field.primary_key):
                continue
            related = field.related_model if field.is_relation and not field.many_to_many else None
            if related in known or (model._meta.app_label in OURS and field.name in NAMES):
                yield model
                break


OURS = {
    config.label for config in apps.get_app_configs() if config.name.split(".")[0] in {"accounts", "scoring", "perks"}
}


def uncovered() -> set[str]:
    """The models that point at people or accounts, directly or through another, without an entry."""
    known: set[type[models.Model]] = {Person, User, Account, LinkedAccount}
    while (found := known | set(pointing(known))) != known:
        known = found
    covered = {label for entry in privacy.REGISTRY.values() for label in entry.models}
    covered |= {model._meta.label for model in privacy.OWN_MODELS}
    covered |= set(privacy.GO_WITH_THE_USER)
    return {model._meta.label for model in known} - covered


def test_every_model_that_points_at_a_person_or_account_has_an_entry() -> None:
    assert uncovered() == set()


@pytest.mark.parametrize(
    "label", ["scoring.ScoreHistory", "scoring.Interaction", "scoring.Award", "scoring.AccountScore"]
)
def test_a_model_without_an_entry_would_be_noticed(monkeypatch: pytest.MonkeyPatch, label: str) -> None:
    entry = privacy.REGISTRY["scoring"]
    poorer = privacy.Entry(entry.name, entry.export, entry.erase, entry.erase_accounts, entry.models - {label})
    monkeypatch.setitem(privacy.REGISTRY, "scoring", poorer)
    assert uncovered() == {label}


def test_an_entry_is_made_once_and_of_models_that_exist() -> None:
    with pytest.raises(ValueError, match="twice"):
        privacy.register("scoring", dict, lambda person, at: {}, models=[])
    with pytest.raises(LookupError):
        privacy.register("new", dict, lambda person, at: {}, models=["scoring.Nothing"])
    assert "new" not in privacy.REGISTRY


def interaction(number: int, target: int, actor: int) -> Interaction:
    return Interaction(
        key=f"{number:032x}",
        occurred_at=AT,
        target=target,
        actor=actor,
        network=2,
        verb=VERBS["like"],
        origin=ORIGINS["api"],
    )


@pytest.fixture
def lived(alice: Person, bob: Person, settings, tmp_path: Path) -> dict[str, object]:
    """Alice has a bit of everything; Bob reacted to her and she to him."""
    settings.LAKE = str(tmp_path / "lake")
    mine, other = link(alice), link(bob, external_id="2", handle="bob@town.example")
    hers, his = mine.account_id, other.account_id
    Cursor.objects.create(link=mine, stream="notifications")
    Interaction.objects.bulk_create(
        [interaction(1, hers, his), interaction(2, his, hers), interaction(3, his, 999_999)]
    )
    common = {"network": 2, "origin": 2}
    Relation.objects.create(target=hers, actor=his, verb=VERBS["follow"], observed_at=AT, **common)
    CounterReading.objects.create(account=hers, name="followers", day=AT.date(), value=7, observed_at=AT, **common)
    PostTotal.objects.create(account=hers, post=5, verb=VERBS["like"], total=3, occurred_at=AT, **common)
    Post.objects.create(account=hers, post=5, external_id="5", url="https://town.example/5", posted_at=AT)
    run = ScoreRun.objects.create(as_of=AT.date(), formula="v1", state="done")
    day, fair = AT.date(), Score.Confidence.FAIR
    points = {"score": 40.0, "reach": 20.0, "amplification": 10.0, "network_part": 10.0, "percentile": 50.0}
    history_partition(day)
    for person in (alice, bob):
        Score.objects.create(person=person, run=run, confidence=fair, formula="v1", as_of=day, **points)
        ScoreHistory.objects.create(
            person_id=person.pk, as_of=day, confidence=fair, formula="v1", run_id=run.pk, **points
        )
        Award.objects.create(person=person, family="people", level=1, earned_on=day)
        leaf = {"network": "mastodon", "part": "reach", "feature": "x", "value": 1.0, "points": 1.0}
        Component.objects.create(person=person, account=hers, **leaf)
    AccountScore.objects.create(account=hers, standing=1, confidence=1, **points)
    upload = tmp_path / "upload.zip"
    upload.write_bytes(b"zip")
    ImportJob.objects.create(person=alice, user=alice.users.get(), path=str(upload), file_name="alice.zip")
    alice.avatar.save("picture.webp", io.BytesIO(b"picture"))
    return {"hers": hers, "his": his, "upload": upload, "avatar": Path(alice.avatar.path)}


def texts_in_database() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            rows += [f"{table} {row[0]}" for row in cursor.fetchall()]
    return "\n".join(rows)


def test_after_erasing_nothing_is_left_of_a_person(
    alice: Person, bob: Person, lived: dict, django_capture_on_commit_callbacks
) -> None:
    client = logged_in(alice)
    user = alice.users.get()
    assert client.get("/settings").status_code == 200
    # She has logged in on another device long ago, too.
    assert logged_in(alice).get("/settings").status_code == 200
    Session.objects.exclude(pk=client.session.session_key).update(expire_date=AT - dt.timedelta(days=365))
    LogEntry.objects.log_actions(bob.users.get().pk, [user, alice], CHANGE, "changed", single_object=False)
    pk, klout_id = alice.pk, alice.klout_id
    with django_capture_on_commit_callbacks(execute=True):
        removed = privacy.erase_person(person=alice, at=AT)
    assert removed["people"] == removed["log-ins"] == removed["linked accounts"] == 1
    assert removed["sessions"] == 2
    assert removed["interactions"] == 2
    assert removed["days of history"] == removed["scores"] == removed["awards"] == removed["uploads"] == 1
    left = texts_in_database()
    for trace in ("Alice", "alice@", str(klout_id), "town.example/5"):
        assert trace not in left
    hers = lived["hers"]
    for model in (Interaction, Relation):
        assert not model.objects.filter(target=hers).exists() | model.objects.filter(actor=hers).exists()
    for model in (CounterReading, PostTotal, Post, AccountScore, Component):
        assert not model.objects.filter(account=hers).exists()
    assert not ScoreHistory.objects.filter(person_id=pk).exists()
    assert Tombstone.objects.get().account == hers
    assert not lived["upload"].exists()
    assert not lived["avatar"].exists()
    assert not Session.objects.exists()
    assert client.get("/settings").status_code == 302
    # Bob is whole.
    assert Person.objects.get() == bob
    assert bob.score.score == 40.0
    assert EmailAddress.objects.get().email == "bob@example.org"
    assert Interaction.objects.get().target == lived["his"]


def test_an_erased_page_is_answered_like_one_that_never_was(alice: Person, lived: dict) -> None:
    assert Client().get("/alice").status_code == 200
    privacy.erase_person(person=alice, at=AT)
    erased, unknown = Client().get("/alice"), Client().get("/nobody")
    assert erased.status_code == unknown.status_code == 404
    assert erased.content == unknown.content
    assert dict(erased.headers) == dict(unknown.headers)


def test_erasing_is_all_or_nothing(alice: Person, lived: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    before = texts_in_database()

    def fail(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(privacy, "_erase_users", fail)
    with pytest.raises(RuntimeError):
        privacy.erase_person(person=alice, at=AT)
    assert texts_in_database() == before
    assert lived["upload"].exists()
    assert lived["avatar"].exists()


def test_a_log_in_that_speaks_for_others_stays(alice: Person, bob: Person) -> None:
    firm = Person.objects.create(handle="acme", kind="organisation")
    Membership.objects.create(user=alice.users.get(), person=firm)
    privacy.erase_person(person=alice, at=AT)
    assert User.objects.filter(email="alice@example.org").exists()
    assert firm.users.get().person == firm
    bob.users.update(is_staff=True)
    privacy.erase_person(person=bob, at=AT)
    assert User.objects.filter(email="bob@example.org").exists()


def test_unlinking_erases_what_was_collected_and_leaves_the_person(alice: Person, lived: dict) -> None:
    removed = privacy.unlink(link=alice.links.get(), at=AT)
    assert removed["interactions"] == 2
    hers = lived["hers"]
    assert not Account.objects.filter(pk=hers).exists()
    assert not Cursor.objects.exists()
    assert not Component.objects.filter(account=hers).exists()
    assert Tombstone.objects.get().account == hers
    assert Person.objects.filter(pk=alice.pk).exists()


def test_who_has_no_account_left_has_no_score(alice: Person, lived: dict, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        privacy.unlink(link=alice.links.get(), at=AT)
    assert not Score.objects.filter(person=alice).exists()
    assert not Component.objects.filter(person=alice).exists()
    assert ScoreHistory.objects.filter(person_id=alice.pk).exists(), "the days of the chart stay"


def test_who_has_accounts_left_is_scored_anew(
    alice: Person, lived: dict, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: sent.append((name, args)))
    second = link(alice, network="twitter", external_id="77", handle="alice77")
    with django_capture_on_commit_callbacks(execute=True):
        privacy.unlink(link=second, at=AT)
    assert sent == [("scoring.tasks.score_provisionally", [alice.pk])]
    assert alice.score.score == 40.0


def test_pages_go_with_the_profile_they_are_read_through(alice: Person) -> None:
    profile = link(alice, network="facebook", external_id="10", handle="")
    page = link(alice, network="facebook", external_id="11", handle="bakery")
    LinkedAccount.objects.filter(pk=page.pk).update(kind="page", through=profile)
    assert privacy.goes_with(profile) == [page]
    assert privacy.unlink(link=profile, at=AT)["linked accounts"] == 2
    assert not LinkedAccount.objects.exists()


@pytest.mark.parametrize("told", [True, False])
def test_the_network_is_told_before_a_token_goes_and_else_the_person(
    alice: Person, told: bool, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    linked = link(alice, network="twitter", external_id="1", handle="alice")
    Credential.objects.create(link=linked, token=b"sealed")
    seen = []

    def revoke(link: LinkedAccount, at: dt.datetime) -> bool:
        seen.append(Credential.objects.filter(link=link).exists())
        return told

    monkeypatch.setattr(credentials, "revoke", revoke)
    with django_capture_on_commit_callbacks(execute=True):
        privacy.unlink(link=linked, at=AT)
    assert seen == [True]
    assert not Credential.objects.exists()
    assert [message.subject for message in mail.outbox] == (
        [] if told else ["Twitter/X could not be told that we no longer read @alice"]
    )


def test_what_would_go_is_counted_and_nothing_goes(alice: Person, lived: dict) -> None:
    before = texts_in_database()
    counts = privacy.count_person(alice)
    assert texts_in_database() == before
    removed = privacy.erase_person(person=alice, at=AT)
    for kind, number in counts.items():
        assert removed[kind] == number, kind
    assert {"linked accounts", "interactions", "scores", "log-ins", "pictures", "uploads"} <= set(counts)


def test_an_export_holds_everything_and_json_can_carry_it(alice: Person, lived: dict) -> None:
    exported = json.loads(json.dumps(privacy.export_person(alice)))
    person, scoring = exported["person"], exported["scoring"]
    assert person["klout_id"] == str(alice.klout_id)
    assert person["members"][0]["email"] == "alice@example.org"
    assert person["accounts"][0]["handle"] == "alice@town.example"
    assert scoring["score"][0]["score"] == 40.0
    assert scoring["history"][0]["as_of"] == "2026-11-20"
    assert scoring["counters"][0]["value"] == 7
    assert scoring["posts"][0]["url"] == "https://town.example/5"
    assert scoring["reactions_received"] == [
        {"account": lived["hers"], "network": "facebook", "verb": "like", "number": 1}
    ]
    assert [len(scoring[name]) for name in ("why", "awards", "uploads", "totals_of_posts")] == [1, 1, 1, 1]
    assert "bob" not in json.dumps(exported).lower()


@pytest.mark.django_db(transaction=True)
def test_erasing_waits_for_what_is_being_collected(alice: Person, race, settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake")
    gone = Person(pk=alice.pk)
    linked = link(alice)
    inside, order = threading.Event(), []

    def collect_or_erase(number: int) -> None:
        if number == 0:
            with privacy.keeping(alice, "reading your Twitter/X account"):
                inside.set()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.5)")
                order.append("collected")
        else:
            inside.wait(timeout=10)
            with pytest.raises(privacy.Busy) as busy:
                privacy.unlink(link=linked, at=AT)
            order.append(busy.value.doing)
            privacy.erase_person(person=alice, at=AT)
            order.append("erased")

    race(collect_or_erase, 2)
    assert order == ["reading your Twitter/X account", "collected", "erased"]
    with pytest.raises(Person.DoesNotExist), privacy.keeping(gone):
        pass


def erase(*args: str, typed: str | None = None, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    if monkeypatch is not None:

        def answer(prompt: str) -> str:
            if typed is None:
                raise EOFError
            return typed

        monkeypatch.setattr("builtins.input", answer)
    out = io.StringIO()
    call_command("erase_person", *args, stdout=out)
    return out.getvalue()


def test_the_command_asks_and_says_what_was_removed(
    alice: Person, lived: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in ("bob", "", None):
        with pytest.raises(CommandError, match="nothing was erased"):
            erase("alice", typed=typed, monkeypatch=monkeypatch)
    assert Person.objects.filter(handle="Alice").exists()
    said = erase("@ALICE", typed="Alice", monkeypatch=monkeypatch)
    assert "2  interactions" in said
    assert "1  people" in said
    assert not Person.objects.filter(handle="Alice").exists()
    with pytest.raises(CommandError, match="nobody"):
        erase("alice", "--yes")


def test_the_command_can_be_told_not_to_ask(bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "bob is erased" in erase("bob", "--yes", monkeypatch=monkeypatch)
    assert not Person.objects.exists()
