"""The pass of a claim: on a screen, where its code is made anew each minute, and on paper."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from perks import pass_sheets, passes, qr
from perks.models import Claim, PrintedPass
from perks.redeeming import first_name
from perks.views.own_claims import own_claim

# A page without scripts is loaded anew before its code lapses, in seconds.
ANEW = 75


@login_required
@never_cache
@require_safe
def perk_pass(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The QR code and the code to be typed, good for a minute and a half; or what became of the pass."""
    claim, at = with_pass(request, reference), timezone.now()
    begins, ends = passes.good_between(claim.campaign)
    context: dict[str, Any] = {
        "claim": claim,
        "campaign": claim.campaign,
        "begins": begins,
        "ends": ends,
        "too_early": begins is not None and at < begins,
        "over": ends is not None and at >= ends,
    }
    if claim.state == Claim.State.CLAIMED and not context["over"]:
        assert claim.person is not None
        token = passes.token_for(claim, at)
        context |= {
            "picture": qr.svg(passes.address_of(token), _("QR code of the pass, for staff to scan")),
            "typed": passes.code_for(token),
            "until": at + passes.LIFE,
            "anew": ANEW,
            "first_name": first_name(claim.person),
            "sheet": PrintedPass.objects.filter(claim=claim).first(),
        }
    return render(request, "perks/pass.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def perk_pass_pdf(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The pass on paper, the same each time; sending the form makes another, and the earlier useless."""
    claim, at = with_pass(request, reference), timezone.now()
    if claim.state != Claim.State.CLAIMED:
        return redirect("perk_pass", claim.reference)
    if request.method == "POST":
        pass_sheets.replace(claim=claim, at=at)
        messages.success(request, _("Sheets that you printed before are good no longer. Here is the new one."))
        return redirect("perk_pass", claim.reference)
    pdf = pass_sheets.drawn(claim, pass_sheets.sheet_of(claim, at))
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="pass-{str(claim.reference)[:8]}.pdf"'
    return response


def with_pass(request: HttpRequest, reference: uuid.UUID) -> Claim:
    """One's own claim of something that is used at a counter and was confirmed. Raises Http404."""
    claim = own_claim(request, reference)
    if not passes.has_pass(claim) or claim.claimed_at is None:
        raise Http404
    return claim
