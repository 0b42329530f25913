"""Who is left out of a campaign to compare with: drawn by an HMAC, the same for a person however often it is asked.

Nobody can tell from outside who is drawn, and no row is kept of it: the draw follows from the server's secret, the
campaign's number and the person's. In Python and in SQL it is the same draw.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from accounts.models import Person
from perks.models import Campaign

BLOCK = 64
# HMAC-SHA-256 as RFC 2104 writes it, of the person's number; the first 32 bits, in hundredths of all.
DRAWN = """
    ('x' || left(encode(sha256(%s::bytea || sha256(%s::bytea || convert_to({person}::text, 'UTF8'))), 'hex'), 8)
    )::bit(32)::bigint %% 100 < %s
"""


def _key(campaign: Campaign) -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), f"perks hold-out {campaign.pk}".encode(), hashlib.sha256).digest()


def held_out(campaign: Campaign, person: Person | int) -> bool:
    """Whether `person` is one of those left out, if they qualify at all."""
    number = person.pk if isinstance(person, Person) else person
    digest = hmac.new(_key(campaign), str(number).encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:4]) % 100 < campaign.hold_out


def sql(campaign: Campaign, person: str = "accounts_person.id") -> tuple[str, list[object]]:
    """The same as a condition of SQL with its parameters; `person`: the column with the person's number."""
    key = _key(campaign).ljust(BLOCK, b"\0")
    inner, outer = bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)
    return DRAWN.format(person=person), [outer, inner, campaign.hold_out]


def condition(campaign: Campaign, person: str = "accounts_person.id") -> RawSQL:
    """The same for a queryset: `people.filter(condition(campaign))` are those left out."""
    text, params = sql(campaign, person)
    return RawSQL(text, params, output_field=BooleanField())  # noqa: S611 (our own text, values apart)
