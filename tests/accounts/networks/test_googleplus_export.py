"""Google+ in Google Takeout: posts with those who reacted, by id, in folders of any language."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.networks.base import BadArchive, Interaction, Owner, Post
from accounts.networks.exports.googleplus import time
from tests.accounts.networks.exporting import change, copied, file_of, read, recognised, rejected, some, tallies

ALICE, BOB, CHARLIE = "111111111111111111111", "122222222222222222222", "133333333333333333333"
POSTED = datetime(2018, 11, 4, 15, 17, 3, tzinfo=UTC)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copied("googleplus", tmp_path)


@pytest.fixture
def rye(export: Path) -> Path:
    return file_of(export, "20181104 - Rye.json")


def test_its_owner_wrote_most_of_the_posts(export: Path) -> None:
    assert recognised(export) == ["googleplus"]
    assert read(export, "googleplus")[0] == Owner(ALICE, name="Alice Example")
    assert tallies(read(export, "googleplus"))["of them by others"] == 1


def test_reactions_are_named_and_the_owners_own_left_out(export: Path) -> None:
    assert some(read(export, "googleplus"), Interaction) == [
        Interaction("like", BOB, POSTED, "AbcDef1", f"like:AbcDef1:{BOB}", "Bob Example"),
        Interaction("like", CHARLIE, POSTED, "AbcDef1", f"like:AbcDef1:{CHARLIE}", "Charlie Example"),
        Interaction("reply", BOB, datetime(2018, 11, 5, 7, tzinfo=UTC), "AbcDef1", "comment:AbcDef1#1", "Bob Example"),
        Interaction("share", CHARLIE, POSTED, "AbcDef1", f"share:AbcDef1:{CHARLIE}", "Charlie Example"),
    ]
    assert tallies(read(export, "googleplus")) == {
        "Google+ posts": 4,
        "of them by others": 1,
        "+1s received": 2,
        "comments received": 1,
        "reshares received": 1,
    }


@pytest.mark.parametrize(
    "text",
    ["2018-11-04 15:17:03+0000", "2018-11-04 16:17:03+0100", "2018-11-04T15:17:03Z", "2018-11-04 07:17:03:-0800"],
)
def test_times_are_read_with_their_offsets(text: str) -> None:
    assert time(text) == POSTED


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        ({"resourceName": "users/x/posts/y"}, "resourceName is 'users/x/posts/y'"),
        ({"creationTime": "yesterday"}, "creationTime is 'yesterday'"),
        ({"creationTime": "0001-01-01T00:00:00+23:59"}, "creationTime is"),
        ({"creationTime": "2018-13-04 15:17:03+0000"}, "creationTime is"),
        ({"author": {"resourceName": "Alice"}}, "not a user of Google+"),
    ],
)
def test_an_odd_post_is_named_and_costs_no_other(export: Path, rye: Path, post: dict[str, Any], reason: str) -> None:
    change(rye, lambda value: value | post)
    [(where, why)] = rejected(read(export, "googleplus"))
    assert where.endswith("20181104 - Rye.json")
    assert reason in why
    assert [found.post for found in some(read(export, "googleplus"), Post)] == ["AbcDef2", "AbcDef4"]


def test_an_odd_reaction_is_named_and_costs_no_other(export: Path, rye: Path) -> None:
    change(
        rye, lambda value: value | {"plusOnes": [None, {"plusOner": {"resourceName": "users/1e9"}}, *value["plusOnes"]]}
    )
    records = read(export, "googleplus")
    assert [where.rpartition(", ")[2] for where, _ in rejected(records)] == ["plusOnes 1", "plusOnes 2"]
    assert tallies(records)["+1s received"] == 2


def test_a_damaged_file_of_many_is_left_out_and_named(export: Path, rye: Path) -> None:
    rye.write_text(rye.read_text()[:-30])
    [(where, why)] = rejected(read(export, "googleplus"))
    assert where.endswith("Rye.json")
    assert "cut short" in why
    assert len(some(read(export, "googleplus"), Post)) == 2


def test_a_stream_that_nobody_wrote_most_of_is_refused(export: Path) -> None:
    file_of(export, "20181105 - Wheat(1).json").unlink()
    file_of(export, "20181107 - Spelt.json").unlink()
    with pytest.raises(BadArchive, match="nobody wrote most of the posts"):
        read(export, "googleplus")


def test_a_post_with_every_key_that_was_ever_seen_is_read(data: Path, export: Path, rye: Path) -> None:
    text = (data / "exports" / "google_plus_takeout_schema" / "unique_keys_in_takeout_posts.txt").read_text()
    keys = [line.strip() for line in text.splitlines() if re.fullmatch(r"[\w\[\].]+", line.strip())]
    assert "plusOnes[].plusOner.resourceName" in keys

    def put(where: Any, path: list[str]) -> None:
        name, rest = path[0], path[1:]
        if name.endswith("[]"):
            items = where.setdefault(name[:-2], [{}])
            if rest and isinstance(items, list) and items and isinstance(items[0], dict):
                put(items[0], rest)
        elif rest:
            inner = where.setdefault(name, {})
            if isinstance(inner, dict):
                put(inner, rest)
        else:
            where.setdefault(name, f"users/{CHARLIE}" if name == "resourceName" else "x")

    def filled(value: dict[str, Any]) -> dict[str, Any]:
        for key in sorted(keys, key=len, reverse=True):
            put(value, key.split("."))
        return value

    change(rye, filled)
    assert tallies(read(export, "googleplus"))["+1s received"] == 2
    assert rejected(read(export, "googleplus")) == []
