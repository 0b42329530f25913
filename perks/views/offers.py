"""A campaign's own page, its pictures, and the brand's page: for everybody, before that for the brand's own team."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, Max, Min, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.fields.files import FieldFile
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.second_factors import has_second_factor
from perks import marketplace, openings, pictures, roi, states
from perks.eligibility.checking import checklist_of, criteria_of, tier_of
from perks.eligibility.facts import taken
from perks.eligibility.wanted import wanted
from perks.models import Brand, BrandMembership, Campaign, Claim, Entry, Picture, Terms, WaitingPlace, Window
from perks.states import State
from perks.views.offer_words import structured
from perks.views.reading import Reader, reader_of

PAST = 50
AN_HOUR = 3600


def visible_campaigns(request: HttpRequest) -> QuerySet[Campaign]:
    """Public ones; with ?preview also those that are not yet (or no longer), of brands that the reader works for.

    A draft takes what the brands' site takes to see it, a second factor too.
    """
    user = request.user
    if "preview" not in request.GET or not isinstance(user, User) or not has_second_factor(user):
        return Campaign.objects.public()
    if user.is_staff:
        return Campaign.objects.all()
    own = BrandMembership.objects.filter(user=user).values("brand")
    return Campaign.objects.filter(Q(pk__in=Campaign.objects.public().values("pk")) | Q(brand__in=own))


@require_safe
def perk(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """All that there is to know of a campaign, how the reader stands to it, and what they can do about it."""
    at = timezone.now()
    reader = reader_of(request, at)
    campaign: Any = get_object_or_404(_for_page(visible_campaigns(request), reader, at), pk=campaign_id)
    rows = wanted([campaign])[campaign.pk]
    criteria = criteria_of(campaign, rows)
    score = reader.facts.score if reader.facts else None
    public = campaign.state in states.PUBLIC and not campaign.is_template and not campaign.brand.suspended
    if public:
        agent = request.headers.get("User-Agent", "")
        roi.note_viewed(person=reader.person, campaign=campaign, at=at, user=reader.user, agent=agent)
    opening = openings.state_at(campaign, at, score)
    variants = list(campaign.variants.all())
    context = {
        "campaign": campaign,
        "public": public,
        "state": states.LABELS[State(campaign.state)],
        "reader": reader,
        "wants": [criterion.wants() for criterion in criteria if not criterion.quiet],
        "checklist": checklist_of(reader.facts, campaign, rows, criteria) if reader.facts else None,
        "opening": opening,
        "windows": [_window(window, campaign, score, at) for window in campaign.windows.all()],
        "variants": variants,
        "left": openings.free_at_once(variants),
        "few": marketplace.FEW_LEFT,
        "tiers": list(reversed(rows.tiers)),
        "tier": tier_of(score, rows.tiers),
        "terms": campaign.newest_terms[0] if campaign.newest_terms else None,
        "structured": structured(campaign, opening, at) if public else "",
    }
    response = render(request, "perks/perk.html", context)
    if reader.user is not None:
        add_never_cache_headers(response)
    return response


def _for_page(campaigns: QuerySet[Campaign], reader: Reader, at: datetime) -> QuerySet[Campaign]:
    """With brand, windows, stock, pictures, terms, and what the reader has of it; three queries."""
    me, person = OuterRef("pk"), reader.person
    shown = Picture.objects.filter(campaign=me).order_by("place", "pk")
    terms = Terms.objects.filter(campaign=me).order_by("-version")
    own = Claim.objects.filter(taken(at), campaign=me, person=person).order_by("-held_at")
    places = WaitingPlace.objects.filter(variant__campaign=me, person=person, state__in=["waiting", "offered"])
    entries = Entry.objects.filter(window__campaign=me, window__closes_at__gt=at, person=person)
    return (
        campaigns.select_related("brand")
        .prefetch_related(Prefetch("windows", Window.objects.select_related("draw")), "variants")
        .annotate(
            pictured=ArraySubquery(shown.values(json=JSONObject(id="pk", alternative="alternative"))),
            newest_terms=ArraySubquery(terms.values(json=JSONObject(text="text", disclosure="disclosure"))[:1]),
            own=ArraySubquery(own.values("reference") if person else own.none().values("reference")),
            waits=Exists(places) if person else Value(False),
            entered=Exists(entries) if person else Value(False),
        )
    )


def _window(window: Window, campaign: Campaign, score: float | None, at: datetime) -> dict[str, Any]:
    """A window with when its stages open, which of them is the reader's, and whether it is over."""
    stages = openings.stages_of(window)
    mine = openings.opens_for(window, score, at) if score is not None else None
    return {
        "window": window,
        "over": at >= window.closes_at or campaign.state == State.ENDED,
        "stages": [
            {"least": least, "opens_at": window.opens_at + after, "mine": mine == window.opens_at + after}
            for least, after in stages
        ]
        if len(stages) > 1
        else [],
    }


@require_safe
def brand_page(request: HttpRequest, slug: str) -> HttpResponse:
    """A brand with what it offers now and what it has offered."""
    at = timezone.now()
    brand = get_object_or_404(Brand, slug=slug, suspended=False)
    reader = reader_of(request, at)
    page = marketplace.lists_of(reader.facts, at, marketplace.running(at).filter(brand=brand)).page(marketplace.ALL)
    past = (
        Campaign.objects.public()
        .filter(brand=brand)
        .annotate(closed=Max("windows__closes_at"), opened=Min("windows__opens_at"))
        .filter(Q(state=State.ENDED) | Q(closed__lte=at))
        .order_by(F("closed").desc(nulls_last=True), "-pk")
    )
    campaigns = [offer.campaign for offer in page.offers]
    agent = request.headers.get("User-Agent", "")
    roi.note_shown(person=reader.person, campaigns=campaigns, at=at, user=reader.user, agent=agent)
    context = {"brand": brand, "reader": reader, "page": page, "past": list(past[:PAST]), "few": marketplace.FEW_LEFT}
    response = render(request, "perks/brand.html", context)
    if reader.user is not None:
        add_never_cache_headers(response)
    return response


@require_safe
def perk_picture(request: HttpRequest, campaign_id: int, picture_id: int) -> HttpResponse:
    """A picture of an offer, for whoever may see the offer."""
    campaigns = visible_campaigns(request).values("pk")
    picture = get_object_or_404(Picture, pk=picture_id, campaign=campaign_id, campaign__in=campaigns)
    return _as_webp(picture.image, public="preview" not in request.GET)


@require_safe
def brand_logo(request: HttpRequest, slug: str) -> HttpResponse:
    brand = get_object_or_404(Brand.objects.exclude(logo=""), slug=slug, suspended=False)
    return _as_webp(brand.logo, public=True)


def _as_webp(stored: FieldFile, *, public: bool) -> HttpResponse:
    """The file as a WebP of our own making, whatever was stored. Raises Http404 where it is gone, or no picture."""
    try:
        with stored.open("rb") as file:
            data = file.read() if PurePath(str(stored.name)).suffix == ".webp" else pictures.encode(file, stored.size)
    except (FileNotFoundError, ValidationError):
        raise Http404 from None
    response = HttpResponse(data if isinstance(data, bytes) else data.read(), content_type="image/webp")
    response["Cache-Control"] = f"public, max-age={AN_HOUR}" if public else "private, no-store"
    return response
