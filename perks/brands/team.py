"""A brand's own page, its team, who is invited, and the log of what was done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts import avatars
from accounts.models import User
from perks import team
from perks.brands.scoping import BrandScopedAdmin, brands_of
from perks.brands.site import site
from perks.errors import PerkError
from perks.models import AuditEntry, Brand, BrandInvitation, BrandMembership


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]
    website = forms.URLField(label=capfirst(_("website")), required=False, assume_scheme="https")

    class Meta:
        model = Brand
        fields = ["name", "about", "website", "contact", "logo"]

    def clean_logo(self) -> Any:
        logo = self.cleaned_data.get("logo")
        if logo and "logo" in self.changed_data:
            return avatars.encode(logo.file, logo.size)
        return logo


@admin.register(Brand, site=site)
class BrandPage(BrandScopedAdmin):
    """What people see of the brand. The staff makes brands and closes them, in its own admin."""

    brand_path = ""
    may_add = may_delete = None
    form = BrandForm
    list_display = ["name", "website", "contact"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by("name")


@admin.register(BrandMembership, site=site)
class TeamPage(BrandScopedAdmin):
    """Who works for the brand. New members are invited; nobody is looked up by an address."""

    may_see, may_change, may_delete, may_add = "team", "team", "team", None
    change_list_template = "perks/brands/team.html"
    list_display = ["member", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "brand"]
    fields = ["member", "brand", "role"]
    readonly_fields = ["member", "brand"]
    actions = None

    @admin.display(description=_("member"), ordering="user__email")
    def member(self, membership: BrandMembership) -> str:
        return membership.user.email

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        try:
            team.change_role(membership=obj, role=obj.role, user=request.user, at=timezone.now())
        except PerkError as error:
            self.message_user(request, str(error), messages.ERROR)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        assert isinstance(request.user, User)
        team.remove(membership=obj, user=request.user, at=timezone.now())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        except PerkError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("brands:perks_brandmembership_changelist")
        return answer

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        # Django's own words name the row, and are wrong where the change was refused.
        return redirect("brands:perks_brandmembership_changelist")

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing in Django's log: it would name a colleague for good. What was done is in the brand's own."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BrandInvitation
        fields = ["brand", "email", "role"]
        help_texts = {
            "email": _("A link is mailed there, good once, for seven days."),
            "role": _(
                "Fulfilment alone sees addresses; owners run everything else; viewers see campaigns and results."
            ),
        }


@admin.register(BrandInvitation, site=site)
class InvitationPage(BrandScopedAdmin):
    may_see, may_add, may_change, may_delete = "team", "team", None, "team"
    form = InvitationForm
    list_display = ["email", "role", "brand", "created_at", "expires_at", "accepted_at"]
    list_select_related = ["brand"]
    ordering = ["-created_at"]
    actions = None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        brands = list(brands_of(request, "team")[:2])
        return {"brand": brands[0].pk} if len(brands) == 1 else {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        made = team.invite(brand=obj.brand, email=obj.email, role=obj.role, user=request.user, at=timezone.now())
        obj.pk = made.pk

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().add_view(request, form_url, extra_context)
        except PerkError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("brands:perks_brandinvitation_changelist")
        return answer

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        obj.delete()

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing in Django's log: it would keep an address of somebody who never came."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""


class ByStaff(admin.BooleanFieldListFilter):
    """Whether our staff did it: a filter is headed "By ...", and so this one without its own "by"."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title = _("our staff")


class AuditPage(BrandScopedAdmin):
    """Who did what, when and why; nothing here can be changed."""

    may_see, may_add, may_change, may_delete = "audit", None, None, None
    list_display = ["at", "who", "action", "about", "reason", "what_changed"]
    list_filter = ["action", ("by_staff", ByStaff)]
    list_select_related = ["user", "campaign", "brand"]
    search_fields = ["about", "reason", "campaign__title"]
    date_hierarchy = "at"
    ordering = ["-at", "-pk"]
    fields = ["at", "who", "brand", "campaign", "action", "about", "reason", "what_changed"]
    readonly_fields = ["at", "who", "brand", "campaign", "action", "about", "reason", "what_changed"]
    actions = None

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        if entry.by_staff:
            return str(_("our staff"))
        return entry.user.email if entry.user else str(_("by itself, or somebody who was erased"))

    @admin.display(description=_("what changed"))
    def what_changed(self, entry: AuditEntry) -> str:
        return format_html_join(
            "",
            "<div>{}: {} → {}</div>",
            ((name, before[:80] or "-", after[:80] or "-") for name, (before, after) in entry.changes.items()),
        )


site.register(AuditEntry, AuditPage)
