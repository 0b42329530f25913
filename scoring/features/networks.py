"""The networks as the catalogue knows them: what others do to an account there, how that is told, and the counters.

The maths knows no app, so networks and verbs are declared here again; tests hold them equal to accounts.networks, and
what is said to be told to what its connector and its export have yielded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto


@dataclass(frozen=True, slots=True)
class Verb:
    """A kind of reaction: its number in the log, words for labels, and whether it lasts until it is taken back.

    aside: done to nobody who has a score. The log keeps it for whoever did it; it is no measurement and no edge.
    """

    number: int
    past: str
    plural: str
    standing: bool = False
    aside: bool = False


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
    "review": Verb(17, "reviewed something", "reviews", aside=True),
}
STANDING_VERBS = frozenset(name for name, verb in VERBS.items() if verb.standing)
ASIDE_VERBS = frozenset(name for name, verb in VERBS.items() if verb.aside)


class Told(Flag):
    """How a network's API or its export tells what others did: who did it, on which post, how many did it to a post.

    NOTHING: only a table that an operator imports says it.
    """

    NOTHING = 0
    NAMES = auto()
    POSTS = auto()
    TOTALS = auto()


NOTHING, NAMES, TOTALS = Told.NOTHING, Told.NAMES, Told.TOTALS
# By name, and on which post.
ON_POSTS = Told.NAMES | Told.POSTS
ALL = ON_POSTS | Told.TOTALS


@dataclass(frozen=True, slots=True)
class Level:
    """A counter of something else than reactions, as it stands. own: of what people do themselves, which
    counts nothing.

    label: what it counts; unit: of its value.
    """

    label: str
    unit: str
    own: bool = True


LEVELS: Mapping[str, Level] = {
    "following": Level("Accounts followed", "accounts"),
    "posts": Level("Posts in all", "posts"),
    "mentions_sent": Level("Mentions of others", "mentions"),
    "retweets_sent": Level("Retweets of others", "retweets"),
    "tips": Level("Tips written", "tips"),
    "checkins": Level("Check-ins in all", "check-ins"),
    "mayorships": Level("Mayorships held", "mayorships"),
    "videos": Level("Videos in all", "videos"),
    "repositories": Level("Public repositories", "repositories"),
    "outlinks": Level("Pages that the article links to", "pages"),
    "pagerank": Level("Rank of the article among all articles", "billionths of all rank", own=False),
}


@dataclass(frozen=True, slots=True)
class Network:
    """A network's number in the log, what others can do to an account of it and how that is told, and the counters.

    counters: counter -> the verb it counts; levels: the counters that count no reactions (LEVELS). silent: those of
    both that neither its API nor its export gives (any more). words: what a verb is called there, (past, plural) as in
    Verb, and a level, (label, unit).
    """

    code: int
    label: str
    verbs: Mapping[str, Told]
    counters: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def verb(self, name: str) -> Verb:
        """A verb in the network's own words."""
        known = VERBS[name]
        past, plural = self.words.get(name, (known.past, known.plural))
        return Verb(known.number, past, plural, known.standing, known.aside)


