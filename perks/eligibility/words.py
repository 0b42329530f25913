"""Numbers, lists and places as sentences about eligibility name them."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, ngettext

from accounts.models import Person
from accounts.networks import NETWORKS
from accounts.places import country_name, regions
from scoring.numbers import points

# More than these are counted, not named.
NAMED = 8


def short(value: float) -> str:
    """A number to a tenth, a whole one without its decimal: 43 and 43.2."""
    rounded = round(value, 1)
    return points(rounded, 0 if rounded == int(rounded) else 1)


def missing(have: float, need: float) -> str:
    """What is missing between two numbers as they are read; a tenth at least."""
    return short(max(round(round(need, 1) - round(have, 1), 1), 0.1))


def either(names: Sequence[str]) -> str:
    """Austria, France or Germany; of many the first, and how many more."""
    if len(names) > NAMED + 1:
        more = len(names) - NAMED
        others = ngettext("%(number)s more", "%(number)s more", more) % {"number": more}
        names = [*names[:NAMED], others]
    return str(format_list(list(names), style="or", locale=_locale()))


def region_name(code: str) -> str:
    """What a region is called; its code where nobody knows it."""
    return dict(regions(code.partition("-")[0])).get(code, code)


def place_name(code: str) -> str:
    return region_name(code) if "-" in code else country_name(code) or code


def language_name(code: str) -> str:
    """What a language is called in the reader's."""
    try:
        return str(Locale.parse(code, sep="-").get_display_name(_locale()) or code)
    except (UnknownLocaleError, ValueError):
        return code


def network_name(slug: str) -> str:
    return NETWORKS[slug].spec.label if slug in NETWORKS else slug


def settings_of(person: Person, page: str, *args: str) -> str:
    """A page of the settings, of this person where a log-in speaks for several."""
    return f"{reverse(page, args=args)}?person={person.handle}"


def _locale() -> Locale:
    return Locale.parse(get_language() or settings.LANGUAGE_CODE, sep="-")
