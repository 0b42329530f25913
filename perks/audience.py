"""How many people a campaign is for, before it is published: counts that are coarse enough to be about nobody.

What a brand is told: no count under FEW, no name, no exact number. Every count is moved a little before it is rounded,
by what follows from the very set of people it counts and from the server's secret: the same people give the same number
however they are asked for, and one person more or less gives another one that says nothing about them. Steps that
fewer than FEW people do not pass look as if everybody did. Answers are kept for a while, and a brand gets so many new
ones in an hour.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Case, Count, F, FloatField, IntegerField, Max, Min, Model, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Floor
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Person
from perks.eligibility.base import HALF_STEP, Criterion
from perks.eligibility.checking import criteria
from perks.eligibility.facts import PERK_SCORE
from perks.eligibility.scores import ScoreOf
from perks.eligibility.standing import Member, WithinLimit
from perks.errors import TooMany
from perks.models import Campaign
from perks.states import State
from scoring import bands

FEW = 20
# By so much a count may be moved either way.
MOVED = 5
BAR = 5
# Of more people than these, so many are counted, drawn by their random numbers, and the rest is inferred.
SAMPLE = 30_000
# New answers for a brand in an hour, and for how long one is kept.
PER_HOUR = 40
KEPT = timedelta(hours=1)
# Past campaigns that an expectation goes by: the latest so many; of other brands at least so many.
PAST, PAST_OF_OTHERS = 20, 3
DAYS = 28


@dataclass(frozen=True, slots=True)
class About:
    """A count that may be told; number None: fewer than FEW."""

    number: int | None

    @property
    def few(self) -> bool:
        return self.number is None


@dataclass(frozen=True, slots=True)
class Step:
    """What a criterion leaves of those who passed the ones before it. share: of all members, 0 to 100."""

    wants: tuple[str, ...]
    left: About
    share: float
    # Fewer than FEW did not pass.
    nearly_all: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Members whose score (as perks go by it) is from `least` to under `most`, and how many of them qualify."""

    least: int
    most: int
    members: About
    qualify: About


@dataclass(frozen=True, slots=True)
class Expected:
    """When everything would be taken, if people came as they did before. own: goes by the brand's own campaigns.

    days: whole days after the opening; None: not within DAYS, and `taken` of the stock would be. past: how many
    campaigns it goes by, 0: there is nothing to go by.
    """

    past: int
    own: bool = True
    days: int | None = None
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """least: what "few" stands for, FEW where everybody was counted, more where a sample was."""

    least: int
    members: About
    qualify: About
    steps: tuple[Step, ...]
    bars: tuple[Bar, ...]
    # The score that it takes, its band, and which share of the members with a score have it (None: too few to say).
    threshold: float | None
    band: bands.Band
    top: int | None
    stock: int
    expected: Expected


def preview(campaign: Campaign, at: datetime) -> Preview:
    """Who would qualify for `campaign` at `at`. Raises TooMany where its brand has asked for too many of late."""
    wanted = [criterion for criterion in criteria(campaign) if not isinstance(criterion, WithinLimit)]
    stock = sum(variant.quantity for variant in campaign.variants.all())
    key = _key(campaign, wanted, stock)
    kept: Preview | None = cache.get(key)
    if kept is None:
        _count(campaign, at)
        kept = _made(campaign, wanted, stock, at)
        cache.set(key, kept, int(KEPT.total_seconds()))
    return kept


