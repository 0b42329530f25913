"""Words that others put on accounts: read from networks and exports, stored once, and gone with either account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accounts import opt_out, privacy
from accounts.models import Account, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Attached, Interaction, Owner
from scoring.collect.archives import import_archive
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.models import AttachedWords

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
X = NETWORKS["twitter"].spec


@pytest.fixture
def alice(join) -> Person:
    return join("Alice", twitter="1")


def store(*records: Attached, origin: str = "api", at: datetime = AT) -> list[str]:
    with Staging(spec=X, origin=origin, at=at) as staging:
        refused = [staging.record("1", record) for record in records]
        merge(staging, Summary("twitter"))
    return [reason for reason in refused if reason]


def words() -> list[tuple[str, str, int]]:
    named = dict(Account.objects.values_list("pk", "external_id"))
    rows = AttachedWords.objects.order_by("words", "actor").values_list("source", "words", "actor")
    return [(source, said, int(named.get(actor) or 0)) for source, said, actor in rows]


def test_the_name_of_a_list_is_kept_once_with_who_keeps_the_list(alice) -> None:
    for _ in range(2):
        assert store(Attached("list", "Rust people", "7"), Attached("list", "Rust people", "8")) == []
    assert words() == [("list", "Rust people", 7), ("list", "Rust people", 8)]


def test_said_again_later_it_is_as_young_as_that(alice) -> None:
    store(Attached("list", "Jazz", "7"))
    store(Attached("list", "Jazz", "7"), at=AT + timedelta(days=9))
    assert AttachedWords.objects.get().observed_at == AT + timedelta(days=9)


def test_what_the_network_says_takes_the_place_of_an_upload_that_names_nobody(alice) -> None:
    store(Attached("list", "jazz"), origin="archive")
    store(Attached("list", "jazz", "7"))
    store(Attached("list", "jazz"), origin="archive")
    assert words() == [("list", "jazz", 7)]


def test_odd_words_are_bounded_or_refused(alice) -> None:
    wild = "\u0000<b>\u2028\ud800" + "x" * 5000
    refused = store(
        Attached("list", wild, "7"),
        Attached("list", " \n ", "7"),
        Attached("list", "tab\tand \\ backslash", "8"),
        Attached("gossip", "words", "7"),
        Attached("list", "from the future", "7", observed_at=AT + timedelta(days=400)),
        Attached("list", "by nobody fit", "x" * 5000),
    )
    assert len(refused) == 3
    kept = [said for _, said, _ in words()]
    assert sorted(map(len, kept)) == [19, 200]
    assert "tab and \\ backslash" in kept


def test_of_a_recommendation_the_topics_that_it_names_are_kept_and_no_text(alice) -> None:
    text = "Ada knows the mill. Her photography workshop and her talk on beekeepers of Kent were the best. " * 40
    store(Attached("recommendation", text, "7"))
    assert {said for _, said, _ in words()} <= {"photography", "beekeepers", "Photography"}
    assert ("recommendation", "beekeepers", 7) in words()


def test_they_go_with_the_account_that_is_on_the_list_and_with_the_one_that_keeps_it(alice, join) -> None:
    bob = join("Bob", twitter="7")
    store(Attached("list", "Jazz", "7"), Attached("list", "Yoga", "8"))
    exported = privacy.export_person(alice)["topics"]["words_that_others_use"]
    assert [(row["words"], row["number"]) for row in exported] == [("Jazz", 1), ("Yoga", 1)]
    assert "7" not in json.dumps([{**row, "account": "", "last_on": ""} for row in exported])
    privacy.erase_person(person=bob, at=AT)
    assert words() == [("list", "Yoga", 8)]
    privacy.erase_person(person=alice, at=AT)
    assert words() == []


def test_whoever_opted_out_puts_no_words_on_anybody(alice) -> None:
    opt_out.add(network="twitter", owner=Owner("7"), at=AT)
    store(Attached("list", "Jazz", "7"))
    assert words() == []


def test_words_on_an_account_that_nobody_linked_are_not_kept(alice) -> None:
    LinkedAccount.objects.all().delete()
    store(Attached("list", "Jazz", "7"))
    assert words() == []


def test_an_export_of_x_names_lists_by_their_addresses(alice, tmp_path: Path) -> None:
    urls = [
        "https://twitter.com/bob/lists/rust-people",
        "https://x.com/charlie/lists/jazz%20musicians",
        "https://twitter.com/i/lists/1234567",
        "https://twitter.com/alice/lists/my-own",
        "https://evil.example/bob/lists/yoga",
        7,
    ]
    data = tmp_path / "data"
    data.mkdir()
    account = {"account": {"accountId": "1", "username": "alice", "accountDisplayName": "Alice"}}
    (data / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps([account])}")
    (data / "tweets.js").write_text("window.YTD.tweets.part0 = []")
    lists = [{"userListInfo": {"url": url}} for url in urls]
    (data / "lists-member.js").write_text(f"window.YTD.lists_member.part0 = {json.dumps(lists)}")
    import_archive(path=tmp_path, network="twitter", person=alice, at=AT)
    assert words() == [("list", "jazz musicians", 0), ("list", "rust people", 0)]


def test_an_export_of_linkedin_has_skills_by_who_endorsed_them_and_own_ones(alice, tmp_path: Path) -> None:
    (tmp_path / "Profile.csv").write_text("First Name,Last Name,Headline\nAlice,Example,Beekeeper\n")
    (tmp_path / "Connections.csv").write_text("First Name,Last Name,URL,Connected On\n")
    (tmp_path / "Endorsement_Received_Info.csv").write_text(
        "Endorsement Date,Skill Name,Endorser First Name,Endorser Last Name,Endorser Public Url,Endorsement Status\n"
        "2025/03/01 10:00:00 UTC,Photography,Bob,Example,https://www.linkedin.com/in/bob,ACCEPTED\n"
        "2025/03/01 10:00:00 UTC,Photography,Charlie,Example,https://www.linkedin.com/in/charlie,ACCEPTED\n"
        "2025/03/01 10:00:00 UTC,Gossip,Dan,Example,https://www.linkedin.com/in/dan,REJECTED\n"
    )
    (tmp_path / "Skills.csv").write_text("Name\nGardening\n\n")
    (tmp_path / "Recommendations_Received.csv").write_text(
        "First Name,Last Name,Company,Job Title,Text,Creation Date,Status\n"
        'Bob,Example,Hives,Boss,"The best beekeeper I know.",03/01/25,VISIBLE\n'
    )
    import_archive(path=tmp_path, network="linkedin", person=alice, at=AT)
    account = alice.links.get(account__network="linkedin").account_id
    found = list(AttachedWords.objects.order_by("source", "words").values_list("source", "words"))
    assert found == [
        ("recommendation", "beekeeper"),
        ("skill", "Gardening"),
        ("skill", "Photography"),
        ("skill", "Photography"),
    ]
    assert AttachedWords.objects.get(words="Gardening").actor == account
    assert not AttachedWords.objects.filter(words__icontains="best").exists()


def test_a_relation_beside_the_words_is_stored_as_before(alice) -> None:
    with Staging(spec=X, origin="api", at=AT) as staging:
        summary = Summary("twitter")
        staging.record("1", Interaction("list", "7", None))
        staging.record("1", Attached("list", "Jazz", "7"))
        merge(staging, summary)
    assert (summary.new, summary.known) == (1, 0)
