"""Instagram's export: followers and posts of today's layout and of 2020's."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.networks.base import BadArchive, Counter, Interaction, Owner, Post
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
    return copied("instagram", tmp_path)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return copied("instagram_2020", tmp_path)


def followers(path: Path) -> list[str]:
    return [record.actor for record in some(read(path, "instagram"), Interaction)]


def test_its_owner_is_found_in_their_own_language(export: Path) -> None:
    assert read(export, "instagram")[0] == Owner("alice.bakes", "alice.bakes", "Alice J\u00f6nsson")


@pytest.mark.parametrize(
    "label", ["Username", "Gebruikersnaam", "Nom d\u2019utilisateur", "Nombre de usuario", "\u7528\u6237\u540d"]
)
def test_the_username_may_have_many_names(export: Path, label: str) -> None:
    fields = {label.encode().decode("latin-1"): {"value": "alice.bakes"}, "Name": {"value": "Alice"}}
    change(file_of(export, "personal_information.json"), lambda _: {"profile_user": [{"string_map_data": fields}]})
    assert some(read(export, "instagram"), Owner)[0].external_id == "alice.bakes"


def test_an_unknown_language_is_refused_and_not_guessed(export: Path) -> None:
    fields = {"Klingon": {"value": "alice.bakes"}, "Name": {"value": "alice"}}
    change(file_of(export, "personal_information.json"), lambda _: {"profile_user": [{"string_map_data": fields}]})
    with pytest.raises(BadArchive, match=r"names no username among its fields \('klingon, name'\)"):
        read(export, "instagram")


def test_followers_are_found_wherever_a_layout_has_their_name(export: Path) -> None:
    assert followers(export) == ["bob_example", "charlie.example", "dave_example"]
    records = read(export, "instagram")
    assert counters(records) == {"followers": 3, "following": 1, "posts": 3}
    assert rejected(records) == []


def test_followers_come_in_several_files_and_in_the_shape_of_2021(export: Path) -> None:
    folder = file_of(export, "followers_1.json").parent
    more = [{"string_list_data": [{"value": "erin", "timestamp": 1790000300}]}]
    (folder / "followers_2.json").write_text(json.dumps(more))
    assert followers(export)[-1] == "erin"
    for file in folder.glob("followers_*.json"):
        file.unlink()
    (folder / "followers.json").write_text(json.dumps({"relationships_followers": more}))
    assert followers(export) == ["erin"]


def test_the_layout_of_2020_is_read_and_dated_on_its_own_time(old: Path) -> None:
    records = read(old, "instagram")
    joined = datetime(2012, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert records[0] == Owner("alice.bakes", "alice.bakes", "Alice", joined, "B\u00e4ckerin")
    assert followers(old) == ["bob_example", "charlie.example"]
    assert tallies(records) == {"followers": 2, "following": 1, "posts": 2, "own likes": 1, "own comments": 1}
    # Two followers in 2020 say nothing about today.
    assert {c.observed_at for c in some(records, Counter)} == {datetime(2020, 10, 19, 11, 52, 6, tzinfo=UTC)}


def test_the_form_of_web_pages_is_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    page = tmp_path / "export" / "connections" / "followers_1.html"
    page.parent.mkdir(parents=True)
    page.write_text("<html><body>bob</body></html>")
    assert recognised(tmp_path / "export") == ["instagram"]
    with pytest.raises(BadArchive, match=r"web pages \(HTML\).*format JSON"):
        read(tmp_path / "export", "instagram")


@pytest.mark.parametrize("name", ["profile.json", "personal_information.json"])
def test_it_refuses_an_export_without_its_owner(export: Path, tmp_path: Path, name: str) -> None:
    file_of(export, "personal_information.json").unlink()
    with pytest.raises(BadArchive, match=r"personal_information.json is not in it"):
        read(export, "instagram")


def test_odd_followers_are_named(export: Path) -> None:
    odd = [None, {"string_list_data": [{"value": "two words"}]}, {"title": "alice.bakes"}, {"title": "bob"}]
    change(file_of(export, "followers_1.json"), lambda _: odd)
    reasons = [reason for _, reason in rejected(read(export, "instagram"))]
    assert reasons == ["username is None, which is none", "username is 'two words', which is none", "names the owner"]
    assert followers(export) == ["bob"]


def test_the_real_export_of_2020_is_counted_whole(data: Path) -> None:
    folder = data / "exports" / "instagram_ddp_uu" / "test_validation_data" / "processed" / "proefpersoon4_20201020"
    said = {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in ("connections", "media", "likes", "comments")
    }
    records = read(data / "exports" / "instagram_ddp_uu", "instagram")
    found = tallies(records)
    assert found["followers"] == len(said["connections"]["followers"]) == 10
    assert found["following"] == len(said["connections"]["following"])
    assert found["posts"] == len(said["media"]["photos"]) + len(said["media"].get("videos", []))
    assert found["own likes"] == len(said["likes"]["media_likes"])
    assert found["own comments"] == len(said["comments"]["media_comments"])
    assert len(some(records, Post)) == found["posts"]
    assert rejected(records) == []
