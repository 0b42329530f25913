"""What is measured, as data: network x verb x measure x window, and the counters; the engine derives its columns here.

A network is one entry of NETWORKS, a kind of reaction one of VERBS, a measure in a window one line of MEASURES. The
maths knows no app, so networks and verbs are declared here again; a test holds them equal to accounts.networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ANY = "any"


@dataclass(frozen=True, slots=True)
class Verb:
    """A kind of reaction: its number in the log, words for labels, and whether it lasts until it is taken back."""

    number: int
    past: str
    plural: str
    standing: bool = False


VERBS: Mapping[str, Verb] = {
    "like": Verb(1, "liked something", "likes"),
    "share": Verb(2, "shared something", "shares"),
    "reply": Verb(3, "replied", "replies"),
    "mention": Verb(4, "mentioned the account", "mentions"),
    "follow": Verb(5, "follow", "followers", standing=True),
    "list": Verb(6, "keep the account on a list", "list memberships", standing=True),
    "quote": Verb(7, "quoted something", "quotes"),
    "recommend": Verb(8, "recommend", "recommendations", standing=True),
    "endorse": Verb(9, "endorse", "endorsements", standing=True),
    "tip": Verb(10, "gave a tip", "tips"),
    "save": Verb(11, "saved something", "saves"),
    "checkin": Verb(12, "checked in", "check-ins"),
    "visit": Verb(13, "visited", "visits"),
    "link": Verb(14, "linked to something", "links"),
    "plus-k": Verb(15, "gave +K", "+K"),
    "connect": Verb(16, "are connected", "connections", standing=True),
}


# How a measure fades: the days in which the weight of an event halves, None where nothing fades. "" is for a reading
# that is neither summed nor dated: what a counter says today.
WINDOWS: Mapping[str, int | None] = {"now": 7, "recent": 30, "long": 365, "ever": None, "": None}


@dataclass(frozen=True, slots=True)
class Measure:
    """A way to count reactions of one verb. label: a text with {past}, {plural} of the verb; unit: of a value.

    verbs: "event", "standing" (what lasts), "counted" (verbs that a counter of the network counts) or "any".
    """

    name: str
    window: str
    verbs: str
    label: str
    unit: str


# Adding a measure or a window to all verbs is one line; the engine's SQL must offer it under <measure>_<window>.
MEASURES: tuple[Measure, ...] = (
    Measure("actors", "recent", "event", "People who {past} recently", "people"),
    Measure("actors", "long", "event", "People who {past} over the years", "people"),
    Measure("posts", "recent", "event", "Posts that recently brought {plural}", "posts"),
    Measure("events", "recent", "event", "Recent {plural}", "{plural}"),
    Measure("standing", "recent", "event", "Standing of the people who {past} recently", "average people"),
    Measure("anonymous", "recent", "event", "Recent {plural} that posts had from people unknown", "people"),
    Measure("actors", "ever", "standing", "People who {past}", "people"),
    Measure("standing", "ever", "standing", "Standing of the people who {past}", "average people"),
    Measure("surplus", "", "counted", "{plural} beyond those known one by one", "{plural}"),
    Measure("actors", "now", ANY, "People who reacted this week or so, in any way", "people"),
    Measure("actors", "recent", ANY, "People who reacted recently, in any way", "people"),
    Measure("actors", "long", ANY, "People who reacted over the years, in any way", "people"),
    Measure("standing", "recent", ANY, "Standing of the people who reacted recently, in any way", "average people"),
    Measure("standing", "long", ANY, "Standing of the people who reacted over the years, in any way", "average people"),
    Measure("people", "ever", ANY, "Different people known to have reacted", "people"),
    Measure("confirmed", "ever", ANY, "Different people whom the network itself named", "people"),
    Measure("published", "recent", ANY, "Posts of late", "posts"),
    Measure("reacted", "recent", ANY, "Posts of late that anybody reacted to", "posts"),
)


@dataclass(frozen=True, slots=True)
class Network:
    """A network's number in the log, what others can do to an account of it, and the counters of such doings."""

    code: int
    label: str
    verbs: tuple[str, ...]
    # Counter -> the verb it counts. Counters of what people do themselves have no weight and are not named here.
    counters: Mapping[str, str]


