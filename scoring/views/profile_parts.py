"""What a profile shows beside the score, read in few queries however much there is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.models import F, QuerySet, Value

from accounts.models import Account, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.visibility import Viewer, may_see, showing
from scoring import days
from scoring.achievements import catalogue, shelf
from scoring.achievements.defined import AS_JSON, families_from
from scoring.models import Tie
from scoring.ties import MOST
from scoring.views import profile_topics
from scoring.views.people import Shown

# Of those who move somebody, and of those moved, so many are named; and so many posts.
NAMED = 6
# So many of the closest are looked at for those who may be named.
LOOKED_AT = 40
MOMENTS = 3
# Points that are 0.00 once they are rounded.
LEAST = 0.005


# Written out: to put it together anew for each page would take longer than PostgreSQL takes for it.
FACTS = """
    SELECT json_build_object(
        'leaves', (
            SELECT coalesce(json_agg(json_build_object('account', account, 'feature', feature, 'points', points)), '[]')
            FROM scoring_component WHERE person_id = %(person)s
        ),
        'links', (
            SELECT coalesce(json_agg(json_build_object(
                'account', account.id, 'network', account.network, 'handle', account.handle,
                'external_id', account.external_id, 'server', link.server
            ) ORDER BY link.linked_at, link.id), '[]')
            FROM accounts_linkedaccount AS link JOIN accounts_account AS account ON account.id = link.account_id
            WHERE link.person_id = %(person)s AND account.network <> 'klout'
        ),
        'awards', (
            SELECT coalesce(json_agg(json_build_object(
                'family', family, 'level', level, 'earned_on', earned_on, 'pinned', pinned
            ) ORDER BY family, level), '[]')
            FROM scoring_award WHERE person_id = %(person)s AND revoked_at IS NULL
        ),
        'defined', (
            SELECT coalesce(json_agg({DEFINED}), '[]')
            FROM scoring_definition WHERE state <> 'draft'
            AND slug IN (SELECT family FROM scoring_award WHERE person_id = %(person)s)
        ),
        {TOPICS},
        'movers', (SELECT count(*) FROM scoring_tie WHERE influencee_id = %(person)s),
        'moved', (SELECT count(*) FROM scoring_tie WHERE influencer_id = %(person)s)
    )::text
""".replace("{DEFINED}", AS_JSON).replace("{TOPICS}", profile_topics.SQL)


@dataclass(frozen=True, slots=True)
class Linked:
    """A linked account as the profile names it; `points` is None where nothing is scored yet, or not to be told."""

    label: str
    name: str
    url: str
    points: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What one query tells of a person.

    by_account, by_feature: the points of the current score. movers, moved: numbers of members.
    """

    by_account: dict[int, float]
    by_feature: dict[str, float]
    links: tuple[Linked, ...]
    awards: tuple[shelf.Achieved, ...]
    topics: tuple[profile_topics.About, ...]
    movers: int
    moved: int


@dataclass(frozen=True, slots=True)
class Ties:
    """Those who move a person, or whom a person moves: some by name, and how many there are."""

    people: tuple[Person, ...]
    number: int

    @property
    def more(self) -> int:
        """How many are not named: there is no room for them, or they do not want to be seen."""
        return self.number - len(self.people)

    @property
    def at_least(self) -> bool:
        """Whether there may be still more than that."""
        return self.number >= MOST


def facts_of(shown: Shown, reader: Person | None, at: datetime) -> Facts:
    """Points, links, awards, topics that are not hidden, and numbers of ties; one query.

    reader: who would give +K, None for who is not logged in.
    """
    # Nobody gives to whom they speak for.
    giver = None if shown.speaks else reader
    with connection.cursor() as cursor:
        cursor.execute(FACTS, profile_topics.asked(shown.person, giver, shown.viewer, at))
        (text,) = cursor.fetchone()
    found = json.loads(text)
    by_account = added_up(found["leaves"], "account")
    awards = (given | {"earned_on": date.fromisoformat(given["earned_on"])} for given in found["awards"])
    known = {family.slug: family for family in families_from(found["defined"])} | catalogue.BY_SLUG
    return Facts(
        by_account=by_account,
        by_feature=added_up(found["leaves"], "feature"),
        links=tuple(linked(given, by_account) for given in found["links"]),
        awards=tuple(shelf.highest(awards, known)),
        topics=tuple(profile_topics.abouts(found, shown, giver, at)),
        movers=found["movers"],
        moved=found["moved"],
    )


