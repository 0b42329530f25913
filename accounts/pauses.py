"""Times during which what was earned does not fade: a broken link's, and a person's own rests within a year's days.

A rest is counted in whole days (UTC), the day it begins among them and the day it ends not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.models import LinkedAccount, Pause, Person, User
from accounts.notify import notify
from accounts.team_log import note

# Days that a person may rest in a calendar year.
DAYS_A_YEAR = 60


class RestRefused(Exception):
    """A rest cannot begin or end as asked; `code` says why, for page and API alike."""

    code = "refused"


class AlreadyResting(RestRefused):
    code = "already_resting"


class NoDaysLeft(RestRefused):
    code = "no_days_left"


class NotResting(RestRefused):
    code = "not_resting"


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest as it counts. `end`: when it ended, or will by itself when the year's days are used up."""

    pause: int
    start: datetime
    end: datetime
    # Whether somebody ended it before its days were used up.
    by_hand: bool

    def goes_on(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def days(self) -> range:
        """The days that it counts, as ordinals of date."""
        return range(self.start.astimezone(UTC).toordinal(), self.end.astimezone(UTC).toordinal())

    @property
    def first_day(self) -> date:
        return self.start.astimezone(UTC).date()

    @property
    def last_day(self) -> date:
        """The last day of which it says that nothing fades; before its first one where it lasted no day."""
        return self.end.astimezone(UTC).date() - timedelta(days=1)


# ---------------------------------------------------------------- a broken link's


def begin(*, link: LinkedAccount, reason: Pause.Reason, at: datetime) -> None:
    """Begin a pause of `link`; one that goes on already stays as it is."""
    if not Pause.objects.filter(link=link, reason=reason, ended_at__isnull=True).exists():
        Pause.objects.create(person=link.person, link=link, reason=reason, started_at=at)


def end(*, link: LinkedAccount, reason: Pause.Reason, at: datetime) -> None:
    """End the pause of `link` that goes on, if any. A broken link rested for BROKEN_REST at most."""
    for pause in Pause.objects.filter(link=link, reason=reason, ended_at__isnull=True):
        pause.ended_at = max(pause.started_at, pause.until(at))
        pause.save(update_fields=["ended_at"])


# ---------------------------------------------------------------- a person's own rests


@transaction.atomic
def begin_rest(*, person: Person, at: datetime, user: User | None = None) -> Rest:
    """Let `person` rest from `at` on, with all accounts; `user` wants it. Raises AlreadyResting, NoDaysLeft."""
    _one_at_a_time(person)
    before = rests_of(person)
    if any(rest.end > at for rest in before):
        raise AlreadyResting(f"{person} rests already")
    if days_left(person, at) < 1:
        raise NoDaysLeft(f"{person} has used up the {DAYS_A_YEAR} days of {at.astimezone(UTC).year}")
    _close_used_up(before, at)
    Pause.objects.create(person=person, reason=Pause.Reason.REST, started_at=at)
    if user is not None:
        note(person=person, user=user, action="rest", at=at)
    return rests_of(person)[-1]


@transaction.atomic
def end_rest(*, person: Person, at: datetime, user: User | None = None) -> Rest:
    """End the rest of `person` that goes on; `user` wants it. Raises NotResting, also where its days were used up."""
    _one_at_a_time(person)
    before = rests_of(person)
    _close_used_up(before, at)
    going_on = [rest for rest in before if rest.goes_on(at)]
    if not going_on:
        raise NotResting(f"{person} does not rest")
    Pause.objects.filter(pk=going_on[0].pause).update(ended_at=at)
    if user is not None:
        note(person=person, user=user, action="rest over", at=at)
    return next(rest for rest in rests_of(person) if rest.pause == going_on[0].pause)


def _one_at_a_time(person: Person) -> None:
    # Whoever was erased meanwhile is not there to be locked, and has no rests either.
    Person.objects.select_for_update(no_key=True).filter(pk=person.pk).first()


def end_used_up(at: datetime) -> int:
    """Write down which rests have ended by themselves, and tell whose they were; returns how many."""
    number = 0
    going_on = Pause.objects.filter(reason=Pause.Reason.REST, ended_at__isnull=True)
    for person in Person.objects.filter(pk__in=going_on.values("person")).order_by("pk"):
        with transaction.atomic():
            _one_at_a_time(person)
            rests = rests_of(person)
            if _close_used_up(rests, at):
                number += 1
                day = rests[-1].end.astimezone(UTC).date()
                notify(person=person, kind="rest_over", context={"day": day, "url": reverse("pause")})
    return number


def _close_used_up(rests: Iterable[Rest], at: datetime) -> int:
    """Write down when rests ended by themselves, so that another one may begin; returns how many had not been."""
    written = 0
    for rest in rests:
        if rest.end <= at:
            open_still = Q(ended_at__isnull=True) | Q(ended_at__gt=rest.end)
            written += Pause.objects.filter(open_still, pk=rest.pause).update(ended_at=rest.end)
    return written


def days_left(person: Person, at: datetime) -> int:
    """How many days `person` may still rest in the calendar year of `at`; the day of `at` is not used yet."""
    today = at.astimezone(UTC).date()
    first, last = date(today.year, 1, 1).toordinal(), today.toordinal()
    used = sum(first <= day < last for rest in rests_of(person) for day in rest.days)
    return max(DAYS_A_YEAR - used, 0)


def rest_of(person: Person, at: datetime) -> Rest | None:
    """The rest of `person` that goes on."""
    return next((rest for rest in rests_of(person) if rest.goes_on(at)), None)


def rests_of(person: Person) -> list[Rest]:
    """All rests of `person`, the oldest first."""
    return counted(Pause.objects.filter(person=person, reason=Pause.Reason.REST)).get(person.pk, [])


def counted(pauses: Iterable[Pause]) -> dict[int, list[Rest]]:
    """person -> rests as they count, the oldest first; `pauses` are all the rests of those people.

    No calendar year holds more than DAYS_A_YEAR of a person's days of rest: the rest that would, ends before.
    """
    by_person: dict[int, list[Pause]] = defaultdict(list)
    for pause in sorted(pauses, key=lambda pause: (pause.started_at, pause.pk)):
        by_person[pause.person_id].append(pause)
    found: dict[int, list[Rest]] = {}
    for person, own in by_person.items():
        used: Counter[int] = Counter()
        rests = found.setdefault(person, [])
        for pause in own:
            latest = _used_up(pause.started_at, used)
            end = min(pause.ended_at or latest, latest)
            rest = Rest(pause.pk, pause.started_at, end, by_hand=pause.ended_at is not None and pause.ended_at < latest)
            used.update(date.fromordinal(day).year for day in rest.days)
            rests.append(rest)
    return found


def _used_up(start: datetime, used: Counter[int]) -> datetime:
    """When a rest that begins at `start` ends by itself; `used`: year -> days of rest before it."""
    day = start.astimezone(UTC).date()
    while True:
        new_year = date(day.year + 1, 1, 1)
        left = max(DAYS_A_YEAR - used[day.year], 0)
        if left < (new_year - day).days:
            day += timedelta(days=left)
            return max(start, datetime(day.year, day.month, day.day, tzinfo=UTC))
        day = new_year
