"""Codes: taken in from a file, kept encrypted, each given to one claim.

The digest beside a code is an HMAC with a key that is kept for good (OPT_OUT_KEY): equal codes of a brand have equal
digests, which a unique constraint refuses. No code is ever in a log, a message, or a line of the audit.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import tokens
from accounts.models import User
from perks import audit, states
from perks.code_files import LONGEST, Row
from perks.errors import NotNow, PerkError, SoldOut
from perks.models import Brand, Campaign, Code, CodeBatch, Variant
from perks.states import State

# Rows taken in at once, and refused rows of a file that are kept to be looked at.
AT_ONCE = 2_000
KEPT = 5_000
# Uploads of a brand take turns: "code", and the brand's number.
LOCK = 0x636F6465

# Why a row was refused; rows keep the word, pages say the sentence.
REASONS: Mapping[str, str | Promise] = {
    "empty": gettext_lazy("The row has no code."),
    "long": gettext_lazy("The code is longer than 200 characters."),
    "control": gettext_lazy("The code has a character that cannot be seen."),
    "twice": gettext_lazy("The same code stands further up in the file."),
    "known": gettext_lazy("Your brand has this code already."),
    "digits": gettext_lazy("The spreadsheet kept it as a number and has lost digits of it: format the column as text."),
    "kind": gettext_lazy("The cell holds a date, a truth value or an error, and no text."),
    "unreadable": gettext_lazy("The row cannot be read."),
}


class TooFew(PerkError):
    code = "too_few"
    text = gettext_lazy("So many are not free: some are claimed, held or kept back.")


@dataclass(slots=True)
class _Report:
    """What became of a file so far."""

    added: int = 0
    number: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, row: int, reason: str, text: str) -> None:
        self.number += 1
        if len(self.rows) < KEPT:
            self.rows.append({"row": row, "reason": reason, "code": masked(text)})


def digest(brand: Brand | int, code: str) -> str:
    """64 hexadecimal digits, equal for equal codes of a brand and for no others."""
    number = brand.pk if isinstance(brand, Brand) else brand
    text = f"perk code\x1f{number}\x1f{code}".encode(errors="surrogatepass")
    return hmac.new(settings.OPT_OUT_KEY.encode(), text, hashlib.sha256).hexdigest()


def seal(code: str) -> bytes:
    """`code` as Code.sealed keeps it. Raises accounts.tokens.LostKey where there is no key."""
    return tokens.encrypt(code)


def unseal(sealed: bytes | memoryview) -> str:
    """The code again. Raises accounts.tokens.LostKey."""
    return tokens.decrypt(sealed)


def masked(code: str) -> str:
    """Enough to find a code in one's own list and too little to use it: "AB…9"; of a short one less."""
    seen = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in code)
    if len(seen) >= 6:
        return f"{seen[:2]}…{seen[-1]}"
    return f"{seen[:1]}…" if seen else ""


def reason_of(row: Mapping[str, Any]) -> str:
    """The sentence of a row of CodeBatch.refused."""
    return str(REASONS.get(row.get("reason", ""), REASONS["unreadable"]))


def trouble_with(code: str) -> str:
    """The word of REASONS for which a code is refused by itself; "" for none."""
    if not code:
        return "empty"
    if len(code) > LONGEST:
        return "long"
    return "control" if any(unicodedata.category(letter)[0] == "C" for letter in code) else ""


