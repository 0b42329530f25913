"""The settings of what one is told and how: each matter by mail, on the site and by push, and when the digest comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.mail import BadHeaderError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.choices import Choice, choices_of, waits_no_more
from accounts.mailing import sample_of, speaking_to
from accounts.matters import MATTERS, OFF, Matter
from accounts.models import NotificationChoice, User

# One test mail in so many seconds.
PATIENCE = 60


class ChoiceForm(forms.Form):
    """How to be told about one matter. What is mandatory has no fields for it."""

    mail = forms.ChoiceField(label=gettext_lazy("By mail"), choices=NotificationChoice.Mail.choices)
    on_site = forms.BooleanField(label=gettext_lazy("On this site"), required=False)
    push = forms.BooleanField(label=gettext_lazy("On my devices"), required=False)

    def __init__(self, *args: Any, matter: Matter, **options: Any) -> None:
        super().__init__(*args, **options)
        if matter.mandatory:
            del self.fields["mail"], self.fields["on_site"]

    def save(self, user: User, slug: str, before: Choice) -> None:
        """Keep what was chosen, if it differs from what holds; what waits to be mailed goes if no mail is wanted."""
        data = self.cleaned_data
        wanted = Choice(data.get("mail", before.mail), data.get("on_site", before.on_site), data["push"])
        if wanted == before:
            return
        NotificationChoice.objects.update_or_create(
            user=user,
            matter=slug,
            defaults={"mail": wanted.mail, "on_site": wanted.on_site, "push": wanted.push},
        )
        if wanted.mail == OFF:
            waits_no_more(user, slug)


class DigestForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("digest",)
        widgets = {"digest": forms.RadioSelect}
        labels = {"digest": gettext_lazy("The digest comes")}


@dataclass(frozen=True, slots=True)
class Row:
    """A matter in the settings, and the fields to choose by."""

    slug: str
    matter: Matter
    form: ChoiceForm


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    before = choices_of(request.user)
    rows = [
        Row(slug, matter, ChoiceForm(request.POST or None, matter=matter, prefix=slug, initial=initial(before[slug])))
        for slug, matter in MATTERS.items()
    ]
    digest = DigestForm(request.POST or None, instance=request.user)
    if request.method == "POST" and all([digest.is_valid(), *(row.form.is_valid() for row in rows)]):
        with transaction.atomic():
            digest.save()
            for row in rows:
                row.form.save(request.user, row.slug, before[row.slug])
        messages.success(request, _("Saved."))
        return redirect("notification_settings")
    return render(
        request,
        "accounts/notification_settings.html",
        {
            "rows": rows,
            "digest": digest,
            "zone": request.user.person.time_zone if request.user.person else "UTC",
        },
    )


def initial(choice: Choice) -> dict[str, object]:
    return {"mail": choice.mail, "on_site": choice.on_site, "push": choice.push}


@login_required
@require_POST
def test_mail(request: HttpRequest) -> HttpResponse:
    """Send oneself a mail, to see whether they arrive; one a minute."""
    assert isinstance(request.user, User)
    if not cache.add(f"test-mail:{request.user.pk}", True, PATIENCE):
        messages.warning(request, _("One has just been sent. Please give it a minute."))
        return redirect("notification_settings")
    person = request.user.person
    with speaking_to(request.user, person.time_zone if person else None):
        message = sample_of(request.user)
    try:
        message.send()
    except (OSError, BadHeaderError):
        messages.error(request, _("The mail could not be sent. The fault is on our side; please try again later."))
    else:
        messages.success(request, _("A mail is on its way to %(address)s.") % {"address": request.user.email})
    return redirect("notification_settings")
