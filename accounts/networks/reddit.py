"""Reddit."""

from accounts.networks.base import CounterSpec, Network, Spec


class Reddit(Network):
    spec = Spec(
        slug="reddit",
        code=13,
        label="Reddit",
        verbs=("like", "reply", "mention", "share", "follow"),
        counters=(
            CounterSpec("karma", "points that posts and comments have received", "like"),
            CounterSpec("followers", "followers", "follow"),
        ),
        profile_url="https://www.reddit.com/user/{handle}",
    )
