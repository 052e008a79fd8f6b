"""Files and rules made to cost much or to break the reader: is each refused, and soon?"""

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.reconciliation.rules import LINE_CHARS_MAX, TEXT_CHARS_MAX, Rules, rules_from
from domain.refusals import InvalidField
from domain.settlement.lines import LINES_MAX, TEXTS_CHARS_MAX
from domain.settlement.tables.safe_xml import NAMES_MAX, NAMESPACE_CHARS_MAX, TAG_BYTES_MAX
from domain.settlement.tables.sheet import DECIMALS_MAX, DIRECTORY_BYTES_MAX, FORMAT_CHARS_MAX, PARTS_MAX
from tests.settlement import test_camt053, test_paypal
from tests.settlement.making import NOON, entry, line, lines_of, number, own, refusal_of, xlsx
from tests.settlement.planting import match_alone
from tests.settlement.test_bad_files import try_to_read
from tests.settlement.test_mapping import PLAIN
from tests.settlement.test_sheet import HEADER, row

# Seconds of processor time, since the machine may be busy.
SECONDS_MAX = 2


@contextmanager
def soon(seconds_max: float = SECONDS_MAX) -> Iterator[None]:
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds_max


def formatted(code: str) -> bytes:
    return xlsx(HEADER, row(number("C", "12.5", 1)), formats=("General", code))


# --- number formats ---


@pytest.mark.parametrize("code", ["0" * 1070, "[$" * 40_000, "[" * 100_000, "0" * 1000 + "!", '"' * 10_001])
def test_a_number_format_longer_than_a_spreadsheet_takes_is_refused(code: str) -> None:
    with soon():
        assert str(FORMAT_CHARS_MAX) in refusal_of(formatted(code)).message


@pytest.mark.parametrize("piece", ["0", "[$", "#,", "0.", '"', "[h", "\\", "_", "*", "[", "E", "a", ";", "?/", "0E"])
def test_a_number_format_as_long_as_a_spreadsheet_takes_is_read_at_once(piece: str) -> None:
    code = (piece * FORMAT_CHARS_MAX)[: FORMAT_CHARS_MAX - 1]
    with soon(0.5):
        try_to_read(formatted(code + "!"))


def test_a_number_format_has_no_more_decimals_than_a_spreadsheet_shows() -> None:
    assert lines_of(formatted("0." + "0" * DECIMALS_MAX))[0].gross == 1250
    refused = refusal_of(formatted("0." + "0" * 70))
    assert (refused.row, refused.column) == (2, "gross")
    assert f"more than {DECIMALS_MAX} decimals" in refused.message


# --- packages ---


