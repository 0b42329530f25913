"""A perk's windows as a file for calendars, for everybody who may see the perk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from perks.calendar_file import FILE_NAME, MEDIA_TYPE, calendar_of
from perks.models import Campaign
from perks.views.claiming import person_of, speakable
from scoring.rests import perk_score


@never_cache
@require_safe
def perk_calendar(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The windows that have not closed; staggered ones as the score of the reader's person (?person=) opens them.

    To whoever has none they are those of the last stage.
    """
    campaigns = Campaign.objects.public().select_related("brand").prefetch_related("windows")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    person = person_of(request, speakable(request.user)) if isinstance(request.user, User) else None
    score = getattr(person, "score", None)
    content = calendar_of(campaign, score=perk_score(score) if score is not None else None, at=timezone.now())
    response = HttpResponse(content, content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{FILE_NAME.format(number=campaign.pk)}"'
    return response
