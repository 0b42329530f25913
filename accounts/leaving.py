"""The pages on which a person takes everything along and has themselves erased."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from allauth.account.decorators import reauthentication_required
from celery import current_app
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError

from accounts import erasure, handing_out, privacy, teams
from accounts.models import Erasure, ExportJob, Membership, Person, User
from accounts.views import EDITORS, around, named, settings_address

log = logging.getLogger(__name__)

# Who has no password (they log in by a network) must have logged in so lately.
LATELY = timedelta(minutes=15)
LISTED = 5


def owned_person(request: HttpRequest) -> tuple[Person, list[Person]]:
    """The person meant (?person=handle, else the first), and all that the user owns. 404 for anybody else's."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, Membership.Role.OWNER))
    wanted = (request.GET.get("person") or "").lower()
    for person in people:
        if not wanted or person.handle.lower() == wanted:
            return person, people
    raise Http404


def address_of(name: str, person: Person, people: list[Person]) -> str:
    return reverse(name) + named(person, people)


def beside(user: User, person: Person) -> dict[str, Any]:
    """What the navigation wants to know; whoever edits several people names them there, also those that others own."""
    edited = list(Person.objects.of(user, *EDITORS))
    return around(user, person, edited) | {"back": settings_address(person, edited)}


class EraseForm(forms.Form):
    """The handle, typed: nobody erases themselves by a slip."""

    handle = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: object, person: Person, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.person = person
        self.fields["handle"].label = _("Type %(handle)s to go on") % {"handle": person.handle}

    def clean_handle(self) -> str:
        typed: str = self.cleaned_data["handle"].strip().removeprefix("@")
        if typed.lower() != self.person.handle.lower():
            raise forms.ValidationError(_("That is not the handle; nothing was done."), code="other_handle")
        return typed


def _erases(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("action") != "keep"


@login_required
@reauthentication_required(enabled=_erases)  # type: ignore[untyped-decorator]
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Says what goes, and has it erased after some days, or not after all."""
    assert isinstance(request.user, User)
    person, people = owned_person(request)
    at, address = timezone.now(), address_of("erase", person, people)
    if request.method == "POST" and not _erases(request):
        if erasure.withdraw(person=person, user=request.user, at=at):
            messages.success(request, _("You stay, and your profile is as visible as before."))
        return redirect(address)
    form = EraseForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        if _is_fresh(request.user, at):
            erasure.ask(person=person, at=at, user=request.user)
            return redirect(address)
        form.add_error(None, _("Please log out and in again first: this needs to be you."))
    pending = Erasure.objects.filter(person=person).first()
    context = beside(request.user, person) | {
        "form": form,
        "owners": people,
        "address": address,
        "export_address": address_of("export", person, people),
        "pending": pending,
        "day": erasure.day_of(person, pending.due_at) if pending else "",
        "days": settings.ERASE_AFTER_DAYS,
        "counts": sorted(privacy.count_person(person).items()),
        "members": Membership.objects.filter(person=person).count(),
        **_teams_of(request.user, person),
    }
    return render(request, "accounts/erase.html", context)


def _teams_of(user: User, person: Person) -> dict[str, Any]:
    """What becomes of the teams of a log-in whose only page goes: those it leaves, and those it alone owns."""
    others = Person.objects.of(user).exclude(pk=person.pk)
    if person.kind != Person.Kind.PERSON or others.filter(kind=Person.Kind.PERSON).exists():
        return {}
    alone = teams.alone_owns(user)
    return {"alone_owns": alone, "leaves": [team for team in others if team not in alone]}


def _is_fresh(user: User, at: datetime) -> bool:
    """Whether this is surely the user: by the password just typed, or by a log-in a moment ago."""
    return user.has_usable_password() or (user.last_login is not None and at - user.last_login <= LATELY)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """Asks for a zip of everything, and lists those that there are."""
    assert isinstance(request.user, User)
    person, people = owned_person(request)
    at, address = timezone.now(), address_of("export", person, people)
    if request.method == "POST":
        job, new = handing_out.ask(person=person, user=request.user, at=at)
        try:
            if new:
                current_app.send_task("accounts.tasks.make_export", [job.pk])
        except OperationalError:
            # The hourly task finds it.
            log.exception("export %s could not be queued", job.pk)
        messages.success(request, _("Your copy is being made. You get a mail when it is ready."))
        return redirect(address)
    jobs = ExportJob.objects.filter(person=person, user=request.user).order_by("-created_at", "-pk")[:LISTED]
    context = beside(request.user, person) | {
        "owners": people,
        "address": address,
        "jobs": [(job, job.ready_at + handing_out.KEEP if job.ready_at else None) for job in jobs],
        "days": handing_out.KEEP.days,
        "waiting": any(job.state == ExportJob.State.WAITING for job in jobs),
    }
    return render(request, "accounts/export.html", context)


@login_required
@never_cache
@require_safe
def download_export(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """The zip itself, for who asked for it alone, as long as they own the person."""
    assert isinstance(request.user, User)
    own = Person.objects.of(request.user, Membership.Role.OWNER).values("pk")
    ready = ExportJob.objects.select_related("person").filter(
        user=request.user, person__in=own, state=ExportJob.State.READY, ready_at__gt=timezone.now() - handing_out.KEEP
    )
    job = get_object_or_404(ready, pk=job_id)
    try:
        file = Path(job.path).open("rb")  # noqa: SIM115  (closed by the response)
    except FileNotFoundError:
        raise Http404 from None
    assert job.ready_at is not None
    name = f"{job.person.handle.lower()}-{job.ready_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
