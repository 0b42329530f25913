"""TikTok's export: one file of JSON, of which sections move about."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.networks.base import BadArchive, Interaction, Owner, Post, PostTotal
from tests.accounts.networks.exporting import copied, counters, file_of, read, recognised, rejected, some, tallies


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copied("tiktok", tmp_path)


def write(export: Path, value: object) -> Path:
    path = file_of(export, "user_data_tiktok.json")
    path.write_text(json.dumps(value))
    return path


def older(**sections: Any) -> dict[str, Any]:
    profile = {"Profile Information": {"ProfileMap": {"userName": "alice", "likesReceived": "None"}}}
    return {"Activity": {"Video Browsing History": {"VideoList": []}}, "Profile": profile} | sections


def test_followers_videos_and_likes_are_read(export: Path) -> None:
    assert recognised(export) == ["tiktok"]
    records = read(export, "tiktok")
    assert records[0] == Owner("alice.bakes", "alice.bakes", "Alice", about="Bread at dawn")
    assert [i.actor for i in some(records, Interaction)] == ["bob_example", "charlie.example"]
    posted_at = datetime(2026, 10, 5, 10, 11, 12, tzinfo=UTC)
    assert some(records, PostTotal) == [PostTotal("7000000000000000001", "like", 17, posted_at)]
    assert counters(records) == {"likes": 321, "followers": 2, "videos": 2, "following": 1}
    assert (tallies(records)["own comments"], tallies(records)["own likes"]) == (1, 1)


def test_what_was_watched_is_not_taken_for_own_videos(export: Path) -> None:
    path = file_of(export, "user_data_tiktok.json")
    value = json.loads(path.read_text())
    watched = {"Date": "2026-10-03 10:11:12", "Link": "https://www.tiktokv.com/share/video/7000000000000000099/"}
    value["Your Activity"]["Watch History"]["VideoList"] = [watched]
    write(export, value)
    assert "7000000000000000099" not in {post.post for post in some(read(export, "tiktok"), Post)}
    assert tallies(read(export, "tiktok"))["videos"] == 2


def test_an_older_layout_is_read(export: Path) -> None:
    videos = [{"Date": "2021-05-06 07:08:09", "VideoLink": "https://v16.example.com/x.mp4", "Likes": "9"}]
    fans = {"FansList": [{"Date": "2021-05-06 07:08:09", "UserName": "bob"}]}
    write(export, older(Video={"Videos": {"VideoList": videos}}, Follower=fans))
    records = read(export, "tiktok")
    assert [post.post for post in some(records, Post)] == ["at:1620284889"]
    assert counters(records) == {"followers": 1, "videos": 1}
    assert rejected(records) == []


def test_the_file_alone_is_recognised_whatever_it_is_called(export: Path) -> None:
    file = file_of(export, "user_data_tiktok.json")
    renamed = file.rename(export / "download (3).json")
    assert recognised(renamed) == ["tiktok"]
    assert read(renamed, "tiktok")[0] == Owner("alice.bakes", "alice.bakes", "Alice", about="Bread at dawn")


def test_the_form_of_texts_is_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    for name in ("Profile/Profile Information.txt", "Activity/Follower.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("Username: alice")
    assert recognised(tmp_path) == ["tiktok"]
    with pytest.raises(BadArchive, match=r"as text \(TXT\).*JSON"):
        read(tmp_path, "tiktok")


@pytest.mark.parametrize("name", [None, "", "two words", "../etc", "\u0430lice", 7])
def test_it_refuses_an_owner_that_is_no_username(export: Path, name: object) -> None:
    write(export, older(Profile={"ProfileMap": {"userName": name}}))
    with pytest.raises(BadArchive, match=r"user_data_tiktok.json: ProfileMap does not name an account"):
        read(export, "tiktok")


@pytest.mark.parametrize(
    ("section", "item", "reason"),
    [
        ("FansList", {"UserName": None}, "username is None"),
        ("FansList", {"UserName": "alice"}, "names the owner"),
        ("VideoList", {"Date": "soon", "Likes": "1"}, "Date is 'soon'"),
        ("VideoList", {"Date": "2021-05-06 07:08:09", "Likes": "1e9"}, "Likes is '1e9'"),
        ("VideoList", None, "Date is None"),
    ],
)
def test_odd_records_are_named_and_cost_no_other(export: Path, section: str, item: object, reason: str) -> None:
    good = {"FansList": {"UserName": "bob"}, "VideoList": {"Date": "2021-05-06 07:08:10"}}[section]
    write(export, older(Profile={"ProfileMap": {"userName": "alice"}}, Post={section: [item, good]}))
    records = read(export, "tiktok")
    [(where, why)] = rejected(records)
    assert where == f"user_data_tiktok.json, {section} 1"
    assert reason in why
    assert len(some(records, Interaction if section == "FansList" else Post)) >= 1
