"""Is money exact from a client's text to the log and the lists?"""

import json
import tracemalloc
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.currencies import digits_of, minor_digits
from domain.money import (
    Amount,
    Unit,
    decimal_text,
    minor_units,
    readable,
    short_number,
    two_digit_text,
)
from domain.order.commands import AddItem
from domain.refusals import InvalidField
from domain.strict_json import decode

# From ISO 4217, list one: a currency of every number of digits.
DIGITS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"), 0),
    **dict.fromkeys(("AED", "BRL", "EUR", "GBP", "IRR", "TRY", "USD"), 2),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
ONE_OF_EACH = {0: "JPY", 2: "USD", 3: "KWD", 4: "CLF"}

digits = st.sampled_from(sorted(ONE_OF_EACH))
minors = st.integers(min_value=-(10**19), max_value=10**19)


def unit(currency: str) -> Unit:
    return Unit(currency, digits_of(currency))


def given_price(json_text: str) -> Amount:
    """The price of an item whose `unit_price` is this JSON."""
    return decode(f'{{"unit_price": {json_text}}}'.encode(), AddItem).unit_price


@pytest.mark.parametrize(("currency", "expected"), DIGITS.items())
def test_a_currency_has_the_minor_digits_of_iso_4217(currency: str, expected: int) -> None:
    assert digits_of(currency) == expected


@pytest.mark.parametrize("name", ["XAU", "XXX", "XTS", "usd", "US", "USD ", "", "€", "BTC", "840"])
def test_a_code_of_no_currency_that_prices_can_be_in_is_refused(name: str) -> None:
    with pytest.raises(InvalidField) as refused:
        digits_of(name)
    assert refused.value.field == "currency"


def test_names_that_are_no_currency_are_not_remembered() -> None:
    tracemalloc.start()
    try:
        for n in range(500):
            minor_digits(f"{n:010}" * 1000)
        remembered_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert remembered_bytes < 1_000_000


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("500", "JPY", 500),
        ("0", "JPY", 0),
        ("79.99", "USD", 7999),
        ("79.9", "USD", 7990),
        ("79", "USD", 7900),
        ("0079.00", "USD", 7900),
        ("0.01", "USD", 1),
        ("0.00", "USD", 0),
        ("0010.00", "USD", 1000),
        ("10.00", "USD", 1000),
        ("0", "USD", 0),
        ("1.234", "KWD", 1234),
        ("1.2", "KWD", 1200),
        ("1.2345", "CLF", 12345),
        ("999999999999999.99", "USD", 99999999999999999),
    ],
)
@pytest.mark.parametrize("form", ['"{}"', "{}"], ids=["text", "number"])
def test_an_amount_is_exact_as_json_text_and_as_json_number(form: str, text: str, currency: str, expected: int) -> None:
    given_text = text.lstrip("0") if form == "{}" and text.startswith("00") else text
    amount = given_price(form.format(given_text))
    assert amount.minor(unit(currency), "unit_price") == expected
    # The log's text of the amount does not depend on the client's spelling.
    assert amount.decimal(unit(currency), "unit_price") == decimal_text(expected, digits_of(currency))


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "nan", "Infinity", "1e9", "1E9", "0x10"),
        *("-1", "-0", "+1", "$1", "1 USD", " 1", "1 ", "1\n", " ", ""),
        *("1_000", "1,000", "1.000,00", "1'000", "1.", ".5", "1.2.3"),
        *("۷۹", "٧٩", "１２", "²", "1234567890123456"),
    ],
)
def test_a_text_that_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        given_price(json.dumps(text))
    assert refused.value.field == "unit_price"


