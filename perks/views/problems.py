"""Telling the brand that something is wrong with a perk, and reading what it answers."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from perks import abuse, passes, problems
from perks.errors import PerkError
from perks.models import Campaign, Claim, Problem
from perks.views.own_claims import own_claim

Kind = Problem.Kind


def kinds_for(claim: Claim) -> list[Kind]:
    """What can be wrong with a perk of its kind."""
    kind = claim.campaign.kind
    if kind == Campaign.Kind.SHIPPED:
        return [Kind.PARCEL, Kind.DAMAGED, Kind.OTHER]
    return [Kind.COUNTER if kind in passes.KINDS else Kind.CODE, Kind.OTHER]


class ProblemForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What happened?"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("The brand sees this and your claim's number, not who you are."),
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_problem(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The problems that were told, with their answers, and telling one."""
    claim = own_claim(request, reference)
    if claim.state not in problems.HAD:
        raise Http404
    number = request.POST.get("settled", "")
    if request.method == "POST" and number:
        found = Problem.objects.filter(claim=claim, pk=int(number)) if number.isdecimal() and len(number) < 19 else []
        for problem in found:
            problems.settle(problem=problem)
            messages.success(request, _("Good to hear that it is settled."))
        return redirect("perk_problem", claim.reference)
    form = ProblemForm(request.POST if request.method == "POST" else None, auto_id="%s")
    form.fields["kind"].choices = [(kind.value, kind.label.capitalize()) for kind in kinds_for(claim)]  # type: ignore[attr-defined]
    if form.is_valid():
        try:
            abuse.check_rate(request, claim.person, "problem")
            problems.report(claim=claim, at=timezone.now(), **form.cleaned_data)
        except PerkError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The brand is told. You get its answer as news and by mail."))
            return redirect("perk_problem", claim.reference)
    told = Problem.objects.filter(claim=claim).order_by("-reported_at", "-pk")
    context = {"claim": claim, "campaign": claim.campaign, "form": form, "problems": told}
    return render(request, "perks/problem.html", context, status=422 if form.errors else 200)
