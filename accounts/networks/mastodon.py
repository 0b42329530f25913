"""Mastodon: any server's API, and the data export."""

from accounts.networks.base import CounterSpec, Network, Spec


class Mastodon(Network):
    spec = Spec(
        slug="mastodon",
        code=3,
        label="Mastodon",
        verbs=("share", "quote", "mention", "like", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("posts", "posts in all"),
        ),
        streams=("profile", "notifications"),
        scopes=("profile", "read:accounts", "read:notifications"),
        archive_note="Mastodon's export holds what you posted, not who reacted: link the account to have reactions counted.",
    )
