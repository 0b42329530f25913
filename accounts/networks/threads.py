"""Threads."""

from accounts.networks.base import CounterSpec, Network, OAuth, Spec


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
        proof="oauth",
        oauth=OAuth(
            provider="threads",
            authorize_url="https://threads.net/oauth/authorize",
            token_url="https://graph.threads.net/oauth/access_token",
            identity=("threads_basic",),
            collect=("threads_manage_insights", "threads_read_replies", "threads_manage_mentions"),
            refresh="exchange",
            refresh_url="https://graph.threads.net/refresh_access_token",
            exchange_url="https://graph.threads.net/access_token",
            dialect="th",
            lives=60,
        ),
        needs_keys=True,
        reads=(
            "how many follow you",
            "how your posts were liked, reposted and quoted",
            "who replies to you and mentions you",
        ),
        never=("your messages", "who likes you by name: Threads tells nobody"),
        profile_url="https://www.threads.net/@{handle}",
    )
