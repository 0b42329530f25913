"""Twitch."""

from accounts.networks.base import CounterSpec, Network, Spec


class Twitch(Network):
    spec = Spec(
        slug="twitch",
        code=14,
        label="Twitch",
        verbs=("follow", "endorse", "tip", "visit"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("subscribers", "paying subscribers", "endorse"),
            CounterSpec("videos", "videos in all"),
        ),
        profile_url="https://www.twitch.tv/{handle}",
    )
