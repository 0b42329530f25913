"""Counters of a brand: their numbers and PINs, and the sign beside the till."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import User
from perks import counters, qr
from perks.brands.scoping import BrandScopedAdmin, brands_of
from perks.brands.site import site
from perks.errors import PerkError
from perks.models import Counter


class PinForm(forms.Form):
    """A PIN of one's own choice, or none, and one is made."""

    pin = forms.CharField(
        label=gettext_lazy("PIN"),
        max_length=20,
        required=False,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("6 to 12 digits. Leave it empty, and one is made; it is shown once."),
    )

    def clean_pin(self) -> str:
        pin: str = self.cleaned_data["pin"]
        try:
            return counters.checked(pin) if pin else ""
        except PerkError as error:
            raise ValidationError(str(error)) from None


class CounterForm(PinForm, forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Counter
        fields = ["brand", "name"]
        help_texts = {"name": gettext_lazy("Staff and guests see it: a till, a door, a lounge.")}


@admin.register(Counter, site=site)
class CounterPage(BrandScopedAdmin):
    """A counter is switched off rather than deleted: what it took stays where it was taken."""

    may_see, may_add, may_change, may_delete = "counters", "counters", "counters", None
    list_display = ["name", "brand", "number", "active"]
    list_filter = ["active"]
    list_select_related = ["brand"]
    ordering = ["brand__name", "name"]
    actions = None

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        # Before there is one, with a PIN.
        if obj is None:
            options["form"] = CounterForm
        return super().get_form(request, obj, change=change, **options)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["brand", "name", "pin"] if obj is None else ["brand", "name", "number", "active", "further"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["brand", "number", "further"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        brands = list(brands_of(request, "counters")[:2])
        return {"brand": brands[0].pk} if len(brands) == 1 else {}

    @admin.display(description=gettext_lazy("further"))
    def further(self, counter: Counter) -> SafeString:
        """Links to what else there is to do."""
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("brands:perks_counter_pin", args=[counter.pk]),
            _("Change the PIN"),
            reverse("brands:perks_counter_sign", args=[counter.pk]),
            _("A sign to print"),
        )

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:number>/pin/", self.admin_site.admin_view(self.pin_view), name="perks_counter_pin"),
            path("<int:number>/sign/", self.admin_site.admin_view(self.sign_view), name="perks_counter_sign"),
        ]
        return [*own, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        assert isinstance(request.user, User)
        pin = form.cleaned_data.get("pin", "")
        made, pin = counters.add(brand=obj.brand, name=obj.name, pin=pin, user=request.user, at=timezone.now())
        obj.pk, obj.number, obj.created_at, obj._state.adding = made.pk, made.number, made.created_at, False
        request.__dict__["_klout_pin"] = pin

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        # In this answer and nowhere else: a message would be kept, in a cookie or a session.
        return self._once(request, obj, request.__dict__.pop("_klout_pin"))

    @method_decorator(sensitive_post_parameters("pin"))
    def pin_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Another PIN, which puts out every phone that is in."""
        counter = self._counter(request, number)
        form = PinForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            assert isinstance(request.user, User)
            pin = form.cleaned_data["pin"]
            pin = counters.change_pin(counter=counter, pin=pin, user=request.user, at=timezone.now())
            return self._once(request, counter, pin)
        context = {**self.admin_site.each_context(request), "title": _("Change the PIN"), "counter": counter}
        return render(request, "perks/brands_counter_change.html", {**context, "form": form, "opts": self.opts})

    def sign_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """A sheet for the wall behind the counter; the PIN does not stand on it."""
        counter = self._counter(request, number)
        address = f"{settings.SITE_URL}{reverse('redeem')}"
        context = {
            "counter": counter,
            "address": address.partition("://")[2],
            "picture": qr.svg(f"{address}?counter={counter.number}", _("QR code that opens the page for staff")),
        }
        return render(request, "perks/counter_sign.html", context)

    def _counter(self, request: HttpRequest, number: int) -> Counter:
        counter = self.get_queryset(request).select_related("brand").filter(pk=number).first()
        if counter is None:
            raise Http404
        if not self.has_change_permission(request, counter):
            raise PermissionDenied
        assert isinstance(counter, Counter)
        return counter

    def _once(self, request: HttpRequest, counter: Counter, pin: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": _("The PIN, shown once"), "opts": self.opts}
        response = render(request, "perks/brands_counter_pin.html", {**context, "counter": counter, "pin": pin})
        add_never_cache_headers(response)
        return response

    @method_decorator(sensitive_post_parameters("pin"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # An error's report shows what was typed, but not this.
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer
