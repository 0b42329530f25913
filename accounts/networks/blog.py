"""Blog."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
from accounts.networks.exports import blog as export


class Blog(Network):
    spec = Spec(
        slug="blog",
        code=12,
        label="Blog",
        verbs=("link", "share", "reply", "mention", "like", "save"),
        counters=(CounterSpec("posts", "posts in the feed"),),
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
