"""Reviews of a brand's perks: it reads and answers them; the staff may take one from the page, and says why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.sites import site as staff_site
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks import reviews
from perks.brands.scoping import BrandScopedAdmin
from perks.brands.site import site
from perks.models import Review, ReviewReport


class AnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    answer = forms.CharField(
        label=capfirst(_("answer")),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("It stands below the review, in the brand's name. Empty: no answer."),
    )

    class Meta:
        model = Review
        fields = ["answer"]


@admin.register(Review, site=site)
class ReviewPage(BrandScopedAdmin):
    """What people say, without their names; what was taken from the page is not the brand's to read."""

    brand_path = "claim__campaign__brand"
    may_add, may_change, may_delete = None, "answer", None
    form = AnswerForm
    list_display = ["campaign", "stars", "said", "written_at", "answered_at"]
    list_filter = [("answered_at", admin.EmptyFieldListFilter), "stars"]
    list_select_related = ["claim__campaign__brand"]
    ordering = ["-written_at"]
    fields = ["campaign", "stars", "text", "written_at", "changed_at", "answer"]
    readonly_fields = ["campaign", "stars", "text", "written_at", "changed_at"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("claim__campaign__brand")
        return rows if request.user.is_staff else rows.filter(hidden_reason="")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Without Django's line of whose review it is: it has a number and no name."""
        return super().change_view(request, object_id, form_url, {"subtitle": None} | (extra_context or {}))

    @admin.display(description=_("campaign"), ordering="claim__campaign__title")
    def campaign(self, review: Review) -> str:
        return review.claim.campaign.title

    @admin.display(description=_("in words"))
    def said(self, review: Review) -> str:
        return review.text if len(review.text) <= 120 else review.text[:119] + "\N{HORIZONTAL ELLIPSIS}"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        text = form.cleaned_data.get("answer", "")
        reviews.answer(review=Review(pk=obj.pk), text=text, user=request.user, at=timezone.now())


class HidingForm(forms.ModelForm):  # type: ignore[type-arg]
    hidden_reason = forms.CharField(
        label=_("why it is taken from the page"),
        max_length=200,
        required=False,
        help_text=_(
            "Its author reads it on the page of the review. That it is unkind to a brand is no reason. "
            "Empty: it is shown."
        ),
    )

    class Meta:
        model = Review
        fields = ["hidden_reason"]


class ReportInline(admin.TabularInline):  # type: ignore[type-arg]
    model = ReviewReport
    extra = 0
    can_delete = False
    fields = ["at", "text"]
    readonly_fields = ["at", "text"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Reported(admin.SimpleListFilter):
    title = _("reported")
    parameter_name = "reported"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("by somebody"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.filter(reports__isnull=False).distinct() if self.value() else queryset
        return found


@admin.register(Review, site=staff_site)
class StaffReviewPage(admin.ModelAdmin):  # type: ignore[type-arg]
    """The staff's list: what was reported, and what is hidden for which reason."""

    form = HidingForm
    inlines = [ReportInline]
    list_display = ["campaign", "stars", "text", "written_at", "reported", "hidden_reason"]
    list_filter = [Reported, ("hidden_reason", admin.EmptyFieldListFilter)]
    list_select_related = ["claim__campaign"]
    ordering = ["-written_at"]
    fields = ["campaign", "stars", "text", "written_at", "changed_at", "answer", "hidden_reason"]
    readonly_fields = ["campaign", "stars", "text", "written_at", "changed_at", "answer"]
    actions = None
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("claim__campaign__brand")
        counted: QuerySet[Any] = rows.annotate(told=Count("reports"))
        return counted

    @admin.display(description=_("campaign"))
    def campaign(self, review: Review) -> str:
        return str(review.claim.campaign)

    @admin.display(description=_("reported"), ordering="told")
    def reported(self, review: Any) -> int:
        return int(review.told)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        reason = form.cleaned_data["hidden_reason"]
        reviews.hide(review=obj, reason=reason, user=request.user, at=timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
