"""The rows of a CSV file, read strictly, a line at a time, in memory that does not grow.

A row's number is the number of the line on which it begins, from 1. Lines and rows are bounded, so that a file without
line ends, of empty lines, or with a quotation mark that is never closed, is not read to the end.
"""

import csv
import io
import re
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from itertools import islice
from typing import BinaryIO, Final, Literal, TypeAlias

from domain.settlement.lines import ROWS_MAX, Misfit
from domain.settlement.tables.cells import Row

# The encodings that a file may have, by Python's names.
Encoding: TypeAlias = Literal[
    "utf-8",
    "utf-16",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-9",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "cp932",
    "gb18030",
    "big5",
    "euc-kr",
]
LINE_CHARS_MAX: Final = 64 * 1024
ROW_LINES_MAX: Final = 50
# Empty lines, and lines within quoted cells, are counted.
FILE_LINES_MAX: Final = 10_000_000
# Control characters, and the lone surrogates that stand for bytes which are no text in the file's encoding.
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# A text that is written as a formula, so that a spreadsheet keeps it as it is: ="0012".
_KEPT: Final = re.compile(r'="([^"]*)"')
# The byte order marks of UTF-16, as lone surrogates.
_MARKS_OF_UTF_16: Final = ("\udcff\udcfe", "\udcfe\udcff")


class _Feed:
    """The file's lines, for `csv.reader`, and the number of the last line that was read."""

    def __init__(self, text: io.TextIOWrapper, row_lines_max: int) -> None:
        self._text = text
        self._row_lines_max = row_lines_max
        self.number = 0
        self.row_begins = 1
        self.has_unfit = False
        self.has_kept = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LINE_CHARS_MAX + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LINE_CHARS_MAX:
            raise Misfit(self.number, None, f"a line has at most {LINE_CHARS_MAX} characters; is this a CSV file?")
        if self.number > FILE_LINES_MAX:
            raise Misfit(self.number, None, f"a file has at most {FILE_LINES_MAX} lines, empty ones counted")
        if self.number - self.row_begins >= self._row_lines_max:
            raise Misfit(self.row_begins, None, "a quotation mark is opened here and not closed")
        self.has_kept = self.has_kept or '="' in line
        self.has_unfit = self.has_unfit or _UNFIT.search(line) is not None
        return line


def beginning(rows: Generator[Row], rows_max: int) -> list[Row]:
    """The first rows, up to the first row that cannot be read."""
    found: list[Row] = []
    with suppress(Misfit), closing(rows):
        for row in islice(rows, rows_max):
            found.append(row)
    return found


def csv_rows(
    stream: BinaryIO,
    *,
    encoding: str,
    delimiter: str,
    has_quotes: bool = True,
    rows_max: int = ROWS_MAX,
    row_lines_max: int = ROW_LINES_MAX,
) -> Generator[tuple[int, list[str]]]:
    """Each row that is not empty, with its number. Leaves the stream open. Raises Misfit.

    Without quotes a quotation mark is a character like any other.
    """
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    text = io.TextIOWrapper(stream, codec, errors="surrogateescape", newline="")
    feed = _Feed(text, row_lines_max)
    reader = csv.reader(
        feed, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE, strict=True
    )
    try:
        count = 0
        while True:
            feed.row_begins = feed.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if feed.has_unfit:
                    raise _unfit(feed.row_begins, [], encoding) from None
                other = "; are the cells parted by another mark?" if "expected after" in str(error) else ""
                raise Misfit(feed.row_begins, None, f"this is not CSV: {error}{other}") from None
            except UnicodeDecodeError:
                raise Misfit(feed.row_begins, None, f"the text is not {encoding}") from None
            except UnicodeError:  # a codec that needs a byte order mark, and finds none
                message = f"a file in {encoding} begins with a byte order mark, FF FE or FE FF; save it with one"
                raise Misfit(1, None, message) from None
            if feed.has_unfit:
                raise _unfit(feed.row_begins, cells, encoding)
            if feed.has_kept:
                cells = [found[1] if (found := _KEPT.fullmatch(cell)) else cell for cell in cells]
            if any(cells):
                count += 1
                if count > rows_max:
                    raise Misfit(feed.row_begins, None, f"a file has at most {rows_max} rows")
                yield feed.row_begins, cells
    finally:
        if not stream.closed:  # by a reader that stopped early
            text.detach()


def _unfit(row: int, cells: list[str], encoding: str) -> Misfit:
    if cells and cells[0].startswith(_MARKS_OF_UTF_16):
        return Misfit(row, None, f"the text is UTF-16, and not {encoding}; save it as UTF-8, or let the rules say it")
    for number, cell in enumerate(cells, 1):
        if found := _UNFIT.search(cell):
            if found[0] >= "\ud800":
                return Misfit(row, str(number), f"the text is not {encoding}")
            return Misfit(row, str(number), f"the character U+{ord(found[0]):04X} has no place in text")
    return Misfit(row, None, f"the text is not {encoding}")
