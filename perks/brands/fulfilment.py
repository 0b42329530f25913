"""A brand's parcels: what is to be sent and where, out as a list; where it is, in by hand or by a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.tokens import LostKey
from perks import addresses, fulfilment, parcels, postal, tracking
from perks.brands.claims import OwnCampaign, by_reference
from perks.brands.scoping import BrandScopedAdmin, brands_of
from perks.brands.site import site
from perks.code_files import BadFile
from perks.errors import NotNow, PerkError
from perks.models import Shipment

State = Shipment.State
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class OfCampaign(OwnCampaign):
    way = "claim__campaign"


class ParcelForm(forms.ModelForm):  # type: ignore[type-arg]
    tracking_url = forms.URLField(label=gettext_lazy("Tracking link"), required=False, assume_scheme="https")
    state = forms.ChoiceField(label=gettext_lazy("State"))

    class Meta:
        model = Shipment
        fields = ["state", "carrier", "tracking", "tracking_url"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "state" in self.fields and self.instance.pk:
            now = self.instance.state
            field: Any = self.fields["state"]
            field.choices = [(v, label) for v, label in State.choices if v == now or v in fulfilment.FOLLOWING[now]]


class TrackingForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File with tracking numbers"),
        help_text=gettext_lazy(
            "CSV or XLSX, at most 5,000 rows. The first row names the columns: reference, and carrier, tracking "
            "number, tracking link, state (shipped, delivered, returned)."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )


@admin.register(Shipment, site=site)
class ParcelPage(BrandScopedAdmin):
    """Each parcel by its claim's reference. An address is looked at on purpose, and each look is in the log."""

    brand_path = "claim__campaign__brand"
    may_see, may_add, may_change, may_delete = "claims", None, "addresses", None
    form = ParcelForm
    list_display = ["reference", "campaign", "variant", "state", "carrier", "claimed_at", "shipped_at", "delivered_at"]
    list_filter = ["state", OfCampaign]
    list_select_related = ["claim__campaign__brand", "claim__variant"]
    ordering = ["-pk"]
    search_fields = ["claim__reference"]
    search_help_text = gettext_lazy("A reference, as it stands on the receipt.")
    fields = [
        *("reference", "campaign", "variant", "claimed_at"),
        *("state", "carrier", "tracking", "tracking_url", "shipped_at", "delivered_at"),
    ]
    readonly_fields = ["reference", "campaign", "variant", "claimed_at", "shipped_at", "delivered_at"]
    actions = ["mark_shipped", "mark_delivered", "mark_returned", "export_csv", "export_xlsx"]
    change_form_template = "perks/brands/parcel.html"
    change_list_template = "perks/brands/parcels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("claim__campaign__brand", "claim__variant")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return by_reference(queryset, "claim__", search_term), False

    @admin.display(description=gettext_lazy("reference"))
    def reference(self, parcel: Shipment) -> str:
        return str(parcel.claim.reference)

    @admin.display(description=gettext_lazy("campaign"))
    def campaign(self, parcel: Shipment) -> str:
        return parcel.claim.campaign.title

    @admin.display(description=gettext_lazy("variant"))
    def variant(self, parcel: Shipment) -> str:
        return str(parcel.claim.variant)

    @admin.display(description=gettext_lazy("claimed"), ordering="claim__claimed_at")
    def claimed_at(self, parcel: Shipment) -> str:
        at = parcel.claim.claimed_at
        return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""

    # ------------------------------------------------------------ where it is

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.cleaned_data
        self._move(request, [obj], values["state"], **{name: values[name] for name in form.fields if name != "state"})

    def _move(self, request: HttpRequest, rows: Any, to: str, **texts: str) -> None:
        user = request.user
        assert isinstance(user, User)
        rows = list(rows)
        moved, refused = 0, 0
        for row in rows:
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            try:
                later = len(rows) > 20
                moved += fulfilment.move(shipment=row, to=to, user=user, at=timezone.now(), later=later, **texts)
            except NotNow as error:
                refused += 1
                if refused <= 3:
                    self.message_user(request, f"{row.claim.reference}: {error}", messages.ERROR)
        said = ngettext("%(number)s parcel changed.", "%(number)s parcels changed.", moved) % {"number": moved}
        self.message_user(request, said, messages.SUCCESS if moved else messages.INFO)

    @admin.action(description=gettext_lazy("They are on their way"), permissions=["change"])
    def mark_shipped(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._move(request, queryset, State.SHIPPED)

    @admin.action(description=gettext_lazy("They were delivered"), permissions=["change"])
    def mark_delivered(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._move(request, queryset, State.DELIVERED)

    @admin.action(description=gettext_lazy("They came back"), permissions=["change"])
    def mark_returned(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._move(request, queryset, State.RETURNED)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        # What became of it was said already; Django's words would say "changed" where it was refused.
        return HttpResponseRedirect(reverse("brands:perks_shipment_change", args=[obj.pk]))

    # ------------------------------------------------------------ addresses, out

    def has_addresses_permission(self, request: HttpRequest) -> bool:
        """Of the fulfilment role of a brand; the staff has none by being staff."""
        assert isinstance(request.user, User)
        return bool(parcels.sends_for(request.user))

    @admin.action(description=gettext_lazy("List with addresses, CSV"), permissions=["addresses"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._export(request, queryset, "csv")

    @admin.action(description=gettext_lazy("List with addresses, XLSX"), permissions=["addresses"])
    def export_xlsx(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._export(request, queryset, "xlsx")

    def pick_list_view(self, request: HttpRequest, form: str) -> HttpResponse:
        """Everything that is to be sent, of the brands whose parcels one sends."""
        assert isinstance(request.user, User)
        rows = fulfilment.to_send().filter(claim__campaign__brand__in=parcels.sends_for(request.user))
        if not self.has_addresses_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(reverse("brands:perks_shipment_changelist"))
        return self._export(request, rows.order_by("claim__campaign", "claim__variant", "pk"), form)

    def _export(self, request: HttpRequest, rows: QuerySet[Any], form: str) -> HttpResponse:
        assert isinstance(request.user, User)
        known = rows.select_related("claim__campaign__brand", "claim__variant")
        at = timezone.now()
        back = HttpResponseRedirect(reverse("brands:perks_shipment_changelist"))
        try:
            found = parcels.pick_list(shipments=known, user=request.user, at=at)
        except PerkError as error:
            self.message_user(request, str(error), messages.WARNING)
            return back
        except LostKey:
            self.message_user(request, _("An address cannot be read: its key is lost. Tell us."), messages.ERROR)
            return back
        answer: Any
        if form == "csv":
            answer = StreamingHttpResponse(parcels.as_csv(found), content_type="text/csv; charset=utf-8")
        else:
            answer = HttpResponse(parcels.as_xlsx(found), content_type=XLSX)
        answer["Content-Disposition"] = f'attachment; filename="parcels-{at:%Y-%m-%d-%H%M}.{form}"'
        add_never_cache_headers(answer)
        return answer  # type: ignore[no-any-return]

    def address_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """One address, on purpose: who looked is written down."""
        parcel = self.get_queryset(request).filter(pk=number).first()
        if parcel is None:
            raise Http404
        assert isinstance(request.user, User)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("brands:perks_shipment_change", args=[number]))
        try:
            found = addresses.read(parcel.claim, request.user, timezone.now())
        except LostKey:
            found = None
        known = {"parcel": parcel, "lines": postal.on_a_parcel(found) if found else []}
        answer = self._page(request, "parcel_address", _("Where it goes"), **known)
        add_never_cache_headers(answer)
        return answer

    # ------------------------------------------------------------ tracking, in

    def tracking_view(self, request: HttpRequest) -> HttpResponse:
        brands = list(brands_of(request, "addresses"))
        if not brands:
            raise PermissionDenied
        assert isinstance(request.user, User)
        form, report = TrackingForm(request.POST or None, request.FILES or None), None
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                report = tracking.take_in(
                    file=file.file, name=file.name, size=file.size, brands=brands, user=request.user, at=timezone.now()
                )
            except BadFile as error:
                form.add_error("file", str(error))
        return self._page(request, "tracking", _("Tracking numbers"), form=form, report=report)

    def _page(self, request: HttpRequest, template: str, title: str, **known: Any) -> TemplateResponse:
        common = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"perks/brands/{template}.html", common | known)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("tracking/", view(self.tracking_view), name="perks_shipment_tracking"),
            path("list.csv", view(self.pick_list_view), {"form": "csv"}, name="perks_shipment_csv"),
            path("list.xlsx", view(self.pick_list_view), {"form": "xlsx"}, name="perks_shipment_xlsx"),
            path("<int:number>/address/", view(self.address_view), name="perks_shipment_address"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        assert isinstance(request.user, User)
        mine = parcels.sends_for(request.user)
        known = {
            "sees_addresses": bool(mine),
            "to_send": fulfilment.to_send().filter(claim__campaign__brand__in=mine).count() if mine else 0,
            "takes_tracking": self.has_change_permission(request),
            "title": _("Parcels"),
        }
        return super().changelist_view(request, known | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        assert isinstance(request.user, User)
        parcel = self.get_object(request, object_id)
        sees = parcel is not None and parcel.claim.campaign.brand_id in parcels.sends_for(request.user)
        known = {"sees_address": sees, "title": _("Parcel"), "subtitle": parcel and parcel.claim.reference}
        return super().change_view(request, object_id, form_url, known | (extra_context or {}))
