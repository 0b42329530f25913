"""Patterns of campaigns that brands begin with, as data: what most of them want, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from perks.models import Campaign

Kind = Campaign.Kind
Text = Promise | str

_TERMS = _(
    "One for each person.\n"
    "You owe nobody a post about it, and no kind one. If you post about it, say that you got it for nothing."
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """fields: values of Campaign's; tiers: (score, name, what it gives)."""

    slug: str
    name: Text
    about: Text
    kind: str
    fields: tuple[tuple[str, Text | int | float | bool], ...]
    tiers: tuple[tuple[int, Text, Text], ...] = ()
    terms: Text = _TERMS


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "try",
        _("Try our product"),
        _("Something is sent by post to people whose posts move others; afterwards they may say what they think."),
        Kind.SHIPPED,
        (
            ("title", _("Try our product")),
            ("headline", _("We send it to you; what you say about it is up to you.")),
            ("text", _("We send you one to keep. Tell us and others what you think of it, if you like to.")),
            ("minimum_score", 40.0),
        ),
    ),
    Pattern(
        "lounge",
        _("Lounge pass by score"),
        _("A pass for the counter that gives more from a higher score on: alone, with a guest, with friends."),
        Kind.LOUNGE,
        (
            ("title", _("A visit to our lounge")),
            ("headline", _("Come in, sit down, stay a while.")),
            ("text", _("Show your pass at the door. What your score gives you stands on it.")),
            ("how_to_use", _("Show the code on your phone at the entrance.")),
            ("minimum_score", 40.0),
        ),
        (
            (40, _("Guest"), _("One visit")),
            (55, _("Friend"), _("One visit with a guest")),
            (70, _("House guest"), _("Two visits, each with a guest")),
        ),
    ),
    Pattern(
        "discount",
        _("Discount in tiers"),
        _("Everybody who takes part gets something off the price, and more from a higher score on."),
        Kind.DISCOUNT,
        (
            ("title", _("A discount by score")),
            ("headline", _("Something off the price, by your score.")),
            ("text", _("Show your pass at the till; the discount of your tier is taken off.")),
        ),
        (
            # xgettext:no-python-format
            (20, _("First tier"), _("20% off")),
            # xgettext:no-python-format
            (40, _("Second tier"), _("40% off")),
            # xgettext:no-python-format
            (60, _("Third tier"), _("60% off")),
        ),
    ),
    Pattern(
        "tickets",
        _("Tickets by lottery"),
        _("Everybody who qualifies may enter for days; who gets a ticket is drawn, and anybody can check the draw."),
        Kind.EVENT,
        (
            ("title", _("Tickets to our evening")),
            ("headline", _("Enter in time; we draw who comes.")),
            ("text", _("An evening with us, with a tour and something to eat.")),
            ("minimum_score", 30.0),
        ),
    ),
    Pattern(
        "early",
        _("Early access code"),
        _("A code that opens something before everybody else has it. You upload the codes; each goes to one person."),
        Kind.CODE,
        (
            ("title", _("Early access")),
            ("headline", _("Be in before the doors open.")),
            ("text", _("A code of your own that lets you in before everybody else.")),
            ("how_to_use", _("Type the code when you sign up.")),
            ("minimum_score", 35.0),
        ),
    ),
)
BY_SLUG: Mapping[str, Pattern] = {pattern.slug: pattern for pattern in PATTERNS}
