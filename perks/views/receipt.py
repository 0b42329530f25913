"""A claim as its person sees it: held, then to be confirmed, then theirs, with all that happened to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.tokens import LostKey
from perks import addresses, claims, codes, confirming, consent, money, passes, postal, qr, timeline
from perks.errors import PerkError
from perks.models import Campaign, Claim, Shipment
from perks.views.claim_forms import AddressForm, TermsForm, from_address, typed
from perks.views.own_claims import own_claim


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_receipt(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The claim; POST does what `action` says, and comes back here."""
    assert isinstance(request.user, User)
    claim, at = own_claim(request, reference, "user", "address", "shipment"), timezone.now()
    if request.method != "POST":
        return _shown(request, claim, at)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        messages.error(request, _("Please use one of the buttons."))
        return redirect(claim)
    try:
        return action(request, claim, at) or redirect(claim)
    except PerkError as error:
        messages.error(request, str(error))
        return redirect(claim)


# ---------------------------------------------------------------- what can be done: None leads back to the page
def _accept(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    terms = claim.campaign.terms
    form = TermsForm(request.POST, terms=terms) if terms else None
    if form is None or not form.is_valid():
        return _shown(request, claim, at, terms_form=form)
    if terms is None or form.cleaned_data["terms"] != terms.pk:
        messages.error(request, _("The terms have changed meanwhile. Please read them again."))
        return None
    claims.accept(claim=claim, terms=terms)
    return None


def _extend(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    claims.extend(claim=claim)
    messages.success(request, _("You have more time now."))
    return None


def _release(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    claims.release(claim=claim)
    return None


def _country(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    """The same page with the fields of the country that was chosen; nothing is kept."""
    form = AddressForm(initial=typed(request.POST), countries=claim.campaign.countries)
    return _shown(request, claim, at, address_form=form, ticked=request.POST.getlist("share"))


def _confirm(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    assert isinstance(request.user, User)
    form, address, ticked = None, None, request.POST.getlist("share")
    if claim.campaign.kind == Campaign.Kind.SHIPPED and claim.state == Claim.State.HELD:
        form = AddressForm(request.POST, countries=claim.campaign.countries)
        if not form.is_valid() or not form.belongs:
            return _once_more(request, claim, at, form, ticked)
        address = form.address
    confirming.confirm(
        claim=claim,
        user=request.user,
        address=address,
        keep=bool(form and form.cleaned_data["keep"]),
        ticked=ticked,
        at=at,
    )
    return None


def _address(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    form = AddressForm(request.POST, countries=claim.campaign.countries)
    if not form.is_valid() or not form.belongs:
        return _once_more(request, claim, at, form, [])
    addresses.give(claim=claim, address=form.address, keep=form.cleaned_data["keep"], at=at)
    messages.success(request, _("The new address is the one that counts."))
    return None


def _once_more(request: HttpRequest, claim: Claim, at: datetime, form: AddressForm, ticked: list[str]) -> HttpResponse:
    """The form with what is wrong; where another country was chosen meanwhile, with that one's fields."""
    if form.chosen and not form.belongs:
        messages.info(
            request, _("These are the fields for %(country)s. Please look them over.") % {"country": form.wanted}
        )
        form = AddressForm(initial=typed(request.POST), countries=claim.campaign.countries)
    return _shown(request, claim, at, address_form=form, ticked=ticked)


def _share(request: HttpRequest, claim: Claim, at: datetime, *, given: bool = True) -> HttpResponse | None:
    assert isinstance(request.user, User)
    try:
        consent.change(claim=claim, user=request.user, field=request.POST.get("field", ""), given=given, at=at)
    except KeyError:
        messages.error(request, _("Please use one of the buttons."))
    return None


def _withdraw(request: HttpRequest, claim: Claim, at: datetime) -> HttpResponse | None:
    return _share(request, claim, at, given=False)


ACTIONS: Mapping[str, Callable[[HttpRequest, Claim, datetime], HttpResponse | HttpResponseRedirect | None]] = {
    "accept": _accept,
    "extend": _extend,
    "release": _release,
    "country": _country,
    "confirm": _confirm,
    "address": _address,
    "share": _share,
    "withdraw": _withdraw,
}


# ---------------------------------------------------------------- the page
def _shown(
    request: HttpRequest,
    claim: Claim,
    at: datetime,
    *,
    terms_form: TermsForm | None = None,
    address_form: AddressForm | None = None,
    ticked: list[str] | None = None,
) -> HttpResponse:
    assert isinstance(request.user, User)
    campaign, held = claim.campaign, claim.holds(at)
    has = claim.state in (Claim.State.CLAIMED, Claim.State.REDEEMED)
    offered = held and claim.terms is None
    shipment: Shipment | None = getattr(claim, "shipment", None)
    movable = has and (shipment is None or shipment.state == Shipment.State.WAITING)
    to_be_sent = campaign.kind == Campaign.Kind.SHIPPED and (held or movable)
    if to_be_sent and address_form is None and not offered:
        address_form = AddressForm(initial=_known(claim, request.user), countries=campaign.countries)
    terms = campaign.terms if offered else claim.terms
    given = consent.standing(claim) if has else set(ticked or ())
    own = addresses.own(claim)
    context = {
        "claim": claim,
        "campaign": campaign,
        "value": money.written(campaign.value, campaign.currency) if campaign.value else "",
        "held": held,
        "offered": offered,
        "over": claim.state == Claim.State.EXPIRED or (claim.state == Claim.State.HELD and not held),
        "has": has,
        "terms": terms,
        "terms_form": terms_form or (TermsForm(terms=terms) if offered and terms else None),
        "address_form": address_form if to_be_sent else None,
        "address": postal.on_a_parcel(own) if own else [],
        "address_goes": addresses.goes_at(claim) if hasattr(claim, "address") else None,
        "shipment": shipment,
        "asks": [
            (slug, consent.wording(campaign, slug), slug in given)
            for slug in consent.shown(campaign, given if has else ())
        ],
        "extendable": held and not offered and not claim.extended and claim.source == Claim.Source.WINDOW,
        "seconds": int((claim.expires_at - at).total_seconds()) if held else 0,
        "code": _code(claim) if has else "",
        "has_pass": claim.state == Claim.State.CLAIMED and passes.has_pass(claim),
        "lines": timeline.sentences(claim.events.all()),
        "qr": qr.svg(settings.SITE_URL + claim.get_absolute_url(), _("The address of this receipt")) if has else "",
        "no_need": _("You need not post anything, and what you say need not be kind."),
    }
    return render(request, "perks/receipt.html", context)


def _known(claim: Claim, user: User) -> dict[str, str]:
    """What the form begins with: the address that was given, else the one to be offered again, else what is known."""
    assert claim.person is not None
    own = addresses.own(claim)
    if own is not None:
        return from_address(own) | {"keep": "on" if claim.address.keep else ""}
    before = addresses.kept(claim.person, user)
    if before is not None:
        return from_address(before) | {"keep": "on"}
    return {"country": claim.person.country, "name": claim.person.name}


def _code(claim: Claim) -> str:
    """The code, for the page of its person alone; "" for a perk that has none."""
    if not hasattr(claim, "code"):
        return ""
    try:
        return codes.unseal(claim.code.sealed)
    except LostKey:
        return ""
