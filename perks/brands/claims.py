"""A brand's claims and parcels: by their references, never by their people; addresses for fulfilment alone."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from perks import claims, consent
from perks.brands.scoping import BrandScopedAdmin, brands_of
from perks.brands.site import site
from perks.errors import PerkError
from perks.models import Campaign, Claim

# Choices of a filter.
MOST_CAMPAIGNS = 200


class OwnCampaign(admin.SimpleListFilter):
    """The campaigns of one's own brands that have rows here."""

    title = gettext_lazy("campaign")
    parameter_name = "campaign"
    way = "campaign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Campaign.objects.filter(brand__in=brands_of(request, "claims"), is_template=False)
        return [(str(row.pk), row.title) for row in rows.order_by("-created_at")[:MOST_CAMPAIGNS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(**{f"{self.way}__pk": int(value)}) if _is_number(value) else queryset


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def by_reference(queryset: QuerySet[Any], way: str, term: str) -> QuerySet[Any]:
    """Rows whose claim has the reference `term`; all, where it is empty; none, where it is none."""
    if not term.strip():
        return queryset
    try:
        return queryset.filter(**{f"{way}reference": uuid.UUID(term.strip())})
    except ValueError:
        return queryset.none()


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The person whose claim it is reads this, and it stands in your log."),
    )


@admin.register(Claim, site=site)
class ClaimPage(BrandScopedAdmin):
    """Claims that were confirmed. Who made them is not said: a brand learns what they ticked, while they let it."""

    brand_path = "campaign__brand"
    may_see, may_add, may_change, may_delete = "claims", None, None, None
    list_display = ["reference", "campaign", "variant", "tier", "state", "claimed_at", "redeemed_at"]
    list_filter = ["state", OwnCampaign]
    list_select_related = ["campaign__brand", "variant", "tier"]
    ordering = ["-claimed_at", "-pk"]
    # Looked for by its reference alone (get_search_results).
    search_fields = ["reference"]
    search_help_text = gettext_lazy("A reference, as it stands on the receipt.")
    fields = (
        *("reference", "campaign", "variant", "tier", "state", "source"),
        *("claimed_at", "redeemed_at", "ended_at", "terms", "shared"),
    )
    readonly_fields = fields
    actions = None
    # The receipt is its person's own.
    view_on_site = False
    change_form_template = "perks/brands/claim.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(claimed_at__isnull=False)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return by_reference(queryset, "", search_term), False

    @admin.display(description=gettext_lazy("what they let you know"))
    def shared(self, claim: Claim) -> str:
        known = consent.shared_with(claim)
        if not known:
            return _("nothing")
        lines = ((consent.FIELDS[field].label, text) for field, text in known.items())
        return format_html_join("", "<div>{}: {}</div>", lines)

    def get_urls(self) -> list[URLPattern]:
        mine = path("<int:number>/cancel/", self.admin_site.admin_view(self.cancel_view), name="perks_claim_cancel")
        return [mine, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        claim = self.get_object(request, object_id)
        cancels = claim is not None and claim.state == Claim.State.CLAIMED and self._may(request, "refund", claim)
        known = {"cancels": cancels, "title": _("Claim")} | (extra_context or {})
        return super().change_view(request, object_id, form_url, known)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Claims")} | (extra_context or {}))

    def cancel_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """The reason, and then the item goes back into stock."""
        claim = self.get_queryset(request).filter(pk=number).first()
        if claim is None:
            raise Http404
        if not self._may(request, "refund", claim):
            raise PermissionDenied
        form = CancelForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            try:
                claims.cancel(claim=claim, user=request.user, reason=form.cleaned_data["reason"])
            except PerkError as error:
                form.add_error(None, str(error))
            else:
                self.message_user(request, _("Cancelled; the item is back in stock."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("brands:perks_claim_change", args=[claim.pk]))
        known = {
            **self.admin_site.each_context(request),
            "title": _("Cancel this claim"),
            "claim": claim,
            "form": form,
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "perks/brands/claim_cancel.html", known)
