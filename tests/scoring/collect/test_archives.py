"""Data exports, imported for a person: by the command and by what the upload page calls."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, LinkedAccount, Person
from accounts.networks.base import VERBS, BadArchive
from scoring.collect.archives import import_archive
from scoring.collect.links import AlreadyLinked
from scoring.collect.summary import Refused
from scoring.models import CounterReading, Interaction, Post, PostTotal, Relation
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db
FIXTURES = ROOT / "tests" / "fixtures" / "networks"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def alice() -> Person:
    return Person.objects.create(handle="Alice")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Alice's export of X, which may be spoiled."""
    return Path(shutil.copytree(FIXTURES / "twitter", tmp_path / "export"))


def command(path: Path, *, handle: str = "Alice", network: str = "twitter") -> str:
    out = StringIO()
    call_command("import_archive", "--network", network, "--handle", handle, str(path), stdout=out)
    return out.getvalue()


def state() -> dict[str, int]:
    models = (Account, LinkedAccount, Interaction, Relation, PostTotal, CounterReading, Post)
    return {model.__name__: model.objects.count() for model in models}


def test_an_export_becomes_relations_totals_counters_and_posts_of_the_person(alice, export):
    summary = import_archive(path=export, network="twitter", person=alice, at=AT)
    account = alice.links.get().account
    assert (account.network, account.external_id, account.handle) == ("twitter", "1001", "alice_example")
    assert summary.tallies["followers"] == Relation.objects.filter(target=account.pk).count() > 0
    assert Post.objects.filter(account=account.pk).count() > 0
    assert PostTotal.objects.filter(account=account.pk).count() > 0
    assert CounterReading.objects.filter(account=account.pk, name="followers").exists()
    assert summary.read == summary.new + summary.known + summary.rejected


EXPORTS = {
    "twitter": "twitter",
    "mastodon": "mastodon",
    "linkedin": "linkedin",
    "facebook": "facebook",
    "instagram": "instagram",
    "instagram_2020": "instagram",
    "google": "google",
    "googleplus": "googleplus",
    "foursquare": "foursquare",
    "tiktok": "tiktok",
    "blog": "blog",
    "wordpress": "blog",
    "opml": "blog",
}


@pytest.mark.parametrize(("folder", "network"), EXPORTS.items())
def test_an_export_is_recognised_and_importing_it_twice_adds_nothing(alice, folder, network):
    first = import_archive(path=FIXTURES / folder, network=None, person=alice, at=AT)
    before = state()
    again = import_archive(path=FIXTURES / folder, network=None, person=alice, at=AT + timedelta(hours=1))
    assert (first.network, again.network, again.new, again.accounts_new) == (network, network, 0, 0)
    assert again.known == first.new + first.known
    assert state() == before


def test_a_newer_export_adds_only_what_is_new(alice, tmp_path):
    def more_checkins(value):
        older = value["items"]
        older[0]["likes"]["count"] += 5
        return {"items": [older[0] | {"id": "5f00000000000000000000a9", "createdAt": 1793500000}, *older]}

    def more_fans(value):
        value["Profile And Settings"]["Follower"]["FansList"].insert(
            0, {"Date": "2026-11-01 01:02:03", "UserName": "erin"}
        )

    def more_connections(text):
        return text.replace(
            "Bob,Example", "Erin,Example,https://www.linkedin.com/in/erin,,,,16 Nov 2026\nBob,Example", 1
        )

    def newer(folder: str, name: str, change) -> Path:
        copy = Path(shutil.copytree(FIXTURES / folder, tmp_path / folder))
        [file] = copy.rglob(name)
        if name.endswith(".json"):
            value = json.loads(file.read_text())
            file.write_text(json.dumps(change(value) or value))
        else:
            file.write_text(change(file.read_text()))
        return copy

    for folder, name, change, new in (
        # A check-in with its two totals, and one that has grown; three counters of a newer day.
        ("foursquare", "checkins1.json", more_checkins, 7),
        # A follower; four counters of a newer day.
        ("tiktok", "user_data_tiktok.json", more_fans, 5),
        # A connection; four counters of a newer day.
        ("linkedin", "Connections.csv", more_connections, 5),
    ):
        first = import_archive(path=FIXTURES / folder, network=None, person=alice, at=AT)
        path = newer(folder, name, change)
        second = import_archive(path=path, network=None, person=alice, at=AT + timedelta(days=30))
        assert (folder, second.new, first.new > 5) == (folder, new, True)
        again = import_archive(path=path, network=None, person=alice, at=AT + timedelta(days=31))
        assert (folder, again.new, again.read) == (folder, 0, second.read)
    assert PostTotal.objects.filter(total=7).count() == 2


