"""An export of Mastodon: the owner's address, own posts with their totals, and odd values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.addresses import address
from accounts.networks.archive import open_archive
from accounts.networks.base import BadArchive, Counter, Interaction, Owner, Post, PostTotal, Record, Rejected, Tally

ALICE = "https://town.example/users/alice"


def read(path: Path) -> list[Record]:
    with open_archive(path) as archive:
        return list(NETWORKS["mastodon"].read_archive(archive))


def some(records: list[Record], kind: type) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_owner_is_known_by_the_address(mastodon_export: Path) -> None:
    owner = read(mastodon_export)[0]
    created_at = datetime(2023, 5, 6, tzinfo=UTC)
    assert owner == Owner("alice@town.example", "alice@town.example", "Alice Example", created_at)


def test_an_older_export_without_the_address_gives_the_same_owner(mastodon_export: Path) -> None:
    change(mastodon_export / "actor.json", webfinger=None)
    assert some(read(mastodon_export), Owner)[0].external_id == "alice@town.example"


def test_it_counts_activities_posts_and_boosts(mastodon_export: Path) -> None:
    records = read(mastodon_export)
    tallies = {tally.kind: tally.number for tally in some(records, Tally)}
    assert tallies == {
        "activities": 5,
        "of them posts": 3,
        "of them boosts": 2,
        "followers": 2,
        "following": 1,
    }
    assert {(c.name, c.value) for c in some(records, Counter)} == {("posts", 5), ("followers", 2), ("following", 1)}
    assert some(records, Rejected) == []


def test_own_likes_and_boosts_are_taken_off_the_totals(mastodon_export: Path) -> None:
    totals = {(total.post[-1], total.verb): total.total for total in some(read(mastodon_export), PostTotal)}
    # Alice liked her second post and boosted her third.
    assert totals == {("2", "like"): 3, ("2", "share"): 2, ("3", "like"): 1}


def test_followers_come_from_the_table_beside_the_export(mastodon_export: Path) -> None:
    (mastodon_export / "followers.csv").write_text("Account address\nbob@other.example\nnobody\nalice@town.example\n")
    records = read(mastodon_export)
    assert some(records, Interaction) == [
        Interaction("follow", "bob@other.example", None, actor_handle="bob@other.example")
    ]
    assert [rejected.where for rejected in some(records, Rejected)] == ["followers.csv, row 3"]


def test_a_row_that_is_no_address_is_rejected(mastodon_export: Path) -> None:
    (mastodon_export / "followers.csv").write_text("Account address\nbob@other.example\nnobody,at,all\n")
    assert some(read(mastodon_export), Rejected) == [
        Rejected("followers.csv, row 3", "'nobody' is not an address such as user@host")
    ]


@pytest.mark.parametrize("name", ["outbox.json", "likes.json", "followers.csv", "following_accounts.csv"])
def test_every_file_but_the_owners_is_optional(mastodon_export: Path, name: str) -> None:
    (mastodon_export / name).unlink()
    records = read(mastodon_export)
    assert some(records, Owner)[0].external_id == "alice@town.example"
    assert some(records, Tally)


def test_it_refuses_an_export_that_names_no_owner(mastodon_export: Path) -> None:
    (mastodon_export / "actor.json").unlink()
    with pytest.raises(BadArchive, match=r"mastodon-export: not an export of Mastodon: no actor.json"):
        read(mastodon_export)


@pytest.mark.parametrize(
    "actor",
    [[], "alice", {}, {"id": 7}, {"id": ALICE}, {"id": ALICE, "preferredUsername": "al ice"}, {"webfinger": "alice"}],
)
def test_it_refuses_an_actor_that_is_none(mastodon_export: Path, actor: object) -> None:
    (mastodon_export / "actor.json").write_text(json.dumps(actor))
    with pytest.raises(BadArchive, match=r"actor.json: does not name an account"):
        read(mastodon_export)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"published": "yesterday"}, "published is 'yesterday'"),
        ({"published": "2026-11-02T10:00:00"}, "with its offset"),
        ({"id": 3}, "id is 3"),
        ({"id": "a\u0000b"}, "not an id"),
        ({"attributedTo": "https://other.example/users/bob"}, "not by the owner"),
        ({"likes": {"totalItems": -1}}, "likes.totalItems is -1"),
        ({"shares": {"totalItems": "lots"}}, "shares.totalItems is 'lots'"),
    ],
)
def test_an_odd_post_is_rejected_with_its_place(mastodon_export: Path, changes: dict[str, Any], reason: str) -> None:
    outbox = json.loads((mastodon_export / "outbox.json").read_text())
    outbox["orderedItems"][1]["object"] |= changes
    (mastodon_export / "outbox.json").write_text(json.dumps(outbox))
    records = read(mastodon_export)
    (rejected,) = some(records, Rejected)
    assert rejected.where == "outbox.json, record 2"
    assert reason in rejected.reason
    assert {post.post for post in some(records, Post)} >= {f"{ALICE}/statuses/1", f"{ALICE}/statuses/3"}


def test_an_outbox_cut_short_is_named(mastodon_export: Path) -> None:
    outbox = mastodon_export / "outbox.json"
    outbox.write_text(outbox.read_text()[:-200])
    with pytest.raises(BadArchive, match=r"mastodon-export: outbox.json: record 5: is cut short"):
        read(mastodon_export)


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("Alice@Town.Example", "alice@town.example"),
        ("@alice@town.example", "alice@town.example"),
        ("acct:alice@town.example", "alice@town.example"),
        ("alice@bücher.example", "alice@xn--bcher-kva.example"),
        ("alice@127.0.0.1:3000", "alice@127.0.0.1:3000"),
    ],
)
def test_an_address_has_one_form(said: str, known: str) -> None:
    assert address(said) == known


@pytest.mark.parametrize("said", ["", "alice", "@", "alice@", "@a.example", "a b@a.example", "a@b@c", "a@b/c", "a@-"])
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        address(said)


def test_a_real_export_is_read_to_the_last_activity(data: Path) -> None:
    records = read(data / "exports" / "mastodon_goija")
    tallies = {tally.kind: tally.number for tally in some(records, Tally)}
    assert tallies == {"activities": 305, "of them posts": 292, "of them boosts": 13}
    assert some(records, Owner)[0].external_id == "darkpatern@mastodon.social"
    assert len(some(records, Post)) == 292
    assert sum(total.total for total in some(records, PostTotal)) == 12
    assert some(records, Rejected) == []
