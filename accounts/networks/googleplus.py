"""Google+."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
from accounts.networks.exports import googleplus as export


class GooglePlus(Network):
    spec = Spec(
        slug="googleplus",
        code=6,
        label="Google+",
        verbs=("like", "reply", "share", "mention", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("posts", "posts in all"),
        ),
        archive_note=(
            "Google+ is closed: what its export shows is of 2019 or earlier, weighs little by its age, and can "
            "never be brought up to date."
        ),
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
