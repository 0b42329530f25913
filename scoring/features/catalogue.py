"""What is measured, as data: network x verb x measure x window, the counters, and the ratios of these.

A network is one entry of NETWORKS, a kind of reaction one of VERBS (scoring.features.networks); a measure in a window
is one line of MEASURES, a ratio of measures one of RATIOS. All else follows: what there is of each network, under which
name, in which words, and whether anything that the network tells stands behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from scoring.features.networks import ASIDE_VERBS as ASIDE_VERBS
from scoring.features.networks import LEVELS as LEVELS
from scoring.features.networks import NAMES, NOTHING, TOTALS, Told
from scoring.features.networks import NETWORKS as NETWORKS
from scoring.features.networks import SLUGS as SLUGS
from scoring.features.networks import STANDING_VERBS as STANDING_VERBS
from scoring.features.networks import VERBS as VERBS
from scoring.features.networks import Network as Network

ANY = "any"

# How a measure fades: the days in which the weight of an event halves, None where nothing fades. "" is for a reading
# that is neither summed nor dated: what a counter says today.
WINDOWS: Mapping[str, int | None] = {
    "now": 5,
    "recent": 30,
    "long": 365,
    "month": None,
    "before": None,
    "quarter": None,
    "ever": None,
    "": None,
}
WINDOW_WORDS: Mapping[str, str] = {
    "now": "fades by half every 5 days",
    "recent": "fades by half every 30 days",
    "long": "fades by half every 365 days",
    "month": "the last four weeks",
    "before": "the four weeks before the last four",
    "quarter": "the last twelve weeks",
    "ever": "all that is known",
    "": "as it stands today",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A way to count reactions. label: a text with {past}, {plural} of the verb; unit: of a value.

    verbs: "event", "standing" (what lasts), "counted" (verbs that a counter of the network counts), each by itself; or
    all reactions together: "any", of a network that tells `told` of one; "anybody", if it names whom what lasts is of;
    "audience", if both. "level": the counters that count no reactions. told, untold: how the network must, and must
    not, tell of a verb for this to be measured. own: what people do themselves; it counts nothing.
    """

    name: str
    window: str
    verbs: str
    label: str
    unit: str
    told: Told = NAMES
    untold: Told = NOTHING
    own: bool = False


