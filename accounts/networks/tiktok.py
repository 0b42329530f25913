"""TikTok."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import tiktok as export


class TikTok(Network):
    spec = Spec(
        slug="tiktok",
        code=15,
        label="TikTok",
        verbs=("like", "reply", "share", "follow", "visit"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("likes", "likes of all videos", "like"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("videos", "videos in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="tiktok",
            authorize_url="https://www.tiktok.com/v2/auth/authorize/",
            token_url="https://open.tiktokapis.com/v2/oauth/token/",
            identity=("user.info.basic", "user.info.profile"),
            collect=("user.info.stats", "video.list"),
            refresh="refresh_token",
            revoke_url="https://open.tiktokapis.com/v2/oauth/revoke/",
            client_id_name="client_key",
        ),
        needs_keys=True,
        reads=(
            "how many follow you, and how many likes you have",
            "how your videos were viewed, liked, commented on and shared",
        ),
        never=("your messages", "what you watch", "who likes you by name: TikTok tells nobody"),
        profile_url="https://www.tiktok.com/@{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
