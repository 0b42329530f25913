"""Bluesky."""

from accounts.networks.base import CounterSpec, Network, Spec


class Bluesky(Network):
    spec = Spec(
        slug="bluesky",
        code=10,
        label="Bluesky",
        verbs=("share", "quote", "reply", "mention", "like", "follow", "list"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("posts", "posts in all"),
        ),
        profile_url="https://bsky.app/profile/{handle}",
    )
