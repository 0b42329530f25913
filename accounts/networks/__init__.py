"""The networks we know: an explicit registry {slug: Network}. A network joins it when it is finished, not before."""

from accounts.networks.base import Network, check_declared
from accounts.networks.bing import Bing
from accounts.networks.blog import Blog
from accounts.networks.bluesky import Bluesky
from accounts.networks.facebook import Facebook
from accounts.networks.foursquare import Foursquare
from accounts.networks.github import GitHub
from accounts.networks.google import Google
from accounts.networks.googleplus import GooglePlus
from accounts.networks.instagram import Instagram
from accounts.networks.klout import Klout
from accounts.networks.linkedin import LinkedIn
from accounts.networks.mastodon import Mastodon
from accounts.networks.reddit import Reddit
from accounts.networks.threads import Threads
from accounts.networks.tiktok import TikTok
from accounts.networks.twitch import Twitch
from accounts.networks.twitter import Twitter
from accounts.networks.wikipedia import Wikipedia

NETWORKS: dict[str, Network] = {
    network.spec.slug: network
    for network in (
        Twitter(),
        Facebook(),
        Mastodon(),
        LinkedIn(),
        Google(),
        GooglePlus(),
        Instagram(),
        Foursquare(),
        Wikipedia(),
        Bluesky(),
        GitHub(),
        Blog(),
        Reddit(),
        Twitch(),
        TikTok(),
        Threads(),
        Bing(),
        Klout(),
    )
}
check_declared(NETWORKS.values())
BY_CODE: dict[int, Network] = {network.spec.code: network for network in NETWORKS.values()}
