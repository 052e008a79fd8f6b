"""Reads a settlement file of any format: its lines, or a refusal that names the place of the fault.

The format is recognised by the content, never by the name: an XLSX workbook, a camt.053 statement, PayPal's report by
its first cell, Stripe's by its columns, and otherwise the mapping that was given, or our own layout.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from io import SEEK_END
from itertools import chain
from typing import BinaryIO, Final

from domain.settlement.formats.camt053 import camt053_lines
from domain.settlement.formats.mapping import OWN, Mapping, mapped_lines
from domain.settlement.formats.paypal import paypal_lines
from domain.settlement.formats.stripe import is_stripe, stripe_lines
from domain.settlement.lines import TEXTS_CHARS_MAX, Balance, Line, Misfit, SettlementRefused
from domain.settlement.tables.cells import Cell
from domain.settlement.tables.rows import csv_rows
from domain.settlement.tables.sheet import sheet_rows

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
_LOOK_BYTES: Final = 1024


def read(
    stream: BinaryIO,
    file: str,
    provider: str,
    mapping: Mapping | None = None,
    on_balance: Callable[[Balance], None] = lambda _: None,
) -> Iterator[Line]:
    """The file's lines in its order, in memory that does not grow with it.

    `stream` is seekable; `file` is its name in refusals; `on_balance` gets each balance that the file states. Raises
    SettlementRefused, also at the very end: no line counts before the last one is read.
    """
    try:
        with closing(_lines(stream, provider, mapping, on_balance)) as lines:
            yield from _bounded(lines)
    except Misfit as misfit:
        raise SettlementRefused(file, misfit.row, misfit.column, misfit.message) from None


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
    stream.seek(0)
    begin = stream.read(_LOOK_BYTES)
    stream.seek(0)
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise Misfit(None, None, "an old or an encrypted workbook; save it as XLSX without a password")
    if _is_xml(begin):
        yield from camt053_lines(stream, provider, on_balance)
        return
    chosen = mapping or OWN
    is_sheet = begin.startswith(b"PK\x03\x04")
    rows: Generator[tuple[int, Sequence[Cell]]]
    if is_sheet:
        rows = sheet_rows(stream, chosen.sheet, chosen.header_row)
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
            if not is_sheet:
                _check_last_line(stream)
            yield from mapped_lines(whole, OWN, provider)


def _is_xml(begin: bytes) -> bool:
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith((b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<"))


def _check_last_line(stream: BinaryIO) -> None:
    """Our own layout ends every line, so that a file that was cut off within its last cell is found out."""
    here = stream.tell()
    stream.seek(-1, SEEK_END)
    if stream.read(1) not in (b"\n", b"\r"):
        raise Misfit(None, None, "the last line does not end; the file was cut off")
    stream.seek(here)
