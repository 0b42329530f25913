"""Addresses out for who sends the parcels, tracking in: whole, safe in any spreadsheet, and written down."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import Notification, Person, User
from perks import parcels, tracking
from perks.code_files import BadFile
from perks.models import AuditEntry, Brand, Claim, Shipment
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team
from tests.perks.parcels import STREET, address, claim_shipped, parcel_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
State = Shipment.State


@pytest.fixture
def acme(db) -> Brand:
    return make_brand()


@pytest.fixture
def fay(acme: Brand) -> User:
    return make_team(acme, fay="fulfilment")["fay"]


@pytest.fixture
def claim(acme: Brand, alice: Person) -> Claim:
    return claim_shipped(make_campaign(acme, kind="shipped"), alice)


def all_of(brand: Brand) -> list[Shipment]:
    rows = Shipment.objects.filter(claim__campaign__brand=brand).order_by("pk")
    return list(rows.select_related("claim__campaign__brand", "claim__variant"))


def listed(brand: Brand, user: User) -> list[list[str]]:
    return parcels.pick_list(shipments=all_of(brand), user=user, at=NOW)


def take(text: str | bytes, user: User, *brands: Brand, name: str = "tracking.csv") -> tracking.Report:
    data = text.encode() if isinstance(text, str) else text
    return tracking.take_in(file=io.BytesIO(data), name=name, size=len(data), brands=brands, user=user, at=NOW)


def lines(*rows: Sequence[object]) -> str:
    return "".join(",".join(map(str, row)) + "\r\n" for row in rows)


def test_the_list_says_where_each_parcel_goes_as_the_countrys_post_wants_it(
    claim: Claim, acme: Brand, fay: User
) -> None:
    head, row = listed(acme, fay)
    assert head == list(parcels.HEAD)
    known = dict(zip(head, row, strict=True))
    assert known["reference"] == str(claim.reference)
    assert (known["name"], known["street"], known["postal_code"]) == ("Alice Archer", STREET, "10117")
    there = [known[f"line_{number}"] for number in range(1, parcels.LINES + 1) if known[f"line_{number}"]]
    assert there == ["Alice Archer", STREET, "10117 BERLIN", "Germany"]


@pytest.mark.parametrize("role", ["owner", "editor", "viewer", "staff", "foreign"])
def test_nobody_but_fulfilment_sees_addresses_not_even_the_staff(
    claim: Claim, acme: Brand, fay: User, role: str
) -> None:
    if role == "staff":
        user = User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)
    elif role == "foreign":
        user = make_team(make_brand("Zenith"), fred="fulfilment")["fred"]
    else:
        user = make_team(acme, other=role)["other"]
    with pytest.raises(PermissionDenied):
        listed(acme, user)
    assert not AuditEntry.objects.filter(action__contains="address").exists()


def test_each_list_is_written_down_with_how_many_and_never_what(claim: Claim, acme: Brand, fay: User) -> None:
    listed(acme, fay)
    [line] = AuditEntry.objects.filter(action="export addresses")
    assert (line.user, line.about) == (fay, "1 addresses in 1 rows")
    told = " ".join(f"{row.about} {row.changes} {row.reason}" for row in AuditEntry.objects.all())
    assert STREET not in told
    assert "Alice" not in told


def test_there_is_no_list_of_nothing(acme: Brand, fay: User) -> None:
    with pytest.raises(parcels.NothingToSend):
        listed(acme, fay)


@pytest.mark.parametrize("odd", ["=HYPERLINK(1)", "+49 30", "-2", "@SUM(A1)", "\tx", "0012"])
def test_no_spreadsheet_runs_what_somebody_wrote_as_their_name(acme: Brand, alice: Person, fay: User, odd: str) -> None:
    claim_shipped(make_campaign(acme, kind="shipped"), alice, address=address(odd))
    rows = listed(acme, fay)
    text = "".join(parcels.as_csv(rows))
    assert text.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in found)
    assert any(odd.strip() in cell for cell in found)
    sheet = load_workbook(io.BytesIO(parcels.as_xlsx(rows))).active
    cells = list(sheet.iter_rows())[1]
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
    assert any(odd.strip() in str(cell.value) for cell in cells)


def test_tracking_is_taken_in_and_the_person_sees_it(claim: Claim, acme: Brand, fay: User) -> None:
    head = ("Reference", "Carrier", "Tracking number", "Tracking link")
    report = take(lines(head, (claim.reference, "DHL", "JD014600", "https://dhl.example/JD014600")), fay, acme)
    assert (report.changed, report.unchanged, report.refused) == (1, 0, [])
    parcel = parcel_of(claim)
    assert (parcel.state, parcel.carrier, parcel.tracking) == (State.SHIPPED, "DHL", "JD014600")
    assert parcel.tracking_url == "https://dhl.example/JD014600"
    assert claim.events.filter(kind="shipped").count() == 1
    [line] = AuditEntry.objects.filter(action="import tracking")
    assert line.about == "1 parcels changed, 0 rows refused"


def test_the_same_file_again_changes_nothing(claim: Claim, acme: Brand, fay: User) -> None:
    text = lines(("reference", "carrier", "tracking"), (claim.reference, "DHL", "JD014600"))
    take(text, fay, acme)
    before = AuditEntry.objects.count()
    report = take(text, fay, acme)
    assert (report.changed, report.unchanged) == (0, 1)
    assert AuditEntry.objects.count() == before
    assert claim.events.filter(kind="shipped").count() == 1


def test_an_older_file_takes_nothing_back(claim: Claim, acme: Brand, fay: User) -> None:
    sent = lines(("reference", "tracking", "state"), (claim.reference, "JD014600", "shipped"))
    take(sent, fay, acme)
    for state in ("delivered", "returned"):
        take(lines(("reference", "state"), (claim.reference, state)), fay, acme)
        assert take(sent, fay, acme).unchanged == 1
        assert parcel_of(claim).state == state


def test_a_list_that_came_out_goes_in_again_with_numbers_in_it(claim: Claim, acme: Brand, fay: User) -> None:
    rows = listed(acme, fay)
    rows[1][rows[0].index("carrier")], rows[1][rows[0].index("tracking_number")] = "=DHL", "0012"
    for data, name in (
        ("".join(parcels.as_csv(rows)).encode(), "a.csv"),
        (parcels.as_xlsx(rows), "a.xlsx"),
    ):
        Shipment.objects.update(state="waiting", carrier="", tracking="")
        assert take(data, fay, acme, name=name).changed == 1
        assert (parcel_of(claim).state, parcel_of(claim).tracking) == ("shipped", "0012")


def test_rows_that_are_wrong_are_named_and_lose_no_other(acme: Brand, fay: User, alice: Person, bob: Person) -> None:
    campaign = make_campaign(acme, kind="shipped")
    first, last = claim_shipped(campaign, alice), claim_shipped(campaign, bob)
    foreign = claim_shipped(make_campaign(make_brand("Zenith"), kind="shipped"), make_member("Charlie"))
    text = lines(
        ("reference", "carrier", "tracking", "link", "state"),
        (first.reference, "DHL", "1", "", ""),
        ("not-a-reference", "DHL", "2", "", ""),
        (foreign.reference, "DHL", "3", "", ""),
        ("", "", "", "", ""),
        (first.reference, "UPS", "4", "", ""),
        (last.reference, "DHL", "5", "javascript:alert(1)", ""),
        (last.reference, "DHL", "5", "", "eaten"),
        (last.reference, "D" * 61, "5", "", ""),
        (last.reference, "DHL", "6", "", "sent"),
    )
    report = take(text, fay, acme)
    assert report.changed == 2
    assert [row.row for row in report.refused] == [3, 4, 6, 7, 8, 9]
    reasons = [row.reason for row in report.refused]
    assert all(reasons)
    assert "row 2" in reasons[2]
    assert (parcel_of(first).carrier, parcel_of(last).tracking, parcel_of(foreign).state) == ("DHL", "6", "waiting")
    assert not any("javascript" in reason or "eaten" in reason for reason in reasons)


@pytest.mark.parametrize("data", [b"", b"carrier,tracking\r\nDHL,1\r\n", b"reference\r\nx\r\n", b"PK\x03\x04broken"])
def test_a_file_without_columns_that_are_known_is_refused_whole(acme: Brand, fay: User, data: bytes) -> None:
    with pytest.raises(BadFile) as caught:
        take(data, fay, acme)
    assert str(caught.value)


def test_a_spreadsheet_with_numbers_and_dates_in_it_is_read(claim: Claim, acme: Brand, fay: User) -> None:
    book, file = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["State", "Claim reference", "Tracking no", "When"])
    sheet.append(["Delivered", str(claim.reference), 14600, NOW.replace(tzinfo=None)])
    book.save(file)
    assert take(file.getvalue(), fay, acme, name="x.xlsx").changed == 1
    assert (parcel_of(claim).state, parcel_of(claim).tracking) == ("delivered", "14600")


def test_a_file_of_many_tells_nobody_within_the_request(claim: Claim, acme: Brand, fay: User) -> None:
    take(lines(("reference", "tracking"), (claim.reference, "1")), fay, acme)
    assert not Notification.objects.exists()
