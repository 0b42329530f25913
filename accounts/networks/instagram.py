"""Instagram."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
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
        profile_url="https://www.instagram.com/{handle}/",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
