"""What keeps one person from taking everybody's share: how often somebody may try, and what claims have in common.

Hints are HMACs under the server's key: they name nobody, cannot be turned back into an address or a browser, and are
good for one question alone, whether two claims have the same. They are forgotten some months after a campaign
(perks.flags). They block nothing: what looks odd is shown to the staff.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.callers import address_of, range_of
from accounts.models import Person
from perks.errors import TooMany

log = logging.getLogger(__name__)

HOUR = 3600
# As Claim keeps them.
HINT = 32
# What a browser says of itself in each request, in this order.
SAID = ("User-Agent", "Accept-Language", "Sec-CH-UA", "Sec-CH-UA-Platform", "Sec-CH-UA-Mobile")
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in a fixed window of `seconds`: of one person, and of everybody behind one range of addresses.

    Thousands share a range (a university, a mobile network): its number only stops machines.
    """

    person: int
    range: int
    seconds: int = HOUR


# By what is done; anything else goes by OTHERS.
LIMITS: Mapping[str, Limit] = {
    "hold": Limit(person=10, range=settings.PERKS_HOLDS_PER_RANGE),
    "enter": Limit(person=20, range=settings.PERKS_HOLDS_PER_RANGE),
    "wait": Limit(person=20, range=settings.PERKS_HOLDS_PER_RANGE),
    "review": Limit(person=20, range=200),
    "problem": Limit(person=10, range=100),
}
OTHERS = Limit(person=60, range=2 * settings.PERKS_HOLDS_PER_RANGE)


def hints(request: HttpRequest) -> tuple[str, str]:
    """(network_hint, device_hint) as Claim keeps them: of the address range, and of what the browser says of itself.

    Each is "" where nothing is known. No cookie is set for it, and nothing is asked of the browser: two claims of one
    device agree as long as it is not updated, and so do those of two equal phones.
    """
    said = [request.headers.get(name, "")[:LONGEST] for name in SAID]
    # Without a name of its own a browser is not to be told from any other.
    device = _digest("device", *said) if said[0] else ""
    addresses = range_of(address_of(request))
    return (_digest("network", addresses) if addresses else ""), device


def check_rate(request: HttpRequest, person: Person | None, what: str, *, now: float | None = None) -> None:
    """Count one try of `what` (of LIMITS); raises TooMany where there were too many within its time.

    Each call counts, also one that is refused. Where the cache is away nobody is kept out. now: seconds since 1970.
    """
    limit = LIMITS.get(what, OTHERS)
    number = int((time.time() if now is None else now) // limit.seconds)
    network, _device = hints(request)
    counted = {
        **({f"person:{person.pk}": limit.person} if person is not None else {}),
        **({f"range:{network}": limit.range} if network else {}),
    }
    try:
        tries = _count([f"perks:rate:{what}:{number}:{name}" for name in counted], limit.seconds)
    except Exception as error:
        # Whatever the cache's client raises: a campaign is not closed because the broker is away.
        log.warning("tries of %s are not counted: %s", what, type(error).__name__)
        return
    if any(tried > most for tried, most in zip(tries, counted.values(), strict=True)):
        log.info("too many tries of %s by person %s", what, person.pk if person is not None else "nobody")
        raise TooMany(seconds=limit.seconds)


def _count(keys: Sequence[str], seconds: int) -> list[int]:
    """How often each has been counted by now, this time too; one round trip, as Django's own interface has none."""
    pipeline = cache._cache.get_client(None, write=True).pipeline(transaction=False)  # type: ignore[attr-defined]
    for key in map(cache.make_and_validate_key, keys):
        pipeline.set(key, 0, ex=seconds + 60, nx=True)
        pipeline.incr(key)
    return [int(answer) for answer in pipeline.execute()[1::2]]


def _digest(kind: str, *parts: str) -> str:
    # Each part with its length: no two lists of parts run together to the same text.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return salted_hmac(f"perks.abuse.{kind}", text, algorithm="sha256").hexdigest()[:HINT]
