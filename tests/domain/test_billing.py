"""Does a billing address keep its country's rules, and is the field at fault named?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order.billing import check, national_code_holds
from domain.order.events import Billing, City, Country, State
from domain.refusals import InvalidField

IRAN = Country(1, "ایران", "IR")
CANADA = Country(2, "Canada", "CA")


def each(**values: tuple[str, ...]) -> list[tuple[str, str]]:
    """A pair of field and value for each value of each field."""
    return [(field, value) for field, several in values.items() for value in several]


def test_the_seeds_address_in_iran_passes() -> None:
    check(
        Billing(
            country=IRAN,
            state=State(1, "آذربایجان شرقی", "EA"),
            city=City(1, "اسکو"),
            address="5411 Stokes Grove",
            postal_code="1234567890",
            national_code=None,
            mobile_number="09523296536",
            first_name="پدرام",
            last_name="زمانی",
        )
    )


@pytest.mark.parametrize("code", ["0499370899", "0790419904", "0084575948", "0963695398", "0067749828", "1583250689"])
def test_national_codes_that_are_known_to_be_right_pass(code: str) -> None:
    check(Billing(country=IRAN, national_code=code))


@pytest.mark.parametrize("code", ["0499370898", "0790419905", "0084575940", "1260293040", "1234567890"])
def test_a_national_code_with_a_wrong_check_digit_is_refused(code: str) -> None:
    with pytest.raises(InvalidField, match="check digit") as refused:
        check(Billing(country=IRAN, national_code=code))
    assert refused.value.field == "billing_national_code"


@given(st.text("0123456789", min_size=9, max_size=9))
def test_any_nine_digits_have_one_check_digit(nine: str) -> None:
    assert sum(national_code_holds(nine + last) for last in "0123456789") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    each(
        postal_code=("12345", "12345678901", "12345-6789", "123456789O", "۱۲۳۴۵۶۷۸۹۰", "1234567890\n"),
        national_code=("049937089", "04993708999", "۰۴۹۹۳۷۰۸۹۹"),
        mobile_number=("9523296536", "0952329653", "095232965366", "08523296536", "+989523296536", "۰۹۵۲۳۲۹۶۵۳۶"),
    ),
)
def test_a_code_or_number_that_iran_does_not_have_is_refused_there(field: str, value: str) -> None:
    with pytest.raises(InvalidField, match="Iran") as refused:
        check(Billing(**{"country": IRAN, field: value}))
    assert refused.value.field == f"billing_{field}"


@pytest.mark.parametrize("code", ["IR", "ir", "Ir"])
def test_iran_is_known_by_its_code_in_any_case(code: str) -> None:
    with pytest.raises(InvalidField):
        check(Billing(country=Country(code=code), postal_code="12345"))


@pytest.mark.parametrize("country", [None, CANADA, Country(1, "ایران"), Country(code="IRL")])
def test_irans_rules_hold_in_iran_only(country: Country | None) -> None:
    check(Billing(country=country, postal_code="12345", national_code="1234567890", mobile_number="+1 416 555 0100"))


@pytest.mark.parametrize("country", [None, IRAN, CANADA])
def test_an_address_of_which_nothing_is_known_passes(country: Country | None) -> None:
    check(Billing(country=country))


@pytest.mark.parametrize(
    ("field", "value"),
    each(
        postal_code=("K1A 0B1", "12345-6789"),
        national_code=("123.456.789-09",),
        mobile_number=("+1 (416) 555-0100", "0049/30.123"),
    ),
)
def test_codes_as_other_countries_write_them_pass(field: str, value: str) -> None:
    check(Billing(**{"country": CANADA, field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    each(
        postal_code=("1" * 17, "12345;", "12\t345"),
        national_code=("1" * 33, "a_b"),
        mobile_number=("1" * 34, "call me", "1+1"),
    ),
)
def test_elsewhere_lengths_and_characters_are_checked(field: str, value: str) -> None:
    with pytest.raises(InvalidField, match="at most") as refused:
        check(Billing(**{"country": CANADA, field: value}))
    assert refused.value.field == f"billing_{field}"


def test_every_field_at_fault_is_named() -> None:
    with pytest.raises(InvalidField) as refused:
        check(Billing(country=IRAN, postal_code="12", national_code="1234567890", mobile_number="1"), "shipping_")
    assert [field for field, _ in refused.value.faults] == [
        "shipping_postal_code",
        "shipping_national_code",
        "shipping_mobile_number",
    ]
