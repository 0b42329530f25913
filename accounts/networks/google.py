"""Google (YouTube)."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import google as export


class Google(Network):
    spec = Spec(
        slug="google",
        code=5,
        label="Google (YouTube)",
        verbs=("like", "reply", "follow", "visit"),
        counters=(
            CounterSpec("subscribers", "subscribers", "follow"),
            CounterSpec("views", "views of all videos", "visit"),
            CounterSpec("videos", "videos in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="google",
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",
            identity=("openid", "email", "profile"),
            collect=("https://www.googleapis.com/auth/youtube.readonly",),
            login=True,
            refresh="refresh_token",
            revoke_url="https://oauth2.googleapis.com/revoke",
        ),
        needs_keys=True,
        reads=(
            "how many subscribers, views and videos your YouTube channel has",
            "how your videos were liked, and who comments on them",
            "which subscribers have made their subscriptions public",
        ),
        never=("your mail, files and calendar", "what you search for and watch", "your private videos"),
        profile_url="https://www.youtube.com/{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
