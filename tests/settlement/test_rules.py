"""The rules of a reconciliation, read from TOML."""

import pytest

from domain.reconciliation.rules import DEFAULT, rules_from
from domain.refusals import InvalidField
from domain.settlement.lines import SettlementRefused
from domain.settlement.reading import read
from tests.settlement import test_stripe
from tests.settlement.making import own, stream_of

RULES = """
version = "2026-03"
settlement_delay_days = 2
[tolerance]
USD = "0.02"
EUR = 0.1
JPY = 5
[providers.stripe]
settlement_delay_days = 7
[providers.cash]
settlement_delay_days = 0
[providers.bank.file]
currency = "EUR"
kind = "payment"
[providers.bank.file.columns]
gross = "Betrag"
occurred_at = "Tag"
"""


def test_a_byte_order_mark_is_skipped() -> None:
    assert rules_from(f"\ufeff{RULES}") == rules_from(RULES)


def test_tolerances_are_exact_minor_units_however_they_are_written() -> None:
    assert rules_from(RULES).tolerance_minor == {"USD": 2, "EUR": 10, "JPY": 5}


def test_a_provider_has_its_own_delay_and_file_or_the_common_ones() -> None:
    rules = rules_from(RULES)
    assert [rules.delay_days(name) for name in ("stripe", "cash", "bank", "other")] == [7, 0, 2, 2]
    mapping = rules.mapping("bank")
    assert mapping is not None
    assert mapping.columns.gross == "Betrag"
    assert rules.mapping("stripe") is None
    assert rules_from(DEFAULT).mapping("stripe") is None


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ('version = "2026-03"\n', "", "version"),
        ('version = "2026-03"\n', "not TOML", ""),
        ("settlement_delay_days = 2", "settlement_delay_days = -1", "settlement_delay_days"),
        ("settlement_delay_days = 2", "settlement_delay_days = 2.5", "settlement_delay_days"),
        ('USD = "0.02"', 'USD = "0.002"', "tolerance.USD"),
        ('USD = "0.02"', 'USD = "-0.02"', "tolerance.USD"),
        ('USD = "0.02"', 'XYZ = "0.02"', "currency"),
        ('USD = "0.02"', "USD = nan", "tolerance.USD"),
        ('gross = "Betrag"', "", "providers.bank.file.columns.gross"),
        ("[tolerance]", "[tolerances]", "tolerances"),
        ("[tolerance]", "[tolerance", ""),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_their_field(before: str, after: str, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        rules_from(RULES.replace(before, after, 1))
    assert refused.value.field == field


def test_a_file_that_is_described_for_all_holds_for_providers_without_their_own() -> None:
    common = '\n[file]\ncurrency = "EUR"\nkind = "payment"\n[file.columns]\ngross = "Summe"\noccurred_at = "Tag"\n'
    rules = rules_from(RULES + common)
    assert [rules.mapping(name).columns.gross for name in ("bank", "stripe", "other")] == [
        "Betrag",
        "Summe",
        "Summe",
    ]
    with pytest.raises(InvalidField) as refused:
        rules_from(RULES + common.replace('gross = "Summe"\n', ""))
    assert refused.value.field == "file.columns.gross"


KINDS = """
[providers.stripe.kinds]
other_adjustment = "payment_failure"
moonlight = ["reserve_held", "reserve_released"]
"""


def test_kinds_can_be_given_for_every_known_format() -> None:
    kinds = rules_from(RULES + KINDS).kinds("stripe")
    row = test_stripe.REFUND.replace(",refund,", ",{},")
    file = stream_of(test_stripe.report(row.format("other_adjustment"), row.format("moonlight")))
    found = read(file, "f", "x", kinds=kinds)
    assert [(line.kind, line.raw_kind) for line in found] == [
        ("payment_failure", "other_adjustment"),
        ("reserve_held", "moonlight"),
    ]


def test_a_kind_that_is_given_has_its_sign_too() -> None:
    file = stream_of(own("x,moonlight,-5,,,USD,2026-03-01,,"))
    with pytest.raises(SettlementRefused, match="a payment must not be negative"):
        list(read(file, "f", "x", kinds={"moonlight": "payment"}))


def test_every_fault_in_the_rules_is_named_at_once() -> None:
    wrong = """
version = "1"
[tolerance]
USD = "0.005"
[rates."USD/XXQ"]
rate = "0"
[providers.a.file]
currency = "XYZ"
timezone = "Mars"
[providers.a.file.columns]
occurred_at = "day"
gross = "amount"
kind = "kind"
"""
    with pytest.raises(InvalidField) as refused:
        rules_from(wrong)
    assert [field for field, _ in refused.value.faults] == [
        "rates.USD/XXQ",
        "rates.USD/XXQ.rate",
        "providers.a.file.currency",
        "providers.a.file.timezone",
        "tolerance.USD",
    ]