def added_up(leaves: Iterable[Mapping[str, Any]], by: str) -> dict[Any, float]:
    """The points of the leaves of a score by their account, or by their feature."""
    found: dict[Any, float] = {}
    for leaf in leaves:
        found[leaf[by]] = found.get(leaf[by], 0.0) + leaf["points"]
    return found


def linked(given: Mapping[str, Any], points: Mapping[int, float]) -> Linked:
    """A link as the query tells it; without any points nothing is scored yet."""
    account = Account(network=given["network"], handle=given["handle"], external_id=given["external_id"])
    network = NETWORKS.get(account.network)
    label = network.spec.label if network else account.network
    url = profile_url(account.network, account.handle, given["server"])
    return Linked(label, name_of(account), url, points.get(given["account"], 0.0) if points else None)


def profile_url(slug: str, handle: str, server: str) -> str:
    """Where the account is on its network; "" where that is not known. A handle is text from outside: it is quoted."""
    network = NETWORKS.get(slug)
    if not handle or network is None:
        return ""
    if network.spec.profile_url:
        return network.spec.profile_url.format(handle=quote(handle, safe=""))
    if server.startswith("https://"):
        return f"{server.rstrip('/')}/@{quote(handle.partition('@')[0], safe='')}"
    return ""


def top_moments(person: Person, viewer: Viewer) -> list[days.Told]:
    """The posts that bring most and may be shown, the most first; not where they are, where the networks are kept back.
    One query."""
    rows = days.with_urls(person.pk).filter(days.told_to(person, viewer), points__gte=LEAST).exclude(post=0)
    rows = rows.order_by("-points", "post")
    found = days.told_of(rows[:MOMENTS])
    # The address of a post says where it is.
    networks = may_see(person, "networks", viewer)
    return found if networks else [replace(post, network="", slug="", url="", topic="") for post in found]


def ties_of(person: Person, facts: Facts, viewer: Viewer, today: date) -> tuple[Ties, Ties]:
    """Who moves `person`, and whom `person` moves, the closest first; one query.

    Named are members whom the reader may see, and who let their ties be seen.
    """
    reader = min(viewer, Viewer.MEMBER)
    seen = [Person.Visibility.PUBLIC, Person.Visibility.MEMBERS][: 1 + (reader is Viewer.MEMBER)]
    people = Person.objects.joined().staying().old_enough(today).filter(showing("ties", reader), visibility__in=seen)

    def side(name: str, ties: QuerySet[Tie], other: str, of: Mapping[str, Any], by: str) -> QuerySet[Person]:
        # Taken first: to PostgreSQL hardly anybody seems to be visible, so that it would go through all ties.
        closest = ties.order_by("-weight", "-reactions").values(other)[:LOOKED_AT]
        among = people.filter(pk__in=closest, **of)
        close = among.annotate(side=Value(name), weight=F(f"{by}__weight"), reactions=F(f"{by}__reactions"))
        return close.select_related("score").order_by("-weight", "-reactions", "pk")[:NAMED]

    mine, theirs = Tie.objects.filter(influencee=person), Tie.objects.filter(influencer=person)
    movers = side("mover", mine, "influencer", {"moves__influencee": person}, "moves")
    moved = side("moved", theirs, "influencee", {"moved_by__influencer": person}, "moved_by")
    found: Sequence[Any] = sorted(movers.union(moved, all=True), key=lambda one: (-one.weight, -one.reactions, one.pk))
    return (
        Ties(tuple(one for one in found if one.side == "mover"), facts.movers),
        Ties(tuple(one for one in found if one.side == "moved"), facts.moved),
    )
