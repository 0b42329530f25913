"""The page on which a person lets the score rest for a while ("holiday mode"), and ends that again."""

from __future__ import annotations

from datetime import UTC, date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import pauses
from accounts.models import User
from accounts.views import around, chosen_person, settings_address


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pause_page(request: HttpRequest) -> HttpResponse:
    """What a rest does and how many days are left; begins one on POST with action=begin, ends it with action=end."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    at = timezone.now()
    here = settings_address(person, people, "pause")
    if request.method == "POST":
        try:
            if request.POST.get("action") == "begin":
                rest = pauses.begin_rest(person=person, at=at, user=request.user)
                text = _("You are resting. Unless you end it before, it ends by itself on %(day)s.")
                messages.success(request, text % {"day": date_format(rest.end.astimezone(UTC).date(), "DATE_FORMAT")})
            elif request.POST.get("action") == "end":
                pauses.end_rest(person=person, at=at, user=request.user)
                messages.success(
                    request, _("Your rest has ended. What happened meanwhile counts from the next day on.")
                )
            else:
                messages.error(request, _("Please use one of the buttons."))
        except pauses.RestRefused as error:
            messages.error(request, _refusal(error))
        return redirect(here)
    today = at.astimezone(UTC).date()
    rests = pauses.rests_of(person)
    context = around(request.user, person, people) | {
        "here": here,
        "address": settings_address(person, people),
        "rest": next((rest for rest in rests if rest.goes_on(at)), None),
        "over": [rest for rest in reversed(rests) if rest.end <= at and rest.days],
        "left": pauses.days_left(person, at),
        "allowed": pauses.DAYS_A_YEAR,
        "year": today.year,
        "new_year": date(today.year + 1, 1, 1),
    }
    return render(request, "accounts/pause.html", context)


def _refusal(error: pauses.RestRefused) -> str:
    return {
        "already_resting": _("You are resting already."),
        "no_days_left": _("You have used up this year's days of rest."),
        "not_resting": _("There is no rest to end: it has ended already."),
    }.get(error.code, _("That is not possible at the moment."))
