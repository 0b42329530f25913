"""Leaderboards as they are read: places that a run gave, whoever may not be seen left out, a page at a time by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.handles import FORM
from accounts.models import Membership, Person, PersonQuerySet
from accounts.visibility import Viewer, showing
from scoring.models import PersonTopic, Ranking, Score, ScoreRun, Tie, Topic

PAGE = 50
# How many places are read for a page at first, and at most where many may not be seen.
READ_AT_FIRST, READ = 100, 5_000
# Places of people whom somebody follows are counted among so many of them at most.
FOLLOWED = 5_000


@dataclass(frozen=True, slots=True)
class Line:
    """A person at a place; `score` is the one that the place was given for."""

    place: int
    person: Person
    score: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and where the next ones begin ("" where there are none): for ?after=."""

    lines: Sequence[Line]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One's own place (None: none yet), and how many points, as shown, are missing to which better one."""

    place: int | None
    score: float | None
    next_place: int | None = None
    missing: float | None = None
    # Where somebody without a place would stand.
    would_be: int | None = None


def newest_day() -> date | None:
    """The day that the places are of."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk")
    return done.values_list("as_of", flat=True).first()


def people_for(user: Any, at: date) -> PersonQuerySet:
    """Whom `user` may see on leaderboards."""
    viewer = Viewer.MEMBER if user.is_authenticated else Viewer.ANYBODY
    people = Person.objects.visible_to(user, at).filter(showing("leaderboards", viewer))
    return people.select_related("ranking")


# ---------------------------------------------------------------- pages
def key_of(people: PersonQuerySet, after: str) -> tuple[int, int]:
    """(place, number of the person) of ?after=, which has the place and the handle; what is neither begins anew.

    The handle counts where it is one of `people`: where a page begins tells nothing of anybody else.
    """
    place, _comma, handle = after.partition(",")
    if not place.isdecimal() or len(place) > 9:
        return 0, 0
    known = people.by_handle(handle).values_list("pk", flat=True) if FORM.fullmatch(handle) else None
    last = known.first() if known is not None else None
    return int(place), last or 0


def page_of(people: PersonQuerySet, places: QuerySet[Any], *, place: str, after: str) -> Page:
    """The next page of those of `people` who have one of `places` (rows with a person), by `place` and person.

    An index of the places has them in this order: first it is read a little further than the page is long, then the
    people are looked at; so it takes as long for a million as for a thousand.
    """
    ordered = places.order_by(place, "person")
    key = key_of(people, after)
    lines: list[Line] = []
    read = 0
    while len(lines) <= PAGE and read < READ:
        # As a pair, so that the index leads there however many share a place.
        further = ordered.extra(where=[f"({place}, person_id) > (%s, %s)"], params=list(key))  # noqa: S610
        number = max(READ_AT_FIRST, read)
        some = list(further.values_list(place, "person")[:number])
        lines += lines_of(people, some)
        if len(some) < number:
            break
        read += number
        key = some[-1]
    return cut(lines[: PAGE + 1])


def lines_of(people: PersonQuerySet, places: Sequence[tuple[int, int]]) -> list[Line]:
    """The lines of (place, person), those of people who may not be seen left out."""
    found = people.in_bulk([person for _place, person in places])
    seen = ((place, found[person]) for place, person in places if person in found)
    return [Line(place, person, person.ranking.score) for place, person in seen if hasattr(person, "ranking")]


def cut(lines: list[Line]) -> Page:
    """A page of `lines`, of which there is one more than it holds where others follow."""
    shown = lines[:PAGE]
    more = len(lines) > PAGE
    return Page(shown, f"{shown[-1].place},{shown[-1].person.handle.lower()}" if more else "")


def everybody(people: PersonQuerySet, *, kind: str = "", after: str = "") -> Page:
    """The board of all, or of one `kind` of Person.Kind, whose places are among all nevertheless."""
    places = Ranking.objects.filter(kind=kind) if kind else Ranking.objects.all()
    return page_of(people, places, place="rank", after=after)


def of_country(people: PersonQuerySet, code: str, *, kind: str = "", after: str = "") -> Page:
    places = Ranking.objects.filter(country=code)
    return page_of(people, places.filter(kind=kind) if kind else places, place="country_rank", after=after)


def of_topic(people: PersonQuerySet, topic: Topic, viewer: Viewer, *, after: str = "") -> Page:
    """The board of a topic: whoever shows that they have it."""
    places = PersonTopic.objects.filter(topic=topic, place__isnull=False, hidden=False)
    return page_of(people.filter(showing("topics", viewer)), places, place="place", after=after)


def of_followed(people: PersonQuerySet, me: Person, *, kind: str = "", after: str = "") -> tuple[Page, int]:
    """Whom `me` follows, and `me`, placed among themselves; and how many are followed."""
    followed = Tie.objects.filter(influencee=me, follows=True).order_by("-weight").values_list("influencer", flat=True)
    among = people.filter(pk__in=[*followed[:FOLLOWED], me.pk])
    if kind:
        among = among.filter(kind=kind)
    ranks = among.filter(ranking__isnull=False).order_by("ranking__rank", "pk").values_list("ranking__rank", "pk")
    places: list[tuple[int, int]] = []
    place = 0
    before = None
    for number, (rank, pk) in enumerate(ranks, start=1):
        place = place if rank == before else number
        before = rank
        places.append((place, pk))
    first = key_of(people, after)
    page = [pair for pair in places if pair > first][: PAGE + 1]
    return cut(lines_of(people, page)), sum(pk != me.pk for _place, pk in places)


# ---------------------------------------------------------------- one's own place
def shown(score: float) -> float:
    """`score` as pages show it."""
    return float(f"{score:.1f}")


def standing(me: Person, *, country: str | None = None, topic: Topic | None = None) -> Standing:
    """The place of `me` on the board of all, of a country or of a topic."""
    if topic is not None:
        return standing_in(me, topic)
    mine = Ranking.objects.filter(person=me).first()
    if mine is None:
        return without_place(me)
    if country is not None:
        if mine.country != country:
            return Standing(None, mine.score)
        better = Ranking.objects.filter(country=country, country_rank__lt=mine.country_rank)
        above = better.order_by("-country_rank", "-person").values_list("country_rank", "score").first()
        return beside(mine.country_rank, mine.score, above)
    above = Ranking.objects.filter(rank__lt=mine.rank).order_by("-rank", "-person").values_list("rank", "score").first()
    return beside(mine.rank, mine.score, above)


def standing_in(me: Person, topic: Topic) -> Standing:
    """The place of `me` in a topic."""
    places = PersonTopic.objects.filter(topic=topic, place__isnull=False, person__ranking__isnull=False)
    mine = places.filter(person=me).values_list("place", "person__ranking__score").first()
    if mine is None or mine[0] is None:
        waits = PersonTopic.objects.filter(topic=topic, person=me, hidden=False).exists()
        return without_place(me) if waits and not Ranking.objects.filter(person=me).exists() else Standing(None, None)
    better = places.filter(place__lt=mine[0]).order_by("-place", "-person")
    return beside(mine[0], mine[1], better.values_list("place", "person__ranking__score").first())


def beside(place: int, score: float, above: tuple[int | None, float] | None) -> Standing:
    """A place, and the next better one with its score."""
    if above is None:
        return Standing(place, score)
    return Standing(place, score, above[0], max(0.1, shown(above[1]) - shown(score)))


def without_place(me: Person) -> Standing:
    """Where among all somebody would stand who left the leaderboards, or joined after the last run."""
    score = Score.objects.filter(person=me).values_list("score", flat=True).first()
    if score is None:
        return Standing(None, None)
    # Equal scores, as shown, share a place; after those of a place come as many others as share it.
    low, high = shown(score) - 0.05, shown(score) + 0.05
    equal = Ranking.objects.filter(score__gte=low, score__lt=high).order_by("-score").values_list("rank", flat=True)
    place = equal.first()
    if place is None:
        above = Ranking.objects.filter(score__gte=high).order_by("score").values_list("rank", flat=True).first()
        place = above + Ranking.objects.filter(rank=above).count() if above else 1
    return Standing(None, score, would_be=place)


# ---------------------------------------------------------------- which boards there are
COUNTRIES = """
WITH RECURSIVE country AS (
    (SELECT country FROM scoring_ranking WHERE country > '' ORDER BY country LIMIT 1)
    UNION ALL
    SELECT (SELECT ranking.country FROM scoring_ranking AS ranking WHERE ranking.country > country.country
            ORDER BY ranking.country LIMIT 1)
    FROM country WHERE country.country IS NOT NULL
)
SELECT country FROM country WHERE country IS NOT NULL
"""


def countries() -> list[str]:
    """The codes of countries that anybody ranked is in: from one to the next along the index."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTRIES)
        return [code for (code,) in cursor.fetchall()]


def may_change(user: Any, me: Person) -> bool:
    """Whether `user` may take `me` off the leaderboards."""
    roles = [Membership.Role.OWNER, Membership.Role.EDITOR]
    return Membership.objects.filter(user=user, person=me, role__in=roles).exists()
