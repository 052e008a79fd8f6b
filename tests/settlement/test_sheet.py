"""XLSX: numbers as the sheet shows them, and broken workbooks."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from domain.settlement.tables.number_format import as_shown, section_for, stored
from tests.settlement.making import lines_of, number, refusal_of, refused_at, text, xlsx

HEADER = [
    text(column, name)
    for column, name in zip("ABCDE", ("reference", "kind", "gross", "currency", "occurred_at"), strict=True)
]


def row(gross: str, reference: str | None = None, occurred_at: str | None = None) -> list[str]:
    return [
        reference or text("A", "pi_1"),
        text("B", "payment"),
        gross,
        text("D", "USD"),
        occurred_at or text("E", "2026-03-01"),
    ]


def gross_of(stored_text: str, code: str) -> int:
    (found,) = lines_of(xlsx(HEADER, row(number("C", stored_text, 1)), formats=("General", code)))
    return found.gross


@pytest.mark.parametrize(
    ("stored_text", "code", "minor"),
    [
        ("0.30000000000000004", "0.00", 30),
        ("0.30000000000000004", "General", 30),
        ("79.900000000000006", "General", 7990),
        ("79.9", '#,##0.00\\ "€"', 7990),
        ("1234567.89", "#,##0.00", 123456789),
        ("1.0049999999999999", "0.00", 101),
        ("2.5", "0", 300),
        ("79.9", "0.0000", 7990),
        ("12.3456", "0.00", 1235),
        ("1E2", "General", 10000),
        ("1.5E-1", "General", 15),
        ("0", '#,##0.00;-#,##0.00;"-"??', 0),
        ("1234.5", '_-* #,##0.00\\ [$€-407]_-;\\-* #,##0.00\\ [$€-407]_-;_-* "-"??\\ [$€-407]_-;_-@_-', 123450),
        ("5", "[Green]0.00;[Red]0.00", 500),
        ("100000000000000", "General", 10000000000000000),
    ],
)
def test_a_number_is_what_the_sheet_shows(stored_text: str, code: str, minor: int) -> None:
    assert gross_of(stored_text, code) == minor


def test_a_negative_number_shown_by_colour_alone_is_negative_all_the_same() -> None:
    section = section_for("0.00;[Red]0.00", negative=True, zero=False)
    assert as_shown(stored("-5"), section) == "-5.00"


def test_negative_numbers_have_a_format_of_their_own_where_there_is_one() -> None:
    assert gross_refund("0.00;-0") == -500
    assert gross_refund("0.00") == -526


def gross_refund(code: str) -> int:
    cells = row(number("C", "-5.26", 1))
    cells[1] = text("B", "refund")
    return lines_of(xlsx(HEADER, cells, formats=("General", code)))[0].gross


@pytest.mark.parametrize("code", ["[h]", "[h]:mm", "d.m.yy", "mmm"])
def test_a_time_or_a_date_is_no_amount(code: str) -> None:
    refused = refusal_of(xlsx(HEADER, row(number("C", "46082", 1)), formats=("General", code)))
    assert (refused.row, refused.column, "date" in refused.message) == (2, "gross", True)


@pytest.mark.parametrize("code", ["0%", "0.00E+00", "# ?/?", "0.0,", "#,##0,,", "[>100]0.00"])
def test_a_format_that_shows_something_else_than_the_number_is_no_amount(code: str) -> None:
    refused = refusal_of(xlsx(HEADER, row(number("C", "0.5", 1)), formats=("General", code)))
    assert (refused.row, refused.column) == (2, "gross")
    assert "something else" in refused.message


def test_a_number_longer_than_a_sheet_keeps_is_refused() -> None:
    refused = refusal_of(xlsx(HEADER, row(number("C", "5"), number("A", "4111111111111111"))))
    assert (refused.row, refused.column) == (2, "reference")
    assert "must be text" in refused.message


def test_more_digits_than_the_currency_has_are_refused_where_the_sheet_shows_them() -> None:
    assert refused_at(xlsx(HEADER, row(number("C", "12.345")))) == (2, "gross")


@pytest.mark.parametrize(("code", "shown"), [("00000", "00042"), ("General", "42"), ("0", "42")])
def test_a_numeric_reference_keeps_the_zeros_that_the_sheet_shows(code: str, shown: str) -> None:
    (found,) = lines_of(xlsx(HEADER, row(number("C", "1"), number("A", "42", 1)), formats=("General", code)))
    assert found.reference == shown


def test_a_date_cell_is_its_day_and_time_to_the_second() -> None:
    formats = ("General", "yyyy\\-mm\\-dd\\ hh:mm:ss")
    (found,) = lines_of(xlsx(HEADER, row(number("C", "1"), occurred_at=number("E", "46082.4375", 1)), formats=formats))
    assert found.occurred_at == datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


def test_a_workbook_may_count_its_days_from_1904() -> None:
    workbook = xlsx(HEADER, row(number("C", "1"), occurred_at=number("E", "44620", 1)), formats=("General", "d/m/yy"))
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        part = package.read("xl/workbook.xml").decode().replace("<workbookPr/>", '<workbookPr date1904="1"/>')
    changed = xlsx(
        HEADER,
        row(number("C", "1"), occurred_at=number("E", "44620", 1)),
        formats=("General", "d/m/yy"),
        xl__workbook_xml=part,
    )
    assert lines_of(workbook)[0].occurred_at == datetime(2022, 2, 28, tzinfo=UTC)
    assert lines_of(changed)[0].occurred_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_number_where_a_date_is_wanted_and_a_date_where_an_amount_is_are_refused() -> None:
    assert refusal_of(xlsx(HEADER, row(number("C", "1"), occurred_at=number("E", "46082")))).column == "occurred_at"
    dated = xlsx(HEADER, row(number("C", "46082", 1)), formats=("General", "yyyy-mm-dd"))
    assert refusal_of(dated).column == "gross"


def test_the_sheet_that_the_mapping_names_is_read_from_its_header_on() -> None:
    mapping = 'sheet = "Lines"\nheader_row = 3\ncurrency = "USD"\nkind = "payment"\n[columns]\n'
    mapping += 'gross = "amount"\noccurred_at = "day"'
    rows = [
        [text("A", "Report")],
        [],
        [text("A", "day"), text("B", "amount")],
        [text("A", "2026-03-01"), number("B", "5")],
    ]
    (found,) = lines_of(xlsx(*rows), mapping)
    assert (found.row, found.gross) == (4, 500)
    assert "'Other'" in refusal_of(xlsx(*rows), mapping.replace('"Lines"', '"Other"')).message


def test_cells_that_nobody_asks_for_do_no_harm() -> None:
    rate, error = number("G", "0.029", 1).replace("G@", "G2"), '<c r="F2" t="e"><v>#N/A</v></c>'
    header = [*HEADER, text("F", "note"), text("G", "rate")]
    (found,) = lines_of(xlsx(header, [*row(number("C", "5")), error, rate], formats=("General", "0.0%")))
    assert found.gross == 500


def test_an_error_in_a_cell_that_is_asked_for_is_refused() -> None:
    refused = refusal_of(xlsx(HEADER, row('<c r="C2" t="e"><v>#DIV/0!</v></c>')))
    assert (refused.row, refused.column, refused.message) == (2, "gross", "the sheet shows the error '#DIV/0!'")


def test_a_formula_is_refused_although_its_last_value_is_there() -> None:
    refused = refusal_of(xlsx(HEADER, row('<c r="C2"><f>A1*2</f><v>5</v></c>')))
    assert (refused.row, refused.column) == (2, "gross")
    assert "formula" in refused.message


def test_a_formula_in_free_text_or_in_a_column_that_nobody_reads_is_none_of_ours() -> None:
    header = [*HEADER, text("F", "order"), text("G", "note")]
    free = '<c r="F2" t="str"><f>"Order "&amp;42</f><v>Order 42</v></c><c r="G2"><f>1+1</f><v>2</v></c>'
    (found,) = lines_of(xlsx(header, [*row(number("C", "5")), free]))
    assert found.order == "Order 42"


@pytest.mark.parametrize("name", ["xl__vbaProject.bin", "xl__macrosheets__sheet1.xml", "xl__activeX__activeX1.bin"])
def test_a_workbook_with_macros_is_refused(name: str) -> None:
    assert "macros" in refusal_of(xlsx(HEADER, row(number("C", "5")), **{name: b"code"})).message


def test_two_header_rows_are_refused() -> None:
    refused = refusal_of(xlsx(HEADER, row(number("C", "5")), HEADER))
    assert (refused.row, "second time" in refused.message) == (3, True)


def test_a_row_longer_than_its_header_is_refused() -> None:
    assert refusal_of(xlsx(HEADER, [*row(number("C", "5")), text("F", "more")])).row == 2


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    assert "unpacks to more" in refusal_of(xlsx(HEADER, xl__worksheets__sheet2_xml=b" " * 20_000_000)).message


def test_a_part_that_says_it_is_smaller_than_it_is_is_refused() -> None:
    packed = xlsx(HEADER, *[row(number("C", str(amount))) for amount in range(1000)])
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        size = package.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = packed.replace(size.to_bytes(4, "little"), (size // 2).to_bytes(4, "little"))
    assert lying != packed
    refusal_of(lying)


def _in_directory(workbook: bytes, place: int, value: bytes) -> bytes:
    """The workbook with some bytes replaced in each part's record in the package's directory."""
    changed = bytearray(workbook)
    begin = changed.find(b"PK\x01\x02")
    while begin >= 0:
        changed[begin + place : begin + place + len(value)] = value
        begin = changed.find(b"PK\x01\x02", begin + 4)
    return bytes(changed)


def test_parts_that_are_too_much_together_are_refused_before_they_are_unpacked() -> None:
    sizes = (10_000_000).to_bytes(4, "little") + (200_000_000).to_bytes(4, "little")
    refused = refusal_of(_in_directory(xlsx(HEADER), 20, sizes))
    assert refused.message == "the workbook unpacks to more than is taken"


def test_an_encrypted_part_is_refused() -> None:
    assert refusal_of(_in_directory(xlsx(HEADER), 8, b"\x01")).message == "the workbook is encrypted"


def test_shared_texts_are_read_in_pieces_and_without_their_reading_aid() -> None:
    shared = "<sst><si><r><t>pi</t></r><r><t>_7</t></r><rPh><t>aid</t></rPh></si></sst>"
    cells = row(number("C", "5"), '<c r="A2" t="s"><v>0</v></c>')
    (found,) = lines_of(xlsx(HEADER, cells, xl__sharedStrings_xml=shared))
    assert found.reference == "pi_7"


def test_a_workbook_with_a_document_type_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha">]><sst><si><t>&a;</t></si></sst>'
    assert "document type" in refusal_of(xlsx(HEADER, xl__sharedStrings_xml=bomb)).message


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl__workbook_xml", "<workbook/>"),
        ("xl__workbook_xml", "<workbook><sheets><sheet/></sheets></workbook>"),
        ("xl___rels__workbook_xml.rels", "<Relationships/>"),
        ("xl__worksheets__sheet1_xml", '<worksheet><sheetData><row r="x"/></sheetData></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="1A"><v>1</v></c></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="B1"/><c r="A1"/></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="ZZZ1"><v>1</v></c></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="A1" t="s"><v>7</v></c></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="A1" t="s"><v>-1</v></c></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="A1" s="99"><v>1</v></c></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", '<worksheet><row r="1"><c r="A1"><v>1e999</v></c></row></worksheet>'),
        ("xl__worksheets__sheet1_xml", "<worksheet>"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(part: str, content: str) -> None:
    refusal_of(xlsx(HEADER, **{part: content}))


def test_a_workbook_that_a_program_has_written_is_read(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "lines.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        money = workbook.add_format({"num_format": '#,##0.00 "$"'})
        day = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, ["reference", "kind", "gross", "fee", "currency", "occurred_at", "order"])
        for place in range(1, 4):
            sheet.write_row(place, 0, [f"pi_{place}", "payment", None, 0.01, "USD", None, 1040 + place])
            sheet.write_number(place, 2, 0.1 + 0.2, money)
            sheet.write_datetime(place, 5, datetime(2026, 3, place, 10, 30), day)  # noqa: DTZ001
    found = lines_of((tmp_path / "lines.xlsx").read_bytes())
    assert [(line.reference, line.gross, line.fee, line.order) for line in found] == [
        ("pi_1", 30, 1, "1041"),
        ("pi_2", 30, 1, "1042"),
        ("pi_3", 30, 1, "1043"),
    ]
    assert found[2].occurred_at == datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