# Adding a measure or a window to all verbs is one line; the engine's SQL must offer it under <measure>_<window>.
MEASURES: tuple[Measure, ...] = (
    Measure("actors", "recent", "event", "People who {past} recently", "people"),
    Measure("actors", "long", "event", "People who {past} over the years", "people"),
    Measure("actors", "ever", "event", "Different people who ever {past}", "people"),
    Measure("posts", "recent", "event", "Posts that recently brought {plural}", "posts", Told.POSTS),
    Measure("most", "ever", "event", "The most {plural} of one post, by name", "{plural}", Told.POSTS, TOTALS),
    Measure("events", "recent", "event", "Recent {plural}", "{plural}"),
    Measure("standing", "recent", "event", "Standing of the people who {past} recently", "average people"),
    Measure("anonymous", "recent", "event", "Recent {plural} that posts had from people unknown", "people", TOTALS),
    Measure("largest", "ever", "event", "The most {plural} that one post had", "{plural}", TOTALS),
    Measure("actors", "ever", "standing", "People who {past}", "people"),
    Measure("standing", "ever", "standing", "Standing of the people who {past}", "average people"),
    Measure("surplus", "", "counted", "{plural} beyond those known one by one", "{plural}", NOTHING),
    Measure("counter", "", "level", "", "", NOTHING),
    Measure("actors", "now", "any", "People who reacted this week or so, in any way", "people"),
    Measure("actors", "recent", "any", "People who reacted recently, in any way", "people"),
    Measure("actors", "long", "any", "People who reacted over the years, in any way", "people"),
    Measure("actors", "month", "any", "Different people who reacted in the last four weeks", "people"),
    Measure("actors", "before", "any", "Different people who reacted in the four weeks before", "people"),
    Measure("returning", "month", "any", "People who reacted in these four weeks and in the four before", "people"),
    Measure("newcomers", "month", "any", "People who reacted for the first time in these four weeks", "people"),
    Measure("regulars", "quarter", "any", "People who reacted in three or more of twelve weeks", "people"),
    Measure("weeks", "quarter", "any", "Weeks of twelve in which anybody reacted", "weeks"),
    Measure("followers", "month", "audience", "Followers and friends who reacted in these four weeks", "people"),
    Measure("standing", "recent", "any", "Standing of the people who reacted recently, in any way", "average people"),
    Measure(
        "standing", "long", "any", "Standing of the people who reacted over the years, in any way", "average people"
    ),
    Measure("notable", "quarter", "any", "Standing of the one most listened to who reacted", "average people"),
    Measure("people", "ever", "anybody", "Different people known to have reacted", "people"),
    Measure("confirmed", "ever", "anybody", "Different people whom the network itself named", "people"),
    Measure("published", "recent", "any", "Posts of late", "posts", Told.POSTS | TOTALS, own=True),
    Measure("reacted", "recent", "any", "Posts of late that anybody reacted to", "posts", Told.POSTS | TOTALS),
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One sum of columns beside another, computed after the rest (scoring.features.derived): `of` for each one of `to`.

    of, to: column -> weight. A network has it where it has `parts` columns of `of` and one of `to`. least: what `to`
    counts for at least, so that a ratio to next to nothing is none; most: the largest value, 1.0 for a share. Where
    `to` is nothing, so is the ratio.
    """

    name: str
    window: str
    label: str
    unit: str
    of: Mapping[str, float]
    to: Mapping[str, float]
    parts: int = 1
    least: float = 0.0
    most: float = 1e6


def each(names: Collection[str], measure: str, weight: float = 1.0) -> dict[str, float]:
    return {column_of(name, measure, ""): weight for name in names}


@cache
def column_of(verb: str, measure: str, window: str) -> str:
    """The engine's column: share_actors_recent, follow_surplus, plus_k_actors_recent, any_people_ever."""
    return "_".join(part for part in (verb.replace("-", "_"), measure, window) if part)


# How far a reaction carries, for the mean depth: who passes something on, who answers, who nods.
DEPTHS: Mapping[str, float] = {
    "share": 1.0,
    "quote": 1.0,
    "link": 1.0,
    "reply": 0.7,
    "mention": 0.5,
    "save": 0.5,
    "tip": 0.5,
    "like": 0.25,
}
AUDIENCE = each(("follow", "connect"), "actors_ever") | each(("follow", "connect"), "surplus")
PASSED_ON = ("share", "quote", "link")

# Adding a ratio is one line.
RATIOS: tuple[Ratio, ...] = (
    Ratio(
        "growth",
        "month",
        "The last four weeks' part of the people of eight weeks: a half where their number is steady",
        "of all",
        {"any_actors_month": 1.0},
        {"any_actors_month": 1.0, "any_actors_before": 1.0},
        most=1.0,
    ),
    Ratio(
        "retention",
        "month",
        "Share of the people of the four weeks before who reacted again",
        "of all",
        {"any_returning_month": 1.0},
        {"any_actors_before": 1.0},
        most=1.0,
    ),
    Ratio(
        "freshness",
        "month",
        "Share of the people of these four weeks who reacted for the first time",
        "of all",
        {"any_newcomers_month": 1.0},
        {"any_actors_month": 1.0},
        most=1.0,
    ),
    Ratio(
        "depth",
        "recent",
        "Mean depth of recent reactions: 0.25 if all were likes, 1 if all were shares",
        "of a share",
        {f"{verb}_actors_recent": depth for verb, depth in DEPTHS.items()},
        {f"{verb}_actors_recent": 1.0 for verb in DEPTHS},
        parts=2,
        most=1.0,
    ),
    Ratio(
        "passing",
        "recent",
        "Share of those who reacted without a name and passed it on",
        "of all",
        each(PASSED_ON, "anonymous_recent"),
        each(tuple(DEPTHS), "anonymous_recent"),
        most=1.0,
    ),
    Ratio(
        "listening",
        "recent",
        "Mean standing of the people who reacted recently",
        "average people",
        {"any_standing_recent": 1.0},
        {"any_actors_recent": 1.0},
    ),
    Ratio(
        "engaged",
        "month",
        "Share of the followers and friends known by name who reacted in these four weeks",
        "of all",
        {"any_followers_month": 1.0},
        each(("follow", "connect"), "actors_ever"),
        most=1.0,
    ),
    Ratio(
        "response",
        "month",
        "People who reacted in these four weeks for each follower or friend",
        "people",
        {"any_actors_month": 1.0},
        AUDIENCE,
        least=1.0,
    ),
    Ratio(
        "reacted",
        "recent",
        "Share of the posts of late that anybody reacted to",
        "of all posts",
        {"any_reacted_recent": 1.0},
        {"any_published_recent": 1.0},
        most=1.0,
    ),
    Ratio(
        "yield",
        "recent",
        "People who reacted recently for each post of late",
        "people",
        {"any_actors_recent": 1.0} | each(tuple(DEPTHS), "anonymous_recent"),
        {"any_published_recent": 1.0},
        least=1.0,
    ),
    Ratio(
        "spread",
        "recent",
        "People who passed something on recently for each post of late",
        "people",
        each(PASSED_ON, "actors_recent") | each(PASSED_ON, "anonymous_recent"),
        {"any_published_recent": 1.0},
        least=1.0,
    ),
    Ratio(
        "followed",
        "",
        "Followers for each account followed",
        "followers",
        each(("follow",), "actors_ever") | each(("follow",), "surplus"),
        {"following_counter": 1.0},
    ),
    Ratio(
        "listed",
        "",
        "List memberships for each thousand followers",
        "list memberships",
        {"list_actors_ever": 1000.0, "list_surplus": 1000.0},
        AUDIENCE,
        least=1.0,
    ),
    Ratio(
        "cited",
        "",
        "Pages that link to the article for each one it links to",
        "pages",
        {"link_surplus": 1.0, "link_actors_ever": 1.0},
        {"outlinks_counter": 1.0},
    ),
)

# Where a row came from the network itself (accounts.networks.base.ORIGINS), not from what somebody supplied.
ORIGIN_API = 1
# Where a person supplied it by an upload.
ORIGIN_ARCHIVE = 2


@dataclass(frozen=True, slots=True)
class Feature:
    """One measurement of an account of `network`; its value is in 65,536ths of `unit`.

    verb: a verb, ANY for all of them together, or the counter of a level. given: whether the network's API or export
    tells what it takes; else it has a value only where an operator's own table brings one. same_as: the column that
    says the same of this network. own: of what people do themselves. ratio: computed from other columns.
    """

    network: str
    verb: str
    measure: str
    window: str
    label: str
    unit: str
    given: bool = True
    same_as: str = ""
    own: bool = False
    ratio: bool = False

    @property
    def column(self) -> str:
        return column_of("", self.measure, "ratio") if self.ratio else column_of(self.verb, self.measure, self.window)

    @property
    def key(self) -> tuple[str, str]:
        return self.network, self.column

    @property
    def counted(self) -> bool:
        """Whether it is a measurement of its own with something behind it."""
        return self.given and not self.same_as


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _told(network: Network, wanted: Told, *, standing: bool) -> list[str]:
    """The verbs, events or what lasts, of which the network tells something of `wanted`."""
    return [
        verb
        for verb, told in network.verbs.items()
        if VERBS[verb].standing == standing and verb not in ASIDE_VERBS and told & wanted
    ]


def _of_verbs(slug: str, network: Network, measure: Measure) -> Iterator[Feature]:
    for verb, told in network.verbs.items():
        words = network.verb(verb)
        if words.aside:
            continue
        if measure.verbs == "counted":
            counters = [counter for counter, counted in network.counters.items() if counted == verb]
            if not counters:
                continue
            given = any(counter not in network.silent for counter in counters)
        elif measure.verbs == ("standing" if words.standing else "event"):
            given = bool(told & measure.told) and not told & measure.untold
        else:
            continue
        label, unit = (text.format(past=words.past, plural=words.plural) for text in (measure.label, measure.unit))
        yield Feature(slug, verb, measure.name, measure.window, _sentence(label), unit, given, own=measure.own)


def _of_levels(slug: str, network: Network, measure: Measure) -> Iterator[Feature]:
    for counter in network.levels:
        level, given = LEVELS[counter], counter not in network.silent
        label, unit = network.words.get(counter, (level.label, level.unit))
        yield Feature(slug, counter, measure.name, measure.window, label, unit, given, own=level.own)


def _of_all(slug: str, network: Network, measure: Measure, measures: tuple[Measure, ...]) -> Feature:
    events, lasting = (_told(network, measure.told, standing=standing) for standing in (False, True))
    given = bool({"any": events, "anybody": [*events, *lasting], "audience": events and lasting}[measure.verbs])
    # With one kind of reaction alone, all of them together are the same as that one.
    by_verb = any(
        (other.name, other.window, other.verbs) == (measure.name, measure.window, "event") for other in measures
    )
    same_as = column_of(events[0], measure.name, measure.window) if by_verb and len(events) == 1 else ""
    return Feature(slug, ANY, measure.name, measure.window, measure.label, measure.unit, given, same_as, measure.own)


def _of_ratio(slug: str, ratio: Ratio, given: Collection[str]) -> Feature:
    has = sum(column in given for column in ratio.of) >= ratio.parts and any(column in given for column in ratio.to)
    return Feature(slug, ANY, ratio.name, ratio.window, ratio.label, ratio.unit, has, ratio=True)


def _check_network(slug: str, network: Network) -> None:
    if not 0 < network.code < 1 << 15:
        raise ValueError(f"network {slug!r}: the number {network.code} is out of range")
    for verb in network.verbs:
        if verb not in VERBS:
            raise ValueError(f"network {slug!r} names the unknown verb {verb!r}")
    for counter, verb in network.counters.items():
        if verb not in network.verbs:
            raise ValueError(f"counter {counter!r} of {slug!r} counts {verb!r}, which is no verb of {slug!r}")
    for counter in network.levels:
        if counter not in LEVELS:
            raise ValueError(f"network {slug!r} names the unknown counter {counter!r}")
    for counter in network.silent:
        if counter not in network.counters and counter not in network.levels:
            raise ValueError(f"network {slug!r} is silent on {counter!r}, which is no counter of {slug!r}")


KINDS = ("event", "standing", "counted", "level", "any", "anybody", "audience")


def derive(
    networks: Mapping[str, Network], measures: tuple[Measure, ...], ratios: tuple[Ratio, ...] = ()
) -> tuple[Feature, ...]:
    """Every feature of `networks`, in a fixed order. Raises ValueError where the data contradicts itself."""
    codes = [network.code for network in networks.values()]
    for slug, network in networks.items():
        _check_network(slug, network)
        if codes.count(network.code) > 1:
            raise ValueError(f"network {slug!r}: the number {network.code} is taken")
    for name, window in [(given.name, given.window) for given in measures] + [
        (given.name, given.window) for given in ratios
    ]:
        if window not in WINDOWS:
            raise ValueError(f"measure {name!r} names the unknown window {window!r}")
    for measure in measures:
        if measure.verbs not in KINDS:
            raise ValueError(f"measure {measure.name!r} is for {measure.verbs!r}, which is no kind of verb")
    features: list[Feature] = []
    for slug, network in networks.items():
        mine: list[Feature] = []
        for measure in measures:
            if measure.verbs == "level":
                mine += _of_levels(slug, network, measure)
            elif measure.verbs in {"any", "anybody", "audience"}:
                mine.append(_of_all(slug, network, measure, measures))
            else:
                mine += _of_verbs(slug, network, measure)
        given = {feature.column for feature in mine if feature.given}
        features += [*mine, *(_of_ratio(slug, ratio, given) for ratio in ratios)]
    keys = [feature.key for feature in features]
    if len(set(keys)) < len(keys):
        raise ValueError(f"features declared twice: {sorted({key for key in keys if keys.count(key) > 1})}")
    columns = {feature.column for feature in features}
    for ratio in ratios:
        if unknown := {*ratio.of, *ratio.to} - columns:
            raise ValueError(f"the ratio {ratio.name!r} names columns that nothing measures: {sorted(unknown)}")
    return tuple(features)


FEATURES: tuple[Feature, ...] = derive(NETWORKS, MEASURES, RATIOS)
BY_KEY: Mapping[tuple[str, str], Feature] = {feature.key: feature for feature in FEATURES}
# What the engine's SQL computes for every account, in a fixed order; a feature of several networks is one column.
COLUMNS: tuple[str, ...] = tuple(dict.fromkeys(feature.column for feature in FEATURES if not feature.ratio))
# Computed beside them, and no measurement of a person: the squares of what each actor brings to any_actors_*, added up.
# They tell how far these sums can be relied on (scoring.intervals).
UNCERTAINTY = ("any_squares_now", "any_squares_recent", "any_squares_long")
# What is a measurement of its own with something behind it: the number that the catalogue goes by.
COUNTED: tuple[Feature, ...] = tuple(feature for feature in FEATURES if feature.counted)
