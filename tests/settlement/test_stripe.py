"""Stripe's itemised payout reconciliation report, typed after its documented columns."""

from datetime import UTC, datetime

import pytest

from tests.settlement.making import lines_of, refusal_of, refused_at

# The columns of a report for which no others were asked, and the columns of the charge and the intent.
COLUMNS = (
    "automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created_utc,available_on_utc,currency,"
    "gross,fee,net,reporting_category,source_id,description,customer_facing_amount,customer_facing_currency,"
    "payment_intent_id,charge_id"
)
CHARGE = (
    "po_1,2026-03-03 00:00:00,txn_1,2026-03-01 10:22:31,2026-03-03 00:00:00,usd,79.90,2.62,77.28,charge,"
    "ch_1,Order 42,79.90,usd,pi_1,ch_1"
)
REFUND = (
    "po_1,2026-03-03 00:00:00,txn_2,2026-03-01 12:00:00,2026-03-01 12:00:00,usd,-10.00,0.00,-10.00,refund,"
    "re_1,,-10.00,usd,pi_1,ch_1"
)
DISPUTE = (
    "po_1,2026-03-03 00:00:00,txn_3,2026-03-02 09:00:00,2026-03-02 09:00:00,usd,-20.00,15.00,-35.00,dispute,"
    "dp_1,Chargeback,,,pi_0,ch_0"
)
PAYOUT = (
    "po_1,2026-03-03 00:00:00,txn_4,2026-03-03 00:00:00,2026-03-03 00:00:00,usd,-32.28,0.00,-32.28,payout,"
    "po_1,STRIPE PAYOUT,,,,"
)


def report(*rows: str) -> str:
    return "\n".join((COLUMNS, *rows, ""))


def test_a_charge_is_a_payment_known_by_its_intent_and_by_its_charge() -> None:
    (found,) = lines_of(report(CHARGE))
    assert (found.kind, found.raw_kind) == ("payment", "charge")
    assert (found.reference, found.aliases) == ("pi_1", ("ch_1",))
    assert (found.gross, found.fee, found.net, found.currency) == (7990, 262, 7728, "USD")
    assert (found.order, found.payout) == ("Order 42", "po_1")
    assert found.occurred_at == datetime(2026, 3, 1, 10, 22, 31, tzinfo=UTC)


def test_refunds_disputes_and_payouts_are_known_by_their_own_ids() -> None:
    found = lines_of(report(REFUND, DISPUTE, PAYOUT))
    assert [(line.kind, line.reference, line.gross, line.fee, line.net) for line in found] == [
        ("refund", "re_1", -1000, 0, -1000),
        ("chargeback", "dp_1", -2000, 1500, -3500),
        ("payout", "po_1", -3228, 0, -3228),
    ]


@pytest.mark.parametrize(
    ("category", "net", "kind"),
    [
        ("charge_failure", "-10.00", "payment_failure"),
        ("partial_capture_reversal", "-10.00", "payment_failure"),
        ("refund_failure", "10.00", "refund_failure"),
        ("dispute_reversal", "10.00", "chargeback_reversal"),
        ("fee", "-10.00", "fee"),
        ("fee", "10.00", "fee_refund"),
        ("other_adjustment", "-10.00", "adjustment"),
        ("risk_reserved_funds", "-10.00", "reserve_held"),
        ("risk_reserved_funds", "10.00", "reserve_released"),
        ("payout_reversal", "10.00", "payout_failure"),
        ("topup", "10.00", "transfer"),
        ("transfer", "-10.00", "transfer"),
        ("currency_conversion", "-10.00", "conversion"),
        ("of_tomorrow", "-10.00", "of_tomorrow"),
    ],
)
def test_each_category_has_its_kind_and_an_unknown_one_keeps_its_name(category: str, net: str, kind: str) -> None:
    row = REFUND.replace(",refund,", f",{category},").replace("-10.00,0.00,-10.00", f"{net},0.00,{net}")
    (found,) = lines_of(report(row))
    assert (found.kind, found.raw_kind) == (kind, category)


def test_a_line_that_is_no_payment_concerns_the_payment_of_its_charge() -> None:
    assert [found.concerns for found in lines_of(report(CHARGE, REFUND, DISPUTE, PAYOUT))] == [
        (),
        ("pi_1", "ch_1"),
        ("pi_0", "ch_0"),
        (),
    ]


def test_yen_are_in_whole_yen() -> None:
    (found,) = lines_of(report(CHARGE.replace("usd", "jpy").replace("79.90,2.62,77.28", "7990,262,7728")))
    assert (found.gross, found.currency) == (7990, "JPY")


def test_the_source_is_the_reference_without_the_optional_columns() -> None:
    cells = CHARGE.split(",")
    file = f"{','.join(COLUMNS.split(',')[:12])}\n{','.join(cells[:12])}\n".replace("created_utc", "created")
    (found,) = lines_of(file)
    assert (found.reference, found.aliases) == ("ch_1", ())
    assert found.occurred_at == datetime(2026, 3, 1, 10, 22, 31, tzinfo=UTC)


def test_the_order_in_the_payments_metadata_goes_before_the_description() -> None:
    (found,) = lines_of(f"{COLUMNS},payment_metadata[order_id]\n{CHARGE},1041\n")
    assert found.order == "1041"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (CHARGE.replace("77.28", "77.29"), "net"),
        (CHARGE.replace("79.90,2.62,77.28", "-79.90,2.62,-82.52"), "gross"),
        (CHARGE.replace("usd,79.90", "usx,79.90"), "currency"),
        (CHARGE.replace("2026-03-01 10", "2026-02-31 10"), "created_utc"),
        (CHARGE.replace(",charge,", ",,"), "reporting_category"),
        (CHARGE.replace("79.90,2.62", '"1,079.90",2.62'), "gross"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_row_and_column(row: str, column: str) -> None:
    assert refused_at(report(REFUND, row)) == (3, column)


def test_a_report_without_a_column_that_is_needed_names_it() -> None:
    assert refusal_of("balance_transaction_id,reporting_category,currency,gross,fee\n").column == "net"