def test_a_takeout_of_two_networks_is_imported_whole(alice, tmp_path):
    for folder in ("google", "googleplus"):
        shutil.copytree(FIXTURES / folder, tmp_path / "takeout", dirs_exist_ok=True)
    summary = import_archive(path=tmp_path / "takeout", network=None, person=alice, at=AT)
    assert summary.networks == ["google", "googleplus"]
    assert summary.tallies["Google (YouTube): videos"] == 2
    assert summary.tallies["Google+ posts"] == 4
    assert {link.account.network for link in alice.links.select_related("account")} == {"google", "googleplus"}
    assert summary.read == summary.new + summary.known + summary.left_out + summary.rejected
    assert Interaction.objects.count() == 4
    again = import_archive(path=tmp_path / "takeout", network=None, person=alice, at=AT)
    assert again.new == 0


def test_one_network_of_a_takeout_that_cannot_be_read_does_not_cost_the_other(alice, tmp_path):
    for folder in ("google", "googleplus"):
        shutil.copytree(FIXTURES / folder, tmp_path / "takeout", dirs_exist_ok=True)
    [channels] = (tmp_path / "takeout").rglob("Kanal.csv")
    channels.write_text(f"{channels.read_text()}UC{'s' * 22},DE,Shop,Privat\n")
    summary = import_archive(path=tmp_path / "takeout", network=None, person=alice, at=AT)
    assert summary.networks == ["googleplus"]
    [note] = summary.notes
    assert note.startswith("Google (YouTube) in it was not read: takeout: holds 2 channels")
    own = f"UC{'a' * 22}"
    assert import_archive(path=tmp_path / "takeout", network=None, person=alice, at=AT, own=own).networks == [
        "google",
        "googleplus",
    ]


def test_exports_of_two_companies_in_one_are_refused(alice, tmp_path):
    for folder in ("tiktok", "linkedin"):
        shutil.copytree(FIXTURES / folder, tmp_path / "both" / folder)
    with pytest.raises(Refused, match=r"both: looks like an export of LinkedIn and TikTok; say which it is"):
        import_archive(path=tmp_path / "both", network=None, person=alice, at=AT)
    assert import_archive(path=tmp_path / "both", network="tiktok", person=alice, at=AT).network == "tiktok"


def test_files_that_only_look_like_another_networks_do_not_matter(alice, tmp_path):
    shutil.copytree(FIXTURES / "linkedin", tmp_path / "export")
    for article in ("one", "two"):
        (tmp_path / "export" / article).mkdir()
        (tmp_path / "export" / article / "manifest.js").write_text("var page = 1;")
    assert import_archive(path=tmp_path / "export", network=None, person=alice, at=AT).network == "linkedin"
    for folder in ("one", "two"):
        shutil.copytree(FIXTURES / "twitter", tmp_path / "twice" / folder)
    with pytest.raises(BadArchive, match="twice: holds several exports side by side"):
        import_archive(path=tmp_path / "twice", network=None, person=alice, at=AT)


def test_how_an_account_is_known_to_be_somebodys_is_kept(alice, export):
    import_archive(path=export, network=None, person=alice, at=AT, proof="upload")
    assert alice.links.get().proof == "upload"
    import_archive(path=export, network=None, person=alice, at=AT)
    assert alice.links.get().proof == "operator"


def test_a_folder_above_does_not_matter(alice, tmp_path):
    for folder, network in EXPORTS.items():
        above = tmp_path / folder / "my exports" / "2026"
        shutil.copytree(FIXTURES / folder, above)
        summary = import_archive(path=tmp_path / folder, network=None, person=alice, at=AT)
        assert (summary.network, summary.read > 0 or folder == "opml") == (network, True)


