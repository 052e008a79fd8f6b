"""PayPal's settlement report, typed after its specification and published pieces of real ones."""

from datetime import UTC, datetime

import pytest

from domain.settlement.lines import Balance
from tests.settlement.making import balances_of, lines_of, refusal_of, refused_at

COLUMNS = (
    '"CH","Transaction ID","Invoice ID","PayPal Reference ID","PayPal Reference ID Type","Transaction Event Code",'
    '"Transaction Initiation Date","Transaction Completion Date","Transaction  Debit or Credit",'
    '"Gross Transaction Amount","Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Fee Currency",'
    '"Custom Field","Consumer ID","Payment Tracking ID","Store ID","Bank Reference ID","Credit Transactional Fee",'
    '"Credit Promotional Fee","Credit Term"'
)
HEAD = (
    '"RH",2026/03/02 02:44:19 -0800,"A","MERCHANT77",009,',
    '"FH",01',
    '"SH",2026/03/01 00:00:00 -0800,2026/03/01 23:59:59 -0800,"MERCHANT77",""',
    COLUMNS,
)


def transaction(
    reference: str, code: str, gross: str, fee: str = '"",,""', order: str = "", custom: str = "", day: str = "01"
) -> str:
    times = f"2026/03/{day} 09:01:17 -0800,2026/03/{day} 09:01:18 -0800"
    return f'"SB","{reference}","{order}","","","{code}",{times},{gross},{fee},"{custom}","PAYER1","","","",,,'


PAYMENT = transaction("4AB1", "T0006", '"CR",7990,"USD"', '"DR",262,"USD"', order="42")
REFUND = transaction("5CD2", "T1107", '"DR",1000,"USD"', '"CR",0,"USD"', custom="0c86ab758d3e236cb5a4")
WITHDRAWAL = transaction("6EF3", "T0400", '"DR",6728,"USD"')
FOOT = '"SF","USD",7990,7728,0,262,"CR",500,"CR",500,"CR",0,"CR",0,"CR",0,"CR",0,3'
TAIL = (FOOT, '"SC",3', FOOT.replace("SF", "RF"), '"RC",3', '"FF",3')


def report(*rows: str, tail: tuple[str, ...] = TAIL) -> str:
    return "\n".join((*HEAD, *rows, *tail, ""))


WHOLE = report(PAYMENT, REFUND, WITHDRAWAL)


def test_transactions_are_lines_in_minor_units_with_the_signs_of_their_directions() -> None:
    found = lines_of(WHOLE.encode("utf-8-sig"))
    assert [(line.row, line.kind, line.raw_kind, line.reference) for line in found] == [
        (5, "payment", "T0006", "4AB1"),
        (6, "refund", "T1107", "5CD2"),
        (7, "payout", "T0400", "6EF3"),
    ]
    assert [(line.gross, line.fee, line.net) for line in found] == [
        (7990, 262, 7728),
        (-1000, 0, -1000),
        (-6728, 0, -6728),
    ]
    assert [line.order for line in found] == ["42", "0c86ab758d3e236cb5a4", ""]
    assert found[0].occurred_at == datetime(2026, 3, 1, 17, 1, 17, tzinfo=UTC)


def test_amounts_are_minor_units_of_each_currency() -> None:
    assert lines_of(WHOLE.replace("USD", "JPY"))[0].gross == 7990


def test_the_footer_states_the_beginning_and_the_ending_balance() -> None:
    assert balances_of(WHOLE) == [
        Balance(8, "MERCHANT77", "USD", "opening", 500, datetime(2026, 3, 1, 8, tzinfo=UTC)),
        Balance(8, "MERCHANT77", "USD", "closing", 500, datetime(2026, 3, 2, 7, 59, 59, tzinfo=UTC)),
    ]


def test_a_balance_in_debt_is_negative() -> None:
    assert balances_of(WHOLE.replace('"CR",500,"CR",500', '"DR",500,"CR",1'))[0].amount == -500


@pytest.mark.parametrize(
    ("code", "direction", "kind"),
    [
        ("T0000", "CR", "payment"),
        ("T0000", "DR", "T0000"),
        ("T0106", "DR", "fee"),
        ("T0107", "CR", "fee_refund"),
        ("T0200", "DR", "conversion"),
        ("T0300", "CR", "transfer"),
        ("T0403", "DR", "payout"),
        ("T0800", "CR", "adjustment"),
        ("T1101", "CR", "payout_failure"),
        ("T1105", "CR", "reserve_released"),
        ("T1106", "DR", "chargeback"),
        ("T1107", "DR", "refund"),
        ("T1107", "CR", "T1107"),  # the account bought something and got its money back
        ("T1108", "CR", "fee_refund"),
        ("T1110", "DR", "reserve_held"),
        ("T1116", "DR", "payment_failure"),
        ("T1201", "DR", "chargeback"),
        ("T1202", "CR", "chargeback_reversal"),
        ("T1503", "DR", "reserve_held"),
        ("T2001", "DR", "transfer"),
        ("T2104", "CR", "reserve_released"),
        ("T9701", "CR", "T9701"),
    ],
)
def test_event_codes_have_their_kind_and_unknown_ones_keep_their_name(code: str, direction: str, kind: str) -> None:
    row = transaction("7", code, f'"{direction}",100,"USD"')
    (found,) = lines_of(report(row, tail=('"SC",1', '"FF",1')))
    assert (found.kind, found.raw_kind) == (kind, code)


