"""Leaving an account out: by proof alone, for good, whatever comes in later; and undoing it by the same proof."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from accounts import linking, opt_out, opting_out, privacy
from accounts.models import Account, LinkedAccount, OptOut, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import BadRecord, Interaction, Owner, Unreachable
from accounts.networks.http import NotFound
from scoring import log
from scoring import models as scoring
from scoring.collect import bulk
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from tests.accounts.conftest import link, logged_in

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
CAROL = Owner("300", handle="Carol")
HEADER = ["target", "actor", "verb", "occurred_at", "target_handle", "actor_handle"]


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path, db: None) -> None:
    settings.LAKE = str(tmp_path / "lake")


def imported(rows: Iterable[tuple[str, ...]], tmp_path: Path, network: str = "twitter", **options: object) -> Summary:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows([*row, *[""] * (len(HEADER) - len(row))] for row in rows)
    return bulk.import_rows(path=path, network=network, at=AT, **options)


def reply(target: str, actor: str, hour: int = 10, actor_handle: str = "") -> tuple[str, ...]:
    return (target, actor, "reply", f"2026-11-10T{hour:02}:00:00Z", "", actor_handle)


def known() -> set[str]:
    return set(Account.objects.values_list("external_id", flat=True))


# ---------------------------------------------------------------- what is kept


def test_only_fingerprints_are_kept_and_another_key_makes_others(settings) -> None:
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    kept = b"".join(bytes(row.digest) for row in OptOut.objects.all())
    assert b"300" not in kept
    assert b"carol" not in kept.lower()
    assert {len(bytes(row.digest)) for row in OptOut.objects.all()} == {32}
    assert opt_out.suppressed("twitter", ["300", "301"]) == {"300"}
    settings.OPT_OUT_KEY = "another key"
    assert opt_out.suppressed("twitter", ["300"]) == set()


@pytest.mark.parametrize("key", ["short", "k" * 64, "k" * 65, "\u00fc" * 90])
def test_many_ids_are_fingerprinted_as_one_is(settings, key: str) -> None:
    settings.OPT_OUT_KEY = key
    ids = ["1", " Alice", "did:plc:\u00e9", "\ud800", ""]
    assert dict(opt_out._digested("twitter", ids)) == {name: opt_out.digest("twitter", name) for name in ids}


def test_no_account_and_no_person_is_made() -> None:
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    assert not Account.objects.exists()
    assert not Person.objects.exists()
    assert not User.objects.exists()


def test_ids_of_other_networks_and_parts_of_ids_are_others() -> None:
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    assert opt_out.suppressed("facebook", ["300"]) == set()
    assert opt_out.suppressed("twitter", ["30", "3000", "", "@300"]) == set()


def test_what_stands_in_for_an_id_is_left_out_too() -> None:
    opt_out.add(network="linkedin", owner=Owner("mail:abc", handle="carol-c", name="Carol  Clark"), at=AT)
    ids = ["mail:abc", "@carol-c", "@Carol-C", "in/carol-c", "name:carol clark", "name:carol", "in/bob"]
    assert opt_out.suppressed("linkedin", ids) == set(ids[:5])


# ---------------------------------------------------------------- coming in again


def test_what_is_known_is_erased_from_tables_and_lake(tmp_path: Path) -> None:
    imported([reply("100", "300"), reply("300", "100"), reply("100", "200")], tmp_path)
    log.compact(dt.date(2026, 12, 1))
    imported([reply("100", "300", 12)], tmp_path)
    number = Account.objects.get(external_id="300").pk
    removed = opt_out.add(network="twitter", owner=CAROL, at=AT)
    assert removed["linked accounts"] == 1
    assert known() == {"100", "200"}
    assert not scoring.Interaction.objects.filter(actor=number).exists()
    snapshot = log.snapshot(dt.date(2026, 12, 1))
    assert number in snapshot.erased.tolist()


def test_it_stays_away_when_a_table_is_imported_again(tmp_path: Path) -> None:
    rows = [reply("100", "300"), reply("300", "100"), reply("100", "@carol", 11), reply("100", "200", 12, "bob")]
    imported(rows, tmp_path)
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    summary = imported(rows, tmp_path)
    assert known() == {"100", "200"}
    assert (summary.read, summary.new, summary.known, summary.rejected, summary.left_out) == (4, 0, 1, 0, 3)
    assert "3 rows left out on request" in "\n".join(summary.lines())
    assert scoring.Interaction.objects.count() == 1


def test_a_dry_run_counts_the_same(tmp_path: Path) -> None:
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    summary = imported([reply("100", "300"), reply("100", "200")], tmp_path, dry_run=True)
    assert (summary.new, summary.left_out, summary.accounts_new) == (1, 1, 2)
    assert not known()


@pytest.mark.parametrize("origin", ["api", "archive"])
def test_it_stays_away_from_what_an_api_or_an_export_tells(alice: Person, origin: str) -> None:
    owner = link(alice, network="twitter", external_id="100", handle="alice")
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    summary = Summary("twitter")
    records = [
        Interaction("reply", "300", AT, key="1"),
        Interaction("follow", "300", None),
        Interaction("follow", "@CAROL", None),
        Interaction("like", "200", AT, key="2"),
    ]
    with Staging(spec=NETWORKS["twitter"].spec, origin=origin, at=AT) as staging:
        for record in records:
            assert staging.record(owner.account.external_id, record) == ""
        merge(staging, summary)
    assert known() == {"100", "200"}
    assert (summary.new, summary.known, summary.left_out) == (1, 0, 3)
    assert not scoring.Relation.objects.exists()


def test_where_nobody_has_opted_out_no_id_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opt_out.add(network="mastodon", owner=Owner("carol@town.example"), at=AT)

    def fail(*args: object) -> None:
        raise AssertionError("nobody asked for this")

    monkeypatch.setattr(opt_out, "suppressed", fail)
    assert imported([reply("100", "300")], tmp_path).new == 1


def test_an_account_that_came_in_between_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported([reply("100", "300"), reply("100", "200")], tmp_path)
    monkeypatch.setattr(privacy, "erase_accounts", lambda **given: {})
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    assert "300" in known()
    monkeypatch.undo()
    assert opt_out.sweep(at=AT) == 1
    assert known() == {"100", "200"}
    assert opt_out.sweep(at=AT) == 0


@pytest.mark.django_db(transaction=True)
def test_an_import_under_way_is_waited_for_and_then_erased_from(race, tmp_path: Path) -> None:
    done: list[str] = []

    def act(number: int) -> None:
        if number == 0:
            with transaction.atomic():
                opt_out.hold()
                assert opt_out.suppressed("twitter", ["300"]) == set()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.6)")
                Account.objects.create(network="twitter", external_id="300")
                done.append("stored")
        else:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2)")
            opt_out.add(network="twitter", owner=CAROL, at=AT)
            done.append("left out")

    race(act, 2)
    assert done == ["stored", "left out"]
    assert not known()


@pytest.mark.django_db(transaction=True)
def test_a_long_import_is_not_waited_for_and_is_swept_after(race, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt_out, "PATIENCE", "100ms")
    done: list[str] = []

    def act(number: int) -> None:
        if number == 0:
            with transaction.atomic(), connection.cursor() as cursor:
                opt_out.hold()
                cursor.execute("SELECT pg_sleep(1)")
                Account.objects.create(network="twitter", external_id="300")
                done.append("stored")
        else:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2)")
            with pytest.raises(privacy.Busy):
                opt_out.add(network="twitter", owner=CAROL, at=AT)
            done.append("told to wait")
            assert opt_out.suppressed("twitter", ["300"]) == {"300"}
            assert opt_out.sweep(at=AT) == 1

    race(act, 2)
    assert done == ["told to wait", "stored"]
    assert not known()


# ---------------------------------------------------------------- linked


def test_an_account_that_was_linked_goes_and_its_person_is_told(
    alice: Person, django_capture_on_commit_callbacks
) -> None:
    link(alice, network="twitter", external_id="300", handle="Carol")
    with django_capture_on_commit_callbacks(execute=True):
        opt_out.add(network="twitter", owner=CAROL, at=AT)
    assert not LinkedAccount.objects.exists()
    assert [message.subject for message in mail.outbox] == ["Twitter/X: Carol is no longer known here"]
    assert Person.objects.get() == alice


def test_nobody_takes_away_a_namesakes_account_by_opting_out(alice: Person, django_capture_on_commit_callbacks) -> None:
    link(alice, network="facebook", external_id="name:alice archer", handle="")
    with django_capture_on_commit_callbacks(execute=True):
        opt_out.add(network="facebook", owner=Owner("666", name="Alice Archer"), at=AT)
        opt_out.sweep(at=AT)
    assert LinkedAccount.objects.get().account.external_id == "name:alice archer"
    assert not mail.outbox
    # The operator, who knows which one is meant, can.
    opt_out.add(network="facebook", owner=Owner("name:alice archer"), at=AT)
    assert not LinkedAccount.objects.exists()


def test_linking_it_later_is_refused_with_the_way_to_undo_it(alice: Person, settings) -> None:
    settings.SITE_URL = "https://klout.example"
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    given = {"person": alice, "spec": NETWORKS["twitter"].spec, "owner": CAROL, "proof": "network", "at": AT}
    with pytest.raises(opt_out.OptedOut, match=r"https://klout\.example/opt-out\?undo=yes"):
        linking.link_account(**given)
    assert not Account.objects.exists()
    assert opt_out.undo(network="twitter", owner=CAROL)
    assert linking.link_account(**given).account.external_id == "300"
    assert not OptOut.objects.exists()
    assert not opt_out.undo(network="twitter", owner=CAROL)


def test_it_is_gone_from_the_api(alice: Person, settings) -> None:
    settings.API_KEYS = ["key"]
    link(alice, network="twitter", external_id="300", handle="Carol")
    for address in ("/v2/identity.json/tw/300?key=key", "/v2/identity.json/twitter?screenName=carol&key=key"):
        assert Client().get(address).status_code == 200
    opt_out.add(network="twitter", owner=CAROL, at=AT)
    for address in ("/v2/identity.json/tw/300?key=key", "/v2/identity.json/twitter?screenName=carol&key=key"):
        assert Client().get(address).status_code == 404


# ---------------------------------------------------------------- the page


@pytest.fixture
def on_bluesky(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Carol's profile on Bluesky, as the network's public pages say it: "about" can be changed."""
    profile = {"about": "I like trains."}

    def find(self: object, http: object, address: str) -> Owner:
        if address.strip().removeprefix("@") != "carol.example":
            raise NotFound("no such profile")
        return Owner("did:plc:carol", handle="carol.example", about=profile["about"])

    monkeypatch.setattr(type(NETWORKS["bluesky"]), "find", find)
    return profile


