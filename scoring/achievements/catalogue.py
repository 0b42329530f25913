"""Achievements as data: a family counts one thing, its levels are uneven steps of it.

What ships is here; the staff adds families of its own (scoring.achievements.definitions). Words of measures are in
scoring.achievements.terms, what they come to is counted in scoring.achievements.measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.utils.functional import Promise, lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from scoring.models import Definition

Words = Promise | str


@dataclass(frozen=True, slots=True)
class Family:
    """A family of achievements.

    measure: what is counted, in the words of scoring.achievements.terms. levels: the least value of level 1, 2, ...,
    strictly increasing. unit: of the value, as in "72 of 100 lists". text: how it is earned, a sentence. symbol: the
    drawing's name. network: the one whose accounts alone count, "" for all of them. revocable: whether the staff may
    take a level away that was come by unfairly.
    """

    slug: str
    measure: str
    levels: tuple[int, ...]
    name: Words
    unit: Words
    text: Words = ""
    symbol: str = "star"
    network: str = ""
    revocable: bool = True

    def level_of(self, value: float) -> int:
        """The level that `value` reaches; 0 for none."""
        return sum(value >= least for least in self.levels)


FAMILIES: tuple[Family, ...] = (
    Family(
        "score",
        "score",
        (20, 40, 50, 63, 80, 90),
        _("Score"),
        _("points"),
        _("Earned when your score reaches so many points; half of everybody stands below 40."),
        "score",
        revocable=False,
    ),
    Family(
        "people",
        "people:any",
        (1, 10, 100, 1_000, 10_000, 100_000),
        _("People moved"),
        _("people who reacted"),
        _("Earned when so many different people have ever reacted to you, in any way and on any network."),
        "people",
    ),
    Family(
        "followers",
        "people:follow,connect+follow_surplus+connect_surplus",
        (10, 100, 1_000, 10_000, 100_000, 1_000_000),
        _("Audience"),
        _("followers and connections"),
        _("Earned by having so many followers, friends and connections on all your networks together."),
        "followers",
    ),
    Family(
        "lists",
        "people:list+list_surplus",
        (1, 10, 50, 100, 500, 1_000, 10_000),
        _("Listed"),
        _("lists"),
        _("Earned when people keep you on so many of their lists."),
        "lists",
    ),
    Family(
        "networks",
        "networks",
        (1, 2, 3, 5, 8),
        _("Networks"),
        _("networks linked"),
        _("Earned by linking accounts of so many different networks."),
        "networks",
        revocable=False,
    ),
    Family(
        "retweeters",
        "people:share,quote",
        (1, 10, 50, 100, 500, 1_000, 10_000),
        _("Retweeted"),
        _("people who retweeted"),
        _("Earned when so many different people have ever retweeted or quoted you on Twitter/X."),
        "megaphone",
        network="twitter",
    ),
    Family(
        "boosters",
        "people:share,quote",
        (1, 10, 50, 100, 500, 1_000),
        _("Boosted"),
        _("people who boosted"),
        _("Earned when so many different people have ever boosted or quoted you on Mastodon."),
        "rocket",
        network="mastodon",
    ),
    Family(
        "reposters",
        "people:share,quote",
        (1, 10, 50, 100, 500, 1_000),
        _("Reposted"),
        _("people who reposted"),
        _("Earned when so many different people have ever reposted or quoted you on Bluesky."),
        "wing",
        network="bluesky",
    ),
    Family(
        "wildfire",
        "post:share,quote",
        (5, 25, 100, 500, 2_500),
        _("Wildfire"),
        _("people who passed on one post"),
        _("Earned when so many different people pass on one and the same post of yours; your best one counts."),
        "spark",
    ),
    Family(
        "talk",
        "post:reply",
        (5, 10, 25, 100, 500),
        _("Talk of the town"),
        _("people who answered one post"),
        _("Earned when so many different people answer one and the same post of yours; your best one counts."),
        "talk",
    ),
    Family(
        "mentions",
        "people:mention",
        (1, 10, 50, 100, 500, 1_000, 10_000),
        _("Mentioned"),
        _("people who mentioned you"),
        _("Earned when so many different people have ever mentioned you."),
        "speech",
    ),
    Family(
        "comments",
        "people:reply",
        (1, 10, 50, 100, 500, 1_000, 10_000),
        _("Answered"),
        _("people who replied or commented"),
        _("Earned when so many different people have ever replied to you or commented on what you posted."),
        "comment",
    ),
    Family(
        "likes",
        "people:like",
        (1, 10, 100, 500, 1_000, 10_000),
        _("Liked"),
        _("people who liked something"),
        _("Earned when so many different people have ever liked something of yours."),
        "heart",
    ),
    Family(
        "connections",
        "people:connect+connect_surplus",
        (10, 50, 100, 500, 1_000, 5_000),
        _("Connected"),
        _("connections"),
        _("Earned by having so many connections on LinkedIn."),
        "handshake",
        network="linkedin",
    ),
    Family(
        "recommendations",
        "people:recommend+recommend_surplus",
        (1, 3, 5, 10, 25),
        _("Recommended"),
        _("recommendations"),
        _("Earned when so many people have written a recommendation of you on LinkedIn."),
        "ribbon",
        network="linkedin",
    ),
    Family(
        "subscribers",
        "people:follow+follow_surplus",
        (10, 100, 1_000, 10_000, 100_000, 1_000_000),
        _("On the air"),
        _("subscribers"),
        _("Earned by having so many subscribers of your channel on YouTube."),
        "play",
        network="google",
    ),
    Family(
        "stars",
        "people:like+like_surplus",
        (1, 10, 50, 100, 1_000, 10_000),
        _("Starred"),
        _("stars"),
        _("Earned when people star your repositories on GitHub, so many in all."),
        "star",
        network="github",
    ),
    Family(
        "checkins",
        "checkins_counter",
        (1, 10, 50, 100, 500, 1_000, 5_000),
        _("Out and about"),
        _("check-ins"),
        _("Earned by checking in so many times on Foursquare or Swarm."),
        "pin",
        network="foursquare",
    ),
    Family(
        "mayorships",
        "mayorships_counter",
        (1, 3, 10, 25, 50),
        _("Mayor"),
        _("mayorships"),
        _("Earned by being mayor of so many places at a time on Foursquare or Swarm."),
        "crown",
        network="foursquare",
    ),
    Family(
        "inlinks",
        "people:link+link_surplus",
        (1, 10, 50, 100, 500, 1_000, 10_000),
        _("Linked to"),
        _("pages and sites that link to you"),
        _("Earned when so many pages link to your blog, your site or the Wikipedia article about you."),
        "chain",
    ),
    Family(
        "plus-k-given",
        "did:plus_k_receivers",
        (1, 5, 10, 25, 50, 100, 500),
        _("Generous"),
        _("people given +K"),
        _("Earned by giving +K to so many different people."),
        "plus-out",
    ),
    Family(
        "plus-k-received",
        "people:plus-k",
        (1, 5, 10, 25, 50, 100, 500),
        _("Vouched for"),
        _("people who gave you +K"),
        _("Earned when so many different people have given you +K; favours that are merely returned do not count."),
        "plus-in",
        network="klout",
    ),
    Family(
        "topics",
        "topics",
        (1, 3, 5, 10, 20),
        _("Knowledgeable"),
        _("topics with evidence"),
        _("Earned when what you post and what others say of you speaks for so many topics."),
        "compass",
        revocable=False,
    ),
    Family(
        "answers",
        "answers",
        (1, 5, 10, 25, 50, 100),
        _("Helpful"),
        _("answers that got +K"),
        _("Earned by answering questions: so many of your answers were given +K by others."),
        "answers",
    ),
    Family(
        "reviews",
        "did:reviews_written",
        (1, 3, 5, 10, 25),
        _("Honest word"),
        _("perks reviewed"),
        _("Earned by reviewing perks that you claimed; it does not matter how many stars you gave."),
        "quill",
    ),
    Family(
        "steady",
        "steady",
        (4, 8, 12, 26, 52),
        _("Steady hand"),
        _("weeks within three points"),
        _("Earned when your score has stayed within three points for so many weeks. Times of rest are left out of it."),
        "steady",
        revocable=False,
    ),
    Family(
        "comeback",
        "comeback",
        (3, 5, 10, 20),
        _("Comeback"),
        _("points regained"),
        _("Earned when your score had fallen by so many points and stands as high as before again."),
        "comeback",
        revocable=False,
    ),
    Family(
        "years",
        "years",
        (1, 2, 3, 5, 10),
        _("Old hand"),
        _("years a member"),
        _("Earned by having been a member for so many years."),
        "years",
        revocable=False,
    ),
)
BY_SLUG = {family.slug: family for family in FAMILIES}


def rising(levels: tuple[int, ...]) -> bool:
    """Whether there are any levels, all above zero, each above the one before."""
    return bool(levels) and levels[0] > 0 and list(levels) == sorted(set(levels))


for _family in FAMILIES:
    if not rising(_family.levels):
        raise ValueError(f"the levels of {_family.slug} must be positive and rise")


# ---------------------------------------------------------------- with what the staff defined


def families() -> list[Family]:
    """All that can be earned today: what ships, then the staff's own that are live, by name. One query."""
    return [*FAMILIES, *_defined(Definition.State.LIVE)]


def known() -> Mapping[str, Family]:
    """By slug, all that anybody may have: retired ones too, which nobody earns any more. One query."""
    return {family.slug: family for family in [*_defined(Definition.State.LIVE, Definition.State.RETIRED), *FAMILIES]}


def _defined(*states: str) -> list[Family]:
    found = Definition.objects.filter(state__in=states).exclude(slug__in=list(BY_SLUG)).order_by("name", "slug")
    return [family_of(definition) for definition in found]


def family_of(definition: Definition) -> Family:
    """The family that `definition` describes, in the reader's language as far as it is translated."""
    words = {name: _in_language(definition, name) for name in ("name", "unit", "text")}
    return Family(
        slug=definition.slug,
        measure=definition.measure,
        levels=tuple(definition.levels),
        symbol=definition.symbol,
        network=definition.network,
        revocable=definition.revocable,
        **words,
    )


def _in_language(definition: Definition, name: str) -> Words:
    def told(name: str) -> str:
        code = get_language() or ""
        by_language = definition.translations
        words = by_language.get(code) or by_language.get(code.partition("-")[0]) or {}
        return str(words.get(name) or getattr(definition, name))

    return lazy(partial(told, name), str)()
