"""All ways to log in, on one page: addresses, password, networks, passkeys, authenticator app, recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import offers
from accounts.models import User
from accounts.networks import NETWORKS
from accounts.providers import apps
from accounts.second_factors import passkeys_work
from accounts.tokens import LostKey

# With fewer recovery codes left it is time for new ones.
FEW_CODES = 4


@login_required
@never_cache
@require_safe
def log_in(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    known = Authenticator.objects.filter(user=request.user).order_by("created_at", "pk")
    by_type: dict[str, list[Authenticator]] = {kind: [] for kind in Authenticator.Type.values}
    for authenticator in known:
        by_type[authenticator.type].append(authenticator)
    codes = by_type[Authenticator.Type.RECOVERY_CODES]
    context: dict[str, Any] = {
        "addresses": EmailAddress.objects.filter(user=request.user).order_by("-primary", "email"),
        "has_password": request.user.has_usable_password(),
        "log_ins": [
            label_of(provider)
            for provider in SocialAccount.objects.filter(user=request.user)
            .order_by("pk")
            .values_list("provider", flat=True)
        ],
        "networks_sign_in": bool(offers.login_networks()),
        "passkeys": [(key, key.wrap().is_passwordless is not False) for key in by_type[Authenticator.Type.WEBAUTHN]],
        "passkeys_work": passkeys_work(request),
        "site_url": settings.SITE_URL,
        "app": next(iter(by_type[Authenticator.Type.TOTP]), None),
        "codes": unused(codes[0]) if codes else None,
        "few": FEW_CODES,
    }
    return render(request, "accounts/log_in.html", context)


def label_of(provider: str) -> str:
    """What people call a network that logs them in; allauth's own word where it is switched off."""
    networks = {
        apps.provider_of(network.spec): network.spec.label for network in NETWORKS.values() if network.spec.oauth
    }
    return networks.get(provider, provider)


def unused(codes: Authenticator) -> int:
    """How many recovery codes can still be used: none where the key that encrypted them is lost."""
    try:
        return len(codes.wrap().get_unused_codes())
    except LostKey:
        return 0