def ask(client: Client, handle: str = "carol.example", network: str = "bluesky", **more: str) -> str:
    response = client.post("/opt-out", {"network": network, "handle": handle, **more}, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def code_in(page: str) -> str:
    return page.partition("<code>")[2].partition("</code>")[0]


def test_who_shows_the_code_is_left_out_without_a_log_in(on_bluesky: dict[str, str], tmp_path: Path) -> None:
    imported([("did:plc:dan", "did:plc:carol", "reply", "2026-11-10T10:00:00Z")], tmp_path, "bluesky")
    client = Client()
    assert client.get("/opt-out").status_code == 200
    code = code_in(ask(client))
    assert code.startswith("klout-")
    assert "not there yet" in ask(client, step="code")
    assert not OptOut.objects.exists()
    on_bluesky["about"] = f"I like trains. {code}"
    assert "left out for good" in ask(client, step="code")
    assert opt_out.suppressed("bluesky", ["did:plc:carol", "@carol.example"]) == {"did:plc:carol", "@carol.example"}
    assert known() == {"did:plc:dan"}
    assert not User.objects.exists()


def test_undoing_needs_a_proof_of_its_own(on_bluesky: dict[str, str]) -> None:
    client = Client()
    out = code_in(ask(client))
    on_bluesky["about"] = out
    ask(client, step="code")
    assert OptOut.objects.exists()
    back = code_in(ask(client, undo="yes"))
    assert back != out
    assert "not there yet" in ask(client, step="code", undo="yes")
    assert OptOut.objects.exists(), "the code that is there said the opposite"
    on_bluesky["about"] = back
    assert "may be known here again" in ask(client, step="code", undo="yes")
    assert not OptOut.objects.exists()


def test_a_code_that_was_left_on_an_account_is_of_no_use_to_others(on_bluesky: dict[str, str]) -> None:
    carol, mallory = Client(), Client()
    on_bluesky["about"] = out = code_in(ask(carol))
    assert "left out for good" in ask(carol, step="code")
    on_bluesky["about"] += " " + (back := code_in(ask(carol, undo="yes")))
    assert "may be known here again" in ask(carol, step="code", undo="yes")
    ask(mallory)
    assert "not there yet" in ask(mallory, step="code")
    assert not OptOut.objects.exists()
    assert code_in(ask(mallory)) not in (out, back)
    # Nor to herself, by whatever browser she left it out with.
    assert "not there yet" in ask(carol, step="code")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotFound("no"), "knows no such account"),
        (BadRecord("x", "that is no handle"), "that is no handle"),
        (Unreachable("down"), "did not answer"),
    ],
)
def test_a_network_that_does_not_find_it_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def find(self: object, http: object, address: str) -> Owner:
        raise error

    monkeypatch.setattr(type(NETWORKS["bluesky"]), "find", find)
    assert said in ask(Client())


