"""The first page of the brands' site: campaigns at a glance, with what wants doing."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from perks.brands.campaign_list import CampaignList
from perks.brands.scoping import allowed
from perks.brands.site import site
from perks.models import Campaign
from perks.states import CLAIMABLE, State
from perks.turning import is_low

register = template.Library()
SHOWN = 12
# What wants doing comes first.
ORDER = (State.LIVE, State.PAUSED, State.SCHEDULED, State.REVIEW, State.DRAFT)


@register.simple_tag(takes_context=True)
def campaigns_at_a_glance(context: dict[str, Any]) -> dict[str, Any]:
    """{"campaigns": [(campaign, window, [what wants doing]), ...], "more": bool, "may_begin": bool}."""
    request = context["request"]
    page = site._registry[Campaign]
    assert isinstance(page, CampaignList)
    rows: QuerySet[Any] = page.get_queryset(request).filter(is_template=False, state__in=ORDER)
    found = list(rows.select_related("brand").order_by(F("opens_next").asc(nulls_last=True), "-pk")[: SHOWN + 1])
    found.sort(key=lambda campaign: ORDER.index(State(campaign.state)))
    return {
        "campaigns": [(campaign, page.window(campaign), _to_do(request, campaign)) for campaign in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "may_begin": allowed(request, "edit"),
    }


def _to_do(request: Any, campaign: Any) -> list[str]:
    """Sentences; none where nothing wants doing, or nothing that one may do."""
    found: list[str] = []
    if not request.user.is_staff and not allowed(request, "edit", campaign.brand_id):
        return found
    left = max(0, campaign.quantity_now - campaign.claimed_now - campaign.held_now)
    if campaign.state == State.DRAFT:
        found.append(_("A draft: finish it and send it to review."))
    if campaign.state == State.REVIEW:
        found.append(_("Approve it, or send it back.") if request.user.is_staff else _("Our staff is looking at it."))
    if campaign.state == State.PAUSED:
        found.append(_("Paused: resume or end it."))
    if campaign.state in CLAIMABLE:
        if left == 0:
            found.append(_("Everything is taken: add some, or let it be."))
        elif is_low(left, campaign.quantity_now):
            found.append(ngettext("Only %(left)s is left.", "Only %(left)s are left.", left) % {"left": left})
        if campaign.closes_next is None:
            found.append(_("Its last window has closed."))
    return found
