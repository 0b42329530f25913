"""What is asked on the way to a perk: the terms, and where a parcel goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.places import country_name
from perks import postal
from perks.models import Terms, Variant

ACCEPT = gettext_lazy("I have read the terms and accept them.")
DISCLOSE = gettext_lazy("If I post about it, I will say that I got it for nothing.")


class TermsForm(forms.Form):
    """Both ticks are needed, each for itself. `terms` is the number of the version that was on the page."""

    terms = forms.IntegerField(widget=forms.HiddenInput)
    accept = forms.BooleanField(label=ACCEPT)
    disclose = forms.BooleanField(label=DISCLOSE)

    def __init__(self, *args: Any, terms: Terms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].initial = terms.pk
        for name in ("accept", "disclose"):
            self.fields[name].error_messages = {"required": _("This needs your tick.")}


class ClaimForm(TermsForm):
    """`key` makes a second click, a reload and the back button lead to the same claim."""

    key = forms.SlugField(max_length=64, widget=forms.HiddenInput)
    variant = forms.TypedChoiceField(label=gettext_lazy("Which one?"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, variants: Sequence[Variant], key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = key
        choice = self.fields["variant"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(one.pk, _named(one)) for one in variants]
        if len(variants) == 1:
            choice.widget = forms.HiddenInput()
            choice.initial = variants[0].pk


def _named(variant: Variant) -> str:
    if variant.left and not variant.waiting:
        return _("%(name)s (%(left)s left)") % {"name": variant.name, "left": variant.left}
    return _("%(name)s (all taken)") % {"name": variant.name}


class AddressForm(forms.Form):
    """The fields of one country, in its own order. What was typed for another one is kept as far as it has a place.

    countries: the codes that the parcel may go to, none for all. `shown` says which country's fields were on the page.
    """

    country = forms.ChoiceField(
        label=gettext_lazy("Country"), widget=forms.Select(attrs={"autocomplete": "shipping country"})
    )
    shown = forms.CharField(max_length=2, required=False, widget=forms.HiddenInput)
    keep = forms.BooleanField(
        label=gettext_lazy("Offer me this address the next time"),
        help_text=gettext_lazy("As long as it is kept here: it is deleted 30 days after delivery."),
        required=False,
    )

    prefix = "to"

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, countries: Sequence[str] = (), initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
        codes = [(code, name) for code, name in postal.known_countries() if not countries or code in countries]
        choice = self.fields["country"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = codes if len(codes) == 1 else [("", _("please choose")), *codes]
        wanted = str(self.data.get("to-country", "") if self.is_bound else self.initial.get("country", ""))
        self.chosen = wanted if wanted in dict(codes) else (codes[0][0] if len(codes) == 1 else "")
        self.initial = {**self.initial, "country": self.chosen, "shown": self.chosen}
        self.parts = postal.parts_of(self.chosen) if self.chosen else []
        for part in self.parts:
            self.fields[part.slug] = _field_for(part)
        self.order_fields(["country", "shown", *(part.slug for part in self.parts), "keep"])

    @property
    def belongs(self) -> bool:
        """Whether the fields that were on the page are those of the country that was chosen."""
        return bool(self.chosen) and self.data.get("to-shown", "") == self.chosen

    @property
    def wanted(self) -> str:
        return country_name(self.chosen)

    def clean(self) -> dict[str, Any]:
        known = super().clean() or self.cleaned_data
        if self.chosen and not self.errors:
            try:
                self.address = postal.cleaned(self.chosen, {part.slug: known.get(part.slug, "") for part in self.parts})
            except postal.WrongAddress as wrong:
                for slug, sentence in wrong.errors.items():
                    self.add_error(slug, sentence)
        return known


def _field_for(part: postal.Part) -> forms.Field:
    attributes = {"autocomplete": f"shipping {part.autocomplete}" if part.autocomplete != "off" else "off"}
    options: dict[str, Any] = {"label": part.label, "required": part.required}
    if part.choices:
        choices = [("", _("please choose")), *part.choices]
        return forms.ChoiceField(choices=choices, widget=forms.Select(attrs=attributes), **options)
    options["max_length"] = postal.LONGEST.get(part.slug, 100)
    if part.slug == "street_address":
        return forms.CharField(widget=forms.Textarea(attrs=attributes | {"rows": 2}), **options)
    if part.example:
        options["help_text"] = _("Such as %(example)s") % {"example": part.example}
    return forms.CharField(widget=forms.TextInput(attrs=attributes), **options)


def from_address(address: Mapping[str, str]) -> dict[str, str]:
    """An address as the initial values of a form."""
    return {slug: text for slug, text in address.items() if slug != "country_code"} | {
        "country": address["country_code"]
    }


def typed(data: Mapping[str, Any]) -> dict[str, str]:
    """What was typed so far, as the initial values of another country's form."""
    return {name.removeprefix("to-"): str(data[name]) for name in data if name.startswith("to-")}
