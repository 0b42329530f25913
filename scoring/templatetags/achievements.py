"""Medals on pages, and how levels read."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from scoring.achievements import medals, shelf
from scoring.achievements.catalogue import Family

register = template.Library()


@register.simple_tag
def medal(family: Family, level: int, *, locked: bool = False, small: bool = False, label: str = "") -> SafeString:
    """The medal of a level. It is silent where no `label` is given: then the words beside it say what it shows."""
    drawn = medals.inline(family.symbol, level, label=label, locked=locked, small=small)
    return mark_safe(drawn)  # noqa: S308  (medals escapes)


@register.filter
def takes(family: Family, level: int) -> str:
    """What a level takes: 100 or more lists."""
    return shelf.said(family, level)
