"""GitHub."""

from accounts.networks.base import CounterSpec, Network, OAuth, Spec


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
        proof="oauth",
        oauth=OAuth(
            provider="github",
            authorize_url="https://github.com/login/oauth/authorize",
            token_url="https://github.com/login/oauth/access_token",
            identity=(),
            collect=(),
            revoke_url="https://api.github.com/applications/{client_id}/grant",
            revoke_by="grant",
        ),
        needs_keys=True,
        reads=(
            "who follows you",
            "who starred and forked your public repositories",
            "who comments on and reacts to your public issues and pull requests",
        ),
        never=("your private repositories", "your code", "your e-mail addresses"),
        profile_url="https://github.com/{handle}",
    )
