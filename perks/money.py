"""Money in the reader's language. Amounts are decimals, never floats; currencies are codes of ISO 4217."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_currency_precision, get_territory_currencies, parse_pattern
from django.conf import settings
from django.utils.translation import get_language

from accounts.places import by_name

# Where a code of letters touches a digit: CLDR wants a space there, which Babel leaves out.
BESIDE = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def written(amount: Decimal | int, currency: str) -> str:
    """An amount as the reader's language writes it: €50, €49.90, 50 €. A whole one stands without decimals."""
    amount = Decimal(amount)
    locale = _locale()
    # Parsed anew: the locale's own pattern is shared by everybody.
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    digits = 0 if amount == amount.to_integral_value() else minor_digits(currency)
    pattern.frac_prec = (digits, digits)
    text = str(pattern.apply(amount, locale, currency=currency, currency_digits=False))
    return BESIDE.sub("\N{NO-BREAK SPACE}", text)


def minor_digits(currency: str) -> int:
    """How many decimals a currency has: 2 for euros, 0 for yen; 2 for a code that nobody knows."""
    return int(get_currency_precision(currency))


def currencies() -> list[tuple[str, str]]:
    """(code, name in the reader's language) of every currency that is legal tender somewhere today, by name."""
    locale = _locale()
    return sorted(((code, get_currency_name(code, locale=locale)) for code in _tender()), key=by_name)


@cache
def _tender() -> frozenset[str]:
    return frozenset(code for land in get_global("territory_currencies") for code in get_territory_currencies(land))


def _locale() -> Locale:
    return Locale.parse(get_language() or settings.LANGUAGE_CODE, sep="-")
