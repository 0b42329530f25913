"""The engine's definition once more, slow and obvious, row by row in plain Python; the tests hold the engine to it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction

ONE = 65536
STANDING = {"follow", "list", "connect", "recommend", "endorse"}
ASIDE = {"review"}
COUNTED = {
    ("twitter", "followers"): "follow",
    ("twitter", "listed"): "list",
    ("twitter", "mentions_received"): "mention",
    ("twitter", "retweets_received"): "share",
    ("facebook", "friends"): "connect",
    ("facebook", "followers"): "follow",
    ("mastodon", "followers"): "follow",
}
LEVELS = {("twitter", "posts"), ("twitter", "following")}
# The depth of a reaction in the mean depth.
DEPTHS = {"share": 1.0, "quote": 1.0, "link": 1.0, "reply": 0.7, "mention": 0.5, "save": 0.5, "tip": 0.5, "like": 0.25}
PASSED_ON = ("share", "quote", "link")


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


def weeks_ago(as_of: date, at: datetime, paused: Collection[date] = ()) -> int:
    """0 for the seven days before the day of the score, 1 for the seven before these ..., 12 for all that is older."""
    day = at.astimezone(UTC).date()
    age = (as_of - day).days - sum(day < rested < as_of for rested in paused)
    return min((age - 1) // 7, 12)


def ratios(columns: dict[str, int]) -> dict[str, int]:
    """The ratios of a row, by name, from its other columns."""

    def total(names: dict[str, float] | list[str]) -> int:
        weights = names if isinstance(names, dict) else dict.fromkeys(names, 1.0)
        return sum(columns.get(name, 0) * round(weight * ONE) >> 16 for name, weight in weights.items())

    def ratio(of, to, *, least: float = 0.0, most: float = 1e6) -> int:
        above, below = total(of), total(to)
        return round(min(above / max(below, least * ONE), most) * ONE) if below else 0

    followers = ["follow_actors_ever", "connect_actors_ever"]
    audience = [*followers, "follow_surplus", "connect_surplus"]
    passed_on = [f"{verb}_anonymous_recent" for verb in PASSED_ON]
    unnamed = [f"{verb}_anonymous_recent" for verb in DEPTHS]
    posts = ["any_published_recent"]
    return {
        "growth_ratio": ratio(["any_actors_month"], ["any_actors_month", "any_actors_before"], most=1),
        "retention_ratio": ratio(["any_returning_month"], ["any_actors_before"], most=1),
        "freshness_ratio": ratio(["any_newcomers_month"], ["any_actors_month"], most=1),
        "depth_ratio": ratio(
            {f"{verb}_actors_recent": depth for verb, depth in DEPTHS.items()},
            [f"{verb}_actors_recent" for verb in DEPTHS],
            most=1,
        ),
        "passing_ratio": ratio(passed_on, unnamed, most=1),
        "listening_ratio": ratio(["any_standing_recent"], ["any_actors_recent"]),
        "engaged_ratio": ratio(["any_followers_month"], followers, most=1),
        "response_ratio": ratio(["any_actors_month"], audience, least=1),
        "reacted_ratio": ratio(["any_reacted_recent"], posts, most=1),
        "yield_ratio": ratio(["any_actors_recent", *unnamed], posts, least=1),
        "spread_ratio": ratio([*(f"{verb}_actors_recent" for verb in PASSED_ON), *passed_on], posts, least=1),
        "followed_ratio": ratio(["follow_actors_ever", "follow_surplus"], ["following_counter"]),
        "listed_ratio": ratio({"list_actors_ever": 1000.0, "list_surplus": 1000.0}, audience, least=1),
        "cited_ratio": ratio(["link_surplus", "link_actors_ever"], ["outlinks_counter"]),
    }


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

    weeks_of: dict[tuple[int, int], set[int]] = {}
    for account in seen:
        rested = log.paused.get(account, set())
        to_account = [row for row in [*events, *relations] if row.target == account and row.verb not in ASIDE]
        others = [row for row in to_account if not own(account, row.actor)]
        dated = [row for row in others if isinstance(row, Event)]
        for actor in {row.actor for row in others}:
            weighs, counted = standing.get(actor, unknown), counts.get((account, actor), ONE)
            mine = of(account, uploaded(row for row in others if row.actor == actor))
            theirs = [row for row in dated if row.actor == actor and row.verb not in STANDING]
            recent = strength(sum(weight(as_of, row.at, 30, rested) for row in theirs)) * counted >> 16
            long = strength(sum(weight(as_of, row.at, 365, rested) for row in theirs)) * counted >> 16
            now = min(sum(weight(as_of, row.at, 5, rested) for row in theirs), ONE) * counted >> 16
            mine["any_actors_now"] += now
            for window, brought in (("now", now), ("recent", recent), ("long", long)):
                mine[f"any_squares_{window}"] += brought * brought >> 16
            mine["any_actors_recent"] += recent
            mine["any_actors_long"] += long
            mine["any_standing_recent"] += recent * weighs >> 16
            mine["any_standing_long"] += long * weighs >> 16
            # What weighs nothing any more is of no week either.
            weighing = [row for row in theirs if weight(as_of, row.at, 365, rested)]
            weeks = {weeks_ago(as_of, row.at, rested) for row in weighing}
            month, before = weeks & {0, 1, 2, 3}, weeks & {4, 5, 6, 7}
            quarter = weeks - {12}
            mine["any_actors_month"] += counted if month else 0
            mine["any_actors_before"] += counted if before else 0
            mine["any_returning_month"] += counted if month and before else 0
            mine["any_newcomers_month"] += counted if month and weeks == month else 0
            mine["any_regulars_quarter"] += counted if len(quarter) >= 3 else 0
            lasting = any(row.verb in STANDING for row in others if row.actor == actor)
            mine["any_followers_month"] += counted if month and lasting else 0
            if quarter:
                mine["any_notable_quarter"] = max(mine["any_notable_quarter"], weighs)
            weeks_of.setdefault((account, uploaded(row for row in others if row.actor == actor)), set()).update(quarter)
            mine["any_people_ever"] += ONE
            if any(row.origin == "api" for row in others if row.actor == actor):
                mine["any_confirmed_ever"] += ONE
            for verb in {row.verb for row in others if row.actor == actor}:
                column = verb.replace("-", "_")
                mine = of(account, uploaded(row for row in others if (row.actor, row.verb) == (actor, verb)))
                mine[f"{column}_actors_ever"] += counted
                if verb in STANDING:
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
            most = f"{verb.replace('-', '_')}_most_ever"
            mine[most] = max(mine[most], len(same) * ONE)

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
                    people = strength(beyond * ONE) if row.origin == "archive" else saturated(beyond)
                    decayed = people * weight(as_of, row.at, 30, rested) >> 16
                    mine[f"{row.verb.replace('-', '_')}_anonymous_recent"] += decayed
                    largest = f"{row.verb.replace('-', '_')}_largest_ever"
                    mine[largest] = max(mine[largest], row.total * ONE)
        readings: dict[tuple[int, str], list[int]] = defaultdict(list)
        for reading in counters:
            if reading.account == account:
                mine = of(account, uploaded([reading]))
                if (reading.network, reading.name) in LEVELS:
                    mine[f"{reading.name}_counter"] = reading.value * ONE
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
    for key, weeks in weeks_of.items():
        found[key]["any_weeks_quarter"] = len(weeks) * ONE
    for mine in found.values():
        mine.update(ratios(mine))
    return {key: {name: value for name, value in columns.items() if value} for key, columns in found.items()}


def graph(log: Log, as_of: date, guards: dict[tuple[int, int], int] | None = None) -> dict[tuple[int, int], int]:
    """(actor, target) -> the weight of the edge in the graph."""
    midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    edges: dict[tuple[int, int, str], int] = defaultdict(int)
    for row in [*{event.key: event for event in log.events}.values(), *log.relations]:
        person = log.owners.get(row.target)
        if row.verb in ASIDE or (isinstance(row, Event) and row.at >= midnight):
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
