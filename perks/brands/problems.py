"""Problems with a brand's perks: it sees what is needed to answer, and no names; the staff sees all of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.sites import site as staff_site
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from perks import problems
from perks.brands.scoping import BrandScopedAdmin
from perks.brands.site import site
from perks.models import Problem

SHOWN = ["reference", "campaign", "variant", "claim_state", "kind", "text", "state", "reported_at", "answered_at"]


class AnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    answer = forms.CharField(
        label=capfirst(_("answer")),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("It goes to the person as news and by mail. Do not ask for what the claim does not need."),
    )

    class Meta:
        model = Problem
        fields = ["answer"]


class Unanswered(admin.SimpleListFilter):
    """Open for longer than a brand should need."""

    title = _("waiting")
    parameter_name = "waiting"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("long", _("for more than three days"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "long":
            return queryset
        return queryset.filter(pk__in=problems.unanswered(timezone.now()).order_by().values("pk"))


class Answering(admin.ModelAdmin):  # type: ignore[type-arg]
    """What both pages share: columns that name a claim and nobody, and the answer."""

    form = AnswerForm
    ordering = ("-reported_at",)
    search_fields = ("claim__reference",)
    fields = (*SHOWN, "answer")
    readonly_fields = SHOWN
    actions = None

    @admin.display(description=_("claim"), ordering="claim__reference")
    def reference(self, problem: Problem) -> str:
        return str(problem.claim.reference)

    @admin.display(description=_("campaign"), ordering="claim__campaign__title")
    def campaign(self, problem: Problem) -> str:
        return problem.claim.campaign.title

    @admin.display(description=_("variant"))
    def variant(self, problem: Problem) -> str:
        return problem.claim.variant.name or "-"

    @admin.display(description=_("state of the claim"))
    def claim_state(self, problem: Problem) -> str:
        return problem.claim.get_state_display()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        text = form.cleaned_data["answer"]
        problems.answer(problem=Problem(pk=obj.pk), text=text, user=request.user, at=timezone.now())


@admin.register(Problem, site=site)
class ProblemPage(Answering, BrandScopedAdmin):
    brand_path = "claim__campaign__brand"
    may_see, may_add, may_change, may_delete = "answer", None, "answer", None
    list_display = ["reference", "campaign", "kind", "state", "reported_at"]
    list_filter = [Unanswered, "state", "kind"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("claim__campaign__brand", "claim__variant")


@admin.register(Problem, site=staff_site)
class StaffProblemPage(Answering):
    """All brands' problems; first of all those that nobody has answered for three days."""

    list_display = ["reference", "brand", "campaign", "kind", "state", "reported_at"]
    list_filter = [Unanswered, "state", "kind", "claim__campaign__brand"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("claim__campaign__brand", "claim__variant")

    @admin.display(description=_("brand"), ordering="claim__campaign__brand__name")
    def brand(self, problem: Problem) -> str:
        return problem.claim.campaign.brand.name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
