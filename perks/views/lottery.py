"""Entering a lottery, and the page of its draw, with everything that it takes to do the draw again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person, User
from accounts.views import named
from perks import abuse, eligibility, lottery, openings
from perks.drawing import PROGRAM
from perks.errors import NotOpen, PerkError
from perks.models import Campaign, Draw, Entry, Variant, Window
from perks.states import CLAIMABLE, PUBLIC, State
from perks.views.claiming import person_of, speakable

# Tickets on a page of a draw.
PAGE = 100
RULE = (
    "commitment = SHA-256(seed). tickets_digest = SHA-256 of the tickets, sorted, joined by line feeds. Places are in "
    "the order of HMAC-SHA-256(key: the seed's 32 bytes, message: the digest's 32 bytes followed by the ticket)."
)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_enter(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """What a lottery is about and one's own ticket; POST (action=enter or withdraw) changes that, once."""
    assert isinstance(request.user, User)
    windows = Prefetch("windows", Window.objects.select_related("draw"))
    campaigns = Campaign.objects.public().select_related("brand").prefetch_related(windows, "variants")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    at = timezone.now()
    window = window_of(campaign, at)
    people = speakable(request.user)
    person = person_of(request, people)
    error: PerkError | None = None
    if request.method == "POST" and person is not None:
        try:
            _change(request, campaign, window, person, at)
            return redirect(reverse("perk_enter", args=[campaign.pk]) + named(person, people))
        except PerkError as refused:
            error = refused
    context: dict[str, Any] = {"campaign": campaign, "window": window, "people": people, "person": person}
    draw = getattr(window, "draw", None)
    context |= {"error": error, "draw": draw, "off": is_off(campaign, draw)}
    if person is not None:
        entries = Entry.objects.filter(window=window)
        context |= {
            "entry": entries.filter(person=person).select_related("variant", "offer").first(),
            "entries": entries.count(),
            "checklist": eligibility.check(person=person, campaign=campaign, at=at),
            "open": campaign.state in CLAIMABLE and window.opens_at <= at < window.closes_at,
            "later": at < window.opens_at,
            "variants": list(campaign.variants.all()),
        }
    return render(request, "perks/enter.html", context, status=409 if error else 200)


def window_of(campaign: Campaign, at: datetime) -> Window:
    """The lottery that is open, else the next one, else the last one. Raises Http404 where there is none."""
    lotteries = [window for window in campaign.windows.all() if window.kind == Window.Kind.LOTTERY]
    if not lotteries:
        raise Http404
    return next((window for window in lotteries if at < window.closes_at), lotteries[-1])


def is_off(campaign: Campaign, draw: Draw | None) -> bool:
    """Whether it will not be drawn, since the campaign was ended before."""
    return (draw is None or draw.drawn_at is None) and openings.is_ended_early(campaign)


def _change(request: HttpRequest, campaign: Campaign, window: Window, person: Person, at: datetime) -> None:
    """Enter or withdraw, as the form says. Raises PerkError."""
    if request.POST.get("action") == "withdraw":
        if lottery.withdraw(window=window, person=person):
            messages.success(request, _("You no longer take part in the draw."))
        return
    abuse.check_rate(request, person, "enter")
    number = request.POST.get("variant", "")
    variant = get_object_or_404(
        Variant, campaign=campaign, pk=int(number) if number.isdecimal() and len(number) < 19 else 0
    )
    if campaign.state not in CLAIMABLE:
        raise NotOpen()
    lottery.commit(window=window, at=at)
    checklist = eligibility.check(person=person, campaign=campaign, at=at)
    lottery.enter(window=window, variant=variant, person=person, checklist=checklist)
    messages.success(request, _("You take part in the draw."))


# ---------------------------------------------------------------- the draw


def drawn_window(campaign_id: int, window_id: int) -> Window:
    """A lottery of a campaign that was ever public. Raises Http404."""
    windows = Window.objects.select_related("campaign__brand", "draw")
    return get_object_or_404(
        windows,
        pk=window_id,
        campaign=campaign_id,
        kind=Window.Kind.LOTTERY,
        campaign__is_template=False,
        campaign__state__in=PUBLIC | {State.ARCHIVED},
    )


@never_cache
@require_safe
def perk_draw(request: HttpRequest, campaign_id: int, window_id: int) -> HttpResponse:
    """The draw: before it the fingerprint of its seed, afterwards every ticket with its place (?page=, ?ticket=)."""
    window = drawn_window(campaign_id, window_id)
    found: Draw | None = getattr(window, "draw", None)
    entries = Entry.objects.filter(window=window)
    tickets = Paginator(entries.filter(rank__isnull=False).order_by("rank").select_related("variant"), PAGE)
    wanted = request.GET.get("ticket", "").strip()
    sought = _sought(entries, wanted)
    number = (sought.rank - 1) // PAGE + 1 if sought is not None and sought.rank else request.GET.get("page")
    people = speakable(request.user) if isinstance(request.user, User) else []
    context = {
        "campaign": window.campaign,
        "window": window,
        "draw": found,
        "entries": tickets.count if found and found.drawn_at else entries.count(),
        "page": tickets.get_page(number),
        "mine": list(entries.filter(person__in=people).select_related("person", "offer")),
        "wanted": wanted[:60],
        "sought": sought,
        "several": Variant.objects.filter(campaign=campaign_id).count() > 1,
        "program": PROGRAM,
        "rule": RULE,
        "over": timezone.now() >= window.closes_at,
        "off": is_off(window.campaign, found),
    }
    return render(request, "perks/draw.html", context)


def _sought(entries: Any, wanted: str) -> Entry | None:
    try:
        ticket = uuid.UUID(wanted)
    except ValueError:
        return None
    found: Entry | None = entries.filter(ticket=ticket).first()
    return found


@never_cache
@require_safe
def perk_draw_json(request: HttpRequest, campaign_id: int, window_id: int) -> HttpResponseBase:
    """All that it takes to do the draw again; the tickets in the order of their places, none before the draw."""
    window = drawn_window(campaign_id, window_id)
    return StreamingHttpResponse(_json_of(window), content_type="application/json")


def _json_of(window: Window) -> Iterator[str]:
    found: Draw | None = getattr(window, "draw", None)
    known = {
        "campaign": window.campaign.title,
        "brand": window.campaign.brand.name,
        "opens_at": window.opens_at.isoformat(),
        "closes_at": window.closes_at.isoformat(),
        "winners": window.winners,
        "rule": RULE,
        "commitment": found.commitment if found else None,
        "committed_at": found.committed_at.isoformat() if found else None,
        "drawn_at": found.drawn_at.isoformat() if found and found.drawn_at else None,
        "seed": (found.seed or None) if found else None,
        "tickets_digest": (found.tickets_digest or None) if found else None,
    }
    yield json.dumps(known, indent=1)[:-2] + ',\n "tickets": ['
    ranked = Entry.objects.filter(window=window, rank__isnull=False).order_by("rank")
    before = "\n"
    for ticket, rank, variant, offer in ranked.values_list("ticket", "rank", "variant__name", "offer").iterator():
        row = {"ticket": str(ticket), "rank": rank, "variant": variant, "offered": offer is not None}
        yield f"{before}  {json.dumps(row)}"
        before = ",\n"
    yield "\n ]\n}\n"