NETWORKS: Mapping[str, Network] = {
    "twitter": Network(
        1,
        "Twitter/X",
        ("share", "quote", "reply", "mention", "like", "follow", "list"),
        {"followers": "follow", "listed": "list", "mentions_received": "mention", "retweets_received": "share"},
    ),
    "facebook": Network(
        2,
        "Facebook",
        ("like", "reply", "share", "mention", "connect", "follow"),
        {"friends": "connect", "followers": "follow"},
    ),
    "mastodon": Network(3, "Mastodon", ("share", "quote", "mention", "like", "follow"), {"followers": "follow"}),
    "linkedin": Network(
        4,
        "LinkedIn",
        ("like", "reply", "share", "mention", "connect", "follow", "recommend", "endorse"),
        {"connections": "connect", "followers": "follow", "recommendations": "recommend", "endorsements": "endorse"},
    ),
    "google": Network(
        5, "Google (YouTube)", ("like", "reply", "follow", "visit"), {"subscribers": "follow", "views": "visit"}
    ),
    "googleplus": Network(6, "Google+", ("like", "reply", "share", "mention", "follow"), {"followers": "follow"}),
    "instagram": Network(
        7, "Instagram", ("like", "reply", "mention", "share", "save", "follow"), {"followers": "follow"}
    ),
    "foursquare": Network(
        8,
        "Foursquare/Swarm",
        ("like", "reply", "save", "mention", "connect", "follow"),
        {"friends": "connect", "followers": "follow", "tips_saved": "save", "tips_liked": "like"},
    ),
    "wikipedia": Network(
        9, "Wikipedia", ("link", "visit", "like", "mention"), {"inlinks": "link", "pageviews": "visit"}
    ),
    "bluesky": Network(
        10, "Bluesky", ("share", "quote", "reply", "mention", "like", "follow", "list"), {"followers": "follow"}
    ),
    "github": Network(
        11,
        "GitHub",
        ("like", "share", "reply", "mention", "follow"),
        {"followers": "follow", "stars": "like", "forks": "share"},
    ),
    "blog": Network(12, "Blog", ("link", "share", "reply", "mention", "like", "save"), {}),
    "reddit": Network(
        13, "Reddit", ("like", "reply", "mention", "share", "follow"), {"karma": "like", "followers": "follow"}
    ),
    "twitch": Network(
        14, "Twitch", ("follow", "endorse", "tip", "visit"), {"followers": "follow", "subscribers": "endorse"}
    ),
    "tiktok": Network(
        15, "TikTok", ("like", "reply", "share", "follow", "visit"), {"followers": "follow", "likes": "like"}
    ),
    "threads": Network(
        16, "Threads", ("like", "reply", "share", "quote", "mention", "follow"), {"followers": "follow"}
    ),
    "bing": Network(17, "Bing", ("link",), {"inbound_links": "link"}),
    "klout": Network(18, "Klout", ("plus-k",), {}),
}

# Where a row came from the network itself (accounts.networks.base.ORIGINS), not from what somebody supplied.
ORIGIN_API = 1
# Where a person supplied it by an upload.
ORIGIN_ARCHIVE = 2


def column_of(verb: str, measure: str, window: str) -> str:
    """The engine's column: share_actors_recent, follow_surplus, plus_k_actors_recent, any_people_ever."""
    return "_".join(part for part in (verb.replace("-", "_"), measure, window) if part)


@dataclass(frozen=True, slots=True)
class Feature:
    """One measurement of an account of `network`; its value is in 65,536ths of `unit`."""

    network: str
    verb: str
    measure: str
    window: str
    label: str
    unit: str

    @property
    def column(self) -> str:
        return column_of(self.verb, self.measure, self.window)

    @property
    def key(self) -> tuple[str, str]:
        return self.network, self.column


def _applies(measure: Measure, network: Network, verb: str) -> bool:
    if measure.verbs == "counted":
        return verb in network.counters.values()
    return measure.verbs == ("standing" if VERBS[verb].standing else "event")


def _feature(slug: str, verb: str, measure: Measure) -> Feature:
    words: dict[str, str] = {}
    if verb != ANY:
        words = {"past": VERBS[verb].past, "plural": VERBS[verb].plural}
    label = measure.label.format(**words)
    return Feature(slug, verb, measure.name, measure.window, label[0].upper() + label[1:], measure.unit.format(**words))


def derive(networks: Mapping[str, Network], measures: tuple[Measure, ...]) -> tuple[Feature, ...]:
    """Every feature of `networks`, in a fixed order. Raises ValueError where the data contradicts itself."""
    features: list[Feature] = []
    codes: set[int] = set()
    for slug, network in networks.items():
        if network.code in codes or not 0 < network.code < 1 << 15:
            raise ValueError(f"network {slug!r}: the number {network.code} is taken or out of range")
        codes.add(network.code)
        for verb in network.verbs:
            if verb not in VERBS:
                raise ValueError(f"network {slug!r} names the unknown verb {verb!r}")
        for counter, verb in network.counters.items():
            if verb not in network.verbs:
                raise ValueError(f"counter {counter!r} of {slug!r} counts {verb!r}, which is no verb of {slug!r}")
        for measure in measures:
            if measure.window not in WINDOWS:
                raise ValueError(f"measure {measure.name!r} names the unknown window {measure.window!r}")
            if measure.verbs == ANY:
                features.append(_feature(slug, ANY, measure))
            elif measure.verbs in {"event", "standing", "counted"}:
                features += [
                    _feature(slug, verb, measure) for verb in network.verbs if _applies(measure, network, verb)
                ]
            else:
                raise ValueError(f"measure {measure.name!r} is for {measure.verbs!r}, which is no kind of verb")
    keys = [feature.key for feature in features]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise ValueError(f"features declared twice: {sorted(twice)}")
    return tuple(features)


FEATURES: tuple[Feature, ...] = derive(NETWORKS, MEASURES)
BY_KEY: Mapping[tuple[str, str], Feature] = {feature.key: feature for feature in FEATURES}
# What the engine computes for every account, in a fixed order; a feature of several networks is one column.
COLUMNS: tuple[str, ...] = tuple(dict.fromkeys(feature.column for feature in FEATURES))
STANDING_VERBS = frozenset(name for name, verb in VERBS.items() if verb.standing)
SLUGS: Mapping[int, str] = {network.code: slug for slug, network in NETWORKS.items()}
