"""The rows of an XLSX sheet, read as a stream, every number as the sheet shows it.

The workbook is unzipped and parsed here, and not by a spreadsheet library, since those libraries return numbers as
binary floats; `number_format` has the rule by which a stored number is read. Macros and encrypted workbooks are
refused, and so are parts that are packed in another way than a spreadsheet does, or that unpack to too much (a "zip
bomb"). A formula's value depends on the program that opens the file, so a formula is refused wherever it is read as
more than free text. The table of shared texts, which is bounded, and one row stay in memory.

The format is that of ECMA-376, part 1, chapter 18 (SpreadsheetML).
"""

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import BinaryIO, Final

from domain.settlement.lines import ROWS_MAX, Misfit, shown
from domain.settlement.tables import number_format
from domain.settlement.tables.cells import Cell, Number, Unreadable
from domain.settlement.tables.safe_xml import TEXT_CHARS_MAX, Event, events, local

# A workbook is a zip archive.
SHEET_BEGINS: Final = b"PK\x03\x04"
PARTS_MAX: Final = 1_000
DIRECTORY_BYTES_MAX: Final = 1024 * 1024
UNPACKED_BYTES_MAX: Final = 512 * 1024 * 1024
# Sheets of many equal cells pack well, but not as well as this; small parts may.
PACKED_RATIO_MAX: Final = 200
SMALL_PART_BYTES: Final = 1024 * 1024
SHARED_CHARS_MAX: Final = 32 * 1024 * 1024
SHARED_TEXTS_MAX: Final = 1_000_000
CELLS_MAX: Final = 500
# Excel's own limits, but for the number of sheets, which Excel does not limit.
FORMATS_MAX: Final = 65_490
FORMAT_CHARS_MAX: Final = 255
DECIMALS_MAX: Final = 30
SHEETS_MAX: Final = 1_000

