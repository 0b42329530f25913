"""Signing in and connecting by a network: the way there, and what is done when somebody comes back (allauth's adapter).

Four purposes: "login", "add_login" (another way to log in), "collect" (connect an account that is to be read) and
"opt_out". Only the first two make anything of allauth's; no purpose leaves a token with it. SocialApp has no rows:
our apps are settings.NETWORK_KEYS and NetworkApp.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter, OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import get_request_param
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import arriving, joining, mastodon_apps, opting_out
from accounts.calling import NoApp, collect_scopes, is_on, rewritten
from accounts.models import Membership, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import NetworkError, Unreachable, checked_text
from accounts.providers import apps, calls

logger = logging.getLogger(__name__)

LOGINS = {"login": AuthProcess.LOGIN, "add_login": AuthProcess.CONNECT}
PURPOSES = frozenset({*LOGINS, "collect", "opt_out"})
EDITORS = (Membership.Role.OWNER, Membership.Role.EDITOR)
# What else is said when access for reading is asked for: that it should last, that somebody with several accounts may
# choose, that what was refused once is asked for again.
COLLECT_PARAMS = {
    "google": {"access_type": "offline", "prompt": "consent select_account"},
    "reddit": {"duration": "permanent"},
    "facebook": {"auth_type": "rerequest"},
    "github": {"prompt": "select_account"},
    "twitch": {"force_verify": "true"},
}
LOGIN_PARAMS = {"google": {"prompt": "select_account"}}
REFUSED = frozenset({"access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied"})
TOO_LATE = gettext_lazy("That took too long, or was begun in another window. Please begin again.")
UNKNOWN_SCOPE = frozenset({"invalid_scope", "unauthorized_scope_error"})


def start(
    request: HttpRequest,
    *,
    slug: str,
    purpose: str,
    person: Person | None = None,
    pages: bool = False,
    server: str = "",
    bare: bool = False,
) -> HttpResponse:
    """The way to the network: a redirect, or after a POST a page that leads there.

    pages: ask for what reading pages needs, too. server: as its user typed it, where the network has many. bare: ask
    for identity alone although the account is to be read. Raises NetworkError where the network is off, unknown or does
    not answer, PermissionDenied where the user may not edit `person`.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"nobody goes to a network for {purpose!r}")
    network = NETWORKS.get(slug)
    if network is None or network.spec.oauth is None or not is_on(network.spec):
        raise NoApp(f"{slug} is off")
    spec, declared = network.spec, network.spec.oauth
    if purpose in LOGINS and not declared.login:
        raise NoApp(f"{spec.label} signs nobody in")
    if purpose == "collect" and (person is None or not _edits(request, person.pk)):
        raise PermissionDenied
    if slug == mastodon_apps.SLUG:
        server = mastodon_apps.server_at(server)
        mastodon_apps.app_at(server, timezone.now(), asked_by=f"user:{request.user.pk}")
        mastodon_apps.remember(request, server)
    scopes = list(declared.identity)
    if purpose == "collect" and not bare:
        scopes += collect_scopes(spec, pages=pages)
    elif purpose == "opt_out":
        scopes += spec.needs.get("profile", ())
    data = {
        "purpose": purpose,
        "slug": slug,
        "person": person.pk if person else None,
        "user": request.user.pk,
        "pages": pages,
        "server": server,
        "scopes": list(dict.fromkeys(scopes)),
        "bare": bare,
    }
    try:
        provider = get_adapter(request).get_provider(request, apps.provider_of(spec))
        response = provider.redirect(
            request,
            process=LOGINS.get(purpose, AuthProcess.REDIRECT),
            next_url=_next(request) if purpose in LOGINS else None,
            data=data,
            scope=data["scopes"],
            auth_params=dict((COLLECT_PARAMS if purpose == "collect" else LOGIN_PARAMS).get(slug, {})),
        )
    except requests.RequestException as error:
        raise Unreachable(f"{spec.label} did not answer ({type(error).__name__})") from None
    if "Location" not in response:
        raise Unreachable(f"{spec.label} did not say where to log in")
    url = rewritten(response["Location"])
    if request.method != "POST":
        return HttpResponseRedirect(url)
    # Our own policy (form-action) ends a POST that is sent on to another site, and should: a page leads there.
    return render(request, "accounts/leaving.html", {"url": url, "label": spec.label})


