"""The orders of CSV exports: all rows of an order together, wherever they stand, in memory that does not grow.

The files are read twice. The first reading checks their form, before anything is recorded, and finds the orders whose
rows stand apart. The second reading keeps only the rows of these orders until the last one has come.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from domain.counted import counted
from domain.settlement.lines import Misfit
from domain.settlement.tables.rows import csv_rows
from domain.settlement.tables.table import Header

ROWS_MAX: Final = 10_000_000
ROW_LINES_MAX: Final = 2_000  # a note may have many


# The remark about an order that the files have several times.
TAKEN_ONCE: Final = "an order that stands in the files more than once, and says the same: taken once"


class Source(NamedTuple):
    """A file of an export: its name in messages, and its content, which can be read again."""

    name: str
    stream: BinaryIO


class Malformed(Exception):
    """A file that breaks its form, like a CSV with unequal rows; the message names its row and column."""


class Row(dict[str, str]):
    """A row's cells by the names of their columns; a column that is not there reads as empty."""

    def __init__(self, number: int, columns: list[str], cells: list[str]) -> None:
        super().__init__(zip(columns, map(str.strip, cells), strict=True))
        self.number = number

    def __missing__(self, column: str) -> str:
        return ""

    def filled(self, columns: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The columns that are not empty in this row, each with its text."""
        for column in columns:
            if value := self[column]:
                yield column, value


class Form(NamedTuple):
    """The form of a kind of CSV: its required columns, and the column that names the order of each row."""

    order: str
    required: tuple[str, ...]
    delimiter: str = ","
    has_quotes: bool = True
    encoding: str = "utf-8"
    header_row: int = 1
    # The reader's names of columns, by their other spellings, case folded.
    spelled: Mapping[str, str] = MappingProxyType({})


class Rows(NamedTuple):
    """The rows of one order, the file that has the first row, and the columns of that file.

    `parts` are the rows that stand together. Of equal parts one is kept, and `copies` counts the others: an order that
    stands in several files is not sold several times.
    """

    order: str
    file: str
    parts: list[list[Row]]
    columns: list[str]
    copies: int = 0

    @property
    def rows(self) -> list[Row]:
        return self.parts[0] if len(self.parts) == 1 else [row for part in self.parts for row in part]

    def add(self, row: Row, *, goes_on: bool) -> None:
        if goes_on:
            self.parts[-1].append(row)
        else:
            self.parts.append([row])

    def each_once(self) -> "Rows":
        if len(self.parts) == 1:
            return self
        once: dict[RowsContent, list[Row]] = {}
        for part in self.parts:
            once.setdefault(content_of(part), part)
        return self._replace(parts=list(once.values()), copies=len(self.parts) - len(once))


# The content of rows: their cells that are not empty.
RowsContent: TypeAlias = tuple[frozenset[tuple[str, str]], ...]


def content_of(rows: Iterable[Row]) -> RowsContent:
    return tuple(frozenset((column, value) for column, value in row.items() if value) for row in rows)


def orders(sources: Sequence[Source], form: Form, on_bytes: Callable[[int], None] = lambda _: None) -> Iterator[Rows]:
    """The orders of the files, each when its last row has come. Raises Malformed, before the first order."""
    return _grouped(sources, form, _apart(sources, form), on_bytes)


def _apart(sources: Sequence[Source], form: Form) -> Counter[str]:
    """The orders whose rows do not stand together, each with the number of its rows."""
    seen: set[str] = set()
    apart: Counter[str] = Counter()
    last = None
    for order in _orders(sources, form):
        if order != last:
            if order in seen:
                apart[order] = 0
            seen.add(order)
            last = order
    if apart:
        apart.update(order for order in _orders(sources, form) if order in apart)
    return apart


def _orders(sources: Sequence[Source], form: Form) -> Iterator[str]:
    """The order of each row, in the order of the rows."""
    for source in sources:
        for header, _, cells in _read(source, form):
            yield cells[header.places[form.order]].strip()


def _grouped(
    sources: Sequence[Source], form: Form, apart: Counter[str], on_bytes: Callable[[int], None]
) -> Iterator[Rows]:
    kept: dict[str, Rows] = {}
    now: Rows | None = None
    for source in sources:
        done = 0
        last = None
        for header, number, cells in _read(source, form):
            row = Row(number, header.names, cells)
            order = row[form.order]
            goes_on, last = order == last, order
            if now is not None and now.order == order:
                now.add(row, goes_on=goes_on)
                continue
            if now is not None:
                yield now.each_once()
                now = None
                at = source.stream.tell()
                on_bytes(at - done)
                done = at
            if order in apart:
                kept.setdefault(order, Rows(order, source.name, [], header.names)).add(row, goes_on=goes_on)
                apart[order] -= 1
                if not apart[order]:
                    yield kept.pop(order).each_once()
            else:
                now = Rows(order, source.name, [[row]], header.names)
    if now is not None:
        yield now.each_once()


def _read(source: Source, form: Form) -> Iterator[tuple[Header, int, list[str]]]:
    """The header with the number and the cells of each row below it. Raises Malformed."""
    source.stream.seek(0)
    rows = csv_rows(
        source.stream,
        encoding=form.encoding,
        delimiter=form.delimiter,
        has_quotes=form.has_quotes,
        rows_max=ROWS_MAX,
        row_lines_max=ROW_LINES_MAX,
    )
    try:
        header: Header | None = None
        for number, cells in rows:
            if header is not None:
                yield header, number, _of_width(cells, len(header.names), number)
            elif number >= form.header_row:
                header = _header(number, cells, form)
        if header is None:
            raise Misfit(None, None, "the file is empty")
    except Misfit as misfit:
        raise Malformed(misfit.of(source.name)) from None
    finally:
        rows.close()


def _of_width(cells: list[str], width: int, number: int) -> list[str]:
    """The row's cells, as many as the header has. Cells beyond the header, which spreadsheets add at times, must be
    empty. Raises Misfit."""
    if len(cells) == width:
        return cells
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    raise Misfit(number, None, f"{counted(len(cells), 'cell')} under a header of {width}; is the file cut off?")


def _header(number: int, cells: list[str], form: Form) -> Header:
    names = [form.spelled.get(" ".join(cell.split()).casefold(), cell.strip()) for cell in cells]
    Header(number, names).require(*form.required)
    # A name that comes again gets a number, so that its column is not lost.
    times = ((name, names[:place].count(name) + 1) for place, name in enumerate(names))
    return Header(number, [f"{name} ({time})" if name and time > 1 else name for name, time in times])
