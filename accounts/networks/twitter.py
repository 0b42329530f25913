"""Twitter/X: what it declares, its API (version 2), and its data export (exports/twitter.py)."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, Record, Spec
from accounts.networks.exports import twitter as export


class Twitter(Network):
    spec = Spec(
        slug="twitter",
        code=1,
        label="Twitter/X",
        verbs=("share", "quote", "reply", "mention", "like", "follow", "list"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("listed", "lists the account is on", "list"),
            CounterSpec("mentions_received", "mentions received", "mention"),
            CounterSpec("retweets_received", "retweets received", "share"),
            CounterSpec("mentions_sent", "mentions sent"),
            CounterSpec("retweets_sent", "retweets sent"),
            CounterSpec("posts", "posts in all"),
        ),
        profile_url="https://x.com/{handle}",
        archive_note="X's export names your followers, but not who liked or reposted you: those count without names.",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