_PACKED_AS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_MACROS: Final = re.compile(r"vbaProject|vbaData|macrosheets/|activeX/", re.IGNORECASE)
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001  (a sheet's dates have no zone)
_DAY_ZERO_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
# Before March 1900 the day numbers of a sheet count a 29 February 1900 that never was.
_DAY_FIRST: Final = 61
_DAY_LAST: Final = 2_958_465  # 9999-12-31


def sheet_rows(stream: BinaryIO, sheet: str | None = None, header_row: int = 1) -> Generator[tuple[int, list[Cell]]]:
    """The rows of the sheet with this name, or of the first sheet, from the header row on: each that is not empty, with
    its number.

    The file leaves out cells that were never filled, so each row is made as wide as the widest row before it. Raises
    Misfit.
    """
    with _whole(), zipfile.ZipFile(_InPieces(stream)) as package:
        _check(package)
        path, day_zero = _sheet(package, sheet)
        reading = _Reading(_formats(package), _shared_texts(package), day_zero)
        with package.open(path) as part:
            width = 0
            for row, cells in reading.rows(events(part)):
                if row >= header_row:
                    width = max(width, len(cells))
                    yield row, cells + [""] * (width - len(cells))


class _InPieces:
    """The package's file for `zipfile`, with a limit: `zipfile` reads the directory of parts at once and keeps a record
    of each."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell
        self.seekable = stream.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size > DIRECTORY_BYTES_MAX:
            raise Misfit(None, None, "the workbook's directory is longer than is taken")
        return self._stream.read(size)


# The exceptions of `zipfile`, and of the numbers in a workbook's XML, where a byte is wrong.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    LookupError,
    ValueError,
    OverflowError,
    OSError,
)


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise Misfit(None, None, f"this is not a whole XLSX workbook: {shown(str(error))}") from None


def _check(package: zipfile.ZipFile) -> None:
    """Checks the parts before they are unpacked, by the sizes that the package states: no part yields more than its
    stated size. Raises Misfit."""
    parts = package.infolist()
    names = {part.filename for part in parts}
    if "content.xml" in names and "mimetype" in names:
        raise Misfit(None, None, "an OpenDocument file; save the sheet as XLSX or CSV")
    if not any(name.startswith("xl/") for name in names):
        raise Misfit(None, None, "a zip archive, not a workbook; unpack it, and give each file in it")
    if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
        raise Misfit(None, None, "the workbook unpacks to more than is taken")
    for part in parts:
        if part.flag_bits & _ENCRYPTED:
            raise Misfit(None, None, "the workbook is encrypted")
        if part.compress_type not in _PACKED_AS:
            what = f"the workbook's part {shown(part.filename)} is packed by the method {part.compress_type}"
            raise Misfit(None, None, f"{what}; save it as plain XLSX, whose parts are stored or deflated")
        if _MACROS.search(part.filename):
            raise Misfit(None, None, f"the workbook has macros ({part.filename}); save it as plain XLSX")
        if part.file_size > max(SMALL_PART_BYTES, part.compress_size * PACKED_RATIO_MAX):
            raise Misfit(None, None, f"the workbook's part {part.filename} unpacks to more than is taken")


def _sheet(package: zipfile.ZipFile, name: str | None) -> tuple[str, datetime]:
    """The sheet's path in the package, and the day from which its day numbers count. Raises Misfit."""
    wanted = None
    day_zero = _DAY_ZERO
    names = []
    with package.open("xl/workbook.xml") as part:
        for event in events(part):
            if not event.attributes:
                continue
            if local(event.name) == "workbookPr" and event.attributes.get("date1904") in ("1", "true"):
                day_zero = _DAY_ZERO_1904
            if local(event.name) == "sheet":
                names.append(event.attributes["name"])
                if len(names) > SHEETS_MAX:
                    raise Misfit(None, None, f"a workbook has at most {SHEETS_MAX} sheets")
                if wanted is None and names[-1] == (name or names[0]):
                    wanted = next((value for key, value in event.attributes.items() if local(key) == "id"), None)
    if wanted is None:
        there = ", ".join(map(shown, names[:12]))
        raise Misfit(None, None, f"the workbook has no sheet {shown(name or '')}, but {there}")
    with package.open("xl/_rels/workbook.xml.rels") as part:
        for event in events(part):
            if event.attributes and event.attributes.get("Id") == wanted:
                return posixpath.normpath(posixpath.join("/xl", event.attributes["Target"]))[1:], day_zero
    raise Misfit(None, None, f"the workbook's sheet {shown(wanted)} is not in it")


def _formats(package: zipfile.ZipFile) -> list[str]:
    """The number format of each cell style."""
    codes = dict(number_format.BUILTIN)
    formats: list[str] = []
    if "xl/styles.xml" not in package.namelist():
        return formats
    in_cells = False
    with package.open("xl/styles.xml") as part:
        for event in events(part):
            name, attributes = local(event.name), event.attributes
            if name == "cellXfs":
                in_cells = event.begins
            elif attributes is not None and name == "numFmt" and "formatCode" in attributes:
                code = attributes["formatCode"]
                if len(code) > FORMAT_CHARS_MAX:
                    message = f"has {len(code)} characters; a number format has at most {FORMAT_CHARS_MAX}"
                    raise Misfit(None, None, f"{shown(code)} {message}")
                codes[int(attributes["numFmtId"])] = code
            elif attributes is not None and name == "xf" and in_cells:
                formats.append(codes.get(int(attributes.get("numFmtId", "0")), "General"))
            if max(len(codes), len(formats)) > FORMATS_MAX:
                raise Misfit(None, None, f"a workbook has at most {FORMATS_MAX} formats")
    return formats


def _shared_texts(package: zipfile.ZipFile) -> list[str]:
    """The texts that cells name by number. The pieces of a text are joined; its phonetic reading (`rPh`) is left
    out."""
    texts: list[str] = []
    if "xl/sharedStrings.xml" not in package.namelist():
        return texts
    pieces: list[str] = []
    length = 0
    aside = False
    with package.open("xl/sharedStrings.xml") as part:
        for event in events(part):
            name = local(event.name)
            if name == "rPh":
                aside = event.begins
            elif name == "t" and not event.begins and not aside:
                pieces.append(event.text)
                length += len(event.text) + 1
            elif name == "si" and not event.begins:
                texts.append("".join(pieces))
                pieces.clear()
            if length > SHARED_CHARS_MAX or len(texts) > SHARED_TEXTS_MAX:
                raise Misfit(None, None, "the workbook has more text than is taken")
    return texts


class _Reading:
    """The reading of one sheet, a cell at a time."""

    def __init__(self, formats: list[str], shared: list[str], day_zero: datetime) -> None:
        self._formats = formats
        self._shared = shared
        self._day_zero = day_zero
        self._row = self._count = self._chars = 0
        self._cells: list[Cell] = []
        self._type = self._value = ""
        self._is_formula = False
        self._style = 0
        self._pieces: list[str] = []

    def rows(self, found: Iterator[Event]) -> Iterator[tuple[int, list[Cell]]]:
        for event in found:
            name = local(event.name)
            if event.attributes is not None:
                self._begin(name, event.attributes)
            elif name == "v":
                self._value = event.text
            elif name == "t":
                self._add_piece(event.text)
            elif name == "c":
                if len(self._cells) >= CELLS_MAX:
                    raise Misfit(self._row, None, f"a row has at most {CELLS_MAX} cells")
                self._cells.append(self._cell())
            elif name == "row":
                while self._cells and self._cells[-1] == "":
                    self._cells.pop()
                if self._cells:
                    yield self._row, self._cells

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._count += 1
            if max(self._row, self._count) > ROWS_MAX:
                raise Misfit(self._row, None, f"a sheet has at most {ROWS_MAX} rows, empty ones counted")
            self._cells = []
        elif name == "c":
            self._place(attributes.get("r"))
            self._type, self._style = attributes.get("t", "n"), _place_of(attributes.get("s", "0"))
            self._value = ""
            self._is_formula = False
            self._pieces.clear()
            self._chars = 0
        elif name == "f":
            self._is_formula = True

    def _place(self, reference: str | None) -> None:
        """Fills the row with empty cells up to the next cell."""
        if reference is None:
            return
        if not (found := _REFERENCE.fullmatch(reference)):
            raise Misfit(self._row, reference, "this is no cell")
        place = 0
        for letter in found[1]:
            place = place * 26 + ord(letter) - 64
        if not len(self._cells) < place <= CELLS_MAX:
            raise Misfit(self._row, found[1], f"a row has at most {CELLS_MAX} cells, from left to right")
        self._cells += [""] * (place - 1 - len(self._cells))

    def _add_piece(self, text: str) -> None:
        self._chars += len(text) + 1
        if self._chars > TEXT_CHARS_MAX:
            raise Misfit(self._row, _letters(len(self._cells)), f"a text of more than {TEXT_CHARS_MAX} characters")
        self._pieces.append(text)

    def _cell(self) -> Cell:
        if self._is_formula:
            return Unreadable("a formula; save the sheet with values alone", self._value)
        if self._type == "s":
            return self._shared[_place_of(self._value)]
        if self._type == "inlineStr":
            return "".join(self._pieces)
        if self._type == "e":
            return Unreadable(f"the sheet shows the error {shown(self._value)}")
        if self._type != "n":  # "str" and "d" hold their text, "b" a truth value, which no column of ours takes
            return self._value
        return self._number() if self._value else ""

    def _number(self) -> Cell:
        try:
            number = number_format.stored(self._value)
        except ValueError as error:
            return Unreadable(str(error))
        code = self._formats[self._style] if self._formats else "General"
        section = number_format.section_for(code, number < 0, number == 0)
        if section.shows == "date":
            return self._date(number)
        if section.decimals > DECIMALS_MAX:
            return Unreadable(f"the format {shown(code)} has more than {DECIMALS_MAX} decimals, the most of a sheet")
        if section.shows == "other":
            return Unreadable(f"the format {shown(code)} shows something else than the number")
        return Number(number_format.as_shown(number, section))

    def _date(self, number: Decimal) -> Cell:
        """The date of a day number, with its fraction as the time to the second, the precision of sheets."""
        if not _DAY_FIRST <= number <= _DAY_LAST:
            return Unreadable("the day is outside the calendar of spreadsheets")
        return self._day_zero + timedelta(seconds=int((number * 86_400).quantize(Decimal(1))))


def _place_of(text: str) -> int:
    """A place in a table of the workbook. Raises ValueError for any other text: a place below zero would count from the
    table's end."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{shown(text)} is no place in a table")
    return int(text)


def _letters(place: int) -> str:
    """A column's name by its place: A for 0."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(65 + letter) + name
    return name
