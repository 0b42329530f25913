"""A person's own words, place and picture; and a handle for a log-in that speaks for nobody yet."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import JoinForm, PersonForm
from accounts.joining import is_handle_conflict, join
from accounts.models import HANDLE_TAKEN, User
from accounts.views.choosing import around, chosen_person, settings_address


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """The first page of the settings: the profile."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return join_page(request)
    form = PersonForm(request.POST or None, request.FILES or None, instance=person)
    context = around(request.user, person, people) | {"address": settings_address(person, people)}
    if request.method == "POST" and form.is_valid():
        try:
            form.saved_by(request.user, timezone.now())
        except IntegrityError as error:
            if not is_handle_conflict(error):
                raise
            form.add_error("handle", HANDLE_TAKEN)
        else:
            messages.success(request, _("Saved."))
            return redirect(settings_address(person, people))
    context |= {
        "form": form,
        "has_avatar": bool(form.stored_avatar),
        "under_age": not form.before.old_enough(timezone.now().date()),
    }
    return render(request, "accounts/settings.html", context)


def join_page(request: HttpRequest, template: str = "accounts/join.html") -> HttpResponse:
    """For a log-in without a person (made by createsuperuser, say): choose a handle. Leads on to the first score."""
    assert isinstance(request.user, User)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            join(user=request.user, handle=data["handle"], birth_year=data["birth_year"], confirmed=True)
        except IntegrityError as error:
            if not is_handle_conflict(error):
                raise
            form.add_error("handle", HANDLE_TAKEN)
        else:
            return redirect("welcome")
    return render(request, template, {"form": form})
