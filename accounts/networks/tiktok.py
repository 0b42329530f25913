"""TikTok."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
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
        profile_url="https://www.tiktok.com/@{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
