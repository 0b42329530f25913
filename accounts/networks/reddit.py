"""Reddit."""

from accounts.networks.base import CounterSpec, Network, OAuth, Spec


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
        proof="oauth",
        oauth=OAuth(
            provider="reddit",
            authorize_url="https://www.reddit.com/api/v1/authorize",
            token_url="https://www.reddit.com/api/v1/access_token",
            identity=("identity",),
            collect=("history", "read", "privatemessages"),
            refresh="refresh_token",
            revoke_url="https://www.reddit.com/api/v1/revoke_token",
            client_auth="basic",
        ),
        needs_keys=True,
        reads=(
            "your karma",
            "how your posts and comments were voted on",
            "who answers and mentions you",
        ),
        never=(
            "what somebody wrote to you in private: Reddit keeps answers and mentions in the same inbox, and we ask"
            " for those alone",
            "how you vote",
            "what you have saved or hidden",
        ),
        profile_url="https://www.reddit.com/user/{handle}",
    )
