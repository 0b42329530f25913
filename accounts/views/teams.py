"""Making a team, its members with their roles and invitations, and joining one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import teams
from accounts.forms import clean_new_handle, handle_field
from accounts.joining import is_handle_conflict
from accounts.models import HANDLE_TAKEN, Membership, Person, TeamInvitation, User
from accounts.team_members import members_of
from accounts.views.team_parts import Team, team_of

Role = Membership.Role


class NewTeamForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the company or brand"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    handle = handle_field()
    about = forms.CharField(
        label=gettext_lazy("About"),
        max_length=280,
        required=False,
        help_text=gettext_lazy("Up to 280 characters."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 280}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["handle"].help_text = gettext_lazy(
            "The team's page will be at this address. 2 to 30 letters a to z, digits, or . _ -"
        )
        # Else a browser offers the reader's own.
        self.fields["handle"].widget.attrs["autocomplete"] = "off"

    def clean_handle(self) -> str:
        return clean_new_handle(self.cleaned_data["handle"])


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("A link is mailed there, good once, for seven days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.EDITOR)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a team: a page with a score of its own, of which the user is the first owner."""
    assert isinstance(request.user, User)
    form = NewTeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            person = teams.create(
                user=request.user, handle=data["handle"], name=data["name"], about=data["about"], at=timezone.now()
            )
        except teams.TeamError as error:
            form.add_error(None, str(error))
        except IntegrityError as error:
            if not is_handle_conflict(error):
                raise
            form.add_error("handle", HANDLE_TAKEN)
        else:
            messages.success(request, _("The team is made. Link its accounts, and invite who looks after it with you."))
            return redirect("team", person.handle.lower())
    context = {"form": form, "most": teams.MOST_OWNED}
    return render(request, "accounts/team_new.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, handle: str) -> HttpResponse:
    """Who is in the team. Owners change that by POST; any member leaves, and chooses to be named in public or not."""
    team = team_of(request, handle)
    if request.method == "POST":
        answer, form = _change(request, team)
        if answer is not None:
            return answer
    else:
        form = InviteForm()
    return _members_page(request, team, form)


def _change(request: HttpRequest, team: Team) -> tuple[HttpResponse | None, InviteForm]:
    """What the button that was pressed leads to; None with the form where that was filled in wrongly."""
    assert isinstance(request.user, User)
    action, at, form = request.POST.get("action", ""), timezone.now(), InviteForm()
    given: dict[str, Any] = {"person": team.person, "user": request.user, "at": at}
    try:
        if action == "leave":
            teams.leave(**given)
            messages.success(request, _("You have left %(team)s.") % {"team": team.person.display_name})
            return redirect("teams"), form
        if action == "show":
            teams.show_name(shown=request.POST.get("shown") == "on", **given)
            messages.success(request, _("Saved."))
        elif not team.owned:
            raise PermissionDenied
        elif action == "invite":
            form = InviteForm(request.POST)
            if not form.is_valid():
                return None, form
            data = form.cleaned_data
            teams.invite(email=data["email"], role=data["role"], **given)
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": data["email"]})
        elif action == "withdraw":
            teams.withdraw(invitation=_number(request, "invitation"), **given)
            messages.success(request, _("The invitation was taken back: its link is no longer good."))
        elif action == "role" and request.POST.get("role") in Role.values:
            teams.change_role(member=_number(request, "member"), role=request.POST["role"], **given)
            messages.success(request, _("Saved."))
        elif action == "remove":
            teams.remove(member=_number(request, "member"), **given)
            messages.success(request, _("The member was removed from the team."))
        else:
            messages.error(request, _("Please use one of the buttons."))
    except teams.TeamError as error:
        messages.error(request, str(error))
    return redirect("team_members", team.handle), form


def _number(request: HttpRequest, name: str) -> int:
    """The id that was sent, 0 for none: nothing has that."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


def _members_page(request: HttpRequest, team: Team, form: InviteForm) -> HttpResponse:
    assert isinstance(request.user, User)
    at = timezone.now()
    found = members_of(team.person, request.user, owner=team.owned, today=at.date())
    opened = TeamInvitation.objects.filter(person=team.person, accepted_at__isnull=True, expires_at__gt=at)
    owners = [one for one in found if one.membership.role == Role.OWNER and one.active]
    context = team.context("members") | {
        "members": found,
        # An owner who is the last one can neither leave nor become less: the page says so beforehand.
        "last_owner": owners[0].membership.pk if len(owners) == 1 else None,
        "invitations": list(opened.order_by("-created_at", "-pk")) if team.owned else [],
        "form": form,
        "roles": [(value, label, teams.ROLES[value]) for value, label in Role.choices],
    }
    return render(request, "accounts/team_members.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Shows who invites into what; the button joins, so that a program that follows links joins nothing."""
    user, at = request.user, timezone.now()
    if request.method == "POST":
        if not isinstance(user, User):
            return redirect(f"{request.path}")
        try:
            membership = teams.join(token=token, user=user, at=at)
        except teams.TeamError as error:
            return _not_joined(request, token, error)
        messages.success(request, _("Welcome to the team."))
        return redirect("team", membership.person.handle.lower())
    try:
        invitation = teams.open_invitation(token, at)
    except teams.NoInvitation as error:
        return _not_joined(request, token, error)
    context: dict[str, Any] = {
        "invitation": invitation,
        "team": invitation.person,
        "inviter": teams.name_of(invitation.invited_by, at) if invitation.invited_by else "",
        "may": teams.ROLES[invitation.role],
        "next": request.path,
    }
    if isinstance(user, User):
        context["is_in"] = teams.organisations(user).filter(pk=invitation.person_id).exists()
        if user.email.lower() != invitation.email.lower():
            context["invited"] = masked(invitation.email)
    return render(request, "accounts/team_join.html", context)


def _not_joined(request: HttpRequest, token: str, error: teams.TeamError) -> HttpResponse:
    mine: Person | None = None
    if isinstance(request.user, User):
        mine = teams.joined_before(token, request.user)
    if mine is not None:
        # Pressed twice, or the mail was opened again.
        return redirect("team", mine.handle.lower())
    return render(request, "accounts/team_join.html", {"error": error}, status=410)


def masked(email: str) -> str:
    """An address that whoever has it knows again, and nobody else learns: w…@example.org."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}…@{host}"