def packed(method: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(formatted("0.00"))) as old, zipfile.ZipFile(made, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return made.getvalue()


def test_parts_that_are_stored_are_read_like_deflated_ones() -> None:
    assert lines_of(packed(zipfile.ZIP_STORED)) == lines_of(packed(zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_parts_that_are_packed_otherwise_are_refused(method: int) -> None:
    assert "stored or deflated" in refusal_of(packed(method)).message


def test_a_damaged_lzma_part_is_refused() -> None:
    whole = packed(zipfile.ZIP_LZMA)
    begin = whole.index(b"xl/workbook.xml") + len("xl/workbook.xml")
    refusal_of(whole[: begin + 9] + b"\xff" * 8 + whole[begin + 17 :])


@pytest.mark.parametrize("flag", [b"\x01\x00", b"\x40\x00", b"\x00\x20"])
def test_encryption_of_any_kind_is_refused(flag: bytes) -> None:
    changed = bytearray(formatted("0.00"))
    place = changed.find(b"PK\x01\x02")
    changed[place + 8 : place + 10] = flag
    assert refusal_of(bytes(changed)).message == "the workbook is encrypted"


def test_a_directory_of_very_many_parts_is_not_read() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for place in range(DIRECTORY_BYTES_MAX // 46):
            package.writestr(f"{place}", "")
    assert "directory" in refusal_of(made.getvalue()).message
    assert "more than is taken" in refusal_of(xlsx(HEADER, **{f"a{place}": "" for place in range(PARTS_MAX)})).message


# --- XML ---


def statement(more: str = "", attributes: str = "") -> str:
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"{attributes}><BkToCstmrStmt><Stmt>{more}'
        "</Stmt></BkToCstmrStmt></Document>"
    )


HOSTILE_XML = {
    "a long namespace": statement("<x/>" * 10_000, f' xmlns:n="{"n" * 1_000_000}"'),
    "a long default namespace": f'<Document xmlns="camt.053{"n" * 200_000}">' + "<x/>" * 10_000,
    "a long tag": statement(f'<x a="{"v" * 20_000_000}"/>'),
    "a long comment": statement(f"<!--{'v' * 20_000_000}-->"),
    "a long name": statement(f"<{'n' * 100_000}/>"),
    "many names": statement("".join(f"<n{place}/>" for place in range(50_000))),
    "many attributes' names": statement("".join(f"<n a{place}=''/>" for place in range(50_000))),
    "a deep document": statement("<n>" * 1_000),
    "a long text": statement(f"<Ntry>{'v' * 1_000_000}</Ntry>"),
    "many texts": statement("<Ntry>" + "<Ref>v</Ref>" * 100_000 + "</Ntry>"),
    "an entity": '<!DOCTYPE d [<!ENTITY a "ha">]>' + statement("&a;"),
}


@pytest.mark.parametrize("what", HOSTILE_XML)
def test_xml_that_was_made_to_cost_much_is_refused_soon(what: str) -> None:
    with soon():
        refusal_of(HOSTILE_XML[what])


def test_the_bounds_of_xml_hold_within_a_workbook_too() -> None:
    sheet = f'<worksheet xmlns="{"n" * 100_000}">' + "<c/>" * 10_000 + "</worksheet>"
    with soon():
        assert str(NAMESPACE_CHARS_MAX) in refusal_of(xlsx(HEADER, xl__worksheets__sheet1_xml=sheet)).message
    assert str(NAMES_MAX) in refusal_of(HOSTILE_XML["many names"]).message
    assert str(TAG_BYTES_MAX // 1024) in refusal_of(HOSTILE_XML["a long comment"]).message


@pytest.mark.parametrize(
    "sheet", ["<row>" + "<c/>" * 100_000 + "</row>", "<row><c>" + "<t/>" * 200_000 + "</c></row>", "<row/>" * 300_000]
)
def test_a_sheet_of_too_much_of_one_thing_is_refused_soon(sheet: str) -> None:
    with soon(4):
        refusal_of(xlsx(HEADER, xl__worksheets__sheet1_xml=f"<worksheet>{sheet}</worksheet>"))


def test_a_place_before_the_first_of_a_table_is_none() -> None:
    cells = [*row(number("C", "5"))[:4], '<c r="E@" t="s"><v>-1</v></c>']
    refusal_of(xlsx(HEADER, cells, xl__sharedStrings_xml="<sst><si><t>2026-03-01</t></si></sst>"))


def test_a_long_code_is_not_said_again_with_each_transaction() -> None:
    code = f"<BkTxCd><Prtry><Cd>{'c' * 300}</Cd></Prtry></BkTxCd>"
    refused = refusal_of(
        test_camt053.statement(test_camt053.entry("1.00", bank_code=code, details=test_camt053.detail("A")))
    )
    assert "at most" in refused.message


def test_lines_whose_texts_are_too_much_together_are_refused() -> None:
    # A workbook could hold such texts in few bytes, since its cells can share one text.
    long = "x" * 1000
    each = f"2026-03-01,5.00,{long},{long}\n"
    mapping = PLAIN.replace('kind = "payment"\n', "") + 'kind = "kind"\norder = "order"\n'
    assert "together" in refusal_of("day,amount,kind,order\n" + each * (TEXTS_CHARS_MAX // 2000 + 1), mapping).message


# --- numbers and days ---


def test_a_balance_of_thousands_of_digits_is_refused() -> None:
    whole = test_paypal.WHOLE
    footer = next(line for line in whole.splitlines() if line.startswith('"SF"'))
    cells = footer.split(",")
    cells[7] = '"' + "9" * 5000 + '"'
    refused = refusal_of(whole.replace(footer, ",".join(cells)))
    assert (refused.row is not None, refused.column) == (True, "8")


@pytest.mark.parametrize("day", ["0000-01-01", "10000-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_outside_the_calendar_is_refused(day: str) -> None:
    assert refusal_of(own(f"pi_1,payment,1.00,,,USD,{day},,")).column == "occurred_at"


def test_a_file_has_at_most_so_many_lines() -> None:
    each = "2026-03-01,5.00\n"
    refused = refusal_of("day,amount\n" + each * (LINES_MAX + 1), PLAIN)
    assert (refused.row, str(LINES_MAX) in refused.message) == (LINES_MAX + 2, True)


def test_many_lines_of_one_reference_and_many_payments_that_may_be_its_parts_are_matched_soon() -> None:
    lines = [line(row=n, reference="ORD", gross=n) for n in range(1, 4_001)]
    entries = [entry(position=n, reference=f"ORD-{n}", order_id=n, order_key=f"key{n}") for n in range(1, 20_001)]
    with soon():
        found = match_alone(lines, entries, Rules(version="test"), as_of=NOON)
    assert len(found) == len(lines) + len(entries)


# --- wrong descriptions of a file ---


def test_utf_16_without_its_mark_is_refused_with_what_is_missing() -> None:
    whole = "day,amount\n2026-03-01,5.00\n".encode("utf-16-le")
    refused = refusal_of(whole, 'encoding = "utf-16"\n' + PLAIN)
    assert (refused.row, "byte order mark" in refused.message) == (1, True)


def provider_file(more: str) -> str:
    at = "[providers.bank.file"
    return f'version = "1"\n{at}]\n' + PLAIN.replace("[columns]", f"{more}\n{at}.columns]")


@pytest.mark.parametrize("pattern", ["%d.%m.%Y %d", "%Y-%m-%d %m", "%x %d", "%d%%%d%m%Y", "%d.%m.%Y" + " " * 100])
def test_a_date_format_that_says_something_twice_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidField) as refused:
        rules_from(provider_file(f'date_format = "{pattern}"'))
    assert refused.value.field == "providers.bank.file.date_format"


@pytest.mark.parametrize("delimiter", ["\\n", "\\r", '\\"', "\\u0000", "\\u001b"])
def test_a_delimiter_that_parts_no_cells_is_refused(delimiter: str) -> None:
    with pytest.raises(InvalidField) as refused:
        rules_from(provider_file(f'delimiter = "{delimiter}"'))
    assert refused.value.field == "providers.bank.file.delimiter"


def test_a_tab_is_a_delimiter() -> None:
    assert lines_of("day\tamount\n2026-03-01\t5.00\n", 'delimiter = "\\t"\n' + PLAIN)[0].gross == 500


HOSTILE_RULES = {
    "an integer of 5,000 digits": "settlement_delay_days = " + "9" * 900 + "_" + "9" * 99,
    "a number of too many digits": "tolerance.USD = " + "9" * 5000,
    "a key of many parts": "a" + ".a" * 50_000 + " = 1",
    "a table of many parts": "[a" + ".a" * 20_000 + "]",
    "lists in lists": "a = " + "[" * 900,
    "very much": "# much\n" * TEXT_CHARS_MAX,
    "a lone surrogate": 'settlement_delay_days = 3 # "\ud800"',
    "a hexadecimal number": "tolerance.USD = 0x" + "f" * 900,
}


@pytest.mark.parametrize("what", HOSTILE_RULES)
def test_rules_that_were_made_to_cost_much_are_refused_soon(what: str) -> None:
    with soon(), pytest.raises(InvalidField):
        rules_from('version = "1"\n' + HOSTILE_RULES[what])


def test_keys_as_long_as_a_line_on_every_line_are_read_soon() -> None:
    key = "a" + ".a" * (LINE_CHARS_MAX // 2 - 10)
    with soon(), pytest.raises(InvalidField):
        rules_from("".join(f"{key}.b{place} = 1\n" for place in range(TEXT_CHARS_MAX // LINE_CHARS_MAX)))
