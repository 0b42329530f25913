"""Places as ISO codes and time zones by name: what may be stored."""

import zoneinfo

import pycountry
from django.core.exceptions import ValidationError
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


def countries() -> list[tuple[str, str]]:
    """(code, name) of every country, by name."""
    return sorted(((country.alpha_2, country.name) for country in pycountry.countries), key=lambda pair: pair[1])


def regions(country: str) -> list[tuple[str, str]]:
    """(code, name) of every region of `country` (ISO 3166-2), by name; none for an unknown or empty country."""
    found = pycountry.subdivisions.get(country_code=country) if country else None  # type: ignore[no-untyped-call]
    return sorted(((region.code, region.name) for region in found or ()), key=lambda pair: pair[1])


def time_zones() -> dict[str, list[str]]:
    """The zones people live in, by continent; the names that are kept for old systems' sake are left out."""
    by_continent: dict[str, list[str]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        continent, _slash, city = name.partition("/")
        if city and continent in CONTINENTS:
            by_continent.setdefault(continent, []).append(name)
    return by_continent