def test_what_cannot_be_recognised_is_refused(alice, tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.txt").write_text("sun")
    with pytest.raises(
        Refused, match=r"is no data export that can be read here \(Blog, Facebook, Foursquare/Swarm, Google"
    ):
        import_archive(path=tmp_path / "holiday", network=None, person=alice, at=AT)
    with pytest.raises(BadArchive):
        import_archive(path=tmp_path / "holiday", network="twitter", person=alice, at=AT)
    with pytest.raises(Refused, match="no network 'myspace'"):
        import_archive(path=tmp_path / "holiday", network="myspace", person=alice, at=AT)


def test_a_zip_within_a_zip_is_told(alice, tmp_path):
    inner = shutil.make_archive(str(tmp_path / "twitter-2026"), "zip", FIXTURES / "twitter")
    (tmp_path / "outer").mkdir()
    shutil.move(inner, tmp_path / "outer")
    with pytest.raises(
        Refused, match=r"outer: holds twitter-2026.zip, which is packed itself; give that file as it is"
    ):
        import_archive(path=tmp_path / "outer", network=None, person=alice, at=AT)


def test_an_account_of_somebody_else_is_refused_and_nothing_is_stored(alice, export):
    import_archive(path=export, network="twitter", person=alice, at=AT)
    bob = Person.objects.create(handle="Bob")
    before = state()
    with pytest.raises(AlreadyLinked, match="alice_example is linked to somebody else") as refused:
        import_archive(path=export, network="twitter", person=bob, at=AT)
    assert "Alice" not in str(refused.value)
    assert state() == before


def test_a_file_cut_short_is_refused_and_nothing_is_stored(alice, export):
    tweets = export / "data" / "tweets.js"
    tweets.write_bytes(tweets.read_bytes()[:-200])
    before = state()
    with pytest.raises(BadArchive, match=r"tweets\.js"):
        import_archive(path=export, network="twitter", person=alice, at=AT)
    assert state() == before


def test_bad_records_are_named_and_the_good_ones_stay(alice, export, tmp_path):
    followers = export / "data" / "follower.js"
    followers.write_text(followers.read_text().replace('"2001"', '"20\\u000001"', 1))
    rejects = tmp_path / "rejects.csv"
    summary = import_archive(path=export, network="twitter", person=alice, at=AT, rejects=rejects)
    assert summary.rejected == 1
    assert "follower.js" in summary.reasons[0]
    assert rejects.read_text().splitlines()[0] == "where,reason"
    assert len(rejects.read_text().splitlines()) == 2
    assert Relation.objects.exists()


def test_progress_says_how_far_reading_and_storing_are(alice, export):
    stages = []
    import_archive(path=export, network=None, person=alice, at=AT, progress=lambda *step: stages.append(step))
    assert [stage for stage, _, _ in stages if stage == "reading"]
    assert stages[-1][0] == "storing"
    assert stages[-1][1] == stages[-1][2] > 0


def test_the_command_makes_a_hidden_person_and_says_so(export):
    text = command(export, handle="Alice")
    person = Person.objects.get()
    assert (person.handle, person.visibility, person.users.count()) == ("Alice", Person.Visibility.HIDDEN, 0)
    assert "Alice is new here: hidden" in text
    assert "tweets" in text
    assert "followers" in text
    assert "already known" in text
    assert "new here" not in command(export, handle="alice")
    assert Person.objects.count() == 1


def test_the_command_recognises_the_network_and_says_what_the_export_cannot_give():
    out = StringIO()
    call_command("import_archive", "--handle", "Alice", str(FIXTURES / "blog" / "feed.xml"), stdout=out)
    text = " ".join(out.getvalue().split())
    assert "2 posts" in text
    assert "a list of feeds shows that a blog exists and no more" in text
    assert Person.objects.get().links.get().account.external_id == "example.org/bread"


def test_the_command_leaves_nobody_behind_when_it_fails(tmp_path):
    with pytest.raises(CommandError, match="no such file or folder"):
        command(tmp_path / "nowhere.zip")
    assert not Person.objects.exists()
    with pytest.raises(CommandError, match="nor can anybody"):
        command(FIXTURES / "twitter", handle="not a handle")
    with pytest.raises(CommandError, match="twitter: is not an export of Facebook"):
        command(FIXTURES / "twitter", network="facebook")
    assert not Person.objects.exists()


def test_real_exports_are_stored_whole_and_once(alice, data):
    exports = data / "exports"
    for folder, network, relations in (
        ("linkedin_silkyrich_synthetic", "linkedin", {"connect": 2000, "endorse": 572, "recommend": 27}),
        ("instagram_ddp_uu", "instagram", {"follow": 10}),
        ("swarm_dogsheep", "foursquare", {}),
    ):
        summary = import_archive(path=exports / folder, network=None, person=alice, at=AT)
        account = alice.links.get(account__network=network).account
        stored = {verb: Relation.objects.filter(target=account.pk, verb=VERBS[verb]).count() for verb in relations}
        assert (network, stored) == (network, relations)
        assert summary.read == summary.new + summary.known + summary.left_out + summary.rejected
        again = import_archive(path=exports / folder, network=None, person=alice, at=AT + timedelta(days=1))
        assert (network, again.new, again.rejected) == (network, 0, summary.rejected)
