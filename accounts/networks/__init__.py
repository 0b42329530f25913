"""The networks we know: an explicit registry {slug: Network}. A network joins it when it is finished, not before."""

from accounts.networks.base import Network, check_declared
from accounts.networks.facebook import Facebook
from accounts.networks.mastodon import Mastodon
from accounts.networks.twitter import Twitter

NETWORKS: dict[str, Network] = {network.spec.slug: network for network in (Twitter(), Facebook(), Mastodon())}
check_declared(NETWORKS.values())
BY_CODE: dict[int, Network] = {network.spec.code: network for network in NETWORKS.values()}
