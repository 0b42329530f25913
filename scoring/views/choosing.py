"""What people choose of their profile: the achievements that stand first."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.team_log import note
from accounts.views.choosing import around, chosen_person, settings_address
from scoring.achievements import shelf


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pinned_page(request: HttpRequest) -> HttpResponse:
    """Choose up to shelf.MOST achievements that stand first on the profile."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    achieved = shelf.of_person(person)
    error = ""
    chosen = {one.family for one in achieved if one.pinned}
    if request.method == "POST":
        chosen = set(request.POST.getlist("family"))
        if len(chosen) <= shelf.MOST:
            shelf.pin(person=person, families=[one.family for one in achieved if one.family in chosen])
            note(person=person, user=request.user, action="pinned", at=timezone.now())
            messages.success(request, _("Saved."))
            return redirect(person.get_absolute_url() + "#achievements")
        error = _("Please choose at most %(most)s achievements.") % {"most": shelf.MOST}
    context = {
        **around(request.user, person, people),
        "here": "profile",
        "address": settings_address(person, people, "pinned"),
        "achieved": achieved,
        "chosen": chosen,
        "most": shelf.MOST,
        "error": error,
        "topics_at": reverse("topics"),
    }
    return render(request, "scoring/pinned.html", context, status=422 if error else 200)
