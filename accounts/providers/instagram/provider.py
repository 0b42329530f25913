"""Instagram Login: who a token belongs to, as allauth wants to know it."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.http import HttpRequest


class MetaAdapter(OAuth2Adapter):  # type: ignore[misc]
    """What Instagram and Threads share: short-lived tokens for a form, and a profile that names itself."""

    scope_delimiter = ","
    profile_url = ""
    fields = ""

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.profile_url, params={"fields": self.fields, "access_token": token.token})
            answer.raise_for_status()
            data = answer.json()
        if not isinstance(data, dict) or not data.get("username"):
            raise OAuth2Error("the profile names nobody")
        return self.get_provider().sociallogin_from_response(request, data)


class MetaProvider(OAuth2Provider):  # type: ignore[misc]
    account_class = ProviderAccount

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data.get("user_id") or data["id"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"username": data["username"], "name": data.get("name") or ""}


class InstagramAdapter(MetaAdapter):
    provider_id = "instagram"
    authorize_url = "https://www.instagram.com/oauth/authorize"
    access_token_url = "https://api.instagram.com/oauth/access_token"  # noqa: S105 (an address)
    profile_url = "https://graph.instagram.com/me"
    fields = "user_id,username,name"

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        rows = data.get("data")
        # Answers have come in a list, too.
        return super().parse_token(rows[0] if isinstance(rows, list) and rows else data)


class InstagramProvider(MetaProvider):
    id = "instagram"
    name = "Instagram"
    oauth2_adapter_class = InstagramAdapter


provider_classes = [InstagramProvider]
