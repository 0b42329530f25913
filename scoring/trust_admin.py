"""The staff's page of accounts whose reactions they found honest: no guard makes those count less any more.

Adding and taking back are in Django's log of the admin, with who did it; the note says why.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.naming import name_of
from accounts.read_only import ReadOnly
from scoring.models import Suspicion, Trust

# What an operator's word takes back.
DOUBTS = {Suspicion.Reason.BURST, Suspicion.Reason.CIRCLE}


class TrustForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Trust
        fields = ["account", "note"]

    def clean_account(self) -> int:
        number: int = self.cleaned_data["account"]
        if not Account.objects.filter(pk=number).exists():
            raise ValidationError(_("There is no account of this number."))
        return number


@admin.register(Trust)
class TrustAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = TrustForm
    list_display = ["account", "name", "note", "given_by", "given_at"]
    list_select_related = ["given_by"]
    search_fields = ["=account", "note"]
    ordering = ["-given_at"]
    readonly_fields = ["given_by", "given_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Trust | None = None) -> list[str]:
        # Which account it is about is its key: another one is another row.
        return ["account", *self.readonly_fields] if obj else [*self.readonly_fields]

    @admin.display(description=_("name"))
    def name(self, trust: Trust) -> str:
        account = Account.objects.filter(pk=trust.account).first()
        return f"{account.network}: {name_of(account)}" if account else str(_("no longer known"))

    def save_model(self, request: HttpRequest, obj: Trust, form: Any, change: bool) -> None:
        if not change:
            obj.given_by, obj.given_at = request.user, timezone.now()  # type: ignore[assignment]
        super().save_model(request, obj, form, change)


@admin.register(Suspicion)
class SuspicionAdmin(ReadOnly):
    """What the guards made count less, costliest first; from here it is one step to trust the account."""

    list_display = ["person", "account", "reason", "people", "counted_as", "points", "trust"]
    list_filter = ["reason"]
    list_select_related = ["person"]
    search_fields = ["person__handle", "=account"]
    ordering = ["-points"]

    @admin.display(description=_("honest?"))
    def trust(self, suspicion: Suspicion) -> str:
        if suspicion.reason not in DOUBTS:
            # A bound of the formula is everybody's; trust lifts what guards doubt.
            return ""
        address = reverse("admin:scoring_trust_add", query={"account": suspicion.account})
        return format_html('<a href="{}">{}</a>', address, _("Trust this account"))
