"""The page of a claim, for the person who claims an account and for the one to whom it is linked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import claims, privacy
from accounts.connecting_forms import ObjectionForm
from accounts.models import AccountClaim, LinkedAccount, Person, User
from accounts.naming import name_of
from accounts.offers import label_of
from accounts.views import EDITORS, settings_address


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """What has become of a claim; its holder lets go or objects here. Neither side is told who the other is."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, *EDITORS))
    found = get_object_or_404(
        AccountClaim.objects.select_related("account", "person", "holder"),
        Q(person__in=people) | Q(holder__in=people),
        pk=claim_id,
    )
    # Who speaks for both sees the claimant's side: there is nothing to fear from oneself.
    holds = found.person not in people
    person = found.holder if holds else found.person
    assert person is not None
    form = ObjectionForm(request.POST if request.POST.get("step") == "object" else None)
    if request.method == "POST":
        if not holds:
            raise Http404
        if request.POST.get("step") == "let_go" or form.is_valid():
            return _answer(request, found, form, settings_address(person, people, "networks"))
    context: dict[str, Any] = {
        "claim": found,
        "holds": holds,
        # Asked for without a proof: the staff was asked, and not a holder.
        "asked": found.proof == LinkedAccount.Proof.OPERATOR,
        "person": person,
        "form": form,
        "network": label_of(found.account.network),
        "name": name_of(found.account),
        "address": settings_address(person, people, "networks"),
    }
    if found.state == AccountClaim.State.GRANTED and not holds:
        mine = LinkedAccount.objects.filter(account=found.account_id, person=person)
        context["link_id"] = mine.values_list("pk", flat=True).first()
    return render(request, "accounts/claim.html", context)


def _answer(request: HttpRequest, found: AccountClaim, form: ObjectionForm, address: str) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        if request.POST.get("step") == "let_go":
            claims.let_go(claim=found, at=timezone.now(), user=request.user)
            messages.success(request, _("The account was let go, and what was collected from it was erased."))
            return redirect(address)
        claims.object_to(claim=found, reason=form.cleaned_data["reason"], user=request.user, at=timezone.now())
        messages.success(request, _("Your objection is with our staff. Until they decide, the account stays with you."))
    except claims.TooLate:
        messages.error(request, _("It has been decided meanwhile."))
    except privacy.Busy:
        messages.error(request, _("Something is being read for you just now. Please try again when it is done."))
    return redirect(reverse("claim", args=[found.pk]))
