"""The front page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.handles import FORM
from accounts.networks import NETWORKS
from scoring.models import ScoreRun


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is; with ?handle= it leads to that profile, so that looking somebody up needs no script."""
    asked = request.GET.get("handle")
    wanted = (asked or "").strip().removeprefix("@").lower()
    if wanted and FORM.fullmatch(wanted):
        return redirect("profile", handle=wanted)
    newest = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk")
    context = {
        "asked": asked,
        "newest": newest.first(),
        "networks": [network.spec.label for network in NETWORKS.values()],
    }
    return render(request, "scoring/home.html", context)
