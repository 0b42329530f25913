"""The way to a perk: who it is for, what is met, the terms; and the hold that follows from accepting them."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import Person, User
from accounts.views import EDITORS
from perks import abuse, claims, eligibility, money, openings
from perks.eligibility import Checklist
from perks.errors import AlreadyClaimed, KeyReused, PerkError, SoldOut, TermsChanged
from perks.models import Campaign, Claim, Terms, Variant
from perks.openings import Phase
from perks.views.claim_forms import ClaimForm

# A campaign's variants and windows are few; what is shown of a person's own claims to one is bounded by its limit.
OWN = 20
# As the form makes it.
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
# What was on the page is not what is in force: all of it anew, with nothing ticked.
AGAIN = (TermsChanged, KeyReused)


def speakable(user: User) -> list[Person]:
    """The people in whose name `user` may claim: not organisations, and nobody who is being erased."""
    return list(Person.objects.of(user, *EDITORS).staying().filter(kind=Person.Kind.PERSON))


def person_of(request: HttpRequest, people: list[Person]) -> Person | None:
    """The one that the request names (person=handle), else the first. 404 for anybody else's handle."""
    handle = request.POST.get("person", request.GET.get("person"))
    if handle is None:
        return people[0] if people else None
    found = next((person for person in people if person.handle.lower() == handle.lower()), None)
    if found is None:
        raise Http404
    return found


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_claim(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The terms and what is met; POST holds an item and leads to it. The same form twice leads to the same claim."""
    assert isinstance(request.user, User)
    error: PerkError | None = None
    if request.method == "POST":
        try:
            if (address := _at_once(request, request.user, campaign_id)) is not None:
                return redirect(address)
        except PerkError as refused:
            error = refused
    campaigns = Campaign.objects.public().select_related("brand").prefetch_related("windows", "variants")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    people = speakable(request.user)
    person = person_of(request, people)
    if person is None:
        return render(request, "perks/claim.html", {"campaign": campaign, "people": people}, status=200)
    key = request.POST.get("key", "")
    if KEY.fullmatch(key) and (made := Claim.objects.filter(person=person, key=key, campaign=campaign).first()):
        return redirect(made)
    at, terms = timezone.now(), campaign.terms
    if terms is None:
        raise Http404
    checklist = eligibility.check(person=person, campaign=campaign, at=at)
    form = ClaimForm(
        request.POST or None, terms=terms, variants=list(campaign.variants.all()), key=secrets.token_urlsafe(24)
    )
    if isinstance(error, AGAIN):
        form = ClaimForm(terms=terms, variants=list(campaign.variants.all()), key=secrets.token_urlsafe(24))
    elif request.method == "POST" and form.is_valid() and error is None:
        try:
            return redirect(_hold(request, campaign, person, request.user, terms, checklist, form))
        except AGAIN as refused:
            campaign, error = get_object_or_404(campaigns, pk=campaign_id), refused
            terms = campaign.terms or terms
            form = ClaimForm(terms=terms, variants=list(campaign.variants.all()), key=secrets.token_urlsafe(24))
        except PerkError as refused:
            campaign, error = get_object_or_404(campaigns, pk=campaign_id), refused
    context = _standing(campaign, person, checklist) | {
        "people": people,
        "person": person,
        "terms": terms,
        "checklist": checklist,
        "form": form,
        "error": error,
        "sold_out": isinstance(error, SoldOut),
    }
    return render(request, "perks/claim.html", context, status=409 if error else 200)


def _at_once(request: HttpRequest, user: User, campaign_id: int) -> str | None:
    """Where the hold is seen, where all is as it should be: for thousands at once two statements and nothing more.

    None: somebody has to look closer. Raises PerkError.
    """
    form = request.POST
    key, terms, variant = form.get("key", ""), form.get("terms", ""), form.get("variant", "")
    handle = form.get("person", request.GET.get("person"))
    numbers = all(NUMBER.fullmatch(number) for number in (terms, variant, str(campaign_id)))
    if not (numbers and KEY.fullmatch(key) and (handle is None or KEY.fullmatch(handle))):
        return None
    standing = eligibility.standing(
        user=user, campaign=campaign_id, at=timezone.now(), handle=handle, variant=int(variant), key=key
    )
    if standing is None:
        return None
    if standing.known is not None:
        return reverse("perk_receipt", args=[standing.known])
    ticked = form.get("accept") == "on" and form.get("disclose") == "on"
    if not ticked or standing.variant is None or standing.terms.pk != int(terms) or not standing.ok:
        return None
    abuse.check_rate(request, standing.person, "hold")
    network, device = abuse.hints(request)
    claim = claims.hold(
        campaign=standing.campaign,
        variant=standing.variant,
        person=standing.person,
        user=user,
        key=key,
        terms=standing.terms,
        checklist=standing,
        network_hint=network,
        device_hint=device,
    )
    return claim.get_absolute_url()


def _hold(
    request: HttpRequest,
    campaign: Campaign,
    person: Person,
    user: User,
    terms: Terms,
    checklist: Checklist,
    form: ClaimForm,
) -> Claim:
    """The hold that the form asks for. Raises PerkError."""
    abuse.check_rate(request, person, "hold")
    if [check.code for check in checklist.unmet] == ["limit"]:
        raise AlreadyClaimed
    if form.cleaned_data["terms"] != terms.pk:
        raise TermsChanged
    network, device = abuse.hints(request)
    return claims.hold(
        campaign=campaign,
        variant=Variant.objects.get(pk=form.cleaned_data["variant"], campaign=campaign),
        person=person,
        user=user,
        key=form.cleaned_data["key"],
        terms=terms,
        checklist=checklist,
        network_hint=network,
        device_hint=device,
    )


def _standing(campaign: Campaign, person: Person, checklist: Checklist) -> dict[str, Any]:
    """How the person stands to the campaign at the moment: what stands in the way, or that nothing does."""
    at = timezone.now()
    own = Claim.objects.filter(campaign=campaign, person=person, state__in=Claim.ACTIVE).order_by("-held_at")
    active = [claim for claim in own[:OWN] if claim.state != Claim.State.HELD or claim.holds(at)]
    opening = openings.state_at(campaign, at, checklist.score)
    full = len(active) >= campaign.per_person
    return {
        "campaign": campaign,
        "value": money.written(campaign.value, campaign.currency) if campaign.value else "",
        "opening": opening,
        "lottery": opening.phase == Phase.ENTER,
        "waiting": opening.phase == Phase.SOLD_OUT and opening.can_wait,
        "own": active,
        "full": AlreadyClaimed() if full else None,
        "old_enough": person.old_enough(at.date()),
        "possible": checklist.ok and not full and opening.phase == Phase.OPEN,
        "minutes": int(claims.HOLD.total_seconds() // 60),
        "no_need": _("You need not post anything, and what you say need not be kind."),
    }
