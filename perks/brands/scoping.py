"""What every page of the brands' site goes by: rows of one's own brands, by role; choices among them alone.

A page states `brand_path`, the way from its model to the brand ("campaign__brand"), and the words of perks.roles that
seeing, adding, changing and deleting take. The staff passes everywhere. What is not one's own does not exist: 404.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import User
from perks import audit
from perks.models import AuditEntry, Brand, BrandMembership, Campaign
from perks.roles import roles_that


def brands_of(request: HttpRequest, may: str) -> QuerySet[Brand]:
    """The brands for which who is logged in may do `may` (perks.roles); all, for the staff."""
    user = request.user
    assert isinstance(user, User)
    return Brand.objects.all() if user.is_staff else Brand.objects.of(user, roles_that(may))


def allowed(request: HttpRequest, may: str, brand: Brand | int | None = None) -> bool:
    """Whether they may do `may` for `brand`, or for any brand where none is given. Asked once a request for each."""
    number = brand.pk if isinstance(brand, Brand) else brand
    user = request.user
    if isinstance(user, User) and not user.is_staff:
        return any(role in roles_that(may) for at, role in _roles(request, user).items() if number in (None, at))
    known: dict[tuple[str, int | None], bool] = request.__dict__.setdefault("_klout_allowed", {})
    if (may, number) not in known:
        brands = brands_of(request, may)
        known[may, number] = (brands if number is None else brands.filter(pk=number)).exists()
    return known[may, number]


def _roles(request: HttpRequest, user: User) -> dict[int, str]:
    """{brand: role} of who is logged in, read once a request."""
    if "_klout_roles" not in request.__dict__:
        rows = BrandMembership.objects.filter(user=user).values_list("brand_id", "role")
        request.__dict__["_klout_roles"] = dict(rows)
    roles: dict[int, str] = request.__dict__["_klout_roles"]
    return roles


# What links of Django's filters end in.
ASKED_BY_FILTERS = ("", "__exact", "__in", "__isnull", "__isempty", "__id__exact")
ASKED_BY_DATES = ("__year", "__month", "__day", "__gte", "__lt")


class Scoped:
    """What pages and inlines share."""

    model: type[models.Model]
    brand_path: ClassVar[str] = "brand"
    # The words of perks.roles; None: nobody does it here.
    may_see: ClassVar[str] = "see"
    may_add: ClassVar[str | None] = "edit"
    may_change: ClassVar[str | None] = "edit"
    may_delete: ClassVar[str | None] = "edit"

    def brand_of(self, row: Any) -> Brand | None:
        """The brand that a row belongs to."""
        if self.brand_path == "":
            return row if isinstance(row, Brand) else None
        for name in self.brand_path.split("__"):
            row = getattr(row, name)
        return row if isinstance(row, Brand) else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(**{f"{self.brand_path or 'pk'}__in": brands_of(request, self.may_see)})

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        """Choices of one's own brands alone, wherever a choice is offered or sent."""
        target = db_field.remote_field.model
        may = self.may_change or self.may_add or self.may_see
        if target is Brand:
            options["queryset"] = brands_of(request, may)
        elif (way := way_to_brand(target)) is not None:
            options["queryset"] = target._default_manager.filter(**{f"{way}__in": brands_of(request, may)})
        return super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]

    def _may(self, request: HttpRequest, may: str | None, row: Any = None) -> bool:
        if may is None:
            return False
        brand = self.brand_of(row) if row is not None and isinstance(row, self.model) else None
        return allowed(request, may, brand)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return allowed(request, self.may_see)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.may_see, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.may_add, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.may_change, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.may_delete, obj)


def way_to_brand(model: Any) -> str | None:
    """The path from a model of this app to its brand; None where it has none."""
    names = {field.name: field for field in model._meta.get_fields() if field.many_to_one or field.one_to_one}
    if "brand" in names:
        return "brand"
    for name in ("campaign", "variant", "claim", "window", "endpoint"):
        field = names.get(name)
        if field is not None and field.concrete and (further := way_to_brand(field.related_model)) is not None:
            return f"{name}__{further}"
    return None


class BrandScopedAdmin(Scoped, admin.ModelAdmin):  # type: ignore[type-arg]
    """A page of the brands' site; each change is written down with what was before."""

    show_full_result_count = False
    # By a row's number Django would lead to its public page from any address: this site has none such (brands.site).
    view_on_site = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A list is headed by what is in it; "select one to change" says nothing."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """The filters that the page offers, and nothing else: Django's own would answer for any column of a row, and
        so whether a claim is a certain person's, or how high the score was by which they qualified."""
        allowed_here = {f"{self.date_hierarchy}{end}" for end in ASKED_BY_DATES} if self.date_hierarchy else set()
        for one in self.list_filter if request is None else self.get_list_filter(request):
            if isinstance(one, type) and issubclass(one, admin.SimpleListFilter):
                allowed_here.add(str(one.parameter_name))
            else:
                name = one[0] if isinstance(one, tuple) else one
                allowed_here |= {f"{name}{end}" for end in ASKED_BY_FILTERS}
        return lookup in allowed_here

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Colleagues by their addresses, our staff as in the brand's log: not by name."""
        answer = super().history_view(request, object_id, extra_context)
        known: dict[str, Any] = getattr(answer, "context_data", None) or {}
        user = request.user
        if "action_list" in known and isinstance(user, User) and not user.is_staff:
            colleagues = set(BrandMembership.objects.filter(brand=self.brand_of(known["object"])).values_list("user"))
            for entry in known["action_list"]:
                if entry.user.is_staff and (entry.user_id,) not in colleagues:
                    entry.user = User(email=_("our staff"))
        return answer

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        """Django would lead back to the front page and name the number; another brand's row is no page at all."""
        raise Http404

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = audit.values_of(type(obj)._default_manager.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        found = audit.changed(before, audit.values_of(obj))
        if found or not change:
            self.write_down(request, obj, "change" if change else "add", found if change else {})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.write_down(request, obj, "delete", {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def write_down(
        self, request: HttpRequest, row: Any, action: str, changes: dict[str, tuple[str, str]], reason: str = ""
    ) -> AuditEntry | None:
        """A line of the log about `row`; None for a row that has no brand."""
        brand = self.brand_of(row)
        if brand is None:
            return None
        campaign = row if isinstance(row, Campaign) else getattr(row, "campaign", None)
        return audit.record(
            brand=brand,
            user=request.user if isinstance(request.user, User) else None,
            action=action,
            campaign=campaign if isinstance(campaign, Campaign) and campaign.pk else None,
            about=f"{row._meta.verbose_name}: {row}",
            reason=reason,
            changes=changes,
        )


class BrandScopedInline(Scoped, admin.TabularInline):  # type: ignore[type-arg]
    """An inline of a page that is one's own already; its choices are held as a page's are."""

    extra = 0
