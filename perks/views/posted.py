""" "I posted about it": addresses of posts that somebody names of their own accord. Nothing is expected."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import URLValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from perks import abuse, posted
from perks.errors import PerkError
from perks.models import Claim
from perks.views.own_claims import own_claim


class PostForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address of your post"),
        max_length=500,
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_posted(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The posts that were named, one more, and taking one off."""
    claim = own_claim(request, reference)
    if claim.state not in (Claim.State.CLAIMED, Claim.State.REDEEMED):
        raise Http404
    number = request.POST.get("remove", "")
    if request.method == "POST" and number:
        if number.isdecimal() and len(number) < 19 and posted.remove(claim=claim, number=int(number)):
            messages.success(request, _("The post is taken off."))
        return redirect("perk_posted", claim.reference)
    form = PostForm(request.POST if request.method == "POST" else None, auto_id="%s")
    if form.is_valid():
        try:
            abuse.check_rate(request, claim.person, "posted")
            posted.add(claim=claim, url=form.cleaned_data["url"], at=timezone.now())
        except PerkError as error:
            form.add_error("url", str(error))
        else:
            messages.success(request, _("Noted. You can take it off here at any time."))
            return redirect("perk_posted", claim.reference)
    context = {
        "claim": claim,
        "campaign": claim.campaign,
        "form": form,
        "posts": posted.of_claim(claim),
        "disclosure": claim.terms.disclosure if claim.terms else "",
    }
    return render(request, "perks/posted.html", context, status=422 if form.errors else 200)
