"""The pass that somebody shows at a counter: a signed token for a QR code, and a short code to be typed instead.

A token says which claim it is for, when it was made, and a serial; it names nobody. On a screen it is good for LIFE,
on paper until `paper_until`; both are good once, which perks.redeeming and the claim's own state see to.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from perks.errors import NotNow, PerkError
from perks.models import Campaign, Claim, PrintedPass

LIFE = timedelta(seconds=90)
# How far the clocks of two servers may be apart.
SKEW = timedelta(seconds=10)
# Of a sheet of paper, where the campaign says neither until when it is used nor when it takes place.
PAPER_LIFE = timedelta(days=30)
# What takes place at a time is let in from so long before to so long after it, where nothing else is said.
BEFORE, AFTER = timedelta(hours=12), timedelta(hours=24)

# What is used at a counter, if it has no code of its own.
KINDS = frozenset({Campaign.Kind.VOUCHER, Campaign.Kind.DISCOUNT, Campaign.Kind.EVENT, Campaign.Kind.LOUNGE})
DATED = frozenset({Campaign.Kind.EVENT, Campaign.Kind.LOUNGE})

SALT = "perks.passes"
SCREEN, PAPER = 1, 2
# kind, reference, seconds since 1970, serial; then the signature.
REFERENCE, SECONDS, SERIAL, SIGNATURE = 16, 5, 8, 16
LENGTH = 1 + REFERENCE + SECONDS + SERIAL + SIGNATURE
# Without 0, 1, i, l and o, which are mistaken for each other when they are typed.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8


class PassForged(PerkError):
    """Also of a pass that another brand's counters take: nobody learns that there is one."""

    code = "not_a_pass"
    text = _("This is not a pass that can be taken here.")


class PassExpired(PerkError):
    code = "pass_expired"
    text = _("This code is too old. Please have the pass opened again: a new code appears.")


class PassReplaced(PerkError):
    code = "pass_replaced"
    text = _("This sheet was replaced by another one, and is good no longer.")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a token says. serial: in hexadecimal."""

    reference: uuid.UUID
    issued_at: datetime
    serial: str
    paper: bool


def has_pass(claim: Claim) -> bool:
    """Whether the claim is something that is used at a counter, with a pass (one query where a code may be its own)."""
    kind = claim.campaign.kind
    return kind in KINDS and not (kind == Campaign.Kind.DISCOUNT and hasattr(claim, "code"))


def token_for(claim: Claim, at: datetime) -> str:
    """A token for a screen, good for LIFE. Raises NotNow for a claim that is not to be used (any more)."""
    _check(claim)
    return _sign(SCREEN, claim.reference, at, secrets.token_bytes(SERIAL))


def paper_token_for(claim: Claim, sheet: PrintedPass) -> str:
    """The token of a sheet of paper: the same each time it is printed. Raises NotNow."""
    _check(claim)
    return _sign(PAPER, claim.reference, sheet.made_at, bytes.fromhex(sheet.serial))


def read(token: str, at: datetime) -> Reading:
    """What `token` says, if we signed it and it is not too old. Raises PassForged, PassExpired (with its reference).

    Whether paper is good still is asked of its claim (`paper_until`) and its PrintedPass.
    """
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (ValueError, binascii.Error):
        raise PassForged from None
    said, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
    if len(raw) != LENGTH or not _signed(said, signature):
        raise PassForged
    kind, rest = said[0], said[1:]
    issued_at = datetime.fromtimestamp(int.from_bytes(rest[REFERENCE : REFERENCE + SECONDS], "big"), UTC)
    if kind not in (SCREEN, PAPER) or issued_at > at + SKEW:
        raise PassForged
    reference = uuid.UUID(bytes=rest[:REFERENCE])
    if kind == SCREEN and at >= issued_at + LIFE:
        raise PassExpired(reference=reference)
    return Reading(reference, issued_at, rest[REFERENCE + SECONDS :].hex(), paper=kind == PAPER)


def address_of(token: str) -> str:
    """What the QR code says: the page on which a counter sees the pass."""
    return settings.SITE_URL + reverse("redeem_pass", args=[token])


def paper_until(campaign: Campaign, made_at: datetime) -> datetime:
    """When a sheet made at `made_at` ends."""
    if campaign.use_until is not None:
        return campaign.use_until
    if campaign.takes_place_at is not None:
        return campaign.takes_place_at + AFTER
    return made_at + PAPER_LIFE


def good_between(campaign: Campaign) -> tuple[datetime | None, datetime | None]:
    """From when, and to before when, a counter takes what the campaign gives; None: without bound."""
    if campaign.kind in DATED and campaign.takes_place_at is not None:
        return campaign.takes_place_at - BEFORE, campaign.use_until or campaign.takes_place_at + AFTER
    return None, campaign.use_until


# ---------------------------------------------------------------- typed codes
def code_for(token: str) -> str:
    """A short code that stands for `token` as long as it is good, in two groups ("7F3K 9QX2").

    "" where the cache is away: the QR code works without.
    """
    try:
        for _try in range(5):
            code = "".join(secrets.choice(LETTERS) for _letter in range(CODE_LENGTH))
            if cache.add(_key(code), token, LIFE.total_seconds()):
                return f"{code[:4]} {code[4:]}"
    except Exception:  # noqa: S110  (whatever the cache's client raises; nothing of it may be logged)
        pass
    return ""


def by_code(typed: str) -> str:
    """The token that a typed code stands for; capitals, spaces and hyphens do not matter. Raises PassForged."""
    code = "".join(letter for letter in typed.upper() if letter.isalnum())
    try:
        found = cache.get(_key(code)) if len(code) == CODE_LENGTH else None
    except Exception:
        found = None
    if not isinstance(found, str):
        raise PassForged(_("No pass has this code now. Codes are new each minute: please look again."))
    return found


def _key(code: str) -> str:
    # The code itself is in no cache that somebody may list.
    return f"perks:pass:{hashlib.sha256(code.encode()).hexdigest()}"


def _check(claim: Claim) -> None:
    if claim.state != Claim.State.CLAIMED or claim.person_id is None or claim.campaign.kind not in KINDS:
        raise NotNow(_("There is no pass for this now."))


def _sign(kind: int, reference: uuid.UUID, at: datetime, serial: bytes) -> str:
    said = bytes([kind]) + reference.bytes + int(at.timestamp()).to_bytes(SECONDS, "big") + serial
    return base64.b32encode(said + _signature(settings.SECRET_KEY, said)).decode().rstrip("=")


def _signature(key: str, said: bytes) -> bytes:
    return salted_hmac(SALT, said, secret=key, algorithm="sha256").digest()[:SIGNATURE]


def _signed(said: bytes, signature: bytes) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(_signature(key, said), signature) for key in keys)
