"""What somebody says of a perk they had; and asking the staff to look at what somebody said."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from perks import abuse, reviews
from perks.errors import PerkError
from perks.models import Campaign, Review
from perks.views.own_claims import own_claim

STARS = [
    ("", gettext_lazy("no stars")),
    *((str(number), str(number)) for number in range(1, 6)),
]


class ReviewForm(forms.Form):
    """Stars, words, or both."""

    stars = forms.TypedChoiceField(
        label=gettext_lazy("Stars"),
        choices=STARS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("1 is poor, 5 is excellent."),
    )
    text = forms.CharField(
        label=gettext_lazy("In words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Everybody can read it: no codes, addresses or other people's names, please."),
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_review(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Writing, changing and deleting one's own review."""
    claim = own_claim(request, reference)
    if claim.state not in reviews.HAD:
        raise Http404
    review: Review | None = getattr(claim, "review", None)
    if request.method == "POST" and request.POST.get("action") == "delete":
        if reviews.remove(claim=claim):
            messages.success(request, _("Your review is deleted."))
        return redirect("perk_review", claim.reference)
    initial = {"stars": review.stars, "text": review.text} if review else {"stars": ""}
    form = ReviewForm(request.POST if request.method == "POST" else None, initial=initial, auto_id="%s")
    if form.is_valid():
        try:
            abuse.check_rate(request, claim.person, "review")
            reviews.write(claim=claim, at=timezone.now(), **form.cleaned_data)
        except PerkError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Your review stands on the perk's page. You can change it here at any time."))
            return redirect("perk_review", claim.reference)
    context = {"claim": claim, "campaign": claim.campaign, "review": review, "form": form}
    return render(request, "perks/review.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_review_report(request: HttpRequest, campaign_id: int, review_id: int) -> HttpResponse:
    """Asking the staff to look at a review."""
    assert isinstance(request.user, User)
    campaign = get_object_or_404(Campaign.objects.public().select_related("brand"), pk=campaign_id)
    review = get_object_or_404(reviews.shown(campaign, request.user, timezone.now().date()), pk=review_id)
    if request.method == "POST":
        try:
            abuse.check_rate(request, request.user.person, "review")
        except PerkError as error:
            messages.error(request, str(error))
        else:
            text = request.POST.get("text", "")
            reviews.report(review=review, user=request.user, text=text, at=timezone.now())
            messages.success(request, _("Thank you. Our staff will look at it; the brand is not told who asked."))
            return redirect(campaign)
    return render(request, "perks/review_report.html", {"campaign": campaign, "review": review})
