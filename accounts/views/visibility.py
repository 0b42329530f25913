"""Who sees the profile, and which of its parts fewer people see than that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import Erasure, Person, User
from accounts.views.choosing import around, chosen_person, settings_address
from accounts.visibility import PARTS, show

# What each part shows to those who may see it, and what whoever may not sees instead.
SHOWS: dict[str, Any] = {
    "chart": gettext_lazy("The chart, its table and its download. Today's score stays on the profile."),
    "why": gettext_lazy("How much each network and each kind of reaction adds. Who reacted is never shown."),
    "moments": gettext_lazy("The posts that moved the score most, and their feed. Each single post can be hidden too."),
    "networks": gettext_lazy("The accounts that you linked, with a link to each."),
    "topics": gettext_lazy("What you are known for, and who says so."),
    "plus_k": gettext_lazy("How many +K you were given in each topic, and by whom."),
    "achievements": gettext_lazy("What you have reached, pinned ones first."),
    "ties": gettext_lazy("Members whose posts you react to, and members who react to yours."),
    "style": gettext_lazy("In which way you move people, worked out from the parts of the score."),
    "badge": gettext_lazy("Otherwise sites that embed your badge get one that names nobody."),
    "leaderboards": gettext_lazy("Otherwise you take no place on any of them; you still see where you would stand."),
    "search": gettext_lazy("Otherwise only those who know your address find your profile."),
}


class VisibilityForm(forms.Form):
    """The profile as a whole, then each part of it. What only everybody can see is not stored."""

    visibility = forms.ChoiceField(
        label=gettext_lazy("The profile as a whole"),
        choices=Person.Visibility.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Whom the profile is hidden from sees no part of it, whatever is chosen below."),
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        kwargs["initial"] = {"visibility": person.visibility} | {
            f"part-{part}": person.shown.get(part, Person.Visibility.PUBLIC) for part in PARTS
        }
        super().__init__(*args, **kwargs)
        self.person = person
        for part, label in PARTS.items():
            self.fields[f"part-{part}"] = forms.ChoiceField(
                label=str(label), help_text=SHOWS[part], choices=Person.Visibility.choices, widget=forms.RadioSelect
            )

    def parts(self) -> Iterator[forms.BoundField]:
        """The fields of the parts."""
        return (self[f"part-{part}"] for part in PARTS)

    def save(self, user: User, at: datetime) -> None:
        """Store what was chosen, and for an organisation who chose it; nothing else of the person is written."""
        data = self.cleaned_data
        chosen = {part: data[f"part-{part}"] for part in PARTS}
        shown = {part: value for part, value in chosen.items() if value != Person.Visibility.PUBLIC}
        show(person=self.person, visibility=data["visibility"], shown=shown, user=user, at=at)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def visibility(request: HttpRequest) -> HttpResponse:
    """Choose who sees what. Whoever is being erased is hidden, and has nothing to choose until that is taken back."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    address = settings_address(person, people, "visibility")
    erasing = Erasure.objects.filter(person=person).exists()
    form = VisibilityForm(request.POST or None, person=person)
    if request.method == "POST" and not erasing and form.is_valid():
        form.save(request.user, timezone.now())
        messages.success(request, _("Saved."))
        return redirect(address)
    context = around(request.user, person, people) | {
        "form": form,
        "address": address,
        "erasing": erasing,
        "under_age": not person.old_enough(timezone.now().date()),
    }
    return render(request, "accounts/visibility.html", context)
