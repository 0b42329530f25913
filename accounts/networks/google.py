"""Google (YouTube)."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
from accounts.networks.exports import google as export


class Google(Network):
    spec = Spec(
        slug="google",
        code=5,
        label="Google (YouTube)",
        verbs=("like", "reply", "follow", "visit"),
        counters=(
            CounterSpec("subscribers", "subscribers", "follow"),
            CounterSpec("views", "views of all videos", "visit"),
            CounterSpec("videos", "videos in all"),
        ),
        profile_url="https://www.youtube.com/{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
