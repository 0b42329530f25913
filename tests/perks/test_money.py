"""Amounts stand as the reader's language writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from perks import money
from perks.eligibility.scores import wants_confirmed
from perks.models import Campaign


@pytest.mark.parametrize(
    ("language", "amount", "currency", "written"),
    [
        ("en", "50.00", "EUR", "€50"),
        ("en", "49.90", "EUR", "€49.90"),
        ("de", "49.90", "EUR", "49,90\xa0€"),
        ("en", "5000", "JPY", "¥5,000"),
        ("en", "12.5", "KWD", "KWD\xa012.500"),
        ("de", "1234567.5", "USD", "1.234.567,50\xa0$"),
    ],
)
def test_an_amount_stands_as_the_language_writes_it(language: str, amount: str, currency: str, written: str) -> None:
    with translation.override(language):
        assert money.written(Decimal(amount), currency) == written


def test_one_amount_does_not_change_how_the_next_is_written() -> None:
    assert [money.written(Decimal(amount), "EUR") for amount in ("1", "1.5", "1")] == ["€1", "€1.50", "€1"]


def test_currencies_are_those_that_are_tender_in_the_readers_language() -> None:
    with translation.override("de"):
        names = dict(money.currencies())
    assert names["USD"] == "US-Dollar"
    assert "DEM" not in names
    assert "EUR" in names
    assert "XXX" not in names


@pytest.mark.parametrize(
    ("value", "currency", "confirmed"),
    [
        ("50.00", "EUR", False),
        ("50.01", "EUR", True),
        # As much as half a euro: yen have no decimals.
        ("60", "JPY", False),
        ("5001", "JPY", True),
        ("5", "KWD", False),
        ("6", "KWD", True),
    ],
)
def test_what_is_worth_much_wants_confirmed_data(value: str, currency: str, confirmed: bool) -> None:
    campaign = Campaign(value=Decimal(value), currency=currency)
    assert wants_confirmed(campaign) is confirmed
    for said in (True, False):
        assert wants_confirmed(Campaign(value=Decimal(value), currency=currency, confirmed_only=said)) is said
