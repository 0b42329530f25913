"""Foursquare/Swarm."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import foursquare as export


class Foursquare(Network):
    spec = Spec(
        slug="foursquare",
        code=8,
        label="Foursquare/Swarm",
        verbs=("like", "reply", "save", "mention", "connect", "follow"),
        counters=(
            CounterSpec("friends", "friends", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("tips_saved", "times tips were saved", "save"),
            CounterSpec("tips_liked", "times tips were liked", "like"),
            CounterSpec("tips", "tips given"),
            CounterSpec("checkins", "check-ins in all"),
            CounterSpec("mayorships", "mayorships held"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="foursquare",
            authorize_url="https://foursquare.com/oauth2/authenticate",
            token_url="https://foursquare.com/oauth2/access_token",
            identity=(),
            collect=(),
        ),
        needs_keys=True,
        reads=(
            "how many friends and followers you have",
            "who likes your check-ins and comments on them",
            "how often your tips were saved and liked",
        ),
        never=("where you have been: places are not kept, only that somebody reacted",),
        profile_url="https://foursquare.com/user/{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
