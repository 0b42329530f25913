"""Tells everybody who qualifies that a window will open, before it does: a message, a mail, and a file for calendars.

Safe to kill at any point and to run again: that somebody was told is written in the transaction that tells them, and
whoever was not reached is told by the next run. After a window has opened nobody is told that it will.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts import notify
from accounts.models import Person
from perks import openings
from perks.calendar_file import FILE_NAME, MEDIA_TYPE, calendar_of
from perks.eligibility import eligible_people
from perks.models import Campaign, ToldOpening, Window
from perks.states import CLAIMABLE
from scoring.rests import perk_score

log = logging.getLogger(__name__)

# People told in one transaction, and in one call: a caller with a newer time goes on.
BATCH = 100
LIMIT = 2000
# Even where a brand asks for no notice people get some.
LEAST_HOURS = 1
# How long a window whose people were all told is left alone: meanwhile hardly anybody comes to qualify.
REST = timedelta(minutes=15)

Files = dict[tuple[datetime | None, ...], notify.File]


def tell_of_openings(at: datetime, *, limit: int = LIMIT) -> int:
    """Tell up to about `limit` people of windows that open within their campaigns' notice; how many.

    0: nobody is left to be told at `at`. Windows that open soonest come first.
    """
    told = 0
    for window in due(at):
        if told >= limit:
            break
        try:
            told += _tell_all(window, at, limit - told)
        except Exception:
            # One that is wrong keeps nobody from hearing of the others.
            log.exception("not everybody was told of window %s", window.pk)
    return told


def due(at: datetime) -> list[Window]:
    """Windows of which people are told at `at`: they open soon, and there is something to be had."""
    longest = timedelta(hours=168)
    windows = (
        Window.objects.filter(opens_at__gt=at, opens_at__lte=at + longest, campaign__state__in=CLAIMABLE)
        .filter(campaign__is_template=False, campaign__brand__suspended=False)
        .select_related("campaign__brand")
        .prefetch_related("campaign__variants", "campaign__windows")
        .order_by("opens_at", "pk")
    )
    return [
        window
        for window in windows
        if window.opens_at <= at + timedelta(hours=max(window.campaign.tell_hours, LEAST_HOURS))
        and openings.free_at_once(window.campaign.variants.all())
        and not cache.get(_rest_key(window))
    ]


def _rest_key(window: Window) -> str:
    # With its time: one that was moved is another one.
    return f"perks:told:{window.pk}:{window.opens_at.timestamp()}"


def _tell_all(window: Window, at: datetime, limit: int) -> int:
    told, last = 0, 0
    while told < limit:
        found = _next_people(window, at, last)
        if not found:
            cache.set(_rest_key(window), True, timeout=REST.total_seconds())
            break
        told += _tell(window, found, at)
        last = found[-1].pk
    return told


def _next_people(window: Window, at: datetime, last: int) -> list[Person]:
    """The next BATCH of those who qualify and were not told, by their numbers."""
    known = ToldOpening.objects.filter(window=window, person=OuterRef("pk"))
    people = eligible_people(window.campaign, at).filter(~Exists(known), pk__gt=last)
    return list(people.select_related("score").order_by("pk")[:BATCH])


def _tell(window: Window, people: Sequence[Person], at: datetime) -> int:
    """Tell those of `people` whom no other process has told meanwhile; how many."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO perks_toldopening (window_id, person_id, at)
                SELECT %s, person, %s FROM unnest(%s::bigint[]) AS person ORDER BY person
                ON CONFLICT DO NOTHING RETURNING person_id
                """,
                [window.pk, at, [person.pk for person in people]],
            )
            new = {person for (person,) in cursor.fetchall()}
        files: Files = {}
        for person in people:
            if person.pk in new:
                _tell_one(window, person, at, files)
    return len(new)


def _tell_one(window: Window, person: Person, at: datetime, files: Files) -> None:
    """`files`: the calendar file for each choice of times at which somebody's stages open, made once."""
    campaign = window.campaign
    score = getattr(person, "score", None)
    points = perk_score(score) if score is not None else None
    opens = openings.opens_for(window, points, at)
    assert opens is not None, "a window that will open has not closed"
    times = tuple(openings.opens_for(one, points, at) for one in campaign.windows.all())
    if times not in files:
        files[times] = _file(campaign, points, at)
    context = {
        "title": campaign.title,
        "brand": campaign.brand.name,
        "opens": opens,
        "closes": window.closes_at,
        "lottery": window.kind == Window.Kind.LOTTERY,
        "staggered": window.kind == Window.Kind.STAGGERED,
        "calendar": reverse("perk_calendar", args=[campaign.pk]),
        "url": campaign.get_absolute_url(),
    }
    notify.notify(person=person, kind="perk_opens", context=context, files=[files[times]])


def _file(campaign: Campaign, score: float | None, at: datetime) -> notify.File:
    name = FILE_NAME.format(number=campaign.pk)
    return name, calendar_of(campaign, score=score, at=at), MEDIA_TYPE.split(";")[0]
