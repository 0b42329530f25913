"""As a data-protection officer would look: everywhere, for every trace, after somebody was let go."""

import datetime as dt
import io
import logging
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as django_settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts import consent, credentials, erasure, handing_out, joining, notify, opt_out, pauses, privacy, tokens
from accounts.models import (
    Account,
    AccountClaim,
    Credential,
    Cursor,
    ExportJob,
    LinkedAccount,
    Membership,
    Pause,
    Person,
    Spending,
    User,
)
from accounts.networks.base import ORIGINS, VERBS, Owner
from accounts.networks.oauth import Tokens
from scoring import log
from scoring.log import lake as lakes
from scoring.models import (
    AccountScore,
    Component,
    CounterReading,
    ImportJob,
    Interaction,
    Post,
    PostTotal,
    Relation,
    Tombstone,
)
from tests.accounts.conftest import logged_in

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
AFTER = dt.date(2026, 12, 1)
# What nothing but Alice's own rows can hold: her ids, names, addresses and tokens.
HERS = (
    "810000000000000001",
    "alice.wonder@town.example",
    "alice.wonder",
    "wonderland-street",
    "tok-access-of-alice",
    "tok-refresh-of-alice",
    "alice-export-name.zip",
    "post-of-alice-7",
    "seen-through-alice",
)
X_ID, MASTODON_ID = "810000000000000001", "alice.wonder@town.example"
# Numbers of hers in the log and the lake; large, so that they are nothing else's.
X, MASTODON = 7_310_000_000_000_001, 7_310_000_000_000_002
BOBS, STRANGER = 7_310_000_000_000_003, 7_310_000_000_000_004


@pytest.fixture(autouse=True)
def places(settings, tmp_path: Path) -> None:
    """Everything that is written lies under one folder, mails too."""
    settings.LAKE = str(tmp_path / "var" / "lake")
    settings.MEDIA_ROOT = tmp_path / "var" / "media"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "var" / "mail"


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """All that is logged, at every level."""
    text = io.StringIO()
    handler, root = logging.StreamHandler(text), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for noisy in ("django.db.backends", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.INFO)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


# ---------------------------------------------------------------- looking


def in_tables() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            yield from ((table, row) for (row,) in cursor.fetchall())
    # What a session holds is encoded in its row.
    yield from (("django_session", str(session.get_decoded())) for session in Session.objects.all())


def in_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it lies there, and what Parquet files hold."""
    for path in root.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(root)), str(path).encode() + b" " + path.read_bytes()
            if path.suffix == ".zip" and zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    yield from ((str(path.relative_to(root)), archive.read(name)) for name in archive.namelist())
            if path.suffix == ".parquet":
                yield str(path.relative_to(root)), str(pq.read_table(path).to_pydict()).encode()


def in_cache() -> Iterator[tuple[str, bytes]]:
    client = cache._cache.get_client()
    marker = cache.make_key("").rsplit(":", 2)[0]
    for key in client.scan_iter("*"):
        if marker.encode() in key:
            kind = client.type(key)
            value = client.get(key) if kind == b"string" else repr(client.dump(key)).encode()
            yield key.decode(errors="replace"), key + b" " + (value or b"")


def encodings(trace: str) -> Iterable[bytes]:
    """A trace as text, as a number in Parquet's bytes, and as BYTEA reads in JSON."""
    yield trace.lower().encode()
    yield trace.encode().hex().encode()
    if trace.isdigit():
        yield int(trace).to_bytes(8, "little")


def found(traces: Iterable[str], root: Path, logged: str = "") -> list[str]:
    """Where any of `traces` is: table, file, key of the cache, or the log."""
    needles = [(trace, needle) for trace in traces for needle in encodings(trace)]
    places = [(f"table {name}", text.lower().encode()) for name, text in in_tables()]
    places += [(f"file {name}", data + b" " + data.lower()) for name, data in in_files(root)]
    places += [(f"cache {name}", data + b" " + data.lower()) for name, data in in_cache()]
    places += [("log", logged.lower().encode())]
    return sorted({f"{place}: {trace}" for place, data in places for trace, needle in needles if needle in data})


# ---------------------------------------------------------------- a full life


