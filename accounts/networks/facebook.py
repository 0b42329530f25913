"""Facebook: verbs and counters, for tables of interactions; its API and export are read by no connector yet."""

from accounts.networks.base import CounterSpec, Network, Spec


class Facebook(Network):
    spec = Spec(
        slug="facebook",
        code=2,
        label="Facebook",
        verbs=("like", "reply", "share", "mention", "connect", "follow"),
        counters=(
            CounterSpec("friends", "friends", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("posts", "posts in all"),
        ),
        profile_url="https://www.facebook.com/{handle}",
    )
