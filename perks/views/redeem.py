"""At a counter: staff sign in with the counter's PIN, see whether a pass is good, and take it. No account is needed.

The cookie is sent to these addresses alone, and works beside whoever may be logged in in the same browser.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.callers import address_of, range_of
from perks import counters, passes, redeeming
from perks.errors import PerkError
from perks.models import Counter

COOKIE = "klout_counter" + settings.COOKIE_SUFFIX
PATH = "/redeem"

View = Callable[..., HttpResponse]


def at_a_counter(view: View) -> View:
    """Pages for staff: kept by no cache and no search engine, and their addresses are told to no other site."""

    @wraps(view)
    def guarded(request: HttpRequest, **arguments: str) -> HttpResponse:
        response = view(request, **arguments)
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        return response

    # An error's report shows what was typed, but not these.
    return never_cache(sensitive_post_parameters("pin", "code")(guarded))


@at_a_counter
@require_http_methods(["GET", "HEAD", "POST"])
def redeem(request: HttpRequest) -> HttpResponse:
    """Signing in; then scanning or typing a code, and what this counter took today."""
    counter = counter_at(request)
    if counter is None:
        return sign_in(request, PATH)
    error: PerkError | None = None
    if request.method == "POST":
        if request.POST.get("action") == "leave":
            response = redirect("redeem")
            response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
            return response
        try:
            return redirect("redeem_pass", passes.by_code(request.POST.get("code", "")))
        except PerkError as refused:
            error = refused
    at = timezone.now()
    with timezone.override(redeeming.zone_of(counter)):
        number = request.GET.get("taken", "")
        taken = redeeming.just_taken(counter, int(number), at) if number.isdecimal() and len(number) < 19 else None
        context: dict[str, Any] = {
            "counter": counter,
            "error": error,
            "taken": taken,
            "rows": redeeming.taken_today(counter, at),
        }
        context["first_name"] = redeeming.first_name(taken.claim.person) if taken and taken.claim.person else ""
        return render(request, "perks/redeem.html", context, status=422 if error else 200)


@at_a_counter
@require_http_methods(["GET", "HEAD", "POST"])
def redeem_pass(request: HttpRequest, token: str) -> HttpResponse:
    """Whether a pass is good; sending the form takes it. A page that is merely looked at takes nothing.

    Every answer is 200: others are written into the log with their addresses, and this one holds a pass.
    """
    counter, at = counter_at(request), timezone.now()
    if counter is None:
        return sign_in(request, reverse("redeem_pass", args=[token]))
    with timezone.override(redeeming.zone_of(counter)):
        try:
            if request.method == "POST":
                redemption = redeeming.take(token=token, counter=counter, at=at)
                return redirect(f"{PATH}?taken={redemption.pk}")
            shown = redeeming.look(token=token, counter=counter, at=at)
        except PerkError as error:
            context = {"counter": counter, "error": error, "code": error.code}
            return render(request, "perks/redeem_refused.html", context)
        return render(request, "perks/redeem_pass.html", {"counter": counter, "shown": shown})


def counter_at(request: HttpRequest) -> Counter | None:
    ticket = request.COOKIES.get(COOKIE, "")
    return counters.counter_of(ticket) if ticket else None


def sign_in(request: HttpRequest, back: str) -> HttpResponse:
    """The form for number and PIN, and what comes of it: on to `back`, a path of ours."""
    number = request.POST.get("number", request.GET.get("counter", ""))[: counters.NUMBER_LENGTH]
    error: PerkError | None = None
    if request.method == "POST" and request.POST.get("action") == "enter":
        try:
            addresses = range_of(address_of(request))
            counter = counters.let_in(number=number, pin=request.POST.get("pin", ""), addresses=addresses)
        except PerkError as refused:
            error = refused
        else:
            response = redirect(back)
            response.set_cookie(
                COOKIE,
                counters.ticket_for(counter),
                max_age=counters.STAYS,
                path=PATH,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
            return response
    context = {"number": number, "error": error, "scanned": back != PATH}
    return render(request, "perks/redeem_enter.html", context, status=200 if back != PATH else _status(error))


def _status(error: PerkError | None) -> int:
    if error is None:
        return 200
    return 429 if isinstance(error, counters.CountersPaused) else 403
