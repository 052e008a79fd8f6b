"""Our own layout: the meaning of a file in it, and the files that are refused."""

from datetime import UTC, datetime

import pytest

from domain.settlement.lines import KINDS, SIGNS
from projections.csv_text import harmless
from tests.settlement.making import lines_of, own, refusal_of

GOOD = "pi_1,payment,50.00,1.75,48.25,USD,2026-03-01T10:30:00Z,42,po_1"


def test_every_field_of_a_line_is_read_exactly() -> None:
    (found,) = lines_of(own(GOOD))
    assert (found.row, found.provider, found.kind, found.raw_kind) == (2, "acme", "payment", "payment")
    assert (found.reference, found.order, found.payout) == ("pi_1", "42", "po_1")
    assert (found.gross, found.fee, found.net, found.currency) == (5000, 175, 4825, "USD")
    assert found.occurred_at == datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


def test_each_of_our_kinds_is_known_and_another_is_kept_as_it_is() -> None:
    found = lines_of(
        own(
            "1,payment,1,,,USD,2026-03-01,,",
            "2,refund,-1,,,USD,2026-03-01,,",
            "3,fee,0,1,,USD,2026-03-01,,",
            "4,chargeback,-1,15,,USD,2026-03-01,,",
            "5,adjustment,0.01,,,USD,2026-03-01,,",
            "6,payout,-1,,,USD,2026-03-01,,",
            "7,Loyalty Bonus,1,,,USD,2026-03-01,,",
        )
    )
    assert [line.kind for line in found][:6] == ["payment", "refund", "fee", "chargeback", "adjustment", "payout"]
    assert (found[6].kind, found[6].raw_kind) == ("Loyalty Bonus", "Loyalty Bonus")
    assert [line.net for line in found] == [100, -100, -100, -1600, 1, -100, 100]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_whose_money_goes_one_way_has_no_other_sign(kind: str) -> None:
    sign = SIGNS.get(kind, 1)
    (found,) = lines_of(own(f"1,{kind},{sign},,,USD,2026-03-01,,"))
    assert (found.kind, found.gross) == (kind, sign * 100)
    if kind in SIGNS:
        assert refusal_of(own(f"1,{kind},{-sign},,,USD,2026-03-01,,")).column == "gross"


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ("50.00,1.75,48.25", (5000, 175, 4825)),
        ("50,1.75,", (5000, 175, 4825)),
        ("50.0,,48.25", (5000, 175, 4825)),
        ("50.00,,", (5000, 0, 5000)),
        ("0.00,0,0", (0, 0, 0)),
        ("999999999999999.99,,", (99999999999999999, 0, 99999999999999999)),
    ],
)
def test_a_fee_or_a_net_amount_that_is_left_out_follows_from_the_others(
    amounts: str, expected: tuple[int, int, int]
) -> None:
    (found,) = lines_of(own(f"1,payment,{amounts},USD,2026-03-01,,"))
    assert (found.gross, found.fee, found.net) == expected


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [("JPY", "7500", 7500), ("USD", "79.9", 7990), ("KWD", "1.234", 1234), ("usd", "1", 100)],
)
def test_amounts_are_minor_units_of_their_currency(currency: str, written: str, minor: int) -> None:
    (found,) = lines_of(own(f"1,payment,{written},,,{currency},2026-03-01,,"))
    assert (found.gross, found.currency) == (minor, currency.upper())


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:30:00+02:00", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01 10:30:00.250Z", datetime(2026, 3, 1, 10, 30, 0, 250000, tzinfo=UTC)),
    ],
)
def test_times_are_kept_in_utc(written: str, utc: datetime) -> None:
    assert lines_of(own(f"1,payment,1,,,USD,{written},,"))[0].occurred_at == utc


def test_columns_may_stand_in_any_order_and_the_last_two_may_be_left_out() -> None:
    (found,) = lines_of("currency,occurred_at,gross,kind,reference\nUSD,2026-03-01,1.00,payment,pi_9\n")
    assert (found.reference, found.gross, found.order, found.payout) == ("pi_9", 100, "", "")


def test_quoted_cells_with_line_ends_keep_the_row_numbers_of_the_file() -> None:
    found = lines_of(own('1,payment,1,,,USD,2026-03-01,"two\nlines",', "", "2,payment,1,,,USD,2026-03-01,,"))
    assert [(line.row, line.order) for line in found] == [(2, "two\nlines"), (5, "")]