@pytest.mark.parametrize(
    "json_text",
    [
        *("-1", "-0.5", "1e9", "1E2", "1.5e1", "1234567890123456", "1234567890123456.5"),
        *("NaN", "Infinity", "-Infinity", "true", "false", "null", "[1]", '{"a": 1}'),
    ],
)
def test_a_json_value_that_is_no_plain_decimal_is_refused(json_text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        given_price(json_text)
    assert refused.value.field.startswith("unit_price")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1000.00", "JPY", 1000), ("71.8000", "USD", 7180), ("23.900000", "EUR", 2390), ("1." + "0" * 5000, "KWD", 1000)],
)
def test_zeros_beyond_the_digits_of_the_currency_mean_nothing(text: str, currency: str, minor: int) -> None:
    assert Amount(text).minor(unit(currency), "amount") == minor


@pytest.mark.parametrize(
    ("text", "currency"), [("79.999", "USD"), ("79.9901", "USD"), ("1.5", "JPY"), ("1.2345", "KWD"), ("1.23456", "CLF")]
)
def test_more_digits_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    for of in (Amount(text).minor, Amount(text).decimal):
        with pytest.raises(InvalidField, match=currency) as refused:
            of(unit(currency), "items[0].unit_price")
        assert refused.value.field == "items[0].unit_price"


def test_15_digits_before_the_point_are_taken_and_16_are_not() -> None:
    assert Amount("9" * 15).minor(unit("USD"), "amount") == (10**15 - 1) * 100
    with pytest.raises(ValueError, match="at most 15 before the point"):
        Amount("9" * 16)


@pytest.mark.parametrize(
    ("minor", "currency", "log", "shop", "storefront"),
    [
        (75000, "JPY", "75000", "75000", "75000.00"),
        (7990, "USD", "79.90", "79.90", "79.90"),
        (7500000, "USD", "75000.00", "75000", "75000.00"),
        (1, "USD", "0.01", "0.01", "0.01"),
        (0, "USD", "0.00", "0", "0.00"),
        (0, "JPY", "0", "0", "0.00"),
        (-5, "USD", "-0.05", "-0.05", "-0.05"),
        (-500, "USD", "-5.00", "-5", "-5.00"),
        (-7, "JPY", "-7", "-7", "-7.00"),
        (1234, "KWD", "1.234", "1.234", "1.234"),
        (12345, "CLF", "1.2345", "1.2345", "1.2345"),
    ],
)
def test_amounts_are_written_as_each_contract_writes_them(
    minor: int, currency: str, log: str, shop: str, storefront: str
) -> None:
    after_point = digits_of(currency)
    assert decimal_text(minor, after_point) == log
    assert msgspec.json.encode(short_number(minor, after_point)) == shop.encode()
    assert two_digit_text(minor, after_point) == storefront
    assert readable(minor, unit(currency)) == f"{log} {currency}"


@given(minors, digits)
def test_minor_units_come_back_from_the_text_of_the_log(minor: int, after_point: int) -> None:
    text = decimal_text(minor, after_point)
    assert minor_units(text) == minor
    assert len(text.partition(".")[2]) == after_point


@given(minors, digits)
def test_every_way_of_writing_an_amount_is_the_same_number(minor: int, after_point: int) -> None:
    exact = Decimal(minor).scaleb(-after_point)
    for write in (decimal_text, two_digit_text):
        assert Decimal(write(minor, after_point)) == exact
    assert Decimal(msgspec.json.encode(short_number(minor, after_point)).decode()) == exact


@given(st.integers(min_value=0, max_value=10**15 - 1), digits, st.data())
def test_an_amount_comes_to_the_minor_units_that_a_client_wrote(
    whole: int, after_point: int, data: st.DataObject
) -> None:
    fraction = data.draw(st.text("0123456789", max_size=after_point))
    text = f"{whole}.{fraction}" if fraction else str(whole)
    minor = given_price(json.dumps(text)).minor(unit(ONE_OF_EACH[after_point]), "unit_price")
    assert Decimal(minor).scaleb(-after_point) == Decimal(text)


@given(st.text(max_size=20))
def test_a_text_is_an_amount_or_a_valueerror_and_nothing_else(text: str) -> None:
    try:
        amount = Amount(text)
    except ValueError:
        return
    assert Decimal(amount.text) >= 0
    assert text.isascii()
