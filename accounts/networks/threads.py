"""Threads."""

from accounts.networks.base import CounterSpec, Network, Spec


class Threads(Network):
    spec = Spec(
        slug="threads",
        code=16,
        label="Threads",
        verbs=("like", "reply", "share", "quote", "mention", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("posts", "posts in all"),
        ),
        profile_url="https://www.threads.net/@{handle}",
    )
