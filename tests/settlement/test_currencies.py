"""Payments that are settled in another currency.

Does the line find the payment of its reference and original amount, and is its rate compared with the expected rate?
"""

from random import Random

import pytest

from domain.reconciliation.matching import Difference, Exchange, Result
from domain.reconciliation.rules import Rules, rules_from
from domain.refusals import InvalidField
from domain.settlement.lines import Line, Original
from domain.settlement.shipped import shipped
from tests.settlement.making import NOON, entry, line, lines_of, refused_at
from tests.settlement.planting import match_alone
from tests.settlement.test_matching import LATER

HEADER = "reference,kind,gross,fee,net,currency,occurred_at,order,payout,original,original_currency,exchange_rate"
NO_RATES = rules_from('version = "1"')
RATES = rules_from('version = "1"\n[rates."USD/EUR"]\nrate = "0.92"\n')


def euros(gross: int = 4600, usd: int | None = 5000, rate: str = "", **fields: object) -> Line:
    """A line of 50.00 USD that was settled as 46.00 EUR."""
    original = Original(usd, "" if usd is None else "USD", rate)
    return line(gross=gross, currency="EUR", original=original, **fields)


def only(settled: Line, rules: Rules = NO_RATES, **booked: object) -> Result:
    (found,) = match_alone([settled], [entry(**booked)], rules, as_of=LATER)
    return found


def test_a_line_in_another_currency_matches_by_reference_and_original_amount() -> None:
    found = only(euros())
    assert (found.outcome, found.rule, found.differs) == ("matched", "reference_and_amount", ())
    assert found.exchange == Exchange(5000, "USD", 4600, "EUR", None)


def test_a_refund_in_another_currency_matches_by_reference_and_original_amount() -> None:
    refund = euros(kind="refund", gross=-4600, usd=-5000)
    assert only(refund, kind="refund").exchange == Exchange(-5000, "USD", -4600, "EUR", None)


def test_another_original_amount_differs_in_the_currency_of_the_payment() -> None:
    found = only(euros(usd=4900))
    assert (found.outcome, found.differs) == ("amount_differs", (Difference("amount", 5000, 4900, 2),))


def test_the_order_and_the_original_amount_suggest_the_payment() -> None:
    assert only(euros(reference="", order="42")).outcome == "suggested"


def test_a_payment_that_was_booked_in_the_settled_currency_is_compared_in_it() -> None:
    found = only(euros(), currency="EUR", amount=4600)
    assert (found.outcome, found.exchange) == ("matched", None)


def test_a_refund_of_a_payment_that_was_booked_in_the_settled_currency_is_matched_in_it() -> None:
    refund = euros(kind="refund", reference="re_9", gross=-4600, usd=-5000, concerns=("pi_1",))
    known = entry(kind="refund", reference="re_1", payment_reference="pi_1", currency="EUR", amount=4600)
    (found,) = match_alone([refund], [known], NO_RATES, as_of=LATER)
    assert (found.outcome, found.rule) == ("matched", "other_reference_and_amount")


@pytest.mark.parametrize("rate", ["0.92", "1.0869565"])
def test_a_rate_without_an_original_amount_is_compared_whichever_way_it_is_written(
    rate: str,
) -> None:
    assert only(euros(usd=None, rate=rate)).exchange == Exchange(5000, "USD", 4600, "EUR", None)
    found = only(euros(usd=None, rate=rate, gross=4500))
    assert (found.outcome, found.differs) == ("amount_differs", (Difference("amount", 5000, 4891, 2),))


def test_the_difference_from_the_expected_rate_is_a_result() -> None:
    found = only(euros(gross=4575), RATES)
    assert (found.outcome, found.rule) == ("rate_differs", "reference_and_amount")
    assert found.differs == (Difference("settled", "46.00 EUR", "45.75 EUR"), Difference("rate", "0.92", "0.915"))
    assert found.exchange == Exchange(5000, "USD", 4575, "EUR", 4600)


def test_a_line_at_the_expected_rate_is_matched() -> None:
    assert only(euros(), RATES).outcome == "matched"


@pytest.mark.parametrize(("percent", "outcome"), [("1", "matched"), ("0.5", "rate_differs")])
def test_rules_may_allow_some_hundredths_and_the_gain_is_told_all_the_same(percent: str, outcome: str) -> None:
    rules = rules_from(f'version = "1"\n[rates."EUR/USD"]\nrate = "1.0869565"\npercent = "{percent}"\n')
    found = only(euros(gross=4575), rules)
    assert (found.outcome, found.exchange) == (outcome, Exchange(5000, "USD", 4575, "EUR", 4600))


def test_currencies_without_digits_keep_their_own() -> None:
    rules = rules_from('version = "1"\n[rates."USD/JPY"]\nrate = "150"\n')
    yen = line(gross=7500, currency="JPY", original=Original(5000, "USD"))
    assert only(yen, rules).outcome == "matched"
    assert only(line(gross=7400, currency="JPY", original=Original(5000, "USD")), rules).differs == (
        Difference("settled", "7500 JPY", "7400 JPY"),
        Difference("rate", "150", "148"),
    )


def conversion(row: int, gross: int, currency: str) -> Line:
    return line(row=row, kind="conversion", reference=f"c{row}", gross=gross, currency=currency, concerns=("pi_1",))


