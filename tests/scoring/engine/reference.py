"""The engine's definition once more, slow and obvious, row by row in plain Python; the tests hold the engine to it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction

ONE = 65536
STANDING = {"follow", "list", "connect", "recommend", "endorse"}
COUNTED = {
    ("twitter", "followers"): "follow",
    ("twitter", "listed"): "list",
    ("twitter", "mentions_received"): "mention",
    ("twitter", "retweets_received"): "share",
    ("facebook", "friends"): "connect",
    ("facebook", "followers"): "follow",
    ("mastodon", "followers"): "follow",
}


@dataclass(frozen=True)
class Event:
    key: int
    at: datetime
    target: int
    actor: int
    verb: str
    post: int = 0
    network: str = "twitter"
    origin: str = "bulk"


@dataclass(frozen=True)
class Lasting:
    target: int
    actor: int
    verb: str
    network: str = "twitter"
    origin: str = "bulk"


@dataclass(frozen=True)
class Reading:
    account: int
    name: str
    value: int
    network: str = "twitter"
    origin: str = "api"


@dataclass(frozen=True)
class Total:
    account: int
    post: int
    verb: str
    total: int
    at: datetime
    network: str = "twitter"
    origin: str = "api"


@dataclass(frozen=True)
class Published:
    account: int
    post: int
    at: datetime


@dataclass
class Log:
    events: list[Event] = field(default_factory=list)
    relations: list[Lasting] = field(default_factory=list)
    counters: list[Reading] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    owners: dict[int, int] = field(default_factory=dict)
    # Account -> days on which what it had did not fade.
    paused: dict[int, set[date]] = field(default_factory=dict)
    published: list[Published] = field(default_factory=list)


def weight(as_of: date, at: datetime, half_life: int, paused: Collection[date] = ()) -> int:
    day = at.astimezone(UTC).date()
    age = (as_of - day).days - sum(day < rested < as_of for rested in paused)
    return round(ONE * 2.0 ** (-age / half_life))


def strength(decayed: int) -> int:
    return int(Fraction(3 * decayed * ONE, decayed + 2 * ONE))


def saturated(reactions: int) -> int:
    return int(Fraction(50 * reactions * ONE, reactions + 49))


def features(
    log: Log, as_of: date, standing: dict[int, int], unknown: int, guards: dict[tuple[int, int], int] | None = None
) -> dict[tuple[int, int], dict[str, int]]:
    """(account, supplied) -> column -> value, zeros left out; every account seen is a key.

    guards: (target, actor) -> what the actor's reactions to the target count, in 65,536ths.
    """
    counts = guards or {}
    midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    gone = log.erased
    events = {event.key: event for event in log.events}.values()
    events = [e for e in events if e.at < midnight and e.target not in gone and e.actor not in gone]
    relations = [r for r in log.relations if r.target not in gone and r.actor not in gone]
    counters = [c for c in log.counters if c.account not in gone]
    totals = [t for t in log.totals if t.account not in gone and t.at < midnight]

    seen: set[int] = set()
    for row in [*events, *relations]:
        seen |= {row.target, row.actor}
    for owned in [*counters, *totals]:
        seen.add(owned.account)
    found: dict[tuple[int, int], dict[str, int]] = {(account, 0): defaultdict(int) for account in seen}

    def own(target: int, actor: int) -> bool:
        person = log.owners.get(target)
        return target == actor or (person is not None and person == log.owners.get(actor))

    def uploaded(rows) -> int:
        return int(all(row.origin == "archive" for row in rows))

    def of(account: int, supplied: int) -> dict[str, int]:
        return found.setdefault((account, supplied), defaultdict(int))

    for account in seen:
        rested = log.paused.get(account, set())
        others = [row for row in [*events, *relations] if row.target == account and not own(account, row.actor)]
        dated = [row for row in others if isinstance(row, Event)]
        for actor in {row.actor for row in others}:
            weighs, counted = standing.get(actor, unknown), counts.get((account, actor), ONE)
            mine = of(account, uploaded(row for row in others if row.actor == actor))
            theirs = [row for row in dated if row.actor == actor and row.verb not in STANDING]
            recent = strength(sum(weight(as_of, row.at, 30, rested) for row in theirs)) * counted >> 16
            long = strength(sum(weight(as_of, row.at, 365, rested) for row in theirs)) * counted >> 16
            mine["any_actors_now"] += strength(sum(weight(as_of, row.at, 7, rested) for row in theirs)) * counted >> 16
            mine["any_actors_recent"] += recent
            mine["any_actors_long"] += long
            mine["any_standing_recent"] += recent * weighs >> 16
            mine["any_standing_long"] += long * weighs >> 16
            mine["any_people_ever"] += ONE
            if any(row.origin == "api" for row in others if row.actor == actor):
                mine["any_confirmed_ever"] += ONE
            for verb in {row.verb for row in others if row.actor == actor}:
                column = verb.replace("-", "_")
                mine = of(account, uploaded(row for row in others if (row.actor, row.verb) == (actor, verb)))
                if verb in STANDING:
                    mine[f"{column}_actors_ever"] += counted
                    mine[f"{column}_standing_ever"] += counted * weighs >> 16
                else:
                    same = [row for row in theirs if row.verb == verb]
                    recent = sum(weight(as_of, row.at, 30, rested) for row in same)
                    mine[f"{column}_events_recent"] += recent
                    long = strength(sum(weight(as_of, row.at, 365, rested) for row in same)) * counted >> 16
                    mine[f"{column}_actors_recent"] += strength(recent) * counted >> 16
                    mine[f"{column}_actors_long"] += long
                    mine[f"{column}_standing_recent"] += (strength(recent) * counted >> 16) * weighs >> 16
        for verb, post in {(row.verb, row.post) for row in dated if row.post and row.verb not in STANDING}:
            same = [row for row in dated if (row.verb, row.post) == (verb, post)]
            largest = max(
                weight(as_of, row.at, 30, rested) * counts.get((account, row.actor), ONE) >> 16 for row in same
            )
            rows = [e for e in events if (e.target, e.verb, e.post) == (account, verb, post)]
            mine = of(account, uploaded(rows))
            mine[f"{verb.replace('-', '_')}_posts_recent"] += largest

        of_totals: dict[tuple[int, str], int] = defaultdict(int)
        for row in totals:
            if row.account == account:
                named = [e for e in events if (e.target, e.post, e.verb) == (account, row.post, row.verb) and e.post]
                if row.verb in STANDING:
                    named = []
                beyond = max(0, row.total - len(named))
                mine = of(account, uploaded([row]))
                of_totals[uploaded([row]), row.verb] += beyond
                if row.verb not in STANDING:
                    decayed = saturated(beyond) * weight(as_of, row.at, 30, rested) >> 16
                    mine[f"{row.verb.replace('-', '_')}_anonymous_recent"] += decayed
        readings: dict[tuple[int, str], list[int]] = defaultdict(list)
        for reading in counters:
            if reading.account == account:
                of(account, uploaded([reading]))
                verb = COUNTED.get((reading.network, reading.name))
                if verb:
                    readings[uploaded([reading]), verb].append(reading.value)
        for (supplied, verb), values in readings.items():
            # Own reactions bring nothing, but they are known: a counter must not bring them back without a name.
            rows = [row for row in [*events, *relations] if row.target == account and row.verb == verb]
            known = 0
            for actor in {row.actor for row in rows}:
                theirs = [row for row in rows if row.actor == actor]
                named = [row for row in theirs if isinstance(row, Event)]
                if uploaded(theirs) <= supplied:
                    known += 1 if verb in STANDING else max(len(named), 1)
            known += sum(of_totals[source, verb] for source in range(supplied + 1))
            said = max(readings.get((0, verb), [0])) if supplied else 0
            of(account, supplied)[f"{verb.replace('-', '_')}_surplus"] = max(0, max(values) - max(known, said)) * ONE

        for row in log.published:
            if row.account == account and row.at < midnight:
                mine = of(account, 0)
                weighs = weight(as_of, row.at, 30, rested)
                mine["any_published_recent"] += weighs
                others_reacted = any(e.post == row.post and e.verb not in STANDING for e in dated)
                if others_reacted or any(t.account == account and t.post == row.post and t.total for t in totals):
                    mine["any_reacted_recent"] += weighs
    return {key: {name: value for name, value in columns.items() if value} for key, columns in found.items()}


def graph(log: Log, as_of: date, guards: dict[tuple[int, int], int] | None = None) -> dict[tuple[int, int], int]:
    """(actor, target) -> the weight of the edge in the graph."""
    midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    edges: dict[tuple[int, int, str], int] = defaultdict(int)
    for row in [*{event.key: event for event in log.events}.values(), *log.relations]:
        person = log.owners.get(row.target)
        if isinstance(row, Event) and row.at >= midnight:
            continue
        if {row.target, row.actor} & log.erased or row.target == row.actor:
            continue
        if person is not None and person == log.owners.get(row.actor):
            continue
        edges[row.actor, row.target, row.verb] += (
            weight(as_of, row.at, 365, log.paused.get(row.target, set())) if isinstance(row, Event) else 0
        )
    found: dict[tuple[int, int], int] = defaultdict(int)
    for (actor, target, verb), decayed in edges.items():
        found[actor, target] += ONE if verb in STANDING else strength(decayed)
    counts = guards or {}
    counted = {(a, t): weight * counts.get((t, a), ONE) >> 16 for (a, t), weight in found.items()}
    return {edge: weight for edge, weight in counted.items() if weight}
