"""Facebook."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import facebook as export


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
        proof="oauth",
        oauth=OAuth(
            provider="facebook",
            authorize_url="https://www.facebook.com/v25.0/dialog/oauth",
            token_url="https://graph.facebook.com/v25.0/oauth/access_token",
            identity=("public_profile", "email"),
            collect=("user_friends", "user_posts"),
            page_scopes=("pages_show_list", "pages_read_engagement", "pages_read_user_content"),
            login=True,
            exchange_url="https://graph.facebook.com/v25.0/oauth/access_token",
            dialect="fb",
            revoke_url="https://graph.facebook.com/v25.0/me/permissions",
            revoke_by="delete",
            granted_url="https://graph.facebook.com/v25.0/me/permissions",
            lives=60,
        ),
        needs_keys=True,
        reads=(
            "how many friends you have",
            "how many reactions, comments and shares your posts received",
            "of pages that you run and choose: their followers, and who comments",
        ),
        never=("your messages", "your photos", "who your friends are, unless they use Klout too"),
        profile_url="https://www.facebook.com/{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
