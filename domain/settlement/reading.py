"""Reads a settlement file of any format: its lines, or a refusal that names the place of the fault.

The content decides the format, never the file's name: an XLSX workbook, a bank's camt message or SWIFT statement,
PayPal's reports by their first cell, Stripe's by their columns, and otherwise the mapping that was given, or our own
layout. A file of another known format is refused by the name of that format, with advice.
"""

import codecs
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from io import SEEK_END
from itertools import chain
from typing import BinaryIO, Final

from msgspec.structs import replace

from domain.settlement.formats.amazon import BEGINS as AMAZON_BEGINS
from domain.settlement.formats.amazon import amazon_lines
from domain.settlement.formats.camt import camt_lines
from domain.settlement.formats.mapped import mapped_lines
from domain.settlement.formats.mapping import OWN, OWN_REQUIRED, KindOrPair, Mapping
from domain.settlement.formats.mt940 import mt940_lines
from domain.settlement.formats.paypal import paypal_lines
from domain.settlement.formats.stripe import is_stripe, stripe_lines
from domain.settlement.lines import TEXTS_CHARS_MAX, Balance, Line, Misfit, SettlementRefused, kind_of, wrong_sign
from domain.settlement.shipped import shipped
from domain.settlement.tables.cells import Row
from domain.settlement.tables.rows import csv_rows
from domain.settlement.tables.sheet import SHEET_BEGINS, sheet_rows
from domain.settlement.tables.table import Header

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
_LOOK_BYTES: Final = 1024
_PIECE_BYTES: Final = 64 * 1024
_XML: Final = (b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")
_SWIFT: Final = re.compile(rb"(?:\A|\n):(?:20:|25:|28C?:|60[FM]:[CD][0-9]|61:[0-9]{6}|62[FM]:[CD][0-9])")
_INSTEAD: Final = "ask the bank for camt.053, MT940 or CSV"
# The beginnings of files that are not read, with their names and advice.
_OTHERS: Final = (
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an old or an encrypted workbook; save it as XLSX without a password"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!"), "a packed archive; unpack it, and give each file in it"),
    (re.compile(rb"%PDF"), "a PDF; ask for the same as CSV, XLSX, camt.053 or MT940"),
    (re.compile(rb"OFXHEADER|<OFX>|(?:<\?xml[^>]*>\s*)?<\?OFX"), f"OFX, which is not read; {_INSTEAD}"),
    (re.compile(rb"01,[^,\n]*,[^,\n]*,[0-9]{6},"), f"BAI2, which is not read; {_INSTEAD}"),
    (re.compile(rb"!Type:"), f"QIF, which is not read; {_INSTEAD}"),
    (re.compile(rb"(?i:<!doctype html|<html)"), "a web page; was the sign-in page saved instead of the file?"),
)
# The same for tables; a file of these is read where rules describe it.
_OTHER_TABLES: Final = (
    (
        re.compile(rb"settlement-id\t[^\n]*\tshipment-fee-type\t"),
        "Amazon's first flat file, which is not read; ask for the flat file V2 of the same settlement",
    ),
    (
        re.compile(rb'"?[^"\n,;]{0,40}Amazon Marketplace'),
        "Amazon's date range report, which is not read; ask for the flat file V2 of the same settlements",
    ),
)
_KNOWN: Final = (
    "our own layout, Stripe's itemised reports, PayPal's settlement and transaction detail reports, Amazon's V2 flat"
    " file, camt.052, camt.053, camt.054, MT940, MT942 and, as rules that come with the program,"
)


def is_statement(stream: BinaryIO) -> bool:
    """Whether a file has the format of a bank's statement."""
    begin = _beginning(stream)
    return begin.startswith(_XML) or bool(_SWIFT.search(begin))


def unsupported_format(stream: BinaryIO, *, is_described: bool = False) -> str | None:
    """The name of a file's format, with advice, where files of that format are not read; None where the file may be
    read. `is_described` says that rules describe the file."""
    begin = _beginning(stream)
    others = _OTHERS if is_described else (*_OTHERS, *_OTHER_TABLES)
    return next((called for pattern, called in others if pattern.match(begin)), None)


def _beginning(stream: BinaryIO) -> bytes:
    stream.seek(0)
    begin = stream.read(_LOOK_BYTES).removeprefix(codecs.BOM_UTF8).lstrip()
    stream.seek(0)
    return begin


def read(
    stream: BinaryIO,
    file: str,
    provider: str,
    mapping: Mapping | None = None,
    on_balance: Callable[[Balance], None] = lambda _: None,
    *,
    kinds: dict[str, KindOrPair] | None = None,
) -> Iterator[Line]:
    """The file's lines in its order, in memory that does not grow with the file.

    `stream` is seekable; `file` is the file's name in refusals; `on_balance` gets each balance that the file states;
    `kinds` are the kinds that the rules give to the file's words, whatever its format. Raises SettlementRefused, even
    behind the last line: no line counts before the whole file is read.
    """
    try:
        with closing(_lines(stream, provider, mapping, on_balance)) as lines:
            yield from _bounded(_renamed(line, kinds) for line in lines) if kinds else _bounded(lines)
    except Misfit as misfit:
        raise SettlementRefused(file, misfit) from None


