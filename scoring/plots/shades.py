"""Times in which nothing faded, for shading them: rests, and links that were broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.utils import timezone

from accounts import pauses
from accounts.models import BROKEN_REST, Pause, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS


@dataclass(frozen=True, slots=True)
class Shade:
    """From the first to the last day nothing faded: of all (a rest), or of `account`, whose link was broken."""

    first_day: date
    last_day: date
    kind: str
    account: str = ""


def shades_of(person: Person, first: date, last: date, *, own: bool) -> tuple[Shade, ...]:
    """What is to be shaded between the two days, the oldest first; others than oneself see rests that have ended."""
    at = timezone.now()
    found = Pause.objects.filter(person=person).select_related("link__account")
    rows = list(found if own else found.filter(reason=Pause.Reason.REST))
    rests = pauses.counted(row for row in rows if row.reason == Pause.Reason.REST).get(person.pk, [])
    # That somebody is away just now is nobody else's business.
    shades = [Shade(rest.first_day, rest.last_day, "rest") for rest in rests if rest.days and (own or rest.end <= at)]
    shades += [broken(row) for row in rows if row.reason == Pause.Reason.BROKEN and row.link]
    inside = (shade for shade in shades if shade.first_day <= min(shade.last_day, last) and shade.last_day >= first)
    return tuple(sorted(inside, key=lambda shade: (shade.first_day, shade.last_day, shade.account)))


def broken(pause: Pause) -> Shade:
    """The whole days of a broken link's pause, the one in which it ended (or will by itself) left out."""
    assert pause.link is not None
    account = pause.link.account
    network = NETWORKS.get(account.network)
    last = pause.until(pause.started_at + BROKEN_REST).astimezone(UTC).date() - timedelta(days=1)
    label = f"{network.spec.label if network else account.network} {name_of(account)}"
    return Shade(pause.started_at.astimezone(UTC).date(), last, "broken", label)
