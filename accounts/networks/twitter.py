"""Twitter/X: the data export people can download. (Its API is read by no connector yet.)"""

from accounts.networks.base import CounterSpec, Network, Spec


class Twitter(Network):
    spec = Spec(
        slug="twitter",
        code=1,
        label="Twitter/X",
        verbs=("share", "quote", "reply", "mention", "like", "follow", "list"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("listed", "lists the account is on", "list"),
            CounterSpec("mentions_received", "mentions received", "mention"),
            CounterSpec("retweets_received", "retweets received", "share"),
            CounterSpec("mentions_sent", "mentions sent"),
            CounterSpec("retweets_sent", "retweets sent"),
            CounterSpec("posts", "posts in all"),
        ),
        profile_url="https://x.com/{handle}",
        archive_note="X's export names your followers but not who liked or reposted you: those are counted without names.",
    )