NETWORKS: Mapping[str, Network] = {
    "twitter": Network(
        1,
        "Twitter/X",
        {
            "share": ALL,
            "quote": ALL,
            "reply": ALL,
            "mention": NAMES,
            "like": ALL,
            "follow": NAMES,
            "list": NAMES,
        },
        {"followers": "follow", "listed": "list", "mentions_received": "mention", "retweets_received": "share"},
        ("following", "mentions_sent", "retweets_sent", "posts"),
        ("mentions_received", "retweets_received", "mentions_sent", "retweets_sent"),
    ),
    "facebook": Network(
        2,
        "Facebook",
        {
            "like": NAMES | TOTALS,
            "reply": ALL,
            "share": NAMES | TOTALS,
            "mention": NAMES,
            "connect": NAMES,
            "follow": NAMES,
        },
        {"friends": "connect", "followers": "follow"},
        ("posts",),
        words={
            "reply": ("commented", "comments"),
            "mention": ("wrote on the wall or tagged the account", "wall posts and tags"),
            "connect": ("are friends", "friends"),
        },
    ),
    "mastodon": Network(
        3,
        "Mastodon",
        {"share": ALL, "quote": ALL, "mention": NAMES, "like": ALL, "follow": NAMES},
        {"followers": "follow"},
        ("following", "posts"),
        words={"share": ("boosted something", "boosts"), "like": ("favourited something", "favourites")},
    ),
    "linkedin": Network(
        4,
        "LinkedIn",
        {
            "like": ON_POSTS,
            "reply": ON_POSTS,
            "share": ON_POSTS,
            "mention": NOTHING,
            "connect": NAMES,
            "follow": NOTHING,
            "recommend": NAMES,
            "endorse": NAMES,
        },
        {"connections": "connect", "followers": "follow", "recommendations": "recommend", "endorsements": "endorse"},
        ("posts",),
        ("followers",),
        words={"reply": ("commented", "comments"), "share": ("reposted something", "reposts")},
    ),
    "google": Network(
        5,
        "Google (YouTube)",
        {"like": TOTALS, "reply": ALL, "follow": NAMES, "visit": TOTALS},
        {"subscribers": "follow", "views": "visit"},
        ("videos",),
        words={
            "reply": ("commented", "comments"),
            "follow": ("subscribe", "subscribers"),
            "visit": ("viewed something", "views"),
        },
    ),
    "googleplus": Network(
        6,
        "Google+",
        {"like": ON_POSTS, "reply": ON_POSTS, "share": ON_POSTS, "mention": NOTHING, "follow": NOTHING},
        {"followers": "follow"},
        ("posts",),
        ("followers",),
        words={
            "like": ("gave +1", "+1s"),
            "reply": ("commented", "comments"),
            "share": ("reshared something", "reshares"),
        },
    ),
    "instagram": Network(
        7,
        "Instagram",
        {"like": TOTALS, "reply": ALL, "mention": NAMES, "share": TOTALS, "save": TOTALS, "follow": NAMES},
        {"followers": "follow"},
        ("following", "posts"),
        words={
            "reply": ("commented", "comments"),
            "mention": ("tagged the account", "tags"),
            "posts": ("Photos and videos in all", "photos and videos"),
        },
    ),
    "foursquare": Network(
        8,
        "Foursquare/Swarm",
        {"like": ALL, "reply": ALL, "save": TOTALS, "mention": ON_POSTS, "connect": NAMES, "follow": NAMES},
        {"friends": "connect", "followers": "follow", "tips_saved": "save", "tips_liked": "like"},
        ("tips", "checkins", "mayorships"),
        words={
            "like": ("liked a check-in or tip", "likes of check-ins and tips"),
            "reply": ("commented", "comments"),
            "save": ("saved a tip", "saves of tips"),
            "mention": ("checked in together with the account", "check-ins together"),
            "connect": ("are friends", "friends"),
        },
    ),
    "wikipedia": Network(
        9,
        "Wikipedia",
        {"link": NOTHING, "visit": NOTHING, "like": NAMES, "mention": NOTHING},
        {"inlinks": "link", "pageviews": "visit"},
        ("outlinks", "pagerank"),
        words={
            "link": ("linked to the article", "pages that link to the article"),
            "visit": ("viewed the article", "views of the article"),
            "like": ("said thank you for an edit", "thanks"),
        },
    ),
    "bluesky": Network(
        10,
        "Bluesky",
        {"share": ALL, "quote": ALL, "reply": ALL, "mention": NOTHING, "like": ALL, "follow": NAMES, "list": NOTHING},
        {"followers": "follow"},
        ("following", "posts"),
        words={"share": ("reposted something", "reposts")},
    ),
    "github": Network(
        11,
        "GitHub",
        {"like": ALL, "share": ON_POSTS, "reply": ALL, "mention": NOTHING, "follow": NAMES},
        {"followers": "follow", "stars": "like", "forks": "share"},
        ("repositories",),
        words={
            "like": ("starred a repository or reacted", "stars and reactions"),
            "share": ("forked a repository", "forks"),
            "reply": ("commented", "comments"),
        },
    ),
    "blog": Network(
        12,
        "Blog",
        {
            "link": ON_POSTS,
            "share": ON_POSTS,
            "reply": ALL,
            "mention": ON_POSTS,
            "like": ON_POSTS,
            "save": ON_POSTS,
        },
        {},
        ("posts",),
        words={
            "reply": ("replied or commented", "replies and comments"),
            "mention": ("mentioned it in a post of theirs", "mentions in other posts"),
            "save": ("bookmarked something", "bookmarks"),
        },
    ),
    "reddit": Network(
        13,
        "Reddit",
        {"like": TOTALS, "reply": ALL, "mention": NAMES, "share": TOTALS, "follow": NOTHING},
        {"karma": "like", "followers": "follow"},
        (),
        words={"like": ("voted for something", "votes"), "share": ("posted it elsewhere", "crossposts")},
    ),
    "twitch": Network(
        14,
        "Twitch",
        {"follow": NAMES, "endorse": NAMES, "tip": NAMES, "visit": TOTALS},
        {"followers": "follow", "subscribers": "endorse"},
        ("videos",),
        words={
            "endorse": ("pay for a subscription", "paid subscriptions"),
            "tip": ("cheered with Bits", "cheers"),
            "visit": ("viewed something", "views"),
        },
    ),
    "tiktok": Network(
        15,
        "TikTok",
        {"like": TOTALS, "reply": TOTALS, "share": TOTALS, "follow": NAMES, "visit": TOTALS},
        {"followers": "follow", "likes": "like"},
        ("following", "videos"),
        words={"reply": ("commented", "comments"), "visit": ("viewed something", "views")},
    ),
    "threads": Network(
        16,
        "Threads",
        {"like": TOTALS, "reply": ALL, "share": TOTALS, "quote": TOTALS, "mention": NAMES, "follow": NOTHING},
        {"followers": "follow"},
        ("posts",),
        ("posts",),
        {"share": ("reposted something", "reposts")},
    ),
    "bing": Network(
        17,
        "Bing",
        {"link": NOTHING},
        {"inbound_links": "link"},
        (),
        words={"link": ("linked to the site", "pages that link to the site")},
    ),
    "klout": Network(18, "Klout", {"plus-k": NAMES, "review": NAMES}),
}
SLUGS: Mapping[int, str] = {network.code: slug for slug, network in NETWORKS.items()}
