"""The list of campaigns: what there is, how it stands, and what can be done with several at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from perks import copies, states
from perks.brands.scoping import BrandScopedAdmin, allowed, brands_of
from perks.models import Campaign, Variant, Window
from perks.states import State
from perks.turning import is_low


class ShownFilter(admin.SimpleListFilter):
    """Without a choice: everything that is not put away and is no template."""

    title = gettext_lazy("state")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((state.value, states.LABELS[state]) for state in State), ("templates", gettext_lazy("templates"))]

    def choices(self, changelist: Any) -> Any:
        for place, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": _("Current")} if place == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "templates":
            return queryset.filter(is_template=True)
        queryset = queryset.filter(is_template=False)
        return queryset.filter(state=self.value()) if self.value() else queryset.exclude(state=State.ARCHIVED)


class BrandFilter(admin.SimpleListFilter):
    """One's own brands, where there are several."""

    title = gettext_lazy("brand")
    parameter_name = "brand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = list(brands_of(request, "see").order_by("name").values_list("pk", "name")[:50])
        return [(str(number), name) for number, name in found] if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(brand_id=int(value)) if value and value.isdecimal() and len(value) < 19 else queryset


class CampaignList(BrandScopedAdmin):
    may_delete = "edit"
    list_display = ["title", "brand", "stands", "window", "stock", "given"]
    list_filter = [ShownFilter, BrandFilter, "kind"]
    search_fields = ["title", "headline"]
    list_select_related = ["brand"]
    list_per_page = 50
    ordering = ["-created_at"]
    actions = ["copy_them", "pause_them", "resume_them", "end_them", "archive_them"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        stock = Variant.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
        at = timezone.now()
        windows = Window.objects.filter(campaign=OuterRef("pk"), closes_at__gt=at).order_by("opens_at")
        rows: QuerySet[Any] = super().get_queryset(request)
        found: QuerySet[Any] = rows.annotate(
            quantity_now=Coalesce(Subquery(stock.annotate(sum=Sum("quantity")).values("sum")), 0),
            claimed_now=Coalesce(Subquery(stock.annotate(sum=Sum("claimed")).values("sum")), 0),
            held_now=Coalesce(Subquery(stock.annotate(sum=Sum("held")).values("sum")), 0),
            opens_next=Subquery(windows.values("opens_at")[:1]),
            closes_next=Subquery(windows.values("closes_at")[:1]),
        )
        return found

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def stands(self, campaign: Any) -> str:
        if campaign.is_template:
            return format_html('<span class="state state-template">{}</span>', _("template"))
        return format_html('<span class="state state-{}">{}</span>', campaign.state, campaign.get_state_display())

    @admin.display(description=gettext_lazy("window"), ordering="opens_next")
    def window(self, campaign: Any) -> str:
        if campaign.opens_next is None:
            return _("none to come")
        if campaign.opens_next > timezone.now():
            return _("opens %(time)s") % {"time": _short(campaign.opens_next)}
        return _("open until %(time)s") % {"time": _short(campaign.closes_next)}

    @admin.display(description=gettext_lazy("stock"), ordering="quantity_now")
    def stock(self, campaign: Any) -> str:
        left = max(0, campaign.quantity_now - campaign.claimed_now - campaign.held_now)
        if campaign.state in states.CLAIMABLE and is_low(left, campaign.quantity_now):
            return format_html('{} <span class="state state-low">{}</span>', left, _("low"))
        return str(left)

    @admin.display(description=gettext_lazy("claimed"), ordering="claimed_now")
    def given(self, campaign: Any) -> str:
        return str(campaign.claimed_now)

    def get_actions(self, request: HttpRequest) -> Any:
        """Nothing is deleted from the list; and who may not publish has nothing to do with several."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found if allowed(request, "publish") else {}

    # ------------------------------------------------------------ with several

    @admin.action(description=gettext_lazy("Duplicate"))
    def copy_them(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        assert isinstance(request.user, User)
        done = 0
        for campaign in self._own(request, queryset, "edit"):
            copies.duplicate(campaign=campaign, user=request.user, at=timezone.now())
            done += 1
        self.message_user(request, _("%(number)s copied, as drafts.") % {"number": done}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Pause …"))
    def pause_them(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self.ask_move(request, queryset, "pause")

    @admin.action(description=gettext_lazy("Resume"))
    def resume_them(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self.ask_move(request, queryset, "resume")

    @admin.action(description=gettext_lazy("End …"))
    def end_them(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self.ask_move(request, queryset, "end")

    @admin.action(description=gettext_lazy("Put into the archive"))
    def archive_them(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self.ask_move(request, queryset, "archive")

    def _own(self, request: HttpRequest, queryset: QuerySet[Any], may: str) -> list[Campaign]:
        """Those of `queryset` for whose brand they may do it: somebody may work for two, and be a viewer of one."""
        return list(queryset.filter(brand__in=brands_of(request, may)).select_related("brand").order_by("pk"))

    ask_move: Callable[..., HttpResponse]


def _short(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
