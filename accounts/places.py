"""Places as ISO codes and time zones by name: what may be stored."""

import gettext
import unicodedata
import zoneinfo
from functools import cache

import pycountry
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def validate_country(code: str) -> None:
    """Raise ValidationError unless `code` is an ISO 3166-1 alpha-2 code."""
    if len(code) != 2 or pycountry.countries.get(alpha_2=code) is None or code != code.upper():
        raise ValidationError(_("%(code)s is no ISO 3166-1 country code.") % {"code": code}, code="country")


def validate_region(code: str) -> None:
    """Raise ValidationError unless `code` is an ISO 3166-2 code."""
    if pycountry.subdivisions.get(code=code) is None or code != code.upper():  # type: ignore[no-untyped-call]
        raise ValidationError(_("%(code)s is no ISO 3166-2 region code.") % {"code": code}, code="region")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(name)s is no known time zone.") % {"name": name}, code="time_zone")


@cache
def _names(standard: str, language: str) -> gettext.NullTranslations:
    """The names of an ISO standard ("iso3166-1", "iso3166-2") in another language; as they are where there are none."""
    return gettext.translation(standard, pycountry.LOCALES_DIR, languages=[language], fallback=True)


def country_name(code: str) -> str:
    """What the country is called in the reader's language; "" for no code or an unknown one."""
    found = pycountry.countries.get(alpha_2=code) if code else None
    if found is None:
        return ""
    return _names("iso3166-1", get_language() or "en").gettext(getattr(found, "common_name", found.name))


def countries() -> list[tuple[str, str]]:
    """(code, name) of every country, by name."""
    return sorted(((country.alpha_2, country_name(country.alpha_2)) for country in pycountry.countries), key=by_name)


def by_name(pair: tuple[str, str]) -> str:
    """Sorts accented letters with their plain ones."""
    return unicodedata.normalize("NFKD", pair[1]).casefold()


def regions(country: str) -> list[tuple[str, str]]:
    """(code, name) of every region of `country` (ISO 3166-2), by name; none for an unknown or empty country."""
    found = pycountry.subdivisions.get(country_code=country) if country else None  # type: ignore[no-untyped-call]
    names = _names("iso3166-2", get_language() or "en")
    return sorted(((region.code, names.gettext(region.name)) for region in found or ()), key=by_name)


def time_zones() -> dict[str, list[str]]:
    """The zones people live in, by continent; the names that are kept for old systems' sake are left out."""
    by_continent: dict[str, list[str]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        continent, _slash, city = name.partition("/")
        if city and continent in CONTINENTS:
            by_continent.setdefault(continent, []).append(name)
    return by_continent
