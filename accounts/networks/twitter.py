"""Twitter/X: what it declares, its API (version 2), and its data export (exports/twitter.py)."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import twitter as export


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
        proof="oauth",
        oauth=OAuth(
            provider="twitter_oauth2",
            authorize_url="https://x.com/i/oauth2/authorize",
            token_url="https://api.x.com/2/oauth2/token",
            identity=("users.read", "tweet.read"),
            collect=("follows.read", "list.read", "like.read", "offline.access"),
            login=True,
            refresh="refresh_token",
            revoke_url="https://api.x.com/2/oauth2/revoke",
            client_auth="basic",
        ),
        needs_keys=True,
        reads=(
            "how many follow you, and who",
            "who mentions, answers, quotes, reposts and likes you",
            "which lists you are on",
            "how your own posts of the last 90 days were received",
        ),
        never=("your direct messages", "your bookmarks", "anything of a protected account that follows you"),
        profile_url="https://x.com/{handle}",
        archive_note="X's export names your followers, but not who liked or reposted you: those count without names.",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
