"""LinkedIn."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
from accounts.networks.exports import linkedin as export


class LinkedIn(Network):
    spec = Spec(
        slug="linkedin",
        code=4,
        label="LinkedIn",
        verbs=("like", "reply", "share", "mention", "connect", "follow", "recommend", "endorse"),
        counters=(
            CounterSpec("connections", "connections", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("recommendations", "recommendations received", "recommend"),
            CounterSpec("endorsements", "endorsements received", "endorse"),
            CounterSpec("posts", "posts in all"),
        ),
        profile_url="https://www.linkedin.com/in/{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