def test_a_byte_order_mark_and_carriage_returns_do_no_harm() -> None:
    (found,) = lines_of(b"\xef\xbb\xbf" + own(GOOD).replace("\n", "\r\n").encode())
    assert (found.reference, found.payout) == ("pi_1", "po_1")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1000.00", "JPY", 1000), ("71.8000", "USD", 7180), ("23.900000", "EUR", 2390), ("12.500", "USD", 1250)],
)
def test_zeros_beyond_the_digits_of_the_currency_mean_nothing(text: str, currency: str, minor: int) -> None:
    (found,) = lines_of(own(f"1,payment,{text},,,{currency},2026-03-01,,"))
    assert found.gross == minor


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("1,payment,-5.00,,,USD,2026-03-01,,", "gross", "must not be negative"),
        ("1,refund,5.00,,,USD,2026-03-01,,", "gross", "must be negative"),
        ("1,payment,,,,USD,2026-03-01,,", "gross", "missing"),
        ("1,,5.00,,,USD,2026-03-01,,", "kind", "missing"),
        ('1,payment,"1,234.56",,,USD,2026-03-01,,', "gross", "thousands separator"),
        ("1,payment,1.234.567,,,USD,2026-03-01,,", "gross", "thousands separator"),
        ("1,payment,5.001,,,USD,2026-03-01,,", "gross", "3 digits"),
        ("1,payment,7.5,,,JPY,2026-03-01,,", "gross", "1 digit"),
        ("1,payment,$5.00,,,USD,2026-03-01,,", "gross", "not an amount"),
        ("1,payment,1e3,,,USD,2026-03-01,,", "gross", "not an amount"),
        ("1,payment,NaN,,,USD,2026-03-01,,", "gross", "not an amount"),
        ("1,payment,٣,,,USD,2026-03-01,,", "gross", "not an amount"),
        ("1,payment,1_000,,,USD,2026-03-01,,", "gross", "thousands separator"),
        ("1,payment,(5.00),,,USD,2026-03-01,,", "gross", "not an amount"),
        ("1,payment,1234567890123456,,,USD,2026-03-01,,", "gross", "not an amount"),
        ("1,payment,=1+2,,,USD,2026-03-01,,", "gross", "formula"),
        ("=HYPERLINK(1),payment,5.00,,,USD,2026-03-01,,", "reference", "formula"),
        ("1,payment,5.00,,,USD,2026-03-01,,+cmd|' /C calc'!A0", "payout", "formula"),
        ("1,payment,5.00,1.00,5.00,USD,2026-03-01,,", "net", "not net"),
        ("1,payment,5.00,,,XYZ,2026-03-01,,", "currency", "not a currency"),
        ("1,payment,5.00,,,,2026-03-01,,", "currency", "missing"),
        ("1,payment,5.00,,,XAU,2026-03-01,,", "currency", "not a currency"),
        ("1,payment,5.00,,,USD,2026-02-31,,", "occurred_at", "not a date of the calendar"),
        ("1,payment,5.00,,,USD,2026-02-31T10:00:00Z,,", "occurred_at", "not a date of the calendar"),
        ("1,payment,5.00,,,USD,31.01.2026,,", "occurred_at", "not a date of the calendar"),
        ("1,payment,5.00,,,USD,2026-03-01T10:30:00,,", "occurred_at", "no offset"),
        ("1,payment,5.00,,,USD,0001-01-01T00:00:00+14:00,,", "occurred_at", "outside the calendar"),
        ("1,payment,5.00,,,USD,,,", "occurred_at", "missing"),
        (f"{'x' * 201},payment,5.00,,,USD,2026-03-01,,", "reference", "at most 200"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_row_and_column(row: str, column: str, says: str) -> None:
    refused = refusal_of(own(GOOD, row))
    assert (refused.row, refused.column) == (3, column)
    assert says in refused.message


@pytest.mark.parametrize("text", ["@home order 42", "=order 42", "-order 42-", "+cmd|' /C calc'!A0", "=1+2"])
def test_free_text_is_never_a_formula(text: str) -> None:
    (found,) = lines_of(own(f"1,payment,5.00,,,USD,2026-03-01,{text},"))
    assert found.order == text


@pytest.mark.parametrize("reference", ['=HYPERLINK("http://x")', "-1+1", "@a", "＝x", "+49", "=", "'a", "o'b"])
def test_a_reference_that_an_export_defused_is_read_as_it_was(reference: str) -> None:
    written = harmless(reference).replace('"', '""')
    (found,) = lines_of(own(f'"{written}",payment,5.00,,,USD,2026-03-01,,'))
    assert found.reference == reference


@pytest.mark.parametrize("dashes", ["-", "--", "—", "–"])
def test_dashes_are_no_reference(dashes: str) -> None:
    (found,) = lines_of(own(f"{dashes},payment,5.00,,,USD,2026-03-01,,{dashes}"))
    assert (found.reference, found.payout) == ("", "")


@pytest.mark.parametrize("written", ['="0012"', '"=""0012"""'])
def test_a_text_that_is_written_as_a_formula_so_that_a_spreadsheet_keeps_it_is_that_text(written: str) -> None:
    (found,) = lines_of(own(f'{written},payment,="5.00",,,USD,2026-03-01,="order 42",'))
    assert (found.reference, found.gross, found.order) == ("0012", 500, "order 42")


def test_an_amount_that_an_export_wrote_with_two_digits_is_read_in_a_currency_of_none() -> None:
    assert lines_of(own("1,payment,10000.00,,,JPY,2026-03-01,,"))[0].gross == 10000
    assert refusal_of(own("1,payment,10000.50,,,JPY,2026-03-01,,")).column == "gross"


def test_a_refusal_reads_well_on_its_own() -> None:
    assert str(refusal_of(own(GOOD, "1,payment,-5.00,,,USD,2026-03-01,,"))) == (
        "file, row 3, column gross: a payment must not be negative; money that was given back is a refund"
    )
