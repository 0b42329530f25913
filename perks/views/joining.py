"""What the link in a brand's invitation leads to."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from perks import team
from perks.errors import PerkError
from perks.models import BrandMembership

Role = BrandMembership.Role
MAY = {
    Role.OWNER: _("Owners do everything but see addresses: campaigns, codes, results, the team."),
    Role.EDITOR: _("Editors make campaigns and see their results."),
    Role.FULFILMENT: _("Fulfilment sends parcels, and alone sees where they go."),
    Role.VIEWER: _("Viewers see campaigns and their results."),
}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def brand_join(request: HttpRequest, token: str) -> HttpResponse:
    """Shows who invites to what; the button joins, so that a program that follows links joins nothing."""
    assert isinstance(request.user, User)
    at = timezone.now()
    try:
        if request.method == "POST":
            team.join(token=token, user=request.user, at=at)
            return redirect("brands:index")
        invitation = team.open_invitation(token, at)
    except PerkError as error:
        return render(request, "perks/brand_join.html", {"error": error}, status=410)
    return render(request, "perks/brand_join.html", {"invitation": invitation, "may": MAY[Role(invitation.role)]})
