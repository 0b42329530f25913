"""We as apps at the networks, as allauth wants them: made for each request from our own settings, never saved."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts import mastodon_apps
from accounts.calling import is_on, keys_of
from accounts.networks import NETWORKS
from accounts.networks.base import Spec
from accounts.networks.oauth import Client

# Networks that check a code challenge (RFC 7636); the others would only carry it along.
PKCE = frozenset({"twitter", "google", "mastodon", "github", "wikipedia"})
LINKEDIN = "https://www.linkedin.com/oauth"


def known(request: HttpRequest | None, provider: str | None, client_id: str | None) -> list[SocialApp]:
    """Our apps, those of `provider` (or of its network) and `client_id` where these are given.

    Of the many that we are at Mastodon's servers, the one that `request` is about. A network that is off is known when
    it is named: who logs in by it must be able to remove that. Raises NoApp, LostKey.
    """
    specs = [network.spec for network in NETWORKS.values() if network.spec.oauth and network.spec.needs_keys]
    apps = [_app(spec, keys_of(spec) if is_on(spec) else Client("", "")) for spec in specs if provider or is_on(spec)]
    if provider == mastodon_apps.SLUG and request is not None and (server := mastodon_apps.server_of(request)):
        spec = NETWORKS[mastodon_apps.SLUG].spec
        apps.append(_app(spec, keys_of(spec, server)))
    return [
        app for app in apps if provider in (None, app.provider, app.provider_id) and client_id in (None, app.client_id)
    ]


def _app(spec: Spec, client: Client) -> SocialApp:
    """Our app at a network as allauth wants it; never saved."""
    assert spec.oauth is not None
    options: dict[str, Any] = {"oauth_pkce_enabled": spec.slug in PKCE}
    app = SocialApp(provider=spec.oauth.provider, name=spec.label, client_id=client.id, secret=client.secret)
    if spec.oauth.provider == "openid_connect":
        app.provider_id = spec.slug
        options |= {
            "server_url": LINKEDIN,
            "token_auth_method": "client_secret_post",
            "openid_configuration_overrides": {
                "authorization_endpoint": spec.oauth.authorize_url,
                "token_endpoint": spec.oauth.token_url,
            },
        }
    app.settings = options
    return app


def callback_address(spec: Spec) -> str:
    """What an operator registers with the network: where it sends people back."""
    assert spec.oauth is not None
    args = [spec.slug] if spec.oauth.provider == "openid_connect" else []
    return settings.SITE_URL + reverse(f"{spec.oauth.provider}_callback", args=args)


def provider_of(spec: Spec) -> str:
    """What allauth calls the network in its rows."""
    assert spec.oauth is not None
    return spec.slug if spec.oauth.provider == "openid_connect" else spec.oauth.provider


def spec_of(provider: Any) -> Spec:
    """The network of a provider of allauth's."""
    specs = [network.spec for network in NETWORKS.values() if network.spec.oauth]
    return next(spec for spec in specs if provider_of(spec) == provider.sub_id)
