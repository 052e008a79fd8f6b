"""Our own table of currencies: ISO 4217's list of today, and currencies that it listed once."""

from datetime import UTC, date, datetime

import pytest

from domain.currencies import CURRENCIES, digits_of, minor_digits
from domain.money import decimal_text
from domain.order import events as e
from domain.refusals import InvalidField

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


def test_the_table_has_the_active_currencies_that_prices_can_be_in_and_those_withdrawn_since_1990() -> None:
    active = [code for code, currency in CURRENCIES.items() if currency.withdrawn is None]
    withdrawn = {code: currency.withdrawn for code, currency in CURRENCIES.items() if currency.withdrawn}
    assert len(active) == 165
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert {currency.digits for currency in CURRENCIES.values()} == {0, 2, 3, 4}
    assert min(withdrawn.values()) == date(1990, 1, 1)
    assert {"HRK", "BGN", "ANG", "LTL", "EEK", "LVL", "SKK", "DEM", "ITL", "TRL", "CUC"} <= withdrawn.keys()


@pytest.mark.parametrize(
    ("code", "digits"), [("HRK", 2), ("BGN", 2), ("ANG", 2), ("DEM", 2), ("ITL", 0), ("TRL", 0), ("BYR", 0), ("ESP", 0)]
)
def test_a_withdrawn_currency_keeps_its_digits(code: str, digits: int) -> None:
    assert minor_digits(code) == digits_of(code) == digits


def test_a_currency_is_one_until_the_day_it_is_withdrawn() -> None:
    assert digits_of("HRK", on=date(2022, 12, 31)) == 2
    with pytest.raises(InvalidField, match="HRK was withdrawn on 2023-01-01") as refused:
        digits_of("HRK", on=date(2023, 1, 1))
    assert refused.value.field == "currency"


@pytest.mark.parametrize(("code", "digits"), [(code, currency.digits) for code, currency in CURRENCIES.items()])
def test_an_order_of_the_first_version_gets_the_digits_that_its_currency_had(code: str, digits: int) -> None:
    cost = decimal_text(0, digits)
    first = e.OrderCreatedV1(occurred_at=NOON, id=1, key="k", currency=code, shipping_cost=cost)
    assert first.upcast() == e.OrderCreated(
        occurred_at=NOON, id=1, key="k", currency=code, digits=digits, shipping_cost=cost
    )
