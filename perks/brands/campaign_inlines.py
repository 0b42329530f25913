"""What belongs to a campaign, in the rows below its steps: pictures, tiers, demands, stock."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from perks import pictures, states
from perks.brands.campaign_fields import TypedTopic, award_choices, part_choices
from perks.brands.scoping import BrandScopedInline
from perks.claims import little, set_stock
from perks.completeness import WITH_CODES
from perks.models import (
    AwardRequirement,
    Campaign,
    PartRequirement,
    Picture,
    Tier,
    TopicRequirement,
    Variant,
)
from perks.states import State
from scoring.achievements.catalogue import BY_SLUG


class CampaignInline(BrandScopedInline):
    """Rows that may be changed as long as their group may (perks.states)."""

    group: ClassVar[str] = states.OFFER
    brand_path = "campaign__brand"
    template = "admin/edit_inline/stacked.html"
    # Without JavaScript there is no button that adds one.
    extra = 1

    def _open(self, request: HttpRequest, obj: Any) -> bool:
        """`request` knows, once asked, which groups of its campaign are locked (CampaignAdmin.locks)."""
        return self.group not in getattr(request, "_klout_locked", frozenset())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(request, obj) and super().has_add_permission(request, None) and self._mine(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(request, obj) and super().has_change_permission(request, None) and self._mine(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(request, obj) and super().has_delete_permission(request, None) and self._mine(request, obj)

    def _mine(self, request: HttpRequest, obj: Any) -> bool:
        """Of the campaign's own brand, and not only of any."""
        from perks.brands.scoping import allowed

        return not isinstance(obj, Campaign) or allowed(request, self.may_change or "edit", obj.brand_id)


class PictureForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        help_texts = {
            "image": gettext_lazy("PNG, JPEG, WebP or GIF of at most 10 MB. What a camera wrote into it is removed."),
            "alternative": gettext_lazy("Read aloud to who cannot see it."),
            "place": gettext_lazy("The first one stands on cards."),
        }

    def clean_image(self) -> Any:
        image = self.cleaned_data["image"]
        # A stored one is as it was drawn.
        return pictures.encode(image, image.size) if "image" in self.changed_data and image else image


class PictureInline(CampaignInline):
    model = Picture
    form = PictureForm
    fields = ["image", "alternative", "place"]
    max_num = 8


class TierForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        help_texts = {
            "benefit": gettext_lazy("Such as “40% off” or “with a guest”."),
        }


class TierInline(CampaignInline):
    model = Tier
    form = TierForm
    fields = ["minimum_score", "name", "benefit"]
    max_num = 10


class PartForm(forms.ModelForm):  # type: ignore[type-arg]
    of = forms.ChoiceField(label=gettext_lazy("Points of"), choices=part_choices)

    class Meta:
        labels = {"points": gettext_lazy("At least")}


class PartInline(CampaignInline):
    group = states.AUDIENCE
    model = PartRequirement
    form = PartForm
    fields = ["of", "points"]
    max_num = 10


class TopicForm(forms.ModelForm):  # type: ignore[type-arg]
    topic = TypedTopic(label=gettext_lazy("Topic"))

    class Meta:
        labels = {"expertise": gettext_lazy("Expertise at least")}
        help_texts = {"expertise": gettext_lazy("From 0 to 1. 0: having the topic is enough.")}


class TopicInline(CampaignInline):
    group = states.AUDIENCE
    model = TopicRequirement
    form = TopicForm
    fields = ["topic", "expertise"]
    max_num = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("topic")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        return None if db_field.name == "topic" else super().formfield_for_foreignkey(db_field, request, **options)


class AwardForm(forms.ModelForm):  # type: ignore[type-arg]
    award = forms.ChoiceField(label=gettext_lazy("Achievement"), choices=award_choices)

    class Meta:
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["award"] = f"{self.instance.family}:{self.instance.level}"

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        family, _colon, level = self.cleaned_data.get("award", "").partition(":")
        if family in BY_SLUG:
            self.instance.family, self.instance.level = family, int(level)
        return cleaned


class OneOfEach(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """A family of achievements is wanted once."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        families = [form.instance.family for form in kept if form.instance.pk or form.has_changed()]
        if len(families) != len(set(families)):
            raise ValidationError(_("Each achievement can be asked for once: its highest level is enough."))


class AwardInline(CampaignInline):
    group = states.AUDIENCE
    model = AwardRequirement
    form = AwardForm
    formset = OneOfEach
    fields = ["award"]
    max_num = len(BY_SLUG)

    def award(self, requirement: AwardRequirement) -> str:
        return str(requirement)


class VariantForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        labels = {"name": gettext_lazy("Variant"), "reserve": gettext_lazy("Of these for who waits")}
        help_texts = {
            "name": gettext_lazy("Such as a size. Empty: the only kind."),
            "quantity": gettext_lazy("How many there are in all, with what is claimed."),
            "reserve": gettext_lazy("Kept back for the waiting list."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "quantity" in self.fields and self.counted_by_codes:
            self.fields["quantity"].disabled = True
            self.fields["quantity"].required = False
            self.fields["quantity"].help_text = _("As many as there are codes: uploading some raises it.")

    @property
    def counted_by_codes(self) -> bool:
        campaign = getattr(self.instance, "campaign", None) if self.instance.campaign_id else None
        kind = campaign.kind if campaign else getattr(self, "kind", "")
        return kind in WITH_CODES or bool(self.instance.pk and self.instance.codes.exists())

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        row, values = self.instance, self.cleaned_data
        if row.pk and "quantity" in values and "reserve" in values:
            quantity = row.quantity if self.counted_by_codes else values["quantity"]
            if quantity < row.claimed + row.held + values["reserve"]:
                self.add_error("reserve" if self.counted_by_codes else "quantity", little(row, values["reserve"]))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """What is given out is counted by others meanwhile: an existing row is never written as a whole."""
        row = self.instance
        if not row.pk:
            if self.counted_by_codes:
                row.quantity = row.reserve = 0
            return super().save(commit)
        if self.changed_data and commit:
            Variant.objects.filter(pk=row.pk).update(name=row.name, place=row.place)
            if {"quantity", "reserve"} & set(self.changed_data):
                quantity = None if self.counted_by_codes else row.quantity
                set_stock(variant=row, quantity=quantity, reserve=row.reserve)
        return row


class Stock(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """What somebody has or had of a variant keeps it; a form knows the kind of its campaign."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.kind = self.instance.kind
        return form

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        return form.save(commit=True)

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.cleaned_data.get("DELETE") and form.instance.pk:
                self._keep(form.instance)

    def _keep(self, variant: Variant) -> None:
        if variant.claims.exists() or variant.codes.exists() or variant.waiting:
            raise ValidationError(
                _("“%(name)s” cannot be removed: somebody has claimed it or waits for it, or it has codes.")
                % {"name": variant.name or _("the only kind")}
            )


class VariantInline(CampaignInline):
    group = states.STOCK
    model = Variant
    form = VariantForm
    formset = Stock
    fields = ["name", "quantity", "reserve", "place", "claimed", "held", "left"]
    readonly_fields = ["claimed", "held", "left"]
    max_num = 30

    @staticmethod
    def left(variant: Variant) -> str:
        return str(variant.left) if variant.pk else "0"


def locked_groups(campaign: Campaign, *, claimed: bool) -> frozenset[str]:
    """The groups of perks.states that may not be changed in `campaign` now."""
    state = State(campaign.state)
    return frozenset(group for group in states.GROUPS if not states.may_change(group, state, claimed=claimed))
