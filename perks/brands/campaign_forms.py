"""The forms of the campaign's steps. What may not be changed any more is shown and cannot be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import places
from perks import money, states
from perks.brands.campaign_fields import (
    Several,
    field_choices,
    language_choices,
    network_choices,
    offset,
    region_choices,
)
from perks.models import Campaign
from perks.models.campaigns import DISCLOSURE

# The group of perks.states that a field belongs to; what is not named belongs to its step's.
GROUP_OF: Mapping[str, str] = {
    **dict.fromkeys(("terms_text", "disclosure"), states.TERMS),
    **dict.fromkeys(("asks_for", "hashtag", "link", "cost_each", "cost_fixed"), states.FOLLOW_UP),
}


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    """locked: groups of perks.states that may not be changed; their fields are disabled, whatever is sent for them."""

    group = states.OFFER
    locked: frozenset[str] = frozenset()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if GROUP_OF.get(name, self.group) in self.locked:
                field.disabled = True


class OfferForm(StepForm):
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=lambda: _currencies())

    class Meta:
        labels = {
            "text": gettext_lazy("What people get"),
            "value": gettext_lazy("Value of one"),
            "place": gettext_lazy("Where"),
            "takes_place_at": gettext_lazy("When"),
        }
        help_texts = {
            "title": gettext_lazy("What it is, in a few words. It stands on cards and receipts."),
            "headline": gettext_lazy("A sentence below the title."),
            "text": gettext_lazy("As long as it needs to be. An empty line begins a new paragraph."),
            "kind": gettext_lazy("How it reaches people. It decides what the next steps ask for."),
            "value": gettext_lazy("What one would cost in a shop; people see it."),
            "place": gettext_lazy("For events, lounges and vouchers: the address."),
            "use_until": gettext_lazy("Empty: it can be used without end."),
            "how_to_use": gettext_lazy("Shown with the receipt: where to type the code, what to bring."),
        }
        widgets = {
            "text": forms.Textarea(attrs={"rows": 8}),
            "how_to_use": forms.Textarea(attrs={"rows": 3}),
            "kind": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone()
        for name in ("takes_place_at", "use_until"):
            if name in self.fields:
                field = self.fields[name]
                field.help_text = format_lazy(
                    "{} {}",
                    field.help_text,
                    _("In your time zone, %(zone)s (%(offset)s today).")
                    % {"zone": str(zone), "offset": offset(timezone.now(), zone)},
                )
        if "kind" in self.fields:
            self.fields["kind"].choices = Campaign.Kind.choices  # type: ignore[attr-defined]


def _currencies() -> list[tuple[str, str]]:
    """The usual ones first."""
    named = dict(money.currencies())
    usual = [code for code in ("EUR", "USD", "GBP", "CHF") if code in named]
    others = [code for code in named if code not in usual]
    return [(code, f"{code}: {named[code]}") for code in (*usual, *others)]


class AudienceForm(StepForm):
    group = states.AUDIENCE
    countries = Several(places.countries, label=gettext_lazy("Countries"), help_text=gettext_lazy("None: everywhere."))
    regions = Several(
        list,
        label=gettext_lazy("Regions"),
        help_text=gettext_lazy(
            "Choose countries and save: then their regions can be chosen here. A country of which none is chosen "
            "counts as a whole."
        ),
    )
    languages = Several(
        language_choices,
        label=gettext_lazy("Languages"),
        help_text=gettext_lazy("The language in which somebody reads this site. None: all."),
    )
    networks = Several(
        network_choices,
        label=gettext_lazy("Linked networks"),
        help_text=gettext_lazy("People must have linked all of these. None chosen: none is needed."),
    )
    confirmed_only = forms.TypedChoiceField(
        label=gettext_lazy("Data confirmed by a network"),
        required=False,
        empty_value=None,
        coerce=lambda text: {"yes": True, "no": False}.get(text),
        help_text=gettext_lazy(
            "Whether at least half of the score must come from accounts that their networks confirm, and not from "
            "files that people uploaded."
        ),
    )

    class Meta:
        labels = {
            "any_topic": gettext_lazy("One of the topics is enough"),
            "new_to_brand": gettext_lazy("New to your brand"),
            "hold_out": gettext_lazy("Leave out to compare with, in percent"),
        }
        help_texts = {
            "minimum_score": gettext_lazy("From 1 to 100. 40 is good already; from 63 on it is the top 5%."),
            "minimum_percentile": gettext_lazy("90 means: the top 10% of everybody who has a score."),
            "any_topic": gettext_lazy("Without the tick, people need all the topics below."),
            "new_to_brand": gettext_lazy("Only people who have never had a perk of your brand."),
            "minimum_age": gettext_lazy("In years, as far as the year of birth tells. Empty: the site's own, 16."),
            "hold_out": gettext_lazy(
                "To learn what the campaign changes, so many of a hundred people who qualify are left out by chance "
                "and told so; the results compare the two groups. 0: nobody is left out."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "regions" in self.fields:
            regions = self.fields["regions"]
            regions.choices = region_choices(self.instance.countries)  # type: ignore[attr-defined]
        if "confirmed_only" in self.fields:
            field = self.fields["confirmed_only"]
            field.choices = [  # type: ignore[attr-defined]
                ("", _("where one is worth a lot (the site decides)")),
                ("yes", _("yes, always")),
                ("no", _("no")),
            ]
            if "confirmed_only" not in self.initial or not self.is_bound:
                self.initial["confirmed_only"] = {True: "yes", False: "no"}.get(self.instance.confirmed_only, "")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        values = self.cleaned_data
        if "regions" in values and "countries" in values:
            # Of a country that was taken off the list, its regions go with it.
            values["regions"] = [code for code in values["regions"] if code.partition("-")[0] in values["countries"]]
        return cleaned


class StockForm(StepForm):
    group = states.STOCK

    class Meta:
        labels = {"waiting_list": gettext_lazy("Keep a waiting list when everything is taken")}
        help_texts = {
            "per_person": gettext_lazy("How many one person may have. Nearly always 1."),
            "waiting_list": gettext_lazy("What is given back or added later is offered to who waits, in order."),
            "offer_hours": gettext_lazy("So long an offer is kept for somebody who waited or was drawn."),
        }


class WindowsForm(StepForm):
    group = states.WINDOWS
    terms_text = forms.CharField(
        label=gettext_lazy("Terms"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("People accept them before they get anything. A change is a new version."),
    )
    disclosure = forms.CharField(
        label=gettext_lazy("What to say when one posts about it"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Law and fairness want a post about a gift to say that it was one."),
    )
    asks_for = Several(
        field_choices,
        label=gettext_lazy("What you would like to know"),
        help_text=gettext_lazy(
            "People are asked for each of these, and may say no to each. An address is asked for "
            "when something is sent by post, whatever you tick here."
        ),
    )

    link = forms.URLField(
        label=gettext_lazy("Link"),
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("Posts with this address are counted in your results."),
    )

    class Meta:
        labels = {"tell_hours": gettext_lazy("Tell people so many hours before a window opens")}
        help_texts = {
            "tell_hours": gettext_lazy("Who qualifies gets a message before it opens, so that nobody comes too late."),
            "hashtag": gettext_lazy("Posts with it are counted in your results. Without the #."),
            "cost_each": gettext_lazy("What one costs you; your results then say what a claim has cost."),
            "cost_fixed": gettext_lazy("What the campaign costs you beside that."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign = self.instance
        terms = campaign.terms if campaign.pk else None
        if "terms_text" in self.fields:
            self.initial["terms_text"] = terms.text if terms else ""
        if "disclosure" in self.fields:
            self.initial["disclosure"] = terms.disclosure if terms else DISCLOSURE.format(brand=campaign.brand.name)

    def clean_hashtag(self) -> str:
        text = self.cleaned_data["hashtag"].strip().lstrip("#")
        if text and not text.replace("_", "").isalnum():
            raise ValidationError(_("A hashtag has letters, digits and _ alone."))
        return str(text)
