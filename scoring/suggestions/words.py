"""Which features others alone can raise, and a suggestion in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from scoring.features.catalogue import BY_KEY, FEATURES, STANDING_VERBS, Feature
from scoring.numbers import points

# What people would have done, for "If 12 more people ... lately". A verb that is not here is not suggested: what one
# does oneself (to be connected), what is asked or paid for (+K, endorsements, tips), what nobody sees (visits).
DEEDS: Mapping[str, Promise] = {
    "like": gettext_lazy("liked what you post"),
    "share": gettext_lazy("shared what you post"),
    "reply": gettext_lazy("replied to you"),
    "mention": gettext_lazy("mentioned you"),
    "quote": gettext_lazy("quoted you"),
    "save": gettext_lazy("saved what you post"),
    "link": gettext_lazy("linked to you"),
    "follow": gettext_lazy("followed you"),
    "list": gettext_lazy("put you on a list"),
    "recommend": gettext_lazy("recommended you"),
}
# Nobody is to work on the pages about themselves, nor to ask for +K.
NEVER_NETWORKS = frozenset({"wikipedia", "klout"})
# Followers count as people here, never as a number that a counter says.
NEVER = frozenset({("follow", "surplus")})
# Of what happens, and of what lasts until it is taken back.
MEASURES = {
    False: {("actors", "recent"), ("anonymous", "recent"), ("surplus", "")},
    True: {("actors", "ever"), ("surplus", "")},
}


@cache
def suggested(network: str) -> tuple[Feature, ...]:
    """The features of `network` that others alone can raise, in the catalogue's order."""
    if network in NEVER_NETWORKS:
        return ()
    return tuple(
        feature
        for feature in FEATURES
        if feature.network == network
        and feature.verb in DEEDS
        and (feature.measure, feature.window) in MEASURES[feature.verb in STANDING_VERBS]
        and (feature.verb, feature.measure) not in NEVER
    )


def sentence(*, network: str, feature: str, more: int) -> str:
    """A suggestion without its points: "If 12 more people replied to you lately, as is usual ...".

    network: its slug; feature: the column of one that is `suggested`; more: how many people.
    """
    found = BY_KEY[network, feature]
    words = {"more": points(more, 0), "deed": DEEDS[found.verb]}
    if found.window == "recent":
        text = ngettext(
            "If %(more)s more person %(deed)s lately, as is usual at your next five points",
            "If %(more)s more people %(deed)s lately, as is usual at your next five points",
            more,
        )
    else:
        text = ngettext(
            "If %(more)s more person %(deed)s, as is usual at your next five points",
            "If %(more)s more people %(deed)s, as is usual at your next five points",
            more,
        )
    return text % words
