"""The page on which somebody who never joined has an account left out for good, or undoes that; without a log-in."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from allauth.account.adapter import get_adapter
from celery import current_app
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError

from accounts import challenges, opt_out, privacy
from accounts.calling import http_for, is_on
from accounts.naming import written
from accounts.networks import NETWORKS
from accounts.networks.base import BadRecord, Network, NetworkError, Owner, RateLimited
from accounts.networks.http import NotFound
from accounts.offers import can_be_found, offered

log = logging.getLogger(__name__)

# Seconds until another try, where something is being read for the person just now.
SOON = 60
# What the visitor is about, while they are away at the network: the slug of the network whose opt-out is undone.
UNDO_KEY = "opt_out_undo"
# What `opt_out_done` is to say.
DONE_KEY = "opt_out_done"
# What the codes are for; and what makes them this visitor's: one that is left on an account for years must not let
# others leave it out once more, or undo that.
OUT, IN = "opt-out", "opt-in"
CODE_KEY = "opt_out_code"


class OptOutForm(forms.Form):
    network = forms.ChoiceField(label=gettext_lazy("Network"))
    handle = forms.CharField(
        label=gettext_lazy("Name or address of the account there"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Such as @alice, alice@mastodon.example or https://alice.example."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["network"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(network.spec.slug, network.spec.label) for network in offered()]

    def clean(self) -> None:
        network = NETWORKS.get(self.cleaned_data.get("network", ""))
        if network and way_of(network) == "challenge" and not self.cleaned_data.get("handle", "").strip():
            self.add_error("handle", _("Please say which account it is."))


def way_of(network: Network) -> str:
    """How somebody proves that an account is theirs: "oauth", "challenge", or "" where the operator has to be asked."""
    spec = network.spec
    if spec.proof == "oauth" and spec.needs_keys and is_on(spec):
        return "oauth"
    return "challenge" if can_be_found(network) else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out_page(request: HttpRequest) -> HttpResponse:
    """Asks which account it is, then for proof; the proof by a code is looked for when it is asked to be."""
    undo = (request.POST if request.method == "POST" else request.GET).get("undo") == "yes"
    form = OptOutForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "undo": undo, "step": "which"}
    if request.method == "POST" and form.is_valid():
        network = NETWORKS[form.cleaned_data["network"]]
        way = way_of(network)
        if way == "oauth":
            try:
                return at_the_network(request, network.spec.slug, undo=undo)
            except NetworkError:
                form.add_error("network", _("The network did not answer; please try again later."))
                return render(request, "accounts/opt_out.html", context)
        context |= {"label": network.spec.label, "slug": network.spec.slug, "handle": form.cleaned_data["handle"]}
        if way == "":
            operator = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
            return render(request, "accounts/opt_out.html", context | {"step": "operator", "operator": operator})
        try:
            owner = find(request, network, form.cleaned_data["handle"], timezone.now())
        except Unfound as error:
            form.add_error("handle", str(error))
        else:
            subject = f"{IN if undo else OUT}:{request.session.setdefault(CODE_KEY, secrets.token_urlsafe(12))}"
            context |= {
                "step": "code",
                "code": challenges.code_for(subject, network.spec.slug, owner.external_id),
                "name": written(network.spec.slug, owner.handle, owner.external_id),
                "missing": False,
            }
            if request.POST.get("step") == "code":
                if challenges.proves(subject, network.spec.slug, owner.external_id, owner.about):
                    return proved(request, network=network.spec.slug, owner=owner, at=timezone.now(), undo=undo)
                context["missing"] = True
    return render(request, "accounts/opt_out.html", context)


def at_the_network(request: HttpRequest, slug: str, *, undo: bool) -> HttpResponse:
    """Send the visitor to log in at the network, which tells us whose account it is and nothing else."""
    # Here and not above: it knows this module, for when they come back.
    from accounts import social

    request.session[UNDO_KEY] = slug if undo else ""
    response: HttpResponse = social.start(request, slug=slug, purpose="opt_out")
    return response


def proved(
    request: HttpRequest, *, network: str, owner: Owner, at: datetime, undo: bool | None = None
) -> HttpResponseRedirect:
    """The account of `owner` is the visitor's: leave it out, or undo that. undo None: as they said when they left."""
    said = request.session.pop(UNDO_KEY, "")
    request.session.pop(CODE_KEY, None)
    undo = said == network if undo is None else undo
    label = NETWORKS[network].spec.label
    if undo:
        opt_out.undo(network=network, owner=owner)
    else:
        try:
            opt_out.add(network=network, owner=owner, at=at)
        except privacy.Busy:
            # It is left out from now on; what is known goes when what is being read just now has been.
            try:
                current_app.send_task("accounts.tasks.sweep_opt_outs", countdown=SOON)
            except OperationalError:
                log.exception("the daily task erases what is known of an account that has opted out")
    request.session[DONE_KEY] = {"undone": undo, "label": label}
    return redirect("opt_out_done")


@never_cache
@require_safe
def opt_out_done(request: HttpRequest) -> HttpResponse:
    said = request.session.pop(DONE_KEY, None) or {}
    return render(request, "accounts/opt_out_done.html", {"undone": said.get("undone"), "label": said.get("label")})


class Unfound(Exception):
    """The account could not be looked at; the message says why, for who asked."""


def find(request: HttpRequest, network: Network, address: str, at: datetime) -> Owner:
    """The public account at `address`. Raises Unfound."""
    label = {"network": network.spec.label}
    if not challenges.may_look(f"opt-out:{get_adapter().get_client_ip(request)}"):
        raise Unfound(_("Too many tries; please wait ten minutes."))
    try:
        with http_for(network, at=at) as http:
            return network.find(http, address.strip())
    except NotFound:
        raise Unfound(_("%(network)s knows no such account.") % label) from None
    except BadRecord as error:
        raise Unfound(error.reason) from None
    except RateLimited:
        raise Unfound(_("%(network)s asks us to wait; please try again in some minutes.") % label) from None
    except NetworkError:
        raise Unfound(_("%(network)s did not answer; please try again later.") % label) from None
