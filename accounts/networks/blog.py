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
        archive_note=(
            "A feed shows posts, and how many comments they have where it says so; a list of feeds shows that a "
            "blog exists and no more. Who links to you is found once the blog is connected."
        ),
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
