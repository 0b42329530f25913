"""The door to allauth.mfa: authenticator apps, passkeys, recovery codes; what is secret of them is kept encrypted."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import devices, tokens
from accounts.models import User

LONGEST_NAME = 60


def is_address(host: str) -> bool:
    """Whether `host` is an IP address: no browser makes a passkey for one."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def relying_party(host: str) -> str:
    """The name that passkeys made at `host` (without a port) belong to: SITE_URL's, for all names below it too.

    Elsewhere, as on a developer's own machine, it is the host itself.
    """
    site = urlsplit(settings.SITE_URL).hostname or ""
    return site if host == site or host.endswith(f".{site}") else host


def host_of(request: HttpRequest) -> str:
    """The host that was asked, without its port; Django has checked it against ALLOWED_HOSTS."""
    return urlsplit(f"//{request.get_host()}").hostname or ""


def passkeys_work(request: HttpRequest) -> bool:
    """Whether a browser makes passkeys here: over HTTPS or on this machine, and under a name."""
    host = host_of(request)
    return not is_address(host) and (request.is_secure() or host == "localhost" or host.endswith(".localhost"))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's own ways, with our keys, our name and our words."""

    def encrypt(self, text: str) -> str:
        return tokens.encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return tokens.decrypt(encrypted_text.encode())

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": relying_party(host_of(context.request)), "name": settings.SITE_NAME}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """By the browser that makes it: "Firefox on Windows"."""
        name = devices.named(context.request.headers.get("User-Agent", ""))
        taken = {str(key) for key in Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)}
        number, first = 1, name
        while name in taken:
            number += 1
            name = _("%(name)s, number %(number)s") % {"name": first, "number": number}
        return name


def name_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=gettext_lazy("To tell it from others: where it lives, say."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    """A name, and whether it opens the door alone."""

    name = name_field()
    passwordless = forms.BooleanField(
        label=gettext_lazy("Log in with it alone, without the password"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Your device then asks for your finger, your face or its PIN. Without this the key is asked for after the "
            "password, as older security keys want it."
        ),
    )


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]
    name = name_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True


def has_second_factor(user: User) -> bool:
    """Whether `user` logs in with more than a password: an authenticator app or a passkey."""
    return bool(is_mfa_enabled(user))
