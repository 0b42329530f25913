"""What a brand's fulfilment takes out: the list of parcels with their addresses, as CSV or XLSX.

Addresses leave for who has the fulfilment role, and for nobody else: not the owner, and not our staff, who run the
system and send no parcels. Each file and each look is a line of the brand's log, with how many and never what.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.models import User
from perks import addresses, audit, postal
from perks.errors import PerkError
from perks.models import BrandMembership, Shipment
from perks.roles import roles_that
from scoring.spreadsheets import safe, written

# Of an address as it stands on a parcel; the country's own order, the country last.
LINES = 9
HEAD = (
    *("reference", "campaign", "variant", "name"),
    *(f"line_{number}" for number in range(1, LINES + 1)),
    *("street", "city", "region", "postal_code", "country"),
    *("carrier", "tracking_number", "tracking_link", "state"),
)


class NothingToSend(PerkError):
    code = "nothing_to_send"
    text: str | Promise = gettext_lazy("There is no parcel to be sent.")


def sends_for(user: User) -> list[int]:
    """The numbers of the brands whose parcels `user` sends: whose addresses they see."""
    rows = BrandMembership.objects.filter(user=user, role__in=roles_that("addresses"))
    return list(rows.values_list("brand_id", flat=True))


@transaction.atomic
def pick_list(*, shipments: Iterable[Shipment], user: User, at: datetime) -> list[list[str]]:
    """A row of texts for each parcel (HEAD first), spreadsheet-safe; written down for each brand.

    Raises PermissionDenied where one is of a brand whose parcels `user` does not send, NothingToSend.
    """
    rows = list(shipments)
    if not rows:
        raise NothingToSend()
    claims = [row.claim for row in rows]
    found = addresses.read_many(claims, user, at)
    for number in sorted({claim.campaign.brand_id for claim in claims}):
        here = [claim for claim in claims if claim.campaign.brand_id == number]
        campaigns = {claim.campaign_id: claim.campaign for claim in here}
        audit.record(
            brand=here[0].campaign.brand,
            user=user,
            action="export addresses",
            campaign=here[0].campaign if len(campaigns) == 1 else None,
            about=f"{sum(claim.pk in found for claim in here)} addresses in {len(here)} rows",
            at=at,
        )
    return [list(HEAD), *(_row(row, found.get(row.claim_id)) for row in rows)]


def _row(shipment: Shipment, address: Mapping[str, str] | None) -> list[str]:
    claim, known = shipment.claim, address or {}
    lines = postal.on_a_parcel(known) if known else []
    # A country with more lines than others keeps its last ones together.
    lines = [*lines[: LINES - 1], ", ".join(lines[LINES - 1 :])] if len(lines) > LINES else lines
    region = ("city_area", "country_area")
    texts = [
        *(str(claim.reference), claim.campaign.title, claim.variant.name, known.get("name", "")),
        *(lines + [""] * (LINES - len(lines))),
        *(known.get("street_address", "").replace("\n", ", "), known.get("city", "")),
        ", ".join(filter(None, (known.get(name, "") for name in region))),
        *(known.get("postal_code", ""), known.get("country_code", "")),
        *(shipment.carrier, shipment.tracking, shipment.tracking_url, shipment.state),
    ]
    return [safe(text) for text in texts]


def as_csv(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines, with the mark by which spreadsheet programs see that it is UTF-8."""
    yield "\ufeff"
    yield from written(rows)


def as_xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook whose cells are texts: none is a formula, and no number loses its leading zeros."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("parcels")
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=_without_controls(text))
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _without_controls(text: str) -> str:
    """XML has no place for most control characters."""
    return "".join(letter for letter in text if letter >= " " or letter == "\n")