def coarse(number: int, people: int, share: float = 1.0) -> About:
    """A count as it may be told, to two digits; `people`: what tells this set of people from another.

    share: of all members, those that were counted; what is told is of all.
    """
    moved = _moved(number, people)
    # So that the edge of FEW says nothing either: it lies a little above, elsewhere for each set.
    if number < FEW + abs(moved):
        return About(None)
    told = round(max(number + moved, FEW) / share)
    step = max(10, 10 ** (len(str(told)) - 2))
    return About((told + step // 2) // step * step)


def told_of(people: QuerySet[Person]) -> About:
    """How many `people` are, as it may be told: the same set gives the same number here and in a preview."""
    found = people.order_by().aggregate(number=Count("pk"), people=Sum(F("klout_id") % 2**31))
    return coarse(found["number"], found["people"] or 0)


def _moved(number: int, people: int) -> int:
    digest = hmac.new(settings.SECRET_KEY.encode(), f"perks preview {number} {people}".encode(), hashlib.sha256)
    return int.from_bytes(digest.digest()[:4]) % (2 * MOVED + 1) - MOVED


# ---------------------------------------------------------------- counting


@dataclass(slots=True)
class _Set:
    """So many people, and a sum of numbers of theirs that tells them from others."""

    number: int = 0
    people: int = 0
    share: float = 1.0

    def add(self, number: int, people: int) -> None:
        self.number += number
        self.people += people

    @property
    def told(self) -> About:
        return coarse(self.number, self.people, self.share)


def _made(campaign: Campaign, wanted: Sequence[Criterion], stock: int, at: datetime) -> Preview:
    # Criteria of one step in one: what is wanted of two topics is no funnel of its own.
    steps: dict[str, list[Criterion]] = {}
    for criterion in wanted:
        if not isinstance(criterion, Member):
            steps.setdefault(criterion.step, []).append(criterion)
    last, share = _sample()
    passed = [_Set(share=share) for _step in range(len(steps) + 1)]
    by_bar = {low: (_Set(share=share), _Set(share=share)) for low in range(0, 100, BAR)}
    threshold = next((criterion.least for criterion in wanted if isinstance(criterion, ScoreOf)), None)
    scored, above = _Set(share=share), _Set(share=share)
    for depth, point, number, people in _groups(list(steps.values()), last, at):
        for place in range(depth + 1):
            passed[place].add(number, people)
        if point is None:
            continue
        low = min(int(point) // BAR * BAR, 100 - BAR)
        by_bar[low][0].add(number, people)
        if depth == len(steps):
            by_bar[low][1].add(number, people)
        scored.add(number, people)
        if threshold is not None and point >= threshold:
            above.add(number, people)
    told = _steps(list(steps.values()), passed)
    qualify = told[-1].left if told else passed[0].told
    return Preview(
        least=FEW if share == 1 else -(-round(FEW / share) // 10) * 10,
        members=passed[0].told,
        qualify=qualify,
        steps=tuple(told),
        bars=tuple(Bar(low, low + BAR, all_.told, some.told) for low, (all_, some) in by_bar.items()),
        threshold=threshold,
        band=bands.band_of(threshold if threshold is not None else bands.BANDS[0].least),
        top=_top(above.told, scored.told),
        stock=stock,
        expected=expected(campaign, qualify, stock, at),
    )


def _sample() -> tuple[int | None, float]:
    """The klout id up to which people are counted (None: all are), and which share of all they are; two queries."""
    numbers = Person.objects.order_by("klout_id").values_list("klout_id", flat=True)
    last = numbers[SAMPLE - 1 : SAMPLE].first()
    if last is None:
        return None, 1.0
    everybody = Person.objects.count()
    return (last, SAMPLE / everybody) if everybody > 2 * SAMPLE else (None, 1.0)


def _groups(steps: list[list[Criterion]], last: int | None, at: datetime) -> list[tuple[int, float | None, int, int]]:
    """(how many steps are passed, whole points of the score, people, their sum) of all members; one statement.

    Each criterion is asked only of who passed those before it: CASE promises that.
    """
    depth: Any = Value(len(steps))
    for place in reversed(range(len(steps))):
        condition = Q()
        for criterion in steps[place]:
            condition &= criterion.where(at)
        depth = Case(When(condition, then=depth), default=Value(place), output_field=IntegerField())
    members = Person.objects.filter(Member().where(at))
    if last is not None:
        members = members.filter(klout_id__lte=last)
    point = Floor(Cast(PERK_SCORE, FloatField()) + HALF_STEP)
    rows = members.annotate(depth=depth, point=point).order_by().values_list("depth", "point")
    return list(rows.annotate(number=Count("pk"), people=Sum(F("klout_id") % 2**31)))


def _steps(steps: list[list[Criterion]], passed: list[_Set]) -> list[Step]:
    found = []
    shown, told = passed[0], passed[0].told
    for wanted, now in zip(steps, passed[1:], strict=True):
        # What some few lack is not told: it would tell about them.
        nearly_all = shown.number - now.number < FEW and not told.few
        if not nearly_all:
            shown, told = now, now.told
        share = min(100 * (told.number or 0) / (passed[0].told.number or 1), 100.0)
        found.append(Step(tuple(one.wants() for one in wanted), told, share, nearly_all))
    return found


def _top(above: About, scored: About) -> int | None:
    """In hundredths, in steps of 5 where it is much: the share with so high a score; None of few, or of all but few."""
    if above.number is None or scored.number is None:
        return None
    share = 100 * above.number / scored.number
    if share >= 95:
        return None
    return max(1, round(share)) if share < 10 else round(share / 5) * 5


# ---------------------------------------------------------------- what to expect

TAKEN_BY_DAY = """
    SELECT floor(extract(epoch FROM claimed_at - opened) / 86400)::int AS day, count(*)
    FROM perks_claim
    JOIN unnest(%s::bigint[], %s::timestamptz[]) AS past (number, opened) ON number = campaign_id
    WHERE claimed_at IS NOT NULL GROUP BY 1 ORDER BY 1
"""


def expected(campaign: Campaign, qualify: About, stock: int, at: datetime) -> Expected:
    """When the stock would be gone, if as large a share of those who qualify came as for past campaigns; two queries.

    It goes by the brand's own campaigns that are over, else by those of all brands.
    """
    over = (
        Campaign.objects.filter(is_template=False, state__in=[State.LIVE, State.ENDED, State.ARCHIVED])
        .exclude(pk=campaign.pk)
        .annotate(
            opened=Min("windows__opens_at"),
            closed=Max("windows__closes_at"),
            eligible=Max("days__eligible"),
            others=Case(When(brand=campaign.brand_id, then=Value(0)), default=Value(1)),
        )
        .filter(closed__lte=at, eligible__gte=FEW)
        .order_by("others", "-closed", "-pk")
    )
    past = list(over.values_list("pk", "opened", "eligible", "others")[:PAST])
    own = [row for row in past if row[3] == 0]
    rows = own or (past if len(past) >= PAST_OF_OTHERS else [])
    if not rows or qualify.number is None:
        return Expected(0)
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_BY_DAY, [[row[0] for row in rows], [row[1] for row in rows]])
        by_day = dict(cursor.fetchall())
    asked, taken = sum(row[2] for row in rows), 0.0
    for day in range(DAYS):
        taken += qualify.number * by_day.get(day, 0) / asked
        if taken >= stock:
            return Expected(len(rows), bool(own), days=day + 1)
    return Expected(len(rows), bool(own), taken=round(taken) if taken < 10 else coarse(round(taken), 0).number or 10)


# ---------------------------------------------------------------- not too often


def _key(campaign: Campaign, wanted: Sequence[Criterion], stock: int) -> str:
    """The same for the same criteria, whichever campaign has them."""
    said = repr([type(one).__name__ + repr(_plain(one)) for one in wanted])
    text = f"{campaign.brand_id} {stock} {get_language()} {said}"
    return f"perks:preview:{hashlib.sha256(text.encode()).hexdigest()}"


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return {one.name: _plain(getattr(value, one.name)) for one in fields(value)} if is_dataclass(value) else value


def _count(campaign: Campaign, at: datetime) -> None:
    """Raises TooMany. Many previews that differ a little would wear the moving of counts down."""
    key = f"perks:previews:{campaign.brand_id}:{at:%Y%m%d%H}"
    cache.add(key, 0, 2 * 3600)
    if cache.incr(key) > PER_HOUR:
        raise TooMany(_("These are more previews than a brand gets in an hour. Earlier ones can still be looked at."))
