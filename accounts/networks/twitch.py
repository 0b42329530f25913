"""Twitch."""

from accounts.networks.base import CounterSpec, Network, OAuth, Spec


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
        proof="oauth",
        oauth=OAuth(
            provider="twitch",
            authorize_url="https://id.twitch.tv/oauth2/authorize",
            token_url="https://id.twitch.tv/oauth2/token",
            identity=(),
            collect=("moderator:read:followers", "channel:read:subscriptions", "bits:read"),
            refresh="refresh_token",
            revoke_url="https://id.twitch.tv/oauth2/revoke",
        ),
        needs_keys=True,
        reads=(
            "who follows your channel",
            "who subscribes to it",
            "who cheered with Bits",
        ),
        never=("your whispers", "your chat", "what you earn", "your stream key"),
        profile_url="https://www.twitch.tv/{handle}",
    )