def callback(adapter: type[OAuth2Adapter]) -> Callable[..., HttpResponse]:
    """The view to which a network sends people back: allauth's, with the whole answer kept for this one request."""

    class Keeping(adapter):  # type: ignore[misc]
        def get_access_token_data(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            request._token_answer = super().get_access_token_data(  # type: ignore[attr-defined]
                request, *args, **kwargs
            )
            return request._token_answer  # type: ignore[attr-defined]

    def view(request: HttpRequest, provider_id: str = "", server_mark: str = "") -> HttpResponse:
        if server_mark and server_mark != mastodon_apps.mark_of(mastodon_apps.server_of(request)):
            # Another server's code: the one that we left for would be given it.
            return _sent_back(request, {}, TOO_LATE)
        made = Keeping(request, provider_id) if issubclass(adapter, OpenIDConnectOAuth2Adapter) else Keeping(request)
        named = provider_id or adapter.provider_id
        try:
            response: HttpResponse = OAuth2CallbackView.adapter_view(made)(request)
        except (SocialApp.DoesNotExist, NoApp):
            return _sent_back(request, {}, _("This network cannot be connected here at the moment."))
        except Exception as error:
            # Most often an answer of another shape than documented. What an error says, and the values in a report of
            # it, may be tokens: where it happened is enough.
            place = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s: coming back failed: %s\n%s", named, type(error).__name__, place)  # noqa: TRY400
            text = _("The network answered in a way that we do not understand. Please try again later.")
            return _sent_back(request, {}, text)
        return response

    return view


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """allauth's own ways, with our apps, our door, and nothing kept that we do not need."""

    def get_requests_session(self) -> requests.Session:
        return calls.session()

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        return apps.known(request, provider, client_id)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        # What the profile says is used now and not stored.
        sociallogin.identity = dict(data)
        sociallogin.account.extra_data = {}
        user: User = super().populate_user(request, sociallogin, data)
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """For a log-in, forget the token; for all else, do what the person went there for and send them on."""
        sociallogin.token = None
        answer = request.__dict__.pop("_token_answer", None)
        data = sociallogin.state.get("data") or {}
        purpose = data.get("purpose")
        if purpose in LOGINS:
            return
        spec = NETWORKS[data["slug"]].spec
        if data.get("user") != request.user.pk:
            raise ImmediateHttpResponse(_sent_back(request, {}, _("You logged in as somebody else meanwhile.")))
        at, login = timezone.now(), arriving.identity(spec, sociallogin)
        response: HttpResponse
        try:
            if purpose == "collect":
                response = redirect(arriving.collect(request.user, data, answer, login, at))
            else:
                owner = arriving.owner_for_opt_out(data, answer, login, at)
                response = opting_out.proved(request, network=spec.slug, owner=owner, at=at)
        except arriving.Refused as error:
            response = _sent_back(request, data, str(error))
        raise ImmediateHttpResponse(response)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Whatever went wrong there: say so in our words, on the page from which the person left."""
        state = (extra_context or {}).get("state") or {}
        data = state.get("data") or {}
        spec = apps.spec_of(provider)
        label = {"network": spec.label}
        said = checked_text(request.GET.get("error", ""), limit=60)
        if error == AuthError.CANCELLED or said in REFUSED:
            text = _("You said no at %(network)s: nothing was connected, and that costs nothing.") % label
            raise ImmediateHttpResponse(_sent_back(request, data, text, messages.INFO))
        logger.warning("%s did not let somebody in: %s", spec.slug, type(exception).__name__ if exception else said)
        if said in UNKNOWN_SCOPE and data.get("purpose") == "collect" and not data.get("bare"):
            # Our app may not ask for all of it (LinkedIn grants it for Europe alone): whose account it is, at least.
            raise ImmediateHttpResponse(self._again(request, data, label))
        if spec.slug == mastodon_apps.SLUG and "invalid_client" in str(exception):
            mastodon_apps.forget(data.get("server", ""))
        text = _("%(network)s did not let us in. Please try again.") % label if data else str(TOO_LATE)
        raise ImmediateHttpResponse(_sent_back(request, data, text))

    def _again(self, request: HttpRequest, data: dict[str, Any], label: dict[str, str]) -> HttpResponse:
        person = Person.objects.filter(pk=data["person"]).first()
        try:
            return start(request, slug=data["slug"], purpose="collect", person=person, server=data["server"], bare=True)
        except (NetworkError, PermissionDenied):
            return _sent_back(request, data, _("%(network)s did not let us in. Please try again.") % label)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Form | None = None) -> User:
        """Save the user with the person they asked for; shown at once where the network vouches for the address."""
        chosen = form.cleaned_data["email"].lower() if form else ""
        # Of the addresses that the network knows, the one that they chose here and no other.
        sociallogin.email_addresses = [kept for kept in sociallogin.email_addresses if kept.email.lower() == chosen]
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            if EmailAddress.objects.filter(user=user, verified=True).exists():
                joining.show_after_first_confirmation(user)
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("socialaccount_connections")


def _edits(request: HttpRequest, person: int) -> bool:
    return isinstance(request.user, User) and Person.objects.of(request.user, *EDITORS).filter(pk=person).exists()


def _next(request: HttpRequest) -> str | None:
    """Where to go after the log-in, if it is a place of ours."""
    url = get_request_param(request, "next")
    return url if url and url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure()) else None


def _sent_back(request: HttpRequest, data: dict[str, Any], text: Any, level: int = messages.ERROR) -> HttpResponse:
    """The page from which somebody left for a network, with what came of it."""
    messages.add_message(request, level, str(text))
    if data.get("purpose") == "collect":
        person = Person.objects.filter(pk=data["person"]).first()
        named = f"?person={person.handle}" if person and _edits(request, person.pk) else ""
        return redirect(reverse("connect_network", args=[data["slug"]]) + named)
    if data.get("purpose") == "opt_out":
        return redirect("opt_out")
    return redirect("settings" if request.user.is_authenticated else "account_login")
