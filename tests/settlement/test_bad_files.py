"""Files that are refused as a whole: with the place of the fault, and without reading on."""

import contextlib
import io
import random
import zipfile

import pytest

from domain.settlement.formats.mapping import Columns, Mapping
from domain.settlement.lines import Misfit, SettlementRefused
from domain.settlement.reading import FILE_BYTES_MAX, read
from domain.settlement.shipped import recognise, shipped
from domain.settlement.tables.rows import LINE_CHARS_MAX
from tests.settlement import test_camt053, test_mt940, test_paypal, test_shipped, test_stripe
from tests.settlement.making import own, refusal_of, refused_at, text, xlsx

GOOD = "pi_1,payment,50.00,1.75,48.25,USD,2026-03-01T10:30:00Z,42,po_1"


def test_an_empty_file_is_refused() -> None:
    assert refusal_of(b"").message == "the file is empty"
    assert refusal_of(b"\n\n").message == "the file is empty"


@pytest.mark.parametrize("cut", range(len(GOOD) - 1))
def test_a_file_cut_off_within_a_row_is_refused_wherever_the_cut_is(cut: int) -> None:
    whole = own(GOOD, GOOD)
    refusal_of(whole[: len(own(GOOD)) + cut + 1])


def test_a_file_cut_off_within_its_last_cell_is_refused_although_the_row_is_as_long_as_the_others() -> None:
    assert "cut off" in refusal_of(own(GOOD)[:-2]).message


@pytest.mark.parametrize(("delimiter", "called"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_a_wrong_delimiter_is_named(delimiter: str, called: str) -> None:
    refused = refusal_of(own(GOOD).replace(",", delimiter))
    assert (refused.row, refused.column) == (1, "reference")
    assert called in refused.message


def test_a_file_in_another_encoding_is_refused_where_it_shows() -> None:
    refused = refusal_of(own(GOOD, GOOD.replace("pi_1", "größe")).encode("windows-1252"))
    assert (refused.row, refused.column, refused.message) == (3, "1", "the text is not utf-8")


def test_utf_16_is_refused_where_utf_8_is_meant() -> None:
    assert refusal_of(own(GOOD).encode("utf-16")).row == 1


def test_a_nul_byte_has_no_place_in_text() -> None:
    assert refused_at(own(GOOD.replace("pi_1", "pi\0"))) == (2, "1")


def test_two_header_rows_are_refused() -> None:
    header = own().strip()
    assert refusal_of(own(header, GOOD)).row == 2
    assert "second time" in refusal_of(own(GOOD, header, GOOD)).message


@pytest.mark.parametrize("cells", [GOOD + ",more", GOOD.rpartition(",")[0]])
def test_a_row_longer_or_shorter_than_its_header_is_refused(cells: str) -> None:
    assert refusal_of(own(GOOD, cells)).row == 3


def test_a_column_that_is_missing_or_there_twice_is_named() -> None:
    assert refusal_of("reference,kind,currency,occurred_at\n").column == "gross"
    twice = refusal_of(own(GOOD + ",1").replace("payout", "payout,gross"))
    assert (twice.column, twice.message) == ("gross", "this column is there twice")


def test_a_line_without_an_end_is_not_read_to_it() -> None:
    assert str(LINE_CHARS_MAX) in refusal_of("x" * (LINE_CHARS_MAX * 3)).message


def test_a_quotation_mark_that_is_never_closed_is_refused_where_it_opens() -> None:
    refused = refusal_of(own(GOOD, '"' + GOOD, *[GOOD] * 1000))
    assert (refused.row, refused.message) == (3, "a quotation mark is opened here and not closed")


def test_a_quotation_mark_within_a_cell_is_refused() -> None:
    assert "not CSV" in refusal_of(own(GOOD.replace("pi_1", '"pi"_1'))).message


class _Huge(io.RawIOBase):
    """A stream that claims more bytes than a file may have, and raises AssertionError when it is read."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return FILE_BYTES_MAX + 1 if whence == io.SEEK_END else offset

    def read(self, size: int = -1, /) -> bytes:
        raise AssertionError("nothing of it should be read")


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(SettlementRefused, match="MiB"):
        next(read(_Huge(), "file", "acme"))


def test_lines_before_the_one_that_does_not_fit_are_handed_out_one_by_one() -> None:
    # Only the reader's place in the file is in memory; a caller that records lines waits for the end.
    reading = read(io.BytesIO(own(GOOD, "broken").encode()), "file", "acme")
    assert next(reading).row == 2
    with pytest.raises(SettlementRefused):
        next(reading)


def test_a_binary_file_is_refused() -> None:
    refusal_of(bytes(range(256)) * 100)


def test_an_old_or_encrypted_workbook_is_named_as_such() -> None:
    assert "without a password" in refusal_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)).message


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_off_is_refused(cut: float) -> None:
    whole = xlsx(["<c r='A1'/>"])
    assert "not a whole XLSX" in refusal_of(whole[: int(len(whole) * cut)]).message


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them changed, removed or doubled."""
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 2, 10))):
        place = chance.randrange(len(damaged) - 40)
        piece = chance.choice(
            (b'"', b",", b"\n", b"<", b"-", b"\xff", b"\x00", b"9" * 30, damaged[place : place + 40], b"")
        )
        damaged[place : place + chance.randrange(3)] = piece
    return bytes(damaged)


