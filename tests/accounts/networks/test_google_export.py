"""YouTube in Google Takeout: whatever the language, tables are told apart by what is in them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.networks.base import BadArchive, Counter, Owner, Post
from tests.accounts.networks.exporting import copied, counters, file_of, read, recognised, rejected, some, tallies

ALICE, BOB, SHOP = ("UC" + letter * 22 for letter in "abs")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copied("google", tmp_path)


def test_a_german_takeout_is_read(export: Path) -> None:
    assert recognised(export) == ["google"]
    records = read(export, "google")
    assert records[0] == Owner(ALICE, name="Alice, die B\u00e4ckerin")
    assert tallies(records) == {"videos": 2, "own comments": 2, "own subscriptions": 1}
    published = datetime(2026, 10, 4, 10, 11, 12, tzinfo=UTC)
    assert some(records, Post)[0] == Post("aaaaaaaaaa1", published, "https://www.youtube.com/watch?v=aaaaaaaaaa1")
    assert counters(records) == {"videos": 2}
    assert some(records, Counter)[0].observed_at == datetime(2026, 10, 5, 10, 11, 12, tzinfo=UTC)


def test_an_english_takeout_of_another_year_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "Takeout" / "YouTube and YouTube Music"
    for name, text in {
        "channels/channel.csv": f"Channel ID,Channel Title (Original)\r\n{ALICE},Alice bakes\r\n",
        "comments/comments.csv": "\ufeffChannel ID,Comment Create Timestamp,Price,Comment ID,Video ID,Comment Text\n"
        f'{ALICE},2024-01-02T03:04:05.678901+00:00,0,Ugz{"y" * 23},bbbbbbbbbbb,"Two\nlines"\n',
        "subscriptions/subscriptions.csv": f"Channel Id,Channel Url,Channel Title\n{BOB},http://www.youtube.com/channel/{BOB},Bob\n",
    }.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text, newline="")
    records = read(tmp_path, "google")
    assert records[0] == Owner(ALICE, name="Alice bakes")
    assert tallies(records) == {"own comments": 1, "own subscriptions": 1}


def test_the_folder_alone_is_recognised_without_its_name(export: Path) -> None:
    folder = file_of(export, "Kanal.csv").parent.parent
    folder.rename(export / "y")
    assert read(export / "y", "google")[0] == Owner(ALICE, name="Alice, die B\u00e4ckerin")


def test_without_a_table_of_channels_videos_and_comments_name_the_owner(export: Path) -> None:
    file_of(export, "Kanal.csv").unlink()
    assert some(read(export, "google"), Owner)[0].external_id == ALICE
    for name in ("Videos.csv", "Kommentare.csv"):
        file_of(export, name).unlink()
    with pytest.raises(BadArchive, match=r"does not say whose channel it is"):
        read(export, "google")


def test_of_several_channels_one_must_be_named(export: Path) -> None:
    channels = file_of(export, "Kanal.csv")
    channels.write_text(f"{channels.read_text()}{SHOP},DE,Alice's shop,Privat\n")
    with pytest.raises(BadArchive, match=rf"holds 2 channels \({ALICE}, {SHOP}\); say the id"):
        read(export, "google")
    assert read(export, "google", own=SHOP)[0] == Owner(SHOP, name="Alice's shop")
    records = read(export, "google", own=SHOP)
    assert (tallies(records)["of them on other channels"], counters(records)) == (2, {"videos": 0})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"short,60000,{ALICE},Roggen,Privat,Verarbeitet,2026-10-03T10:11:12+00:00,", "not an id of YouTube"),
        (f"aaaaaaaaaa3,60000,{ALICE},Roggen,Privat,Verarbeitet,2026-13-03T10:11:12+00:00,", "not a date and time"),
        (f"aaaaaaaaaa3,60000,{ALICE},Roggen,Privat,Verarbeitet,,", "has no time"),
        (
            f"aaaaaaaaaa3,60000,{ALICE},Roggen,Privat,Verarbeitet,1999-10-03T10:11:12+00:00,",
            "not between 2000 and 2100",
        ),
    ],
)
def test_an_odd_video_is_named_and_costs_no_other(export: Path, row: str, reason: str) -> None:
    videos = file_of(export, "Videos.csv")
    videos.write_text(f"{videos.read_text()}{row}\n")
    [(where, why)] = rejected(read(export, "google"))
    assert where.endswith("Videos.csv, row 4")
    assert reason in why
    assert len(some(read(export, "google"), Post)) == 2


def test_other_tables_of_the_world_are_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("id,when\nUC1,2026-01-01\n")
    assert recognised(tmp_path) == []


def test_the_real_layout_of_a_german_takeout_is_found(data: Path, tmp_path: Path) -> None:
    """Its files are empty, and told by nothing but their names: what is put into two of them is found among all."""
    source = data / "exports" / "google_takeout_purarue" / "RecentTakeout_ger"
    names = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    assert len(names) > 100
    fill = {
        "Kanal.csv": f"Kanal-ID,Kanaltitel\n{ALICE},Alice\n",
        "Abos.csv": f"Kanal-ID,Kanal-URL,Kanaltitel\n{BOB},http://www.youtube.com/channel/{BOB},Bob\n",
    }
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(fill.get(name.name, ""))
    assert recognised(tmp_path) == ["google"]
    records = read(tmp_path, "google")
    assert (records[0], tallies(records)) == (Owner(ALICE, name="Alice"), {"own subscriptions": 1})
