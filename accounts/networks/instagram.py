"""Instagram."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import instagram as export


class Instagram(Network):
    spec = Spec(
        slug="instagram",
        code=7,
        label="Instagram",
        verbs=("like", "reply", "mention", "share", "save", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("posts", "posts in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="instagram",
            authorize_url="https://www.instagram.com/oauth/authorize",
            token_url="https://api.instagram.com/oauth/access_token",
            identity=("instagram_business_basic",),
            collect=("instagram_business_manage_comments", "instagram_business_manage_insights"),
            refresh="exchange",
            refresh_url="https://graph.instagram.com/refresh_access_token",
            exchange_url="https://graph.instagram.com/access_token",
            dialect="ig",
            lives=60,
        ),
        needs_keys=True,
        reads=(
            "how many follow you (professional accounts only)",
            "how many liked, saved and shared your posts, and who comments on them",
        ),
        never=("your messages", "your stories' viewers", "who follows you by name: Instagram tells nobody"),
        profile_url="https://www.instagram.com/{handle}/",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