def _damaged_within(workbook: bytes, chance: random.Random) -> bytes:
    """A workbook whose package is whole, and one of whose parts is damaged."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(packed, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, _damaged(old.read(name), chance) if name == chosen else old.read(name))
    return packed.getvalue()


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_file_of_any_format_is_lines_or_a_refusal(seed: int) -> None:
    chance = random.Random(seed)
    workbook = xlsx([text("A", "reference"), text("B", "kind")], [text("A", "pi_1"), text("B", "payment")])
    wholes = [
        own(GOOD).encode(),
        test_stripe.report(test_stripe.CHARGE, test_stripe.DISPUTE).encode(),
        test_paypal.WHOLE.encode(),
        test_camt053.statement(test_camt053.entry("1.00", details=test_camt053.detail("A"))).encode(),
        test_mt940.statement(test_mt940.PAID, test_mt940.GERMAN).encode(),
        test_mt940.interim(test_mt940.PAID, ":90D:0EUR0,", ":90C:1EUR79,90").encode(),
        *((test_shipped.FILES / name).read_bytes() for name in ("amazon-v2.txt", "paypal-trr.csv", "adyen.csv")),
        workbook,
    ]
    for whole in wholes:
        for _ in range(10):
            try_to_read(_damaged(whole, chance))
            try_to_read(_damaged_within(workbook, chance))


def try_to_read(content: bytes) -> None:
    """Reads a file. Raises any error that is no refusal."""
    stream = io.BytesIO(content)
    with contextlib.suppress(SettlementRefused, Misfit):
        known = recognise(stream)
        list(read(stream, "file", "acme", shipped()[known].mapping if known else None))


@pytest.mark.parametrize(
    ("begin", "called"),
    [
        (b"01,122099999,123456789,040621,0200,1,65,,2/\n", "BAI2"),
        (b"OFXHEADER:100\nDATA:OFXSGML\n<OFX>", "OFX"),
        (b'<?xml version="1.0"?>\n<?OFX OFXHEADER="200"?>\n<OFX></OFX>', "OFX"),
        (b"settlement-id\tcurrency\tshipment-fee-type\tshipment-fee-amount\n", "Amazon's first flat file"),
        (b'"Includes Amazon Marketplace, Fulfillment by Amazon (FBA)"\n"All amounts in USD"\n', "date range report"),
        ("Umfasst Amazon Marketplace, Versand durch Amazon\n".encode("utf-8-sig"), "date range report"),
        (b"!Type:Bank\nD03/01/2026\n", "QIF"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"\n<!DOCTYPE html><html>", "web page"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(begin: bytes, called: str) -> None:
    assert called in refusal_of(begin + bytes(20)).message


def test_amazons_date_range_report_is_read_by_rules_of_ones_own() -> None:
    described = Mapping(
        columns=Columns(occurred_at="date/time", kind="type", gross="total", order="order id"),
        kinds={"Order": "payment"},
        currency="GBP",
        date_format="%d %b %Y %H:%M:%S UTC",
    )
    report = (
        '"Includes Amazon Marketplace, Fulfillment by Amazon (FBA)"\n"All amounts in GBP, unless specified"\n'
        '"date/time","type","order id","total"\n"13 Mar 2026 01:02:03 UTC","Order","203-1","8.61"\n'
    )
    (found,) = read(io.BytesIO(report.encode()), "file", "amazon", described)
    assert (found.kind, found.gross, found.order) == ("payment", 861, "203-1")


def test_a_row_that_a_spreadsheet_has_put_into_one_cell_is_refused_as_such() -> None:
    refused = refusal_of(own('"1,payment,5.00,,,USD,2026-03-01,,"'))
    assert refused.row == 2
    assert "the whole row is one cell" in refused.message


def test_a_zip_that_is_no_workbook_is_called_by_its_name() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("march.csv", own(GOOD))
    assert "zip archive" in refusal_of(packed.getvalue()).message


def test_an_unknown_layout_says_what_is_known_and_how_a_rules_file_is_begun() -> None:
    refused = refusal_of("Datum;Betrag;Text\n01.03.2026;5,00;x\n")
    assert (refused.row, refused.column) == (1, "reference")
    for said in (
        "semicolons",
        "our own layout",
        "Stripe",
        "PayPal",
        "camt.053",
        "MT940",
        "run.py reconcile rules FILE",
    ):
        assert said in refused.message
