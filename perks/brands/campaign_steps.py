"""The five steps in which a campaign is made: what each asks for, and whether it is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from perks import completeness, states
from perks.brands.campaign_forms import AudienceForm, OfferForm, StepForm, StockForm, WindowsForm
from perks.brands.campaign_inlines import (
    AwardInline,
    PartInline,
    PictureInline,
    TierInline,
    TopicInline,
    VariantInline,
)
from perks.brands.campaign_windows import WindowInline
from perks.completeness import Lack

Text = str | Promise
Fieldsets = tuple[tuple[Text | None, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A page of the form; `groups` (perks.states) are what it changes: where all are locked it is only shown."""

    slug: str
    label: Text
    about: Text
    form: type[StepForm] = StepForm
    fieldsets: Fieldsets = ()
    inlines: Sequence[type[Any]] = ()
    groups: frozenset[str] = frozenset()


REVIEW = "review"
STEPS: tuple[Step, ...] = (
    Step(
        completeness.OFFER,
        _("Offer"),
        _("What people get, and how it reaches them. Everything is saved as a draft; you can go on at any time."),
        OfferForm,
        (
            (_("What it is"), {"fields": ("title", "headline", "text", "kind", ("value", "currency"))}),
            (_("Where, when and how"), {"fields": ("place", "takes_place_at", "use_until", "how_to_use")}),
        ),
        (PictureInline, TierInline),
        frozenset({states.OFFER}),
    ),
    Step(
        completeness.AUDIENCE,
        _("Audience"),
        _("Who may have it. People see what is asked for, and what they lack; each demand makes the circle smaller."),
        AudienceForm,
        (
            (_("Score"), {"fields": ("minimum_score", "minimum_percentile", "confirmed_only")}),
            (_("Where people are, and their language"), {"fields": ("countries", "regions", "languages")}),
            (_("Who they are"), {"fields": ("networks", "minimum_age", "new_to_brand", "any_topic")}),
            (_("To compare with"), {"fields": ("hold_out",)}),
        ),
        (TopicInline, PartInline, AwardInline),
        frozenset({states.AUDIENCE}),
    ),
    Step(
        completeness.STOCK,
        _("Stock and codes"),
        _("How many there are. People may claim while you change it: it never goes below what is given out."),
        StockForm,
        ((_("For each person"), {"fields": ("per_person", "waiting_list", "offer_hours")}),),
        (VariantInline,),
        frozenset({states.STOCK}),
    ),
    Step(
        completeness.WINDOWS,
        _("Windows and terms"),
        _("When it can be had, under which terms, and what you would like to learn from it."),
        WindowsForm,
        (
            (_("Terms"), {"fields": ("terms_text", "disclosure")}),
            (_("What you ask people for"), {"fields": ("asks_for",)}),
            (_("To tell people, and to see what it brings"), {"fields": ("tell_hours", "hashtag", "link")}),
            (_("Costs"), {"fields": (("cost_each", "cost_fixed"),)}),
        ),
        (WindowInline,),
        frozenset({states.WINDOWS, states.TERMS, states.FOLLOW_UP}),
    ),
    Step(REVIEW, _("Review"), _("What is still missing, whom it reaches, and the way to people.")),
)
BY_SLUG = {step.slug: step for step in STEPS}


def after(step: Step) -> Step:
    """The step that follows; the last one follows itself."""
    place = STEPS.index(step)
    return STEPS[min(place + 1, len(STEPS) - 1)]


def navigation(current: Step, lacks: Iterable[Lack]) -> list[dict[str, Any]]:
    """For the page: each step, whether it is the one that is open, and how much it lacks."""
    found = [lack.step for lack in lacks]
    return [
        {
            "step": step,
            "number": number,
            "current": step is current,
            "lacks": len(found) if step.slug == REVIEW else found.count(step.slug),
        }
        for number, step in enumerate(STEPS, 1)
    ]
