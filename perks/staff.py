"""The staff's own pages about brands: who they are, who runs them, what they publish, and the log of it all."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import avatars
from accounts.models import User
from accounts.read_only import ReadOnly
from perks import audit
from perks.models import AuditEntry, Brand, BrandMembership, Campaign
from perks.states import State


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]
    """A brand is closed and opened again with a reason."""

    website = forms.URLField(label=gettext_lazy("website"), required=False, assume_scheme="https")
    reason = forms.CharField(
        label=gettext_lazy("Why it is closed or opened"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Wanted when “suspended” is changed; kept in the brand's log, which its team reads."),
    )

    def clean_logo(self) -> Any:
        logo = self.cleaned_data.get("logo")
        return avatars.encode(logo, logo.size) if logo and "logo" in self.changed_data else logo

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "suspended" in self.changed_data and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", _("Please say why: the reason is kept with what you do."))
        return cleaned


class TeamInline(admin.TabularInline):  # type: ignore[type-arg]
    model = BrandMembership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Brands are made here, and closed; what they publish they write themselves."""

    form = BrandForm
    list_display = ["name", "slug", "suspended", "contact", "created_at"]
    list_filter = ["suspended"]
    search_fields = ["name", "slug"]
    ordering = ["name"]
    fields = ["name", "slug", "about", "website", "contact", "logo", "suspended", "reason"]
    prepopulated_fields: ClassVar[dict[str, Any]] = {"slug": ("name",)}
    inlines = [TeamInline]
    view_on_site = False

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj is not None else super().get_prepopulated_fields(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its log and what people claimed are kept: a brand is closed, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = audit.values_of(Brand.objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        found = audit.changed(before, audit.values_of(obj)) if change else {}
        action = "change" if change else "add"
        if "suspended" in found:
            action = "suspend" if obj.suspended else "open again"
        if found or not change:
            self._record(request, obj, action, found, form.cleaned_data.get("reason", ""))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        found: dict[str, tuple[str, str]] = {}
        for row in formset.new_objects:
            found[f"member {row.user_id}"] = ("", row.role)
        for row, _fields in formset.changed_objects:
            found[f"member {row.user_id}"] = ("changed", row.role)
        for row in formset.deleted_objects:
            found[f"member {row.user_id}"] = (row.role, "")
        if found:
            self._record(request, form.instance, "team", found, "")

    @staticmethod
    def _record(
        request: HttpRequest, brand: Brand, action: str, changes: dict[str, tuple[str, str]], reason: str
    ) -> None:
        assert isinstance(request.user, User)
        audit.record(
            brand=brand,
            user=request.user,
            action=action,
            about=brand.name,
            reason=reason.strip(),
            changes=changes,
            at=timezone.now(),
        )


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    """All brands' campaigns, those in review first; each is read, approved and sent back on its page for brands."""

    list_display = ["title", "brand", "state", "kind", "created_at", "page"]
    list_filter = ["state", "kind", "is_template", "brand"]
    list_select_related = ["brand"]
    search_fields = ["title", "brand__name"]
    ordering = ["-created_at"]
    date_hierarchy = "created_at"
    actions = ["approve", "send_back"]
    view_on_site = False

    @admin.display(description=gettext_lazy("for brands"))
    def page(self, campaign: Campaign) -> str:
        address = reverse("brands:perks_campaign_change", args=[campaign.pk])
        return format_html('<a href="{}?step=review">{}</a>', address, _("Review"))

    @admin.action(description=gettext_lazy("Approve …"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._decide(request, queryset, "approve")

    @admin.action(description=gettext_lazy("Send back …"), permissions=["decide"])
    def send_back(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._decide(request, queryset, "back")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        assert isinstance(request.user, User)
        return request.user.has_perm("perks.change_campaign")

    def _decide(self, request: HttpRequest, queryset: Any, way: str) -> HttpResponse | None:
        """The page that asks why; here too."""
        from perks.brands.campaigns import CampaignAdmin as BrandPages
        from perks.brands.site import site

        if not queryset.filter(state=State.REVIEW).exists():
            self.message_user(request, _("None of them is in review."), messages.WARNING)
            return None
        page = site._registry[Campaign]
        assert isinstance(page, BrandPages)
        return page.ask_move(request, queryset, way)


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly):
    """What was done in brands' names: read, never changed (a trigger holds that)."""

    list_display = ["at", "brand", "user", "by_staff", "action", "about", "reason"]
    list_filter = ["by_staff", "action", "brand"]
    list_select_related = ["brand", "user"]
    search_fields = ["about", "brand__name"]
    ordering = ["-at"]
    date_hierarchy = "at"
