"""A brand's webhooks: which of its programs are told, with which secret, and what became of each call."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import signatures, webhooks
from accounts.models import User, WebhookDelivery, WebhookEndpoint, WebhookTry
from perks import audit
from perks.brands.scoping import BrandScopedAdmin, brands_of
from perks.brands.site import site
from perks.fulfilment import EVENTS, brand_number, owner_of
from perks.models import AuditEntry, Brand


def owners(request: HttpRequest) -> list[str]:
    """Whose webhooks somebody may see, as WebhookEndpoint.owner names them."""
    return [owner_of(number) for number in brands_of(request, "webhooks").values_list("pk", flat=True)]


def brand_of(endpoint: WebhookEndpoint) -> Brand | None:
    number = brand_number(endpoint.owner)
    return None if number is None else Brand.objects.filter(pk=number).first()


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    events = forms.MultipleChoiceField(
        label=capfirst(gettext_lazy("is told when")),
        choices=[(slug, label) for slug, (label, _time) in EVENTS.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["events", "active"]


class NewEndpointForm(EndpointForm):
    brand = forms.ModelChoiceField(Brand.objects.none(), label=gettext_lazy("Brand"))
    url = forms.CharField(
        label=gettext_lazy("Address"),
        widget=forms.URLInput(attrs={"class": "vLargeTextField"}),
        max_length=500,
        help_text=gettext_lazy("It begins with https://, answers within 10 seconds, and moves nowhere else."),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["events"]

    def clean_url(self) -> str:
        try:
            return webhooks.check_address(self.cleaned_data["url"].strip())
        except webhooks.WrongAddress as error:
            raise ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        known: dict[str, Any] = super().clean() or {}
        brand, url = known.get("brand"), known.get("url")
        mine = WebhookEndpoint.objects.filter(owner=owner_of(brand)) if brand else WebhookEndpoint.objects.none()
        if url and mine.filter(url=url).exists():
            self.add_error("url", _("This address is there already."))
        if mine.count() >= webhooks.MOST_ENDPOINTS:
            self.add_error(None, _("There are %(number)s addresses already.") % {"number": webhooks.MOST_ENDPOINTS})
        return known


class OfBrand(BrandScopedAdmin):
    """What belongs to a brand by the text in WebhookEndpoint.owner. The brand's own log has it."""

    may_see = "webhooks"
    may_add: ClassVar[str | None] = "webhooks"
    may_change: ClassVar[str | None] = "webhooks"
    may_delete: ClassVar[str | None] = "webhooks"
    owner_path = "owner"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.filter(**{f"{self.owner_path}__in": owners(request)})

    def _audit(self, request: HttpRequest, endpoint: WebhookEndpoint, action: str, **changes: Any) -> AuditEntry | None:
        brand, user = brand_of(endpoint), request.user
        if brand is None or not isinstance(user, User):
            return None
        return audit.record(
            brand=brand, user=user, action=action, about=f"webhook at {endpoint}", changes=changes or None
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing."""


@admin.register(WebhookEndpoint, site=site)
class WebhookPage(OfBrand):
    form = EndpointForm
    list_display = ["host", "brand", "active", "told_of", "failing_since", "created_at"]
    list_filter = ["active"]
    ordering = ["pk"]
    actions = None
    change_form_template = "perks/brands/webhook.html"

    def brand_of(self, row: Any) -> Brand | None:
        return brand_of(row)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        if obj is None:
            options["form"] = NewEndpointForm
        made = super().get_form(request, obj, change=change, **options)
        if obj is None:
            choices: Any = made.base_fields["brand"]
            choices.queryset = brands_of(request, "webhooks")
        return made

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["brand", "url", "events"]
        return ["brand", "host", "path", "masked", "events", "active", "failing_since", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["brand", "host", "path", "masked", "failing_since", "created_at"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        brands = list(brands_of(request, "webhooks")[:2])
        known: dict[str, Any] = {"events": list(EVENTS)}
        return known | ({"brand": brands[0].pk} if len(brands) == 1 else {})

    @admin.display(description=gettext_lazy("host"), ordering="url")
    def host(self, endpoint: WebhookEndpoint) -> str:
        return str(endpoint)

    @admin.display(description=gettext_lazy("path"))
    def path(self, endpoint: WebhookEndpoint) -> str:
        path = urlsplit(endpoint.url).path
        return f"{path[:6]}…" if len(path) > 8 else path

    @admin.display(description=gettext_lazy("secret"))
    def masked(self, endpoint: WebhookEndpoint) -> str:
        now = endpoint.previous_until is not None and timezone.now() < endpoint.previous_until
        return f"{signatures.PREFIX}••••••••" + (f" ({_('and the one before it')})" if now else "")

    @admin.display(description=gettext_lazy("brand"))
    def brand(self, endpoint: WebhookEndpoint) -> str:
        return str(brand_of(endpoint) or "")

    @admin.display(description=gettext_lazy("is told when"))
    def told_of(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(str(EVENTS[event][0]) for event in endpoint.events if event in EVENTS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if not change:
            made, request._klout_secret = webhooks.add(  # type: ignore[attr-defined]
                owner=owner_of(values["brand"]), url=values["url"], events=values["events"]
            )
            obj.pk, obj.owner, obj.url = made.pk, made.owner, made.url
            self._audit(request, obj, "add webhook")
            return
        before = WebhookEndpoint.objects.get(pk=obj.pk)
        WebhookEndpoint.objects.filter(pk=obj.pk).update(events=values["events"])
        if before.active != values["active"]:
            webhooks.switch(endpoint=obj, on=values["active"])
        now = {"events": ", ".join(values["events"]), "active": str(values["active"])}
        had = {"events": ", ".join(before.events), "active": str(before.active)}
        if found := audit.changed(had, now):
            self._audit(request, obj, "change webhook", **found)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._audit(request, obj, "delete webhook")
        obj.delete()

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._shown_once(request, obj, request._klout_secret)  # type: ignore[attr-defined]

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        at = timezone.now()
        if "_rotate" in request.POST:
            secret = webhooks.rotate(endpoint=obj, at=at)
            self._audit(request, obj, "new secret of webhook")
            return self._shown_once(request, obj, secret)
        if "_ping" in request.POST:
            delivery = webhooks.ping(endpoint=obj, at=at)
            self.message_user(request, _("A test is on its way. Look again in a moment."), messages.SUCCESS)
            return HttpResponseRedirect(reverse("brands:accounts_webhookdelivery_change", args=[delivery.pk]))
        return super().response_change(request, obj)

    def _shown_once(self, request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
        known = {
            **self.admin_site.each_context(request),
            "title": _("The secret of your webhook"),
            "secret": secret,
            "endpoint": endpoint,
            "host": str(endpoint),
            "hours": int(webhooks.OVERLAP.total_seconds() // 3600),
            "rotated": "_rotate" in request.POST,
            "opts": self.opts,
        }
        answer = TemplateResponse(request, "perks/brands/webhook_secret.html", known)
        add_never_cache_headers(answer)
        return answer


class Tries(admin.TabularInline):  # type: ignore[type-arg]
    """Each try, as it ended."""

    model = WebhookTry
    template = "perks/brands/tries.html"
    extra = 0
    fields = ["at", "status", "error", "milliseconds"]
    readonly_fields = ["at", "status", "error", "milliseconds"]
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Of a delivery that one sees already.
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnEndpoint(admin.SimpleListFilter):
    title = gettext_lazy("webhook")
    parameter_name = "webhook"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = WebhookEndpoint.objects.filter(owner__in=owners(request)).order_by("pk")[:200]
        return [(str(row.pk), f"{row.pk}: {row}") for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        is_number = value.isascii() and value.isdigit() and len(value) < 18
        return queryset.filter(endpoint__pk=int(value)) if is_number else queryset


@admin.register(WebhookDelivery, site=site)
class DeliveryPage(OfBrand):
    """What was told, or will be; each can be sent again, with the id that it had."""

    may_add, may_delete = None, None
    owner_path = "endpoint__owner"
    list_display = ["message", "event", "host", "state", "tries", "answer", "error", "created_at", "next_try"]
    list_filter = ["state", "event", OwnEndpoint]
    list_select_related = ["endpoint"]
    ordering = ["-created_at", "-pk"]
    fields = (
        *("message", "event", "about", "host", "state", "tries", "answer", "error"),
        *("created_at", "last_tried_at", "next_try", "delivered_at", "sent"),
    )
    readonly_fields = fields
    inlines = [Tries]
    actions = ["send_again"]
    change_form_template = "perks/brands/delivery.html"

    def brand_of(self, row: Any) -> Brand | None:
        return brand_of(row.endpoint)

    @admin.display(description=gettext_lazy("host"))
    def host(self, delivery: WebhookDelivery) -> str:
        return str(delivery.endpoint)

    @admin.display(description=gettext_lazy("answer"), ordering="status")
    def answer(self, delivery: WebhookDelivery) -> str:
        return str(delivery.status or "-")

    @admin.display(description=gettext_lazy("next try"), ordering="due_at")
    def next_try(self, delivery: WebhookDelivery) -> str:
        waits = delivery.state == WebhookDelivery.State.WAITING
        return date_format(timezone.localtime(delivery.due_at), "DATETIME_FORMAT") if waits else "-"

    @admin.display(description=gettext_lazy("what is sent"))
    def sent(self, delivery: WebhookDelivery) -> str:
        return format_html("<pre>{}</pre>", json.dumps(delivery.payload, indent=2, ensure_ascii=False))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing of it is changed by hand."""

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if "_again" in request.POST:
            self.send_again(request, self.get_queryset(request).filter(pk=obj.pk))
        return HttpResponseRedirect(reverse("brands:accounts_webhookdelivery_change", args=[obj.pk]))

    @admin.action(description=gettext_lazy("Send again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        sent, at = 0, timezone.now()
        for delivery in queryset.select_related("endpoint"):
            try:
                webhooks.resend(delivery=delivery, at=at)
            except webhooks.WrongAddress as error:
                self.message_user(request, f"{delivery.endpoint}: {error}", messages.ERROR)
                continue
            self._audit(request, delivery.endpoint, "send again", message=("", str(delivery.message)))
            sent += 1
        if sent:
            said = ngettext("%(number)s is sent again.", "%(number)s are sent again.", sent) % {"number": sent}
            self.message_user(request, said, messages.SUCCESS)
