"""GitHub."""

from accounts.networks.base import CounterSpec, Network, Spec


class GitHub(Network):
    spec = Spec(
        slug="github",
        code=11,
        label="GitHub",
        verbs=("like", "share", "reply", "mention", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("stars", "stars on own repositories", "like"),
            CounterSpec("forks", "forks of own repositories", "share"),
            CounterSpec("repositories", "public repositories"),
        ),
        profile_url="https://github.com/{handle}",
    )
