"""The staff's queue of claims that look like one person's: side by side, decided with a note and a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from perks import flags
from perks.errors import PerkError
from perks.models import Claim, Flag

# Side by side; a flag of more is a dormitory or a proxy.
SHOWN = 50


class FlagForm(forms.ModelForm):  # type: ignore[type-arg]
    cancel = forms.ModelMultipleChoiceField(
        Claim.objects.none(),
        label=gettext_lazy("Cancel these"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Only where it is one person, and one for each person was the rule."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why they are cancelled"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The people whose claims these are read it, and it stands in the brand's log."),
    )

    class Meta:
        model = Flag
        fields = ["state", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["cancel"]
        standing = self.instance.claims.filter(state=Claim.State.CLAIMED).select_related("person", "campaign")
        choices.queryset = standing.order_by("claimed_at")
        choices.label_from_instance = lambda claim: f"{_handle(claim)}: {claim.campaign} ({claim.reference})"

    def clean(self) -> dict[str, Any]:
        known: dict[str, Any] = super().clean() or {}
        if known.get("cancel"):
            if not known.get("reason", "").strip():
                raise ValidationError({"reason": str(flags.NoReason())})
            if known.get("state") != Flag.State.CONFIRMED:
                raise ValidationError({"state": _("Claims are only cancelled where it is one person.")})
        return known


@admin.register(Flag)
class FlagAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is equal may be a household, an office or two phones alike: look before you decide."""

    form = FlagForm
    list_display = ["kind", "brand", "state", "claims_alike", "people", "raised_at", "decided_by"]
    list_filter = ["state", "kind"]
    list_select_related = ["brand", "decided_by"]
    ordering = ["-raised_at"]
    readonly_fields = ["kind", "brand", "raised_at", "side_by_side", "decided_by", "decided_at"]
    fields = [
        *("kind", "brand", "raised_at", "side_by_side"),
        *("state", "note", "cancel", "reason", "decided_by", "decided_at"),
    ]
    actions = None
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        counts = {"number": Count("claims", distinct=True), "number_of_people": Count("claims__person", distinct=True)}
        annotated: QuerySet[Any] = rows.annotate(**counts)
        return annotated

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("claims"), ordering="number")
    def claims_alike(self, flag: Any) -> int:
        return int(flag.number)

    @admin.display(description=gettext_lazy("people"), ordering="number_of_people")
    def people(self, flag: Any) -> int:
        return int(flag.number_of_people)

    @admin.display(description=gettext_lazy("side by side"))
    def side_by_side(self, flag: Flag) -> str:
        """Handles, joining and claims: what tells a household from one person. No address, no hint."""
        rows = flag.claims.select_related("person", "campaign", "variant").order_by("claimed_at")[:SHOWN]
        head = (_("Person"), _("Joined"), _("Score"), _("Campaign"), _("Variant"), _("Claimed"), _("State"))
        lines = (
            (
                _person(claim),
                date_format(claim.person.created_at, "DATE_FORMAT") if claim.person else "",
                "" if claim.score is None else f"{claim.score:.1f}",
                claim.campaign.title,
                str(claim.variant),
                date_format(timezone.localtime(claim.claimed_at), "DATETIME_FORMAT") if claim.claimed_at else "",
                claim.get_state_display(),
            )
            for claim in rows
        )
        body = format_html_join(
            "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in line)),) for line in lines)
        )
        heads = format_html_join("", '<th scope="col">{}</th>', ((text,) for text in head))
        may_be: dict[str, str] = {
            Flag.Kind.ADDRESS: _("One address: this may be a household, a shared flat or an office."),
            Flag.Kind.DEVICE: _(
                "One kind of browser in one network: this may be a household, an office, or phones alike in a "
                "mobile network."
            ),
        }
        return format_html(
            "<p>{}</p><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", may_be[flag.kind], heads, body
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        values = form.cleaned_data
        flags.decide(
            flag=obj,
            state=values["state"],
            note=values["note"],
            cancel=[claim.pk for claim in values["cancel"]],
            reason=values["reason"],
            user=request.user,
            at=timezone.now(),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        except PerkError as error:
            # Django's transaction is over: nothing of it was kept.
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:perks_flag_change", args=[object_id]))
        return answer


def _handle(claim: Claim) -> str:
    return f"@{claim.person.handle}" if claim.person else str(_("somebody who was erased"))


def _person(claim: Claim) -> str:
    if claim.person is None:
        return _handle(claim)
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:accounts_person_change", args=[claim.person_id]), _handle(claim)
    )
