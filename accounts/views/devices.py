"""The devices on which somebody is logged in, and logging out on others."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import devices
from accounts.models import User


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def devices_page(request: HttpRequest) -> HttpResponse:
    """All browsers with a session. POST with `end`: the id of one to log out there, or "others"."""
    assert isinstance(request.user, User)
    sessions = devices.of(request.user)
    here = request.session.session_key
    if all(session.session_key != here for session in sessions):
        # A session older than this page, or made without the log-in page.
        UserSession.objects.create_from_request(request)
        sessions = devices.of(request.user)
    others = [session for session in sessions if session.session_key != here]
    if request.method == "POST":
        wanted = request.POST.get("end", "")
        ended = others if wanted == "others" else [session for session in others if str(session.pk) == wanted]
        if not ended and wanted != "others":
            raise Http404
        number = devices.end(ended)
        text = ngettext("You are logged out on %(number)s device.", "You are logged out on %(number)s devices.", number)
        messages.success(request, text % {"number": number} if number else _("There was no other device."))
        return redirect("devices")
    rows = [
        (session, devices.named(session.user_agent), devices.place(session.ip), session.session_key == here)
        for session in sessions
    ]
    rows.sort(key=lambda row: not row[3])
    return render(request, "accounts/devices.html", {"rows": rows, "others": len(others)})
