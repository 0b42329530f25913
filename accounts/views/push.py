"""The browsers that may be woken: a script adds the one it runs in, and a form takes any away."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import devices, push
from accounts.models import User

LONGEST = 8192


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def push_page(request: HttpRequest) -> HttpResponse:
    """POST of JSON: a subscription to keep, or {"remove": its endpoint}. POST of a form: remove=number of a browser."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        return redirect(f"{reverse('notification_settings')}#push")
    if request.content_type == "application/json":
        return _by_script(request, request.user)
    number = request.POST.get("remove", "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        if push.unsubscribe(user=request.user, pk=int(number)):
            messages.success(request, _("That browser gets no more notifications."))
    else:
        messages.error(request, _("Please use one of the buttons."))
    return redirect(f"{reverse('notification_settings')}#push")


def _by_script(request: HttpRequest, user: User) -> JsonResponse:
    if push.keys() is None:
        return JsonResponse({"error": _("Notifications in browsers are off on this site.")}, status=409)
    try:
        data = json.loads(request.body) if len(request.body) <= LONGEST else None
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict) and isinstance(data.get("remove"), str):
        return JsonResponse({"removed": push.unsubscribe(user=user, endpoint=data["remove"])})
    try:
        push.subscribe(
            user=user,
            data=data,
            browser=devices.named(request.headers.get("User-Agent", "")[:500]),
            at=timezone.now(),
        )
    except push.NoSubscription as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"kept": True}, status=201)