def test_networks_are_not_asked_without_end(on_bluesky: dict[str, str]) -> None:
    pages = [ask(Client(), handle="nobody.example") for _ in range(12)]
    assert "knows no such account" in pages[0]
    assert "Too many tries" in pages[-1]


def test_where_we_have_an_app_the_network_itself_says_whose_it_is(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"twitter": ("id", "secret")}
    started = []

    def start(request: object, *, slug: str, purpose: str) -> HttpResponse:
        started.append((slug, purpose))
        return HttpResponse("off you go")

    monkeypatch.setattr("accounts.social.start", start)
    assert ask(Client(), handle="", network="twitter") == "off you go"
    assert started == [("twitter", "opt_out")]


def test_coming_back_from_the_network_does_what_one_left_for(rf) -> None:
    request = rf.get("/")
    request.session = {}
    assert opting_out.proved(request, network="twitter", owner=CAROL, at=AT).url == "/opt-out/done"
    assert opt_out.suppressed("twitter", ["300"]) == {"300"}
    request.session = {opting_out.UNDO_KEY: "twitter"}
    opting_out.proved(request, network="twitter", owner=CAROL, at=AT)
    assert not OptOut.objects.exists()
    assert opting_out.UNDO_KEY not in request.session


def test_where_neither_is_possible_the_operator_is_written_to(settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Klout <hello@klout.example>"
    settings.NETWORK_KEYS = {}
    page = ask(Client(), handle="carol", network="twitter")
    assert "mailto:hello@klout.example" in page
    assert not OptOut.objects.exists()


def test_what_is_being_read_goes_later(
    alice: Person, rf, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    sent = []
    monkeypatch.setattr("accounts.opting_out.current_app.send_task", lambda name, **options: sent.append(name))

    def busy(**given: object) -> None:
        raise privacy.Busy

    monkeypatch.setattr(privacy, "erase_accounts", busy)
    request = rf.get("/")
    request.session = {}
    opting_out.proved(request, network="twitter", owner=CAROL, at=AT)
    assert sent == ["accounts.tasks.sweep_opt_outs"]
    assert opt_out.suppressed("twitter", ["300"]) == {"300"}


# ---------------------------------------------------------------- the operator


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("opt_out", *arguments, stdout=out)
    return out.getvalue()


def test_the_operator_may_do_it_and_undo_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    imported([reply("100", "300", actor_handle="Carol")], tmp_path)
    caplog.set_level("INFO")
    assert "left out for good" in command("twitter", "300", "--handle", "carol", "--reason", "a letter of 3 November")
    assert known() == {"100"}
    assert "a letter of 3 November" in caplog.text
    assert "300" not in caplog.text
    assert "may be known again" in command("twitter", "300", "--handle", "carol", "--undo")
    with pytest.raises(CommandError, match="has not opted out"):
        command("twitter", "300", "--undo")


def test_of_a_handle_alone_the_account_that_bears_it_is_meant(tmp_path: Path) -> None:
    imported([reply("100", "300", actor_handle="Carol")], tmp_path)
    assert "Only its handle is known" in command("twitter", "@carol")
    assert known() == {"100"}
    command("instagram", "@Carol.C")
    assert opt_out.suppressed("instagram", ["carol.c", "@carol.c"]) == {"carol.c", "@carol.c"}
    with pytest.raises(CommandError, match="which account"):
        command("twitter", "@")


def test_nothing_of_it_is_left_in_the_database(tmp_path: Path) -> None:
    imported([reply("100", "90210777", actor_handle="Carol.Clark")], tmp_path)
    opt_out.add(network="twitter", owner=Owner("90210777", handle="Carol.Clark"), at=AT)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                assert "90210777" not in json.dumps(row), table
                assert "carol.clark" not in row.lower(), table


def test_the_staff_may_do_it_in_the_admin(join, tmp_path: Path) -> None:
    imported([reply("100", "300", actor_handle="Carol")], tmp_path)
    staff = join("Dora")
    staff.users.update(is_staff=True)
    client = logged_in(staff)
    chosen = {"action": "leave_out", "_selected_action": [str(Account.objects.get(external_id="300").pk)]}
    client.post("/admin/accounts/account/", chosen)
    assert "300" in known(), "it takes a permission"
    staff.users.update(is_superuser=True)
    assert client.post("/admin/accounts/account/", chosen).status_code == 302
    assert known() == {"100"}
    assert opt_out.suppressed("twitter", ["300", "@carol"]) == {"300", "@carol"}
    assert not LogEntry.objects.filter(object_repr__icontains="carol").exists()
