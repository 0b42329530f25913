"""Foursquare's and Swarm's export: check-ins and tips with their likes, friends, and single check-ins of the API."""

import json
from pathlib import Path
from typing import Any

import pytest

from accounts.networks.base import BadArchive, Interaction, Owner, Post, PostTotal
from tests.accounts.networks.exporting import (
    change,
    copied,
    counters,
    file_of,
    read,
    recognised,
    rejected,
    some,
    tallies,
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copied("foursquare", tmp_path)


def totals(path: Path) -> set[tuple[str, str, int]]:
    return {(total.post[-2:], total.verb, total.total) for total in some(read(path, "foursquare"), PostTotal)}


def test_its_owner_is_the_user_of_the_export(export: Path) -> None:
    assert recognised(export) == ["foursquare"]
    assert read(export, "foursquare")[0] == Owner("4711", "alicebakes", "Alice Example", about="Baker")


def test_checkins_tips_and_friends_are_counted(export: Path) -> None:
    records = read(export, "foursquare")
    assert tallies(records) == {"check-ins": 2, "tips": 1, "friends": 2}
    assert counters(records) == {"checkins": 2, "tips": 1, "friends": 2}
    assert totals(export) == {
        ("a1", "like", 2),
        ("a1", "reply", 1),
        ("a2", "like", 2),
        ("c1", "like", 4),
        ("c1", "save", 3),
    }


def test_likes_are_named_where_the_export_names_them(export: Path) -> None:
    found = [(i.verb, i.actor, i.post[-2:]) for i in some(read(export, "foursquare"), Interaction)]
    assert found == [("like", "4712", "a2"), ("like", "4713", "a2"), ("connect", "4712", ""), ("connect", "4713", "")]


def test_photos_are_named_for_their_owner_where_the_users_file_has_no_number(export: Path) -> None:
    change(file_of(export, "users.json"), lambda value: {"firstName": "Alice", "lastName": "Example", "emails": []})
    assert some(read(export, "foursquare"), Owner)[0].external_id == "name:alice example"
    photos = [
        {"id": "5f00000000000000000000d1", "fullUrl": "https://fastly.4sqi.net/img/general/original/4711_aBc-9.jpg"}
    ]
    (export / "photos1.json").write_text(json.dumps({"items": photos}))
    assert some(read(export, "foursquare"), Owner)[0] == Owner("4711", name="Alice Example")


def test_a_list_of_users_does_not_make_the_first_of_them_the_owner(export: Path) -> None:
    users = [{"id": "1", "firstName": "Bob"}, {"id": "4711", "firstName": "Alice", "relationship": "self"}]
    file_of(export, "users.json").write_text(json.dumps({"items": users}))
    assert some(read(export, "foursquare"), Owner)[0].external_id == "4711"
    file_of(export, "users.json").write_text(json.dumps({"items": [users[0], users[0]]}))
    with pytest.raises(BadArchive, match="does not say whose export it is"):
        read(export, "foursquare")


def test_where_somebody_was_is_not_read(export: Path) -> None:
    assert "Oven" not in repr(read(export, "foursquare"))


def test_a_file_of_checkins_alone_does_not_say_whose_it_is(export: Path) -> None:
    with pytest.raises(BadArchive, match=r"checkins1.json: does not say whose export it is: users.json is not in it"):
        read(file_of(export, "checkins1.json"), "foursquare")


@pytest.mark.parametrize(
    ("checkin", "reason"),
    [
        ({"id": "x"}, "id is 'x'"),
        ({"createdAt": None}, "createdAt is None"),
        ({"createdAt": "2026-02-30 08:30:00"}, "createdAt is"),
        ({"createdAt": 1e30}, "createdAt is"),
        ({"likes": {"count": -1}}, "the number of likes is -1"),
        ({"id": "5f00000000000000000000a2"}, "is there twice"),
    ],
)
def test_an_odd_checkin_is_named_and_costs_no_other(export: Path, checkin: dict[str, Any], reason: str) -> None:
    change(file_of(export, "checkins1.json"), lambda v: {"items": [v["items"][1], v["items"][0] | checkin]})
    [(where, why)] = rejected(read(export, "foursquare"))
    assert where == "checkins1.json, record 2"
    assert reason in why
    assert "a2" in {post.post[-2:] for post in some(read(export, "foursquare"), Post)}


def test_an_answer_of_the_api_is_read_too(export: Path) -> None:
    change(file_of(export, "checkins1.json"), lambda value: {"meta": {"code": 200}, "response": {"checkins": value}})
    assert tallies(read(export, "foursquare"))["check-ins"] == 2


def test_a_real_checkin_is_read_alone(data: Path, tmp_path: Path) -> None:
    said = json.loads((data / "exports" / "swarm_dogsheep" / "checkin.json").read_text())
    path = tmp_path / "my download.json"
    path.write_text(json.dumps(said))
    assert recognised(path) == ["foursquare"]
    records = read(path, "foursquare")
    assert some(records, Owner)[0].external_id == said["photos"]["items"][0]["user"]["id"]
    assert tallies(records) == {"check-ins": 1}
    likers = [user["id"] for group in said["likes"]["groups"] for user in group["items"]]
    assert [i.actor for i in some(records, Interaction)] == likers
    assert {(t.verb, t.total) for t in some(records, PostTotal)} == {
        ("like", said["likes"]["count"]),
        ("reply", said["comments"]["count"]),
    }
