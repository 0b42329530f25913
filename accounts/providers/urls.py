"""Where networks send people back, and the sign-up of who comes by one.

allauth's own ways to a network have no address: people go there by accounts.social.start alone.
"""

from __future__ import annotations

from allauth.socialaccount.providers.facebook.views import FacebookOAuth2Adapter
from allauth.socialaccount.providers.foursquare.views import FoursquareOAuth2Adapter
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.mediawiki.views import MediaWikiOAuth2Adapter
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.reddit.views import RedditAdapter
from allauth.socialaccount.providers.tiktok.views import TikTokOAuth2Adapter
from allauth.socialaccount.providers.twitch.views import TwitchOAuth2Adapter
from allauth.socialaccount.providers.twitter_oauth2.views import TwitterOAuth2Adapter
from django.urls import URLPattern, path

from accounts.providers import signup
from accounts.providers.instagram.provider import InstagramAdapter
from accounts.providers.mastodon.provider import MastodonAdapter
from accounts.providers.threads.provider import ThreadsAdapter
from accounts.social import callback

ADAPTERS = (
    *(TwitterOAuth2Adapter, FacebookOAuth2Adapter, GoogleOAuth2Adapter, GitHubOAuth2Adapter, MediaWikiOAuth2Adapter),
    *(FoursquareOAuth2Adapter, RedditAdapter, TwitchOAuth2Adapter, TikTokOAuth2Adapter),
    *(InstagramAdapter, ThreadsAdapter),
)

urlpatterns: list[URLPattern] = [
    path("social/signup", signup.signup, name="socialaccount_signup"),
    path(
        "oidc/<slug:provider_id>/login/callback/",
        callback(OpenIDConnectOAuth2Adapter),
        name="openid_connect_callback",
    ),
    path("mastodon/login/callback/<slug:server_mark>/", callback(MastodonAdapter), name="mastodon_callback"),
    *(
        path(
            f"{adapter.provider_id}/login/callback/",
            callback(adapter),
            name=f"{adapter.provider_id}_callback",
        )
        for adapter in ADAPTERS
    ),
]
