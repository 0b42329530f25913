"""The waiting list of a perk: who is before you, joining it and leaving it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import Person, User
from accounts.views import named
from perks import abuse, eligibility, openings, waiting
from perks.errors import PerkError
from perks.models import Campaign, Variant, WaitingPlace
from perks.openings import Phase
from perks.views.claiming import person_of, speakable


@dataclass(frozen=True, slots=True)
class Queue:
    """A variant as the page shows it: how many wait, and the reader's own place."""

    variant: Variant
    place: WaitingPlace | None
    may_join: bool


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_wait(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """How long the queue is and where one stands; POST (action=join or leave, variant) changes that, once."""
    assert isinstance(request.user, User)
    campaigns = Campaign.objects.public().select_related("brand").prefetch_related("windows", "variants")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    people = speakable(request.user)
    person = person_of(request, people)
    error: PerkError | None = None
    if request.method == "POST" and person is not None:
        try:
            _change(request, campaign, person, request.user)
            return redirect(reverse("perk_wait", args=[campaign.pk]) + named(person, people))
        except PerkError as refused:
            campaign, error = get_object_or_404(campaigns, pk=campaign_id), refused
    context = {"campaign": campaign, "people": people, "person": person, "error": error}
    if person is not None:
        context |= _standing(campaign, person)
    return render(request, "perks/wait.html", context, status=409 if error else 200)


def _change(request: HttpRequest, campaign: Campaign, person: Person, user: User) -> None:
    """Join or leave, as the form says. Raises PerkError."""
    number = request.POST.get("variant", "")
    variant = get_object_or_404(
        campaign.variants.all(), pk=int(number) if number.isdecimal() and len(number) < 19 else 0
    )
    at = timezone.now()
    if request.POST.get("action") == "leave":
        if waiting.leave(variant=variant, person=person, at=at):
            messages.success(request, _("You have left the waiting list."))
        return
    abuse.check_rate(request, person, "wait")
    checklist = eligibility.check(person=person, campaign=campaign, at=at)
    waiting.join(variant=variant, person=person, user=user, checklist=checklist, at=at)
    messages.success(request, _("You are on the waiting list. We tell you as soon as one is kept for you."))


def _standing(campaign: Campaign, person: Person) -> dict[str, object]:
    at = timezone.now()
    checklist = eligibility.check(person=person, campaign=campaign, at=at)
    opening = openings.state_at(campaign, at, checklist.score)
    open_now = campaign.waiting_list and opening.phase in (Phase.OPEN, Phase.SOLD_OUT)
    places = {place.variant_id: place for place in waiting.place_of(person, campaign)}
    queues = [
        Queue(
            variant=variant,
            place=places.get(variant.pk),
            may_join=open_now and checklist.ok and (variant.waiting > 0 or not variant.left),
        )
        for variant in campaign.variants.all()
    ]
    return {
        "checklist": checklist,
        "opening": opening,
        "queues": queues,
        "waits": bool(places),
        "several": len(queues) > 1,
        "until": openings.last_close(campaign),
        "free": opening.phase == Phase.OPEN,
        # What is left of what cannot be had now is not free.
        "closed": opening.phase not in (Phase.OPEN, Phase.SOLD_OUT),
        "between": opening.phase == Phase.SOON,
    }