def test_several_sections_and_a_file_that_others_follow_are_read() -> None:
    section = (*HEAD[2:], PAYMENT, FOOT, '"SC",1')
    found = lines_of("\n".join((*HEAD[:2], *section, *section, '"FF",2', "")))
    assert [line.row for line in found] == [5, 10]


@pytest.mark.parametrize("rows", range(4, WHOLE.count("\n")))
def test_a_report_that_is_cut_off_between_rows_is_refused(rows: int) -> None:
    refused = refusal_of("\n".join(WHOLE.split("\n")[:rows]))
    assert "cut off" in refused.message


def test_a_missing_transaction_is_told_by_the_count() -> None:
    assert refused_at(report(PAYMENT, WITHDRAWAL)) == (8, "SC")
    assert refused_at(WHOLE.replace('"RC",3', '"RC",4')) == (11, "RC")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (PAYMENT.replace(',"CR",7990', ',"XX",7990'), "Transaction Debit or Credit"),
        (PAYMENT.replace(",7990,", ",79.90,"), "Gross Transaction Amount"),
        (PAYMENT.replace(",7990,", ",-7990,"), "Gross Transaction Amount"),
        (PAYMENT.replace('262,"USD"', '262,"EUR"'), "Fee Currency"),
        (PAYMENT.replace("2026/03/01 09", "2026/02/31 09"), "Transaction Initiation Date"),
        (PAYMENT.replace('7990,"USD"', '7990,"UXD"'), "Gross Transaction Currency"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_row_and_column(row: str, column: str) -> None:
    assert refused_at(report(PAYMENT, row, WITHDRAWAL)) == (6, column)


@pytest.mark.parametrize(
    ("file", "row"),
    [
        (report(PAYMENT, COLUMNS, REFUND), 6),
        (report(PAYMENT, HEAD[2], REFUND), 6),
        (report(PAYMENT, '"XX",1', REFUND), 6),
        (WHOLE + PAYMENT + "\n", 13),
        (report(PAYMENT, PAYMENT.removesuffix(","), REFUND), 6),
        ("\n".join((HEAD[0], PAYMENT)), 2),
        (report(PAYMENT, tail=('"FF",1',)), 6),
        (WHOLE.replace('"CR",500,"CR",500', '"CR",5.0,"CR",500'), 8),
        (WHOLE.replace('"SF","USD"', '"SF","U$D"'), 8),
    ],
)
def test_a_row_that_is_out_of_place_is_refused(file: str, row: int) -> None:
    assert refusal_of(file).row == row


TRR_COLUMNS = COLUMNS.replace('"Custom Field"', '"Transactional Status","Custom Field"')


def detail(reference: str, code: str, gross: str, status: str, of: str = "") -> str:
    row = transaction(reference, code, gross).replace('"USD","",,"",', f'"USD","",,"","{status}",')
    return row.replace('"","","","' + code, f'"","{of}","TXN","{code}')


def details(*rows: str) -> str:
    return report(*rows, tail=(f'"SC",{len(rows)}', '"FF",1')).replace(COLUMNS, TRR_COLUMNS)


def told(*rows: str) -> list[tuple[str, str, str, int]]:
    return [(line.kind, line.raw_kind, line.reference, line.gross) for line in lines_of(details(*rows))]


def test_denied_and_pending_transactions_move_nothing() -> None:
    assert told(
        detail("1A", "T0006", '"CR",100,"USD"', "S"),
        detail("2B", "T0006", '"CR",200,"USD"', "D"),
        detail("3C", "T0006", '"CR",300,"USD"', "P"),
        detail("4D", "T1300", '"CR",400,"USD"', "S"),
    ) == [
        ("payment", "T0006", "1A", 100),
        ("adjustment", "T0006 denied", "2B", 0),
        ("adjustment", "T0006 pending", "3C", 0),
        ("adjustment", "T1300 authorised", "4D", 0),
    ]


def test_a_reversed_transaction_is_taken_back_once() -> None:
    reversed_ = detail("1A", "T0006", '"CR",100,"USD"', "V")
    assert told(reversed_) == [("payment", "T0006", "1A", 100), ("payment_failure", "T0006 reversed", "1A", -100)]
    assert told(reversed_, detail("2B", "T1106", '"DR",100,"USD"', "S", of="1A")) == [
        ("payment", "T0006", "1A", 100),
        ("chargeback", "T1106", "2B", -100),
    ]


def test_a_line_that_is_no_payment_concerns_the_transaction_that_it_names() -> None:
    (found,) = lines_of(details(detail("2B", "T1201", '"DR",100,"USD"', "S", of="1A")))
    assert found.concerns == ("1A",)
