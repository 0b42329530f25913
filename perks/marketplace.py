"""What the marketplace lists: campaigns as cards, how each stands now, and how the reader stands to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject

from accounts.models import Person
from perks import openings
from perks.eligibility import Checklist
from perks.eligibility.base import Criterion
from perks.eligibility.checking import checklist_of, criteria_of
from perks.eligibility.facts import Facts, facts_from, with_all
from perks.eligibility.wanted import Wanted, wanted
from perks.models import Campaign, Picture, Window
from perks.openings import Opening, Phase
from perks.snapshots import snapshots_of, taken_up
from perks.states import State

FOR_ME, ALMOST, ALL, MINE = "for-me", "almost", "all", "mine"
SHOWS = (FOR_ME, ALMOST, ALL, MINE)
PAGE = 24
# So many that are open or will open are looked at, those that close or open soonest first.
MOST = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# What can be had now, what will be, what may come back.
ORDER = {Phase.OPEN: 0, Phase.ENTER: 0, Phase.SOON: 1, Phase.SOLD_OUT: 2, Phase.PAUSED: 3}
LAST = 9
# Nearer than this many open criteria counts as almost.
FEW_UNMET = 2
FEW_LEFT = 10

Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Offer:
    """A campaign on a card. checklist: of the reader, None for a visitor; wants: what it wants of anybody."""

    campaign: Campaign
    opening: Opening
    criteria: Sequence[Criterion] = ()
    checklist: Checklist | None = None

    @property
    def wants(self) -> list[str]:
        return [criterion.wants() for criterion in self.criteria if not criterion.quiet]

    @property
    def picture(self) -> dict[str, Any] | None:
        """The first picture: {"id", "alternative"}."""
        found: list[dict[str, Any]] = self.campaign.first_picture  # type: ignore[attr-defined]
        return found[0] if found else None

    @property
    def left(self) -> int:
        """Items that somebody who comes now can have."""
        return openings.free_at_once(self.campaign.variants.all())

    @property
    def met(self) -> int:
        return sum(check.met for check in self.checklist.checks) if self.checklist else 0


@dataclass(slots=True)
class Page:
    """Cards of one page, how many there are in each list, and what the next page begins after ("": there is none)."""

    offers: list[Offer] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    after: str = ""


def running(at: datetime) -> QuerySet[Campaign]:
    """Public campaigns with a window that has not closed, with their brands; what can be had soonest first."""
    windows = Window.objects.filter(campaign=OuterRef("pk"), closes_at__gt=at)
    open_now = Exists(windows.filter(opens_at__lte=at))
    states = [State.SCHEDULED, State.LIVE, State.PAUSED]
    return (
        Campaign.objects.public()
        .filter(Exists(windows), state__in=states)
        .annotate(
            later=Case(When(open_now, then=Value(0)), default=Value(1)),
            next_close=Subquery(windows.order_by("closes_at").values("closes_at")[:1]),
        )
        .order_by("later", "next_close", "pk")
    )


def for_cards(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """With all that a card shows: brand, windows, stock, the first picture; three queries."""
    pictures = Picture.objects.filter(campaign=OuterRef("pk")).order_by("place", "pk")
    first = pictures.values(json=JSONObject(id="pk", alternative="alternative"))[:1]
    return (
        campaigns.select_related("brand")
        .prefetch_related("windows", "variants")
        .annotate(first_picture=ArraySubquery(first))
        .defer("text", "how_to_use")
    )


@dataclass(slots=True)
class Lists:
    """All that runs, by list, in its order; with the rows that checklists are made of."""

    facts: Facts | None
    rows: dict[int, Wanted] = field(default_factory=dict)
    by_name: dict[str, list[tuple[Key, Offer]]] = field(default_factory=lambda: {FOR_ME: [], ALMOST: [], ALL: []})

    def page(self, show: str, after: str = "", most: int = 0) -> Page:
        """At most `most` (0: PAGE) cards of a list, after the one whose key `after` is."""
        most = most or PAGE
        found, begin = self.by_name[show], _key(after)
        if begin is not None:
            found = [one for one in found if one[0] > begin]
        shown = [self._in_words(offer) for _key, offer in found[:most]]
        more = ",".join(str(number) for number in found[most - 1][0]) if len(found) > most else ""
        return Page(shown, {name: len(offers) for name, offers in self.by_name.items()}, more)

    def _in_words(self, offer: Offer) -> Offer:
        """With how the reader stands to it in words, which only those that are shown need."""
        if self.facts is None:
            return offer
        checklist = checklist_of(self.facts, offer.campaign, self.rows[offer.campaign.pk], offer.criteria)
        return Offer(offer.campaign, offer.opening, offer.criteria, checklist)


def lists_of(facts: Facts | None, at: datetime, campaigns: QuerySet[Campaign] | None = None) -> Lists:
    """What runs at `at` (of `campaigns`, if given), as somebody of whom `facts` are known (None: a visitor) stands to
    it; four queries."""
    found = list(for_cards(running(at) if campaigns is None else campaigns)[:MOST])
    return _lists(facts, found, wanted(found), at)


def _lists(facts: Facts | None, found: Sequence[Campaign], rows: dict[int, Wanted], at: datetime) -> Lists:
    """For me: all is met. Almost: one or two things are missing that the person can come to meet, the nearest first.
    What they have had already is in neither.
    """
    lists = Lists(facts, rows)
    for campaign in found:
        opening = openings.state_at(campaign, at, facts.score if facts else None)
        offer = Offer(campaign, opening, criteria_of(campaign, lists.rows[campaign.pk]))
        key = key_of(offer)
        lists.by_name[ALL].append((key, offer))
        if facts is None:
            continue
        unmet = [criterion for criterion in offer.criteria if not criterion.met(facts)]
        if not unmet:
            lists.by_name[FOR_ME].append((key, offer))
        elif len(unmet) <= FEW_UNMET:
            checks = [criterion.check(facts) for criterion in unmet]
            if all(check.within_reach for check in checks):
                gap = round(1_000_000 * sum(check.gap for check in checks))
                lists.by_name[ALMOST].append(((len(unmet), gap, campaign.pk), offer))
    for offers in lists.by_name.values():
        offers.sort(key=lambda one: one[0])
    return lists


def key_of(offer: Offer) -> Key:
    """What can be had now comes first, by when it ends; then what will open, by when."""
    opening = offer.opening
    time = opening.opens_at if opening.phase == Phase.SOON else opening.closes_at
    return ORDER.get(opening.phase, LAST), ((time or EPOCH) - EPOCH) // MICROSECOND, offer.campaign.pk


def within_reach(person: Person, at: datetime, most: int) -> tuple[list[Offer], bool]:
    """At most `most` campaigns that can be had now or soon and that the person qualifies for, else those that are
    nearest; and which of the two. One query."""
    row: Any = (
        with_all(Person.objects.filter(pk=person.pk), at).annotate(running=snapshots_of(running(at)[:MOST])).get()
    )
    found, rows = taken_up(row.running)
    lists = _lists(facts_from(row, at), found, rows, at)
    soon = {Phase.OPEN, Phase.ENTER, Phase.SOON}
    for show in (FOR_ME, ALMOST):
        lists.by_name[show] = [one for one in lists.by_name[show] if one[1].opening.phase in soon]
    if lists.by_name[FOR_ME]:
        return lists.page(FOR_ME, most=most).offers, True
    return lists.page(ALMOST, most=most).offers, False


def _key(text: str) -> Key | None:
    """What ?after= says; None for nothing, and for what is none."""
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    first, second, third = (int(part) for part in parts)
    return first, second, third