def _renamed(line: Line, kinds: dict[str, KindOrPair]) -> Line:
    """The line with the kind that the rules give to its word."""
    if line.raw_kind not in kinds:
        return line
    kind = kind_of(kinds[line.raw_kind], line.net)
    if wrong := wrong_sign(kind, line.gross):
        raise Misfit(line.row, None, wrong)
    return replace(line, kind=kind)


def _bounded(lines: Iterator[Line]) -> Iterator[Line]:
    chars = 0
    for line in lines:
        chars += len(line.raw_kind) + len(line.reference) + len(line.order) + len(line.payout)
        chars += sum(map(len, line.aliases))
        if chars > TEXTS_CHARS_MAX:
            raise Misfit(line.row, None, f"the texts of all lines have at most {TEXTS_CHARS_MAX} characters together")
        yield line


def _lines(
    stream: BinaryIO, provider: str, mapping: Mapping | None, on_balance: Callable[[Balance], None]
) -> Generator[Line]:
    if stream.seek(0, SEEK_END) > FILE_BYTES_MAX:
        raise Misfit(None, None, f"a file has at most {FILE_BYTES_MAX // 1024**2} MiB")
    if called := unsupported_format(stream, is_described=mapping is not None):
        raise Misfit(None, None, f"this is {called}")
    begin = _beginning(stream)
    if begin.startswith(_XML):
        yield from camt_lines(stream, provider, on_balance)
    elif mapping is None and begin.startswith(AMAZON_BEGINS):
        # Only ASCII columns are read; marketplaces write others, like the SKU, in UTF-8, Windows-1252 or Shift JIS.
        encoding = "utf-8" if _is_utf_8(stream) else "iso-8859-1"
        with closing(csv_rows(stream, encoding=encoding, delimiter="\t")) as rows:
            yield from amazon_lines(rows, provider)
    elif mapping is None and _SWIFT.search(begin):
        yield from mt940_lines(stream, provider, on_balance)
    else:
        yield from _table_lines(stream, provider, mapping, on_balance, is_sheet=begin.startswith(SHEET_BEGINS))


def _is_utf_8(stream: BinaryIO) -> bool:
    try:
        for _ in codecs.iterdecode(iter(partial(stream.read, _PIECE_BYTES), b""), "utf-8"):
            pass
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def _table_lines(
    stream: BinaryIO, provider: str, mapping: Mapping | None, on_balance: Callable[[Balance], None], *, is_sheet: bool
) -> Generator[Line]:
    chosen = mapping or OWN
    rows: Generator[Row]
    if is_sheet:
        rows = sheet_rows(stream, chosen.sheet, chosen.header_row or 1)
    else:
        rows = csv_rows(stream, encoding=chosen.encoding, delimiter=chosen.delimiter)
    # Closed at once, also when a row is refused: the generator must not outlive the stream.
    with closing(rows):
        if mapping is not None:
            yield from mapped_lines(rows, mapping, provider)
            return
        first = next(rows, None)
        if first is None:
            raise Misfit(None, None, "the file is empty")
        names = [cell for cell in first[1] if isinstance(cell, str)]
        whole = chain([first], rows)
        if names[:1] == ["RH"] or names[:1] == ["FH"]:
            yield from paypal_lines(whole, provider, on_balance)
        elif is_stripe(names):
            yield from stripe_lines(whole, provider)
        else:
            _check_own(first[0], names)
            if not is_sheet:
                _check_last_line(stream)
            yield from mapped_lines(whole, OWN, provider)


def _check_own(row: int, names: Sequence[str]) -> None:
    """Raises Misfit for an unknown layout, with advice."""
    header = Header(row, names)
    try:
        header.require(*OWN_REQUIRED)
    except Misfit as misfit:
        if misfit.column in header.places:
            raise  # the column is there twice
        known = f"known are {_KNOWN} {', '.join(shipped())}"
        can = "a rules file can describe any other, and `run.py reconcile rules FILE` begins one"
        raise Misfit(misfit.row, misfit.column, f"{misfit.message}; {known}; {can}") from None


def _check_last_line(stream: BinaryIO) -> None:
    """Raises Misfit where the last line does not end. Our own layout ends every line, so a file that was cut off within
    its last cell is found out."""
    here = stream.tell()
    stream.seek(-1, SEEK_END)
    if stream.read(1) not in (b"\n", b"\r"):
        raise Misfit(None, None, "the last line does not end; the file was cut off")
    stream.seek(here)
