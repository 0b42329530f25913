"""LinkedIn."""

from collections.abc import Iterator

from accounts.networks.archive import Archive
from accounts.networks.base import CounterSpec, Network, OAuth, Record, Spec
from accounts.networks.exports import linkedin as export


class LinkedIn(Network):
    spec = Spec(
        slug="linkedin",
        code=4,
        label="LinkedIn",
        verbs=("like", "reply", "share", "mention", "connect", "follow", "recommend", "endorse"),
        counters=(
            CounterSpec("connections", "connections", "connect"),
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("recommendations", "recommendations received", "recommend"),
            CounterSpec("endorsements", "endorsements received", "endorse"),
            CounterSpec("posts", "posts in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="openid_connect",
            authorize_url="https://www.linkedin.com/oauth/v2/authorization",
            token_url="https://www.linkedin.com/oauth/v2/accessToken",
            identity=("openid", "profile", "email"),
            collect=("r_dma_portability_3rd_party",),
            login=True,
            revoke_url="https://www.linkedin.com/oauth/v2/revoke",
            lives=60,
        ),
        needs_keys=True,
        reads=(
            "your name and your address at LinkedIn, to know that the account is yours",
            "in the EEA and Switzerland: how many connections you have, who recommended and endorsed you,"
            " and how your posts were received",
        ),
        never=("your messages", "your job applications", "your salary and what recruiters see of you"),
        archive_note=(
            "LinkedIn's export names your connections and who recommended or endorsed you, but not who viewed, "
            "liked or shared your posts. Recommendations that are not shown do not count."
        ),
        profile_url="https://www.linkedin.com/in/{handle}",
    )

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)