def take_in(*, variant: Variant, rows: Iterable[Row], file_name: str, user: User | None, at: datetime) -> CodeBatch:
    """Take in the codes of `rows` and raise the variant's quantity by as many; all of it or, on an error, nothing.

    What is refused is in the batch that is returned, row by row. The same file again adds nothing. Raises NotNow.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        campaign = Campaign.objects.select_related("brand").get(pk=variant.campaign_id)
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, campaign.brand_id])
        if campaign.is_template or not states.may_change(states.STOCK, State(campaign.state), claimed=False):
            raise NotNow(_("The stock of this campaign can no longer be changed."))
        batch = CodeBatch.objects.create(
            variant=variant, file_name=plain_name(file_name), added=0, uploaded_by=user, uploaded_at=at
        )
        report, seen = _Report(), set[str]()
        for some in _portions(rows):
            _take_some(cursor, some, seen, report, brand=campaign.brand_id, variant=variant.pk, batch=batch.pk)
        batch.added, batch.refused, batch.refused_number = report.added, report.rows, report.number
        batch.save(update_fields=["added", "refused", "refused_number"])
        if report.added:
            Variant.objects.filter(pk=variant.pk).update(quantity=F("quantity") + report.added)
        audit.record(
            brand=campaign.brand,
            campaign=campaign,
            user=user,
            action="codes in",
            about=batch.file_name,
            changes={"added": ("", str(report.added)), "refused": ("", str(report.number))},
            at=at,
        )
    return batch


def _portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _take_some(
    cursor: Any, rows: list[Row], seen: set[str], report: _Report, *, brand: int, variant: int, batch: int
) -> None:
    """Insert what is new among `rows`; `seen` holds the digests of the file so far."""
    new: dict[str, Row] = {}
    for row in rows:
        trouble = row.trouble or trouble_with(row.text)
        mark = "" if trouble else digest(brand, row.text)
        if not trouble and mark in seen:
            trouble = "twice"
        if trouble:
            report.refuse(row.number, trouble, row.text)
        else:
            seen.add(mark)
            new[mark] = row
    known = set(Code.objects.filter(brand=brand, digest__in=list(new)).values_list("digest", flat=True))
    for mark in [mark for mark in new if mark in known]:
        report.refuse(new[mark].number, "known", new.pop(mark).text)
    if not new:
        return
    cursor.execute(
        """INSERT INTO perks_code (brand_id, variant_id, batch_id, digest, sealed)
           SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::bytea[])""",
        [brand, variant, batch, list(new), [seal(row.text) for row in new.values()]],
    )
    report.added += len(new)


_GIVE = """
UPDATE perks_code SET claim_id = %%(claim)s, given_at = %%(at)s
WHERE id = (SELECT id FROM perks_code WHERE variant_id = %%(variant)s AND given_at IS NULL
            ORDER BY id LIMIT 1 FOR UPDATE %s)
  AND given_at IS NULL"""


def give(claim_id: int, variant_id: int, at: datetime) -> None:
    """Give the claim the next code of the variant, in the caller's transaction. Raises SoldOut where there is none.

    Claims do not wait for each other; where every free code is locked (being withdrawn, say), this one waits.
    """
    with connection.cursor() as cursor:
        for statement in (_GIVE % "SKIP LOCKED", _GIVE % ""):
            cursor.execute(statement, {"claim": claim_id, "at": at, "variant": variant_id})
            if cursor.rowcount:
                return
    raise SoldOut()


def withdraw(
    *, variant: Variant, number: int, user: User, reason: str, at: datetime, batch: CodeBatch | None = None
) -> int:
    """Delete `number` unused codes (of one file, if given), the last ones first, and lower the quantity by as many.

    Raises TooFew where so many are not free; NotNow. Returns the number.
    """
    with transaction.atomic():
        row = Variant.objects.select_for_update(of=("self",)).select_related("campaign__brand").get(pk=variant.pk)
        campaign = row.campaign
        if not states.may_change(states.STOCK, State(campaign.state), claimed=False):
            raise NotNow(_("The stock of this campaign can no longer be changed."))
        unused = Code.objects.filter(variant=row, given_at__isnull=True)
        if batch is not None:
            unused = unused.filter(batch=batch)
        found = list(unused.order_by("-pk").select_for_update(skip_locked=True).values_list("pk", flat=True)[:number])
        if number < 1 or len(found) < number or number > row.left:
            raise TooFew()
        Code.objects.filter(pk__in=found).delete()
        Variant.objects.filter(pk=row.pk).update(quantity=F("quantity") - number)
        audit.record(
            brand=campaign.brand,
            campaign=campaign,
            user=user,
            action="codes out",
            about=str(batch) if batch is not None else "",
            reason=reason,
            changes={"quantity": (str(row.quantity), str(row.quantity - number))},
            at=at,
        )
    return number


def plain_name(file_name: str) -> str:
    """A file's name without its folders and without what cannot be seen, of at most 255 characters."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable())[-255:] or "codes"