def lived(person: Person, bob: Person) -> None:
    """Alice has all that one can have here."""
    user = person.users.get()
    Person.objects.filter(pk=person.pk).update(name="Alice Wonder", bio="wonderland-street 7")
    person.refresh_from_db()
    on_x = Account.objects.create(pk=X, network="twitter", external_id=X_ID, handle="alice.wonder")
    on_mastodon = Account.objects.create(pk=MASTODON, network="mastodon", external_id=MASTODON_ID, handle=MASTODON_ID)
    Account.objects.create(pk=BOBS, network="twitter", external_id="555", handle="bob")
    Account.objects.create(pk=STRANGER, network="twitter", external_id="666", handle="stranger")
    x = LinkedAccount.objects.create(account=on_x, person=person, proof="network")
    mastodon = LinkedAccount.objects.create(account=on_mastodon, person=person, server="https://town.example")
    LinkedAccount.objects.create(account_id=BOBS, person=bob)
    for link in (x, mastodon):
        credentials.keep(link, Tokens("tok-access-of-alice", "tok-refresh-of-alice", AT, None, ("read",)), AT)
        Cursor.objects.create(link=link, stream="profile", value={"user_ids": [X_ID]}, error=f"about {X_ID}")
        pauses.begin(link=link, reason=Pause.Reason.BROKEN, at=AT)
    Spending.objects.create(person=person, network="twitter", day=AT.date(), cost=1, items={"user": 1})
    AccountClaim.objects.create(account=on_x, person=bob, holder=person, due_at=AT, objection="alice.wonder is me")
    AccountClaim.objects.create(
        account_id=BOBS, person=person, holder=bob, due_at=AT, sealed=tokens.encrypt("tok-access-of-alice")
    )
    consent.record(user=user, person=person, subject="connect:twitter", given=True, wording="Read.", at=AT)
    SocialAccount.objects.create(user=user, provider="google", uid="alice.wonder", extra_data={"n": "alice.wonder"})
    person.avatar.save("picture.webp", io.BytesIO(b"seen-through-alice"))
    upload = django_settings.VAR / "uploads" / "waiting.zip"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"alice.wonder")
    ImportJob.objects.create(person=person, user=user, path=str(upload), file_name="alice-export-name.zip")
    told = {"network": "twitter", "state": "done", "error": f"about {X_ID}", "path": str(upload), "file_name": "x"}
    ImportJob.objects.create(person=person, user=user, **told)
    collected()
    copy, _ = handing_out.ask(person=person, user=user, at=AT)
    handing_out.make(job_id=copy.pk, at=AT)
    joining.hold_handle("somebody")
    notify.notify(
        person=person, kind="link_broken", context={"network": "X", "handle": "alice.wonder", "url": "/settings"}
    )
    client = logged_in(person)
    assert client.get("/settings").status_code == 200
    Client().post("/accounts/login/", {"login": user.email, "password": "wrong"})
    staff = User.objects.create_superuser("staff@example.org", "phrase")
    firm = Person.objects.create(handle="acme", kind="organisation")
    everything = [user, person, on_x, x, copy, *AccountClaim.objects.all()]
    for thing in everything:
        LogEntry.objects.log_actions(staff.pk, [thing], CHANGE, "changed", single_object=False)
    added = [{"added": {"name": "membership", "object": f"{user.email} as owner of acme"}}]
    LogEntry.objects.log_actions(staff.pk, [firm], CHANGE, added, single_object=False)


def collected() -> None:
    """Reactions in the lake and in the tables, both ways, and all other kinds of rows."""

    def reaction(number: int, target: int, actor: int, days: int) -> Interaction:
        return Interaction(
            key=f"{number:032x}",
            occurred_at=AT - dt.timedelta(days=days),
            target=target,
            actor=actor,
            network=1,
            verb=VERBS["reply"],
            origin=ORIGINS["api"],
        )

    pairs = [(X, BOBS), (BOBS, X), (MASTODON, STRANGER), (BOBS, STRANGER)]
    Interaction.objects.bulk_create([reaction(n, *pair, days=5) for n, pair in enumerate(pairs)])
    log.compact(AT.date())
    Interaction.objects.bulk_create([reaction(n + 10, *pair, days=0) for n, pair in enumerate(pairs)])
    log.write_features(AT.date(), "v1", {"account": np.array([X, MASTODON, BOBS]), "standing": np.array([1, 2, 3])})
    common = {"network": 1, "origin": 1}
    points = {"score": 9.0, "reach": 1.0, "amplification": 1.0, "network_part": 1.0, "percentile": 50.0}
    for account in (X, MASTODON):
        Relation.objects.create(target=account, actor=BOBS, verb=VERBS["follow"], observed_at=AT, **common)
        CounterReading.objects.create(
            account=account, name="followers", day=AT.date(), value=7, observed_at=AT, **common
        )
        PostTotal.objects.create(account=account, post=5, verb=1, total=3, occurred_at=AT, **common)
        Post.objects.create(account=account, post=5, external_id="post-of-alice-7", posted_at=AT)
        AccountScore.objects.create(account=account, standing=1, confidence=1, **points)
    person = LinkedAccount.objects.get(account=X).person
    Component.objects.create(person=person, network="twitter", account=X, part="reach", feature="x", value=1, points=1)


@pytest.fixture
def var(settings, alice: Person, bob: Person, monkeypatch, django_capture_on_commit_callbacks) -> Path:
    monkeypatch.setattr(credentials, "revoke", lambda link, at: True)
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **options: None)
    with django_capture_on_commit_callbacks(execute=True):
        lived(alice, bob)
    return Path(settings.VAR)