def test_a_conversion_within_the_account_is_held_against_the_expected_rate_as_one() -> None:
    out = conversion(3, -5000, "USD")
    (fits,) = match_alone([out, conversion(4, 4600, "EUR")], [], RATES, as_of=LATER)
    assert (fits.outcome, fits.lines) == ("noted", (3, 4))
    (differs,) = match_alone([out, conversion(4, 4575, "EUR")], [], RATES, as_of=LATER)
    assert (differs.outcome, differs.exchange) == ("rate_differs", Exchange(5000, "USD", 4575, "EUR", 4600))
    apart = match_alone([out, conversion(4, 4575, "EUR")], [], NO_RATES, as_of=LATER)
    assert [(found.outcome, found.lines) for found in apart] == [("to_explain", (3,)), ("to_explain", (4,))]


def test_the_order_of_the_rows_makes_no_difference() -> None:
    lines = [euros(row=row, reference=f"pi_{row}", gross=4600 + row) for row in range(2, 9)]
    lines += [conversion(10, -5000, "USD"), conversion(11, 4600, "EUR"), euros(row=12, reference="", order="42")]
    entries = [entry(position=row, reference=f"pi_{row}", order_id=row) for row in range(2, 9)]
    expected = match_alone(lines, entries, RATES, as_of=LATER)
    for seed in range(10):
        Random(seed).shuffle(lines)
        Random(seed).shuffle(entries)
        assert match_alone(lines, entries, RATES, as_of=LATER) == expected


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        ('[rates."USD"]\nrate = "1"', "rates.USD"),
        ('[rates."USD/USD"]\nrate = "1"', "rates.USD/USD"),
        ('[rates."USD/EUR"]\nrate = "0.0"', "rates.USD/EUR.rate"),
        ('[rates."USD/EUR"]\nrate = "-1"', "rates"),
    ],
)
def test_a_rate_that_is_none_is_refused_by_its_name(rates: str, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        rules_from(f'version = "1"\n{rates}\n')
    assert caught.value.field.startswith(field)


# --- in the files ---


def test_our_own_layout_has_columns_for_the_original_amount() -> None:
    rows = [
        "pi_1,payment,46.00,1.00,45.00,EUR,2026-03-01T12:00:00Z,,,50.00,usd,0.9200",
        "re_1,refund,-4.60,0,-4.60,EUR,2026-03-01T12:00:00Z,,,5.00,USD,",
        "pi_2,payment,46.00,0,46.00,EUR,2026-03-01T12:00:00Z,,,,,0.92",
        "pi_3,payment,46.00,0,46.00,EUR,2026-03-01T12:00:00Z,,,46.00,EUR,1",
    ]
    assert [found.original for found in lines_of("\n".join([HEADER, *rows, ""]))] == [
        Original(5000, "USD", "0.9200"),
        Original(-500, "USD", ""),
        Original(None, "", "0.92"),
        None,
    ]


@pytest.mark.parametrize(
    ("cells", "column"), [("50.00,XXQ,", "original_currency"), ("50.00,USD,a lot", "exchange_rate")]
)
def test_a_wrong_original_currency_or_rate_is_refused_with_its_place(cells: str, column: str) -> None:
    assert refused_at(f"{HEADER}\npi_1,payment,46.00,,,EUR,2026-03-01T12:00:00Z,,,{cells}\n") == (2, column)


def test_stripes_itemised_report_has_the_original_amount_where_it_was_asked_for() -> None:
    header = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id"
    rows = [
        "txn_1,2026-03-01 10:00:00,eur,46.00,1.00,45.00,charge,ch_1,50.00,usd",
        "txn_2,2026-03-02 10:00:00,eur,-46.00,0.00,-46.00,refund,re_1,-50.00,usd",
        "txn_3,2026-03-02 10:00:00,eur,46.00,0.00,46.00,charge,ch_2,46.00,eur",
        "txn_4,2026-03-03 10:00:00,eur,-1.00,0.00,-1.00,fee,,,",
    ]
    found = lines_of("\n".join([f"{header},customer_facing_amount,customer_facing_currency", *rows, ""]))
    assert [one.original for one in found] == [Original(5000, "USD"), Original(-5000, "USD"), None, None]


def test_adyens_report_has_the_original_amount_with_the_rate() -> None:
    header = (
        "Psp Reference,Merchant Reference,Creation Date,Type,Modification Reference,Gross Currency,Gross Debit (GC),"
        "Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),"
        "Scheme Fees (NC),Interchange (NC),Batch Number"
    )
    rows = [
        "881,1041,2026-03-01 10:22:31,Settled,881,USD,,50.00,0.92,EUR,,45.00,1.00,,,,42",
        "881,1041,2026-03-02 10:22:31,Refunded,882,USD,10.00,,0.92,EUR,9.20,,,,,,42",
    ]
    found = lines_of("\n".join([header, *rows, ""]), shipped()["adyen"].mapping)
    assert [(one.gross, one.original) for one in found] == [
        (4600, Original(5000, "USD", "0.92")),
        (-920, Original(-1000, "USD", "0.92")),
    ]


def test_a_bank_statement_has_the_instructed_amount_with_the_rate() -> None:
    found = lines_of(
        """<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>
        <Ntry><Amt Ccy="EUR">46.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-01</Dt></BookgDt>
        <NtryDtls><TxDtls><Refs><EndToEndId>pi_1</EndToEndId></Refs><AmtDtls>
        <InstdAmt><Amt Ccy="USD">50.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">46.00</Amt><CcyXchg><SrcCcy>USD</SrcCcy>
        <TrgtCcy>EUR</TrgtCcy><XchgRate>0.92</XchgRate></CcyXchg></TxAmt></AmtDtls></TxDtls></NtryDtls></Ntry>
        </Stmt></BkToCstmrStmt></Document>"""
    )
    assert [one.original for one in found] == [Original(5000, "USD", "0.92")]
    assert only(found[0]).outcome == "matched"
    assert found[0].occurred_at < NOON
