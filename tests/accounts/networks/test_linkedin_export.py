"""LinkedIn's export: who is connected, recommends and endorses, in whatever shape its tables come."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.networks.base import BadArchive, Counter, Interaction, Owner, Post
from tests.accounts.networks.exporting import copied, counters, file_of, read, recognised, rejected, some, tallies

ALICE = "mail:ff8d9819fc0e12bf0d24892e45987e24"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copied("linkedin", tmp_path)


def by_verb(path: Path, verb: str) -> list[Interaction]:
    return [record for record in some(read(path, "linkedin"), Interaction) if record.verb == verb]


def test_its_owner_is_known_by_the_primary_address_which_itself_is_not_kept(export: Path) -> None:
    owner = read(export, "linkedin")[0]
    registered_at = datetime(2012, 3, 14, 18, 32, tzinfo=UTC)
    assert owner == Owner(ALICE, "Alice Example", "Alice Example", registered_at, "Baker of bread at dawn")
    assert "alice@example.com" not in repr(read(export, "linkedin"))


def test_without_addresses_the_owner_is_known_by_name_and_day(export: Path) -> None:
    file_of(export, "Email Addresses.csv").unlink()
    owner = some(read(export, "linkedin"), Owner)[0]
    assert owner.external_id == "name:alice example 2012-03-14T18:32:00Z"
    file_of(export, "Registration.csv").unlink()
    assert some(read(export, "linkedin"), Owner)[0].external_id == "name:alice example"
    file_of(export, "Profile.csv").unlink()
    with pytest.raises(BadArchive, match=r"export: does not say whose export it is: neither 'Email Addresses.csv'"):
        read(export, "linkedin")


def test_connections_are_read_below_the_notes(export: Path) -> None:
    assert [(c.actor, c.observed_at) for c in by_verb(export, "connect")] == [
        ("in/bob-example", datetime(2021, 3, 15, tzinfo=UTC)),
        ("in/j\u00fcrgen-beispiel", datetime(2023, 11, 2, tzinfo=UTC)),
        ("name:carol example", datetime(2019, 12, 31, tzinfo=UTC)),
    ]


def test_what_its_receiver_hides_is_no_recommendation(export: Path) -> None:
    assert [record.actor for record in by_verb(export, "recommend")] == ["name:bob example"]
    assert {record.actor for record in by_verb(export, "endorse")} == {"in/bob-example"}
    found = tallies(read(export, "linkedin"))
    assert (found["recommendations received"], found["recommendations that are not shown"]) == (2, 1)
    assert (found["endorsements received"], found["endorsements that are not shown"]) == (3, 1)


def test_what_the_owner_did_is_counted_and_weighs_nothing(export: Path) -> None:
    found = tallies(read(export, "linkedin"))
    assert (found["own comments"], found["own reactions"], found["invitations sent"]) == (1, 2, 1)
    assert "name:erin example" not in {i.actor for i in some(read(export, "linkedin"), Interaction)}


def test_shares_are_posts_known_by_their_urn(export: Path) -> None:
    posts = some(read(export, "linkedin"), Post)
    assert [post.post for post in posts] == [
        "urn:li:share:7000000000000000001",
        "urn:li:ugcPost:7000000000000000002",
    ]


def test_counters_are_of_the_newest_day_in_the_export(export: Path) -> None:
    records = read(export, "linkedin")
    assert counters(records) == {"connections": 3, "recommendations": 1, "endorsements": 1, "posts": 2}
    assert {c.observed_at for c in some(records, Counter)} == {datetime(2026, 11, 3, 7, 8, 9, tzinfo=UTC)}


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace('"Bread, Cakes & Co"', "Bread").replace(",", ";").encode(),
        lambda text: text.replace("First Name,Last Name", "first name,LAST NAME").encode(),
        lambda text: text.partition("\n\n")[2].encode(),
        lambda text: text.encode() + b"\n\n\n",
    ],
    ids=["windows", "bom", "utf-16", "semicolons", "case", "no notes", "blank lines"],
)
def test_a_table_is_read_however_it_was_saved(export: Path, rewrite) -> None:
    connections = file_of(export, "Connections.csv")
    connections.write_bytes(rewrite(connections.read_bytes().decode()))
    actors = ["in/bob-example", "in/j\u00fcrgen-beispiel", "name:carol example"]
    assert [record.actor for record in by_verb(export, "connect")] == actors


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Dan,Exam", "has 2 columns where 7 are named"),
        ("Dan,Example,,,Oven, Ltd,Fitter,01 Jan 2020", "has 8 columns"),
        ('Dan,"Example,,,Oven,Fitter,01 Jan 2020', "a quote is not closed"),
        (",,,,,,01 Jan 2020", "name is"),
        ("LinkedIn,Member,,,,,01 Jan 2020", "names nobody"),
        ("\ufffd\ufffd,Example,,,,,01 Jan 2020", "not an id"),
        ("Alice,Example,,,,,01 Jan 2020", "names the owner"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_costs_no_other(export: Path, row: str, reason: str) -> None:
    connections = file_of(export, "Connections.csv")
    lines = connections.read_text().splitlines()
    connections.write_text("\n".join([*lines[:4], row, *lines[4:]]) + "\n")
    [(where, why)] = rejected(read(export, "linkedin"))
    assert where == "Connections.csv, row 5"
    assert reason in why
    assert len(by_verb(export, "connect")) == 3


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("15 Mar 2021", datetime(2021, 3, 15, tzinfo=UTC)),
        ('"3/15/21, 6:32 PM"', datetime(2021, 3, 15, 18, 32, tzinfo=UTC)),
        ("03/15/2021", datetime(2021, 3, 15, tzinfo=UTC)),
        ("2021-03-15 10:11:12 UTC", datetime(2021, 3, 15, 10, 11, 12, tzinfo=UTC)),
        ("2021/03/15 10:11:12 UTC", datetime(2021, 3, 15, 10, 11, 12, tzinfo=UTC)),
        ("05 Jun 1833", None),
        ("31 Feb 2021", None),
        ("15. M\u00e4rz 2021", None),
        ("", None),
    ],
)
def test_a_connection_without_a_usable_date_is_still_one(export: Path, text: str, day: datetime | None) -> None:
    connections = file_of(export, "Connections.csv")
    connections.write_text(connections.read_text().replace("15 Mar 2021", text))
    assert by_verb(export, "connect")[0].observed_at == day
    assert tallies(read(export, "linkedin")).get("connections without a usable date", 0) == (day is None)


def test_it_is_recognised_by_its_columns_and_not_by_its_names(export: Path) -> None:
    file_of(export, "Connections.csv").rename(export / "contacts (1).csv")
    assert recognised(export) == ["linkedin"]
    assert len(by_verb(export, "connect")) == 3


def test_a_folder_above_and_a_zip_are_read_alike(export: Path, zipped) -> None:
    assert read(zipped(export.parent), "linkedin")[0] == read(export, "linkedin")[0]


def test_the_made_up_export_is_counted_whole(data: Path) -> None:
    folder = data / "exports" / "linkedin_silkyrich_synthetic"
    records = read(folder, "linkedin")

    def rows(name: str) -> list[list[str]]:
        with (folder / name).open(newline="") as file:
            return list(csv.reader(file))

    connections = rows("Connections.csv")
    start = next(number for number, row in enumerate(connections) if row[:1] == ["First Name"]) + 1
    found = tallies(records)
    assert found["connections"] == len(connections[start:]) == 2000
    assert found["recommendations received"] == len(rows("Recommendations_Received.csv")) - 1 == 27
    assert found["endorsements received"] == len(rows("Endorsement_Received_Info.csv")) - 1 == 700
    actors = {verb: {i.actor for i in some(records, Interaction) if i.verb == verb} for verb in ("connect", "endorse")}
    assert len(actors["connect"]) == len({row[2] for row in connections[start:]})
    assert len(actors["endorse"]) == len({row[4] for row in rows("Endorsement_Received_Info.csv")[1:]})
    # Its shares are of the 1840s, when there was no network.
    assert len(rejected(records)) == len(rows("Shares.csv")) - 1
    assert all("not between 2000 and 2100" in reason for _, reason in rejected(records))
    # The date as people write it, not as Python does.
    assert not any("datetime" in reason for _, reason in rejected(records))