def after_two_days(var: Path) -> None:
    """Two daily runs: the first takes the erased out of the lake, the second removes what readers no longer need."""
    log.compact(AT.date(), at=AT)
    for path in (var / "lake" / "manifest").iterdir():
        os.utime(path, (path.stat().st_mtime - 24 * 3600,) * 2)
    log.compact(AT.date(), at=AT)


NUMBERS = (str(X), str(MASTODON))


def test_all_of_it_can_be_found_before(var: Path) -> None:
    """The search itself: what it cannot find here, it would not find afterwards either."""
    text = "\n".join(found(HERS + NUMBERS, var))
    for table in ("accounts_account", "accounts_cursor", "accounts_accountclaim", "scoring_importjob", "scoring_post"):
        assert f"table {table}" in text
    for trace in HERS:
        # Tokens are encrypted wherever they are.
        assert (f": {trace}" in text) != trace.startswith("tok-"), trace
    for part in (
        "file lake/days",
        "file lake/features",
        "file uploads",
        "file media/avatars",
        "file mail",
        "file exports",
    ):
        assert part in text, part
    assert "alice@example.org" in "\n".join(row for _, row in in_tables())
    assert any(b"handle-held" in data for _, data in in_cache())
    assert Credential.objects.count() == 2


def test_after_erasing_nothing_is_found_anywhere(
    var: Path, alice: Person, logs: io.StringIO, django_capture_on_commit_callbacks
) -> None:
    klout_id = str(alice.klout_id)
    with django_capture_on_commit_callbacks(execute=True):
        erasure.ask(person=alice, at=AT)
    with django_capture_on_commit_callbacks(execute=True):
        assert erasure.carry_out_due(at=AT + dt.timedelta(days=15)).erased == 1
    after_two_days(var)
    traces = (*HERS, "alice@example.org", klout_id, "alice")
    # The operator's own log names nobody either; the numbers of the erased stand in the tombstones alone.
    assert found(traces, var, logs.getvalue()) == []
    tombstones = [f"table {Tombstone._meta.db_table}: {number}" for number in sorted(NUMBERS)]
    assert found(NUMBERS, var, logs.getvalue()) == tombstones
    assert Person.objects.filter(handle="Bob").exists()
    assert Interaction.objects.filter(target=BOBS, actor=STRANGER).exists()
    assert not ExportJob.objects.exists()
    assert not Membership.objects.filter(person__handle="Alice").exists()


def test_until_the_next_runs_only_superseded_files_of_the_lake_hold_the_number(
    var: Path, alice: Person, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(person=alice, at=AT)
    at_once = found((*HERS, *NUMBERS), var)
    assert all(place.startswith(("file lake/", f"table {Tombstone._meta.db_table}")) for place in at_once), at_once
    assert any(place.startswith("file lake/") for place in at_once)
    log.compact(AT.date(), at=AT)
    current = lakes.open_lake().manifest().files
    assert all(place.partition(" ")[2].partition(":")[0].removeprefix("lake/") not in current for place in at_once)
    after_two_days(var)
    assert not any(place.startswith("file") for place in found((*HERS, *NUMBERS), var))


def test_after_unlinking_nothing_of_that_account_is_found(
    var: Path, alice: Person, logs: io.StringIO, django_capture_on_commit_callbacks
) -> None:
    # What is hers beside the account stays: her log-in and her other account.
    Cursor.objects.filter(link__account=MASTODON).update(value={}, error="")
    with django_capture_on_commit_callbacks(execute=True):
        privacy.unlink(link=LinkedAccount.objects.get(account=X), at=AT)
    after_two_days(var)
    assert found((X_ID,), var, logs.getvalue()) == []
    assert found((str(X),), var, logs.getvalue()) == [f"table {Tombstone._meta.db_table}: {X}"]
    assert LinkedAccount.objects.get(person=alice).account_id == MASTODON
    assert Credential.objects.get().link.account_id == MASTODON


def test_after_an_opt_out_nothing_of_that_account_is_found(
    var: Path, bob: Person, logs: io.StringIO, django_capture_on_commit_callbacks
) -> None:
    Account.objects.filter(pk=STRANGER).update(external_id="820000000000000009", handle="dan.of.nowhere")
    owner = Owner("820000000000000009", handle="dan.of.nowhere")
    with django_capture_on_commit_callbacks(execute=True):
        opt_out.add(network="twitter", owner=owner, at=AT)
    after_two_days(var)
    assert found((owner.external_id, owner.handle), var, logs.getvalue()) == []
    assert found((str(STRANGER),), var, logs.getvalue()) == [f"table {Tombstone._meta.db_table}: {STRANGER}"]
