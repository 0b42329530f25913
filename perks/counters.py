"""Where a brand's people take passes: numbers and PINs of counters, and the phones that were let in with them.

A PIN is short, so it is tried slowly: TRIES wrong ones, for a counter or from a range of addresses, and nobody is let
in for PAUSE. A phone that is in stays in for STAYS, until the PIN is changed or the counter is switched off; the ticket
in its cookie names the counter and a fingerprint of the PIN as it is kept.
"""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks import audit
from perks.errors import PerkError, TooMany
from perks.models import Brand, Counter

log = logging.getLogger(__name__)

STAYS = timedelta(hours=12)
TRIES = 5
PAUSE = timedelta(minutes=15)
SHORTEST, LONGEST = 6, 12
NUMBER_LENGTH = 6
SALT = "perks.counters"
# What is compared with where there is no such counter, so that both take equally long.
NOBODYS = "no counter has this"


class WrongPin(PerkError):
    """Also of a counter that is switched off, or that there is not: the sentence is the same."""

    code = "wrong_pin"
    text = _("There is no counter with this number and PIN.")


class CountersPaused(TooMany):
    text = _("Too many wrong PINs. For the next 15 minutes nobody can sign in here; phones that are in stay in.")


# ---------------------------------------------------------------- made by the brand
def add(*, brand: Brand, name: str, pin: str, user: User | None, at: datetime) -> tuple[Counter, str]:
    """A new counter and its PIN, made here where `pin` is "". Raises PerkError for a PIN that is none."""
    pin = checked(pin) if pin else new_pin()
    for _try in range(9):
        number = "".join(secrets.choice("123456789") for _digit in range(NUMBER_LENGTH))
        try:
            with transaction.atomic():
                counter = Counter.objects.create(brand=brand, name=name, number=number, pin_hash=make_password(pin))
                audit.record(brand=brand, user=user, action="add counter", about=name, at=at)
                return counter, pin
        except IntegrityError:
            if not Counter.objects.filter(number=number).exists():
                # Its name is taken, which another number would not mend.
                raise
    raise PerkError(_("No free number was found. Please try again."))


def change_pin(*, counter: Counter, pin: str, user: User | None, at: datetime) -> str:
    """Another PIN, made here where `pin` is ""; every phone that was in is out. Raises PerkError."""
    pin = checked(pin) if pin else new_pin()
    with transaction.atomic():
        locked = Counter.objects.select_for_update().get(pk=counter.pk)
        locked.pin_hash = make_password(pin)
        locked.save(update_fields=["pin_hash"])
        audit.record(brand=locked.brand, user=user, action="change PIN", about=locked.name, at=at)
    return pin


def new_pin() -> str:
    """Six digits that are not easily guessed."""
    while True:
        pin = f"{secrets.randbelow(10**SHORTEST):0{SHORTEST}}"
        if not _easy(pin):
            return pin


def checked(pin: str) -> str:
    """`pin` without spaces, if it is one. Raises PerkError with the reason."""
    pin = "".join(pin.split())
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise PerkError(_("A PIN is 6 to 12 digits."))
    if _easy(pin):
        raise PerkError(_("This PIN is among the first that anybody tries. Please take another."))
    return pin


def _easy(pin: str) -> bool:
    """Few different digits, a line of them (123456, 987654), or the same again (121212, 123123)."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    half = len(pin) // 2
    return len(set(pin)) < 3 or steps in ({1}, {9}) or pin[:half] == pin[half:]


# ---------------------------------------------------------------- let in
def let_in(*, number: str, pin: str, addresses: str) -> Counter:
    """The counter of `number` and `pin`. addresses: the range that it is asked from, "" where it is not known.

    A try is counted before it is looked at, so that many at once are no more than TRIES. Raises WrongPin,
    CountersPaused.
    """
    number = "".join(letter for letter in number if letter.isdecimal())[:NUMBER_LENGTH]
    pin = "".join(pin.split())[:LONGEST]
    keys = [f"perks:pins:{kind}:{_digest(said)}" for kind, said in (("counter", number), ("range", addresses)) if said]
    tries = [_count(key) for key in keys]
    if max(tries, default=0) > TRIES:
        log.info("too many wrong PINs of a counter")
        raise CountersPaused(seconds=int(PAUSE.total_seconds()))
    counter = Counter.objects.select_related("brand").filter(number=number).first()
    if counter is None:
        # As long as a comparison takes.
        make_password(NOBODYS)
        raise WrongPin
    if not (check_password(pin, counter.pin_hash) and _open(counter)):
        raise WrongPin
    for key in keys:
        # This try alone was none. Taking away the wrong ones before it would let a guesser clear their own.
        _uncount(key)
    return counter


def ticket_for(counter: Counter) -> str:
    """What the cookie of a phone says that was let in; it is signed and dated."""
    return signing.dumps([counter.pk, _fingerprint(counter)], salt=SALT, compress=False)


def counter_of(ticket: str) -> Counter | None:
    """The counter that a phone is in at, with its brand; None where its time is over, or it was put out."""
    try:
        number, fingerprint = signing.loads(ticket, salt=SALT, max_age=STAYS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    counter = Counter.objects.select_related("brand").filter(pk=number).first()
    if counter is None or not _open(counter) or not constant_time_compare(fingerprint, _fingerprint(counter)):
        return None
    return counter


def _open(counter: Counter) -> bool:
    # The passes of a brand that was suspended stay good: who has one was promised something.
    return counter.active


def _fingerprint(counter: Counter) -> str:
    return salted_hmac(SALT, counter.pin_hash, algorithm="sha256").hexdigest()[:32]


def _digest(said: str) -> str:
    return salted_hmac(SALT, said, algorithm="sha256").hexdigest()[:32]


def _count(key: str) -> int:
    cache.add(key, 0, PAUSE.total_seconds())
    try:
        return int(cache.incr(key))
    except ValueError:
        # It lapsed between the two.
        return 1


def _uncount(key: str) -> None:
    with suppress(ValueError):
        cache.decr(key)
