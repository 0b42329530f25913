"""Log-in at a Mastodon server that its user names; the app is registered there on the fly (accounts.mastodon_apps)."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.http import HttpRequest

from accounts import mastodon_apps


class MastodonAdapter(OAuth2Adapter):  # type: ignore[misc]
    provider_id = "mastodon"

    @property
    def server(self) -> str:
        return mastodon_apps.server_of(self.request)

    @property
    def authorize_url(self) -> str:
        return f"{self.server}/oauth/authorize"

    @property
    def access_token_url(self) -> str:
        return f"{self.server}/oauth/token"

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        # The one that was registered there.
        return mastodon_apps.callback_url(self.server)

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        with get_adapter().get_requests_session() as session:
            url = f"{self.server}/api/v1/accounts/verify_credentials"
            answer = session.get(url, headers={"Authorization": f"Bearer {token.token}"})
            answer.raise_for_status()
            data = answer.json()
        if not isinstance(data, dict) or not isinstance(data.get("username"), str):
            raise OAuth2Error("the server names nobody")
        return self.get_provider().sociallogin_from_response(request, data | {"server": self.server})


class MastodonProvider(OAuth2Provider):  # type: ignore[misc]
    id = "mastodon"
    name = "Mastodon"
    account_class = ProviderAccount
    oauth2_adapter_class = MastodonAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        host = data["server"].partition("://")[2]
        return f"{data['username']}@{host}".lower()

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"username": data["username"], "name": str(data.get("display_name") or "")}


provider_classes = [MastodonProvider]
